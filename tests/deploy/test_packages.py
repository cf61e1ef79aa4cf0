"""Both wheels hold their package, whole, and nothing else. That they install and work is a test of a release."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    ("project", "package", "commands"),
    [
        (".", "app/blazy_jobs_server", "[blazy_jobs.commands]"),
        ("clients/python", "clients/python/blazy_jobs", "[console_scripts]"),
    ],
    ids=["server", "client"],
)
def test_a_wheel_holds_its_package_and_nothing_else(tmp_path: Path, project: str, package: str, commands: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT / project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folder = ROOT / package
    wanted = {
        f"{folder.name}/{path.relative_to(folder)}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = next(name.partition("/")[0] for name in names if ".dist-info/" in name)
        assert {name for name in names if not name.startswith(f"{about}/")} == wanted
        assert f"{about}/licenses/LICENSE" in names
        assert commands in archive.read(f"{about}/entry_points.txt").decode()
