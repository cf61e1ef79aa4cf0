"""What the pages name is there: Python names, files, make targets, commands, benchmarks, decisions."""

from __future__ import annotations

import ast
import re
from importlib.metadata import entry_points
from pathlib import Path

import blazy_jobs
import pytest
from blazy_jobs.cli.app import ONE_OF, application
from blazy_jobs.cli.commands.server import SERVER_COMMANDS

from benchmarks.__main__ import BENCHMARKS
from tests.docs.pages import PAGES, ROOT, blocks, name_of, prose, rows

PYTHON = [(page, block) for page in PAGES for block in blocks(page, "python")]
FOLDERS = ("app", "clients", "deploy", "docs", "examples", "tests", "benchmarks")


@pytest.mark.parametrize(("page", "block"), PYTHON, ids=[f"{name_of(page)}-{n}" for n, (page, _) in enumerate(PYTHON)])
def test_python_compiles_and_imports_what_is_there(page: Path, block: str) -> None:
    tree = ast.parse(block)
    compile(block, name_of(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "blazy_jobs":
            assert [alias.name for alias in node.names if not hasattr(blazy_jobs, alias.name)] == []


def test_readme_and_writing_jobs_have_python() -> None:
    assert {"README.md", "docs/writing-jobs.md"} <= {name_of(page) for page, _ in PYTHON}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", prose(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_way_of_a_run_names_files_of_the_server() -> None:
    page = ROOT / "docs" / "architecture.md"
    named = re.findall(r"`((?:api|engine|store|workers|domain)/\w+\.py)`", prose(page))
    assert named
    assert [path for path in named if not (ROOT / "app" / "blazy_jobs_server" / path).exists()] == []


def test_the_folders_table_names_the_modules_that_it_shows() -> None:
    for folder, about, *_ in rows(ROOT / "docs" / "architecture.md", "Path"):
        where = ROOT / folder.split(",")[0].strip("` ")
        if where.parent == ROOT / "app" / "blazy_jobs_server" and where.is_dir():
            modules = re.findall(r"`(\w+)/?`", about)
            assert [m for m in modules if not (where / f"{m}.py").exists() and not (where / m).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^\$ |`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_exist(page: Path) -> None:
    named = set(re.findall(r"blazy-jobs ([a-z]+(?:-[a-z]+)*)(?=[ `\n])", page.read_text()))
    ours = {
        command.name or command.callback.__name__ for command in application().registered_commands if command.callback
    }
    groups = {str(group.name) for group in application().registered_groups} | ONE_OF.keys()
    installed = (
        {entry.name for entry in entry_points(group="blazy_jobs.commands")} | groups | (ours - set(SERVER_COMMANDS))
    )
    assert named <= installed


def test_every_benchmark_is_explained() -> None:
    meanings = " ".join(row[0] for row in rows(ROOT / "docs" / "benchmarks.md", "Figure"))
    assert set(re.findall(r"\(`(\w+)`\)", meanings)) == {module.__name__.rpartition(".")[2] for module in BENCHMARKS}


def test_decisions_are_numbered_and_have_their_parts() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, page in enumerate(pages, 1):
        assert page.name.startswith(f"{number:04}-")
        assert page.read_text().startswith(f"# {number}. ")
        assert re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(), re.MULTILINE) == ["Decision", "Consequences"]
