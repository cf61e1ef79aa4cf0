"""Writes the TypeScript client's core from openapi.json. Needs Node and npm; the rest of the project does without.

`python clients/generate_typescript.py` writes it in place; with `--check` it writes it elsewhere and fails where they
differ, or says that there is no Node and is content.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import DOCUMENT, differences, without_streams
from node_packages import install, node_is_there

PACKAGE = Path(__file__).resolve().parent / "typescript"
CORE = PACKAGE / "src" / "generated"


def write_core(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openapi.json")
        source.write_text(json.dumps(without_streams(json.loads(DOCUMENT.read_text()))))
        command = ("node_modules/.bin/openapi-ts", "--file", "openapi-ts.config.js")
        run(*command, OPENAPI_DOCUMENT=str(source), OPENAPI_TARGET=str(target))


def run(*command: str, **env: str) -> None:
    done = subprocess.run(
        command, cwd=PACKAGE, env={**os.environ, **env}, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


def check() -> int:
    with tempfile.TemporaryDirectory() as folder:
        core = Path(folder, "generated")
        write_core(core)
        drift = differences(CORE, core) if CORE.exists() else ["everything"]
    if drift:
        sys.stderr.write(
            f"the TypeScript client's core is not what openapi.json says ({drift[:5]}): "
            "run 'python clients/generate_typescript.py'\n"
        )
    return 1 if drift else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where the committed files differ")
    only_check = parser.parse_args().check
    if not node_is_there():
        sys.stderr.write("Node and npm are not installed: the TypeScript client's core is left as it is\n")
        return 0 if only_check else 1
    install(PACKAGE)
    if only_check:
        return check()
    write_core(CORE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
