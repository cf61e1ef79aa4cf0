"""What a release consists of, built and tried in empty environments by the command that makes a release."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.system, pytest.mark.release, pytest.mark.timeout(400)]


def test_a_release_installs_and_works_in_empty_environments() -> None:
    if not shutil.which("npm"):
        pytest.skip("Node and npm are not installed: the npm package cannot be built")
    done = subprocess.run(
        [sys.executable, "deploy/dist.py"], cwd=ROOT, capture_output=True, text=True, timeout=390, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = {path.name for path in (ROOT / "dist").iterdir()}
    assert {"SHA256SUMS", "RELEASE.md"} < built
    assert sorted(path.rpartition("-")[0] for path in built if path.endswith(".tar.gz")) == [
        "blazy_jobs",
        "blazy_jobs_server",
    ]
    sums = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=ROOT / "dist", capture_output=True, check=False)
    assert sums.returncode == 0
