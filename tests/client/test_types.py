"""The package's types, as mypy and pyright in strict mode read them from a user's code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("sample") / "uses.py"
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.system


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mypy_finds_nothing_in_a_users_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(SAMPLE)]
    assert "no issues found in 1 source file" in run(command, tmp_path)


def test_pyright_finds_nothing_in_a_users_code(tmp_path: Path) -> None:
    settings = {"include": [str(SAMPLE)], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    run([str(BIN / "basedpyright"), "--pythonpath", sys.executable, "--project", str(tmp_path)], tmp_path)


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_wrong_use_is_found(tmp_path: Path, checker: str) -> None:
    """The checkers do see the package's types."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from blazy_jobs import Client\n\nseconds: int = Client().dispatch('a').state\n")
    if checker == "mypy":
        command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(wrong)]
    else:
        command = [str(BIN / "basedpyright"), "--pythonpath", sys.executable, str(wrong)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 1
    assert "int" in done.stdout
