"""The TypeScript client: its generated core, its types, and its own tests, which start real servers and a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clients import node_packages
from tests.support.speed import stretched

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "clients" / "typescript"
OLDEST_NODE = 20


def run(*command: str, seconds: float = 100) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "BLAZY_JOBS_PYTHON": sys.executable, "NO_COLOR": "1"}
    return subprocess.run(
        command,
        cwd=PACKAGE,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=stretched(seconds),
        check=False,
    )


def passes(*command: str) -> None:
    done = run(*command)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module", autouse=True)
def node() -> None:
    if not node_packages.node_is_there():
        pytest.skip("Node and npm are not installed")
    version = run("node", "--version").stdout.strip()
    if int(re.sub(r"\D.*", "", version.removeprefix("v")) or 0) < OLDEST_NODE:
        pytest.skip(f"Node is too old: {version}, not {OLDEST_NODE} or newer")
    node_packages.install(PACKAGE)


def test_the_core_is_what_openapi_says() -> None:
    passes(sys.executable, str(ROOT / "clients" / "generate_typescript.py"), "--check")


def test_types_and_format() -> None:
    passes("npm", "run", "--silent", "check")


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (PACKAGE / "package-lock.json").read_text()


def test_the_client_against_real_servers() -> None:
    passes("npm", "test", "--silent")
