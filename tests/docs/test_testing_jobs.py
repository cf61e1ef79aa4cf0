"""docs/testing-jobs.md says what is so: its Python is a module and the tests of it, and they pass."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, name_of

PAGE = ROOT / "docs" / "testing-jobs.md"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the page's files: the first line of a block says which one it belongs to."""
    files = defaultdict(list)
    for block in blocks(PAGE, "python"):
        name = re.match(r"# (\w+\.py)\n", block)
        assert name is not None, f"{name_of(PAGE)}: a block without its file's name"
        files[name[1]].append(block)
    for name, parts in files.items():
        (tmp_path / name).write_text("\n\n".join(parts))
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\naddopts = --strict-markers\n"
    )
    return tmp_path


def passed(shop: Path, *arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert summary is not None, done.stdout
    return int(summary[1])


def names_of_tests(shop: Path) -> list[str]:
    return re.findall(r"^(?:async )?def (test_\w+)", (shop / "test_shop.py").read_text(), re.MULTILINE)


def test_what_needs_no_server(shop: Path) -> None:
    assert passed(shop, "-k", "not server") == len([test for test in names_of_tests(shop) if "server" not in test])


@pytest.mark.system
def test_what_needs_one(shop: Path) -> None:
    assert passed(shop, "-k", "server") == len([test for test in names_of_tests(shop) if "server" in test])
