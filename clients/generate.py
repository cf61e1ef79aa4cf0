"""Writes openapi.json from the server's code, and the Python client's core from openapi.json.

`python clients/generate.py` writes both in place; with `--check` it writes them elsewhere and fails where they differ.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi.json"
CORE = ROOT / "clients" / "python" / "blazy_jobs" / "_generated"
TEMPLATES = ROOT / "clients" / "templates"
FLAGS = ["--meta", "none", "--overwrite", "--fail-on-warning"]
BIN = Path(sys.executable).parent

#: A generated function would read an event stream for ever; the client follows them itself.
STREAMS = {"follow_run", "follow_events", "follow_live"}

CONFIG = """\
literal_enums: true
post_hooks: []
project_name_override: blazy-jobs
package_name_override: _generated
"""


def write_document(path: Path) -> None:
    subprocess.run([sys.executable, "-m", "blazy_jobs_server.cli", "openapi", str(path)], cwd=ROOT, check=True)


def write_core(document: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config, source = Path(folder, "config.yaml"), Path(folder, "openapi.json")
        config.write_text(CONFIG)
        source.write_text(json.dumps(without_streams(json.loads(document.read_text()))))
        command = [BIN / "openapi-python-client", "generate", "--path", source, "--output-path", target]
        done = subprocess.run(
            [*command, "--config", config, "--custom-template-path", TEMPLATES, *FLAGS],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)


def without_streams(document: dict[str, Any]) -> dict[str, Any]:
    for operations in document["paths"].values():
        for method in [m for m, operation in operations.items() if operation.get("operationId") in STREAMS]:
            del operations[method]
    return document


def differences(ours: Path, fresh: Path) -> list[str]:
    compared = filecmp.dircmp(ours, fresh, ignore=["__pycache__"])
    found = [*compared.left_only, *compared.right_only, *compared.funny_files]
    found += filecmp.cmpfiles(ours, fresh, compared.common_files, shallow=False)[1]
    for name in compared.common_dirs:
        found += [f"{name}/{item}" for item in differences(ours / name, fresh / name)]
    return found


def check() -> int:
    with tempfile.TemporaryDirectory() as folder:
        document, core = Path(folder, "openapi.json"), Path(folder, "_generated")
        write_document(document)
        if not DOCUMENT.exists() or document.read_text() != DOCUMENT.read_text():
            sys.stderr.write("openapi.json is not what the code says: run 'make openapi'\n")
            return 1
        write_core(document, core)
        drift = differences(CORE, core) if CORE.exists() else ["everything"]
        if drift:
            sys.stderr.write(f"the client's core is not what openapi.json says ({drift[:5]}): run 'make openapi'\n")
            return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the committed files differ")
    if parser.parse_args().check:
        return check()
    write_document(DOCUMENT)
    write_core(DOCUMENT, CORE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
