"""The docs as a site: it builds, no link in it leads nowhere, and it loads nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import blazy_jobs
import pytest

from tests.docs.pages import ROOT

BUILD = ROOT / "docs" / "site" / "build.py"
SITE = ROOT / "build" / "site" / "html"


@pytest.mark.system
@pytest.mark.release
@pytest.mark.timeout(300)
def test_the_site_builds() -> None:
    done = subprocess.run([sys.executable, str(BUILD)], capture_output=True, text=True, timeout=290, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    reference = (SITE / "reference" / "python.html").read_text()
    anchors = ("Client.dispatch", "Run.result", "JobContext.progress", "testing.run_job")
    assert [name for name in anchors if f'id="blazy_jobs.{name}"' not in reference] == []


@pytest.fixture
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_site", BUILD)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build


def test_the_reference_names_everything_that_is_public() -> None:
    page = (ROOT / "docs" / "site" / "python.md").read_text()
    types_only = {"CallNext", "Middleware"}
    assert [
        name for name in blazy_jobs.__all__ if name not in types_only and f"::: blazy_jobs.{name}\n" not in page
    ] == []


def test_what_the_reference_names_is_there_and_described() -> None:
    names = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "site" / "python.md").read_text(), re.MULTILINE)
    assert names
    assert [name for name in names if not inspect.getdoc(pkgutil.resolve_name(name))] == []


def test_each_page_of_the_navigation_is_there_and_each_page_of_the_docs_is_in_it(build: ModuleType) -> None:
    entries = [entry.rpartition(": ")[2] for _, entries in build.NAVIGATION for entry in entries]
    assert [page for page in entries if not (ROOT / page).is_file()] == []
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} - set(entries) == set()


def test_what_would_be_broken_is_found(tmp_path: Path, build: ModuleType) -> None:
    (tmp_path / "one.html").write_text(
        '<a href="two.html#there">a</a> <a href="two.html#gone">b</a> <a href="no.html">c</a>'
    )
    (tmp_path / "two.html").write_text('<h1 id="there">x</h1> <script src="https://cdn.example/x.js"></script>')
    assert sorted(build.look(tmp_path)) == [
        "one.html links to no.html, which is not there",
        "one.html links to two.html#gone: there is no such place in the page",
        "two.html loads https://cdn.example/x.js from elsewhere",
    ]
