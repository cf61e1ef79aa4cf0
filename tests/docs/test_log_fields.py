"""The table of log fields in docs/monitoring.md has those that the code writes, and no line has others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import MONITORING, ROOT, rows

SOURCES = [ROOT / "app" / "blazy_jobs_server", ROOT / "clients" / "python" / "blazy_jobs" / "worker"]
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")
WRITTEN_BY_LOGS = {"request_id", "exception"}
"""By the processors of every line (logs.py)."""
NOT_WRITTEN = {"exc_info"}
FORBIDDEN = re.compile(r"payload|result|header|token|key|secret|message|body|password|cookie|address")


def files() -> Iterator[Path]:
    for folder in SOURCES:
        yield from folder.rglob("*.py")


def is_log_call(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name("log"), attr=level):
            return level in LEVELS
        case ast.Name("level"):  # one of them, chosen before
            return True
    return False


def fields_of(path: Path) -> Iterator[str]:
    """By keyword, and of dictionaries that are made in the same function, or by another one of the file."""
    tree = ast.parse(path.read_text())
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        calls = [node for node in ast.walk(scope) if isinstance(node, ast.Call) and is_log_call(node)]
        for keyword in (keyword for call in calls for keyword in call.keywords):
            if keyword.arg is not None:
                yield keyword.arg
            elif isinstance(keyword.value, ast.Name):
                yield from keys_of(scope, keyword.value.id)
            else:
                assert isinstance(keyword.value, ast.Call), f"{path}: fields that cannot be read"
                assert isinstance(keyword.value.func, ast.Attribute), f"{path}: fields that cannot be read"
                yield from returned(tree, keyword.value.func.attr)


def returned(tree: ast.AST, name: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield from in_dicts(node)


def keys_of(scope: ast.AST, name: str) -> Iterator[str]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield from in_dicts(node.value)


def in_dicts(node: ast.AST) -> Iterator[str]:
    for value in ast.walk(node):
        if isinstance(value, ast.Dict):
            yield from (str(key.value) for key in value.keys if isinstance(key, ast.Constant))


@pytest.fixture(scope="module")
def written_fields() -> set[str]:
    """Of all sources, read once, and not while tests are collected."""
    return {field for path in files() for field in fields_of(path)} - NOT_WRITTEN | WRITTEN_BY_LOGS


def test_the_table_is_what_the_code_writes(written_fields: set[str]) -> None:
    table = [name for row in rows(MONITORING, "Log field") for name in re.findall(r"`(\w+)`", row[0])]
    assert len(table) == len(set(table))
    assert set(table) == written_fields


def test_no_field_is_for_what_is_not_to_be_logged(written_fields: set[str]) -> None:
    assert [field for field in sorted(written_fields) if FORBIDDEN.search(field)] == []
