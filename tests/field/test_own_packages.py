"""A project's own packages may have the names that projects have: nothing of the server's is installed under them."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest

from tests.support.server import Server

COMMAND = str(Path(sys.executable).with_name("blazy-jobs"))
JOBS = """
from blazy_jobs import Jobs

jobs = Jobs()


@jobs.job
async def greet(payload: dict) -> str:
    return "hello from " + __name__
"""


def test_the_distributions_install_two_packages() -> None:
    ours = {"blazy-jobs", "blazy-jobs-server"}
    installed = {name for name, owners in packages_distributions().items() if ours & set(owners)}
    assert {name for name in installed if not name.startswith("_editable")} <= {"blazy_jobs", "blazy_jobs_server"}


def test_a_checkout_puts_no_other_folder_on_the_path(tmp_path: Path) -> None:
    """An editable install may add whole folders; the others of the checkout must not come with it."""
    code = (
        "import importlib.util as u; print([n for n in ('app', 'tests', 'examples', 'benchmarks') if u.find_spec(n)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.system
@pytest.mark.parametrize("package", ["app", "server"])
def test_jobs_in_a_package_of_that_name_are_served(tmp_path: Path, package: str) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    (tmp_path / package / "jobs.py").write_text(JOBS)
    server = Server(
        tmp_path / "data", [f"{package}.jobs"], launcher=[COMMAND, "serve"], env={"PYTHONPATH": str(tmp_path)}
    )
    try:
        server.start()
        answer = httpx.post(
            f"{server.url}/v1/job-types/greet/runs", json={"payload": {}}, headers={"Prefer": "wait=20"}, timeout=30
        )
        assert answer.json()["result"] == f"hello from {package}.jobs"
    finally:
        server.close()
