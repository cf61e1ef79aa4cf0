"""Requests drawn from openapi.json against a real server, each answer held to it.

`python -m tests.openapi.fuzz --max-examples 100 --seed 3`; what else is said goes to `schemathesis run` as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.server import REPO, serving

CONFIG = Path(__file__).parent / "schemathesis.toml"
COMMAND = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG))
KEY = "a key of the fuzzer"


def fuzz(data: Path, arguments: Sequence[str]) -> tuple[int, str, str]:
    """Exit code and report of schemathesis, and the server's log."""
    env = {"JOBS_API_KEY": KEY, "JOBS_MAX_WAIT_SECONDS": "0.1"}
    with serving(data, ["benchmarks.jobs"], env=env) as server, tempfile.TemporaryDirectory() as folder:
        given = [
            "--url",
            server.url,
            "--header",
            f"Authorization: Bearer {KEY}",
            "--header",
            "Accept: application/json",
            *arguments,
        ]
        done = subprocess.run(
            [*COMMAND, "run", str(REPO / "openapi.json"), *given],
            cwd=REPO,
            env={**os.environ, "PYTHONPATH": str(REPO), "HYPOTHESIS_STORAGE_DIRECTORY": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert server.running
        return done.returncode, done.stdout, server.log_text()


def faults(log: str) -> list[str]:
    """What the server itself calls a bug."""
    return [line for line in log.splitlines() if '"level":"error"' in line or '"level": "error"' in line]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        code, report, log = fuzz(Path(folder, "data"), sys.argv[1:])
    bugs = faults(log)
    sys.stdout.write("\n".join([report, *bugs, ""]))
    return code or bool(bugs)


if __name__ == "__main__":
    sys.exit(main())
