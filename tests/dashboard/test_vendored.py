"""What is vendored is what the lock makes, and the modules have types that hold."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blazy_jobs_server.api.dashboard_files import UI
from tests.support.speed import stretched

pytestmark = pytest.mark.system

FOLDER = Path(__file__).resolve().parents[2] / "dashboard"


@pytest.fixture(scope="module", autouse=True)
def node() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are not installed")


def passes(*arguments: str) -> None:
    command = (sys.executable, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=stretched(100), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_are_made_again_byte_for_byte() -> None:
    passes(str(FOLDER / "vendor.py"), "--check")


def test_the_types_hold() -> None:
    passes(str(FOLDER / "check.py"))


def test_each_comes_with_its_licence() -> None:
    licences = (UI / "vendor" / "LICENSES.txt").read_text()
    for name in json.loads((FOLDER / "package.json").read_text())["dependencies"]:
        assert f"{name} " in licences
    assert licences.count("Permission is hereby granted") >= 3
    assert "Apache License" in licences


def test_what_only_tests_load_comes_with_its_licence() -> None:
    folder = FOLDER.parent / "tests" / "browser" / "vendor"
    assert "Mozilla Public License" in (folder / "LICENSE.txt").read_text()
    assert "axe v" in (folder / "axe.min.js").read_text()[:200]


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (FOLDER / "package-lock.json").read_text()


def test_numbers_and_times_read_well() -> None:
    version = subprocess.run(("node", "--version"), capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < (20, 19):
        pytest.skip("Node before 20.19 takes plain modules for CommonJS")
    tests = sorted(str(path) for path in (FOLDER / "tests").glob("*.test.js"))
    done = subprocess.run(
        ("node", "--test", *tests), capture_output=True, text=True, timeout=stretched(60), check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
