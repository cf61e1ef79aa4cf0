"""A file of jobs with the name of another module ends the server at its start, with the reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.server import COMMAND

pytestmark = pytest.mark.system
JOBS = "from blazy_jobs import Jobs\njobs = Jobs()\n\n\n@jobs.job\ndef a(payload):\n    return 1\n"
START = (sys.executable, "-P", *COMMAND[1:])


def serve(folder: Path, *arguments: str) -> tuple[int, str]:
    """Its exit code, and what it has said."""
    command = [*START, *arguments, "--port", "0", "--data", "data", "--workers", "2"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(("name", "suffix"), [("calendar", ".py"), ("types", ".py"), ("queue", "")])
def test_a_name_of_the_standard_library_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    (tmp_path / f"{name}.py").write_text(JOBS)
    code, said = serve(tmp_path, f"{name}{suffix}")
    assert code == 1
    assert f"{name}.py has the name of the module {name!r} of Python's standard library" in said
    assert "Traceback" not in said


def test_a_name_of_an_installed_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("import redis\n" + JOBS)
    code, said = serve(tmp_path, "redis.py")
    assert code == 1
    assert "redis.py has the name of the installed module 'redis' (" in said


def test_a_neighbour_that_was_imported_for_another_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("import colorsys\ncolorsys.rgb_to_hsv(1, 1, 1)\n" + JOBS)
    (tmp_path / "colorsys.py").write_text("")
    code, said = serve(tmp_path, "shop.py")
    assert code == 1
    assert "AttributeError" in said
    assert f"{tmp_path / 'colorsys.py'} instead of 'colorsys'" in said


@pytest.mark.parametrize("dies", ["import os; os._exit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_modules_whose_import_kills_the_process_end_the_server(tmp_path: Path, dies: str) -> None:
    (tmp_path / "shop.py").write_text(f"{dies}\n{JOBS}")
    code, said = serve(tmp_path, "shop.py")
    assert code == 1
    assert "the process dies while it imports them" in said
    assert "shop.py cannot be used" in said


def test_neighbours_with_standard_names_do_not_hurt_those_who_do_not_import_them(tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('not meant')")
    (tmp_path / "types.py").write_text("raise SystemExit('not meant')")
    (tmp_path / "shop.py").write_text(JOBS.replace("@jobs.job", "@jobs.job(rety=1)"))
    code, said = serve(tmp_path, "shop.py")
    assert code == 1
    assert "there is no option 'rety'; is 'retry' meant?" in said, "it has come so far"
    assert "not meant" not in said
    assert "Traceback" not in said
