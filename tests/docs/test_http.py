"""docs/http.md is what a reader gets who types it in. `python -m tests.docs.http_page` writes its answers anew."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.docs.http_page import PAGE, pick, read, read_page, same, told, walk, written
from tests.support.server import REPO


@pytest.mark.system
def test_every_answer_is_the_real_one(tmp_path: Path) -> None:
    steps = [step for block in walk(tmp_path) for step in block]
    for step, shown, answered in zip(steps, same(steps, "shown"), same(steps, "answered"), strict=True):
        assert shown == answered, step.command


def test_the_page_walks_through_the_whole_api() -> None:
    commands = [step.command for block in read_page() for step in block]
    document = json.loads((REPO / "openapi.json").read_text())
    missed = []
    for path, operations in document["paths"].items():
        url = r"\$\w+" + re.sub(r"\\{\w+\\}", r"[\\w.-]+", re.escape(path)) + r"(?:['\"?\s]|$)"
        if not any(re.search(url, command) for command in commands):
            missed += [operation["operationId"] for operation in operations.values()]
    assert missed == []


def test_what_differs_from_day_to_day_is_no_difference_and_all_else_is() -> None:
    [steps] = [block for block in read_page() if "Idempotency" in block[0].command][:1]
    for step in steps:
        step.answered = step.shown.replace("run_1", "run_2")
    assert same(steps, "shown") == same(steps, "answered")
    for step in steps:
        step.answered = step.shown.replace("queued", "running")
    assert same(steps, "shown") != same(steps, "answered")


def test_an_answer_is_shown_with_the_fields_that_the_page_shows() -> None:
    shown = '{"a": 0, "c": {"d": 0, …}, …}'
    assert told('{"a":1,"b":2,"c":{"d":3,"e":4}}', shown) == '{"a": 1, "c": {"d": 3, …}, …}\n'
    assert pick({"a": 1}, read('{"a": 0, "gone": 0, …}')) == {"a": 1, "…": "…"}
    assert json.loads(written({"a": ["x" * 60] * 5, "b": {}})) == {"a": ["x" * 60] * 5, "b": {}}


def test_the_page_is_not_too_wide() -> None:
    assert [line for line in PAGE.read_text().splitlines() if len(line) > 120 and not line.startswith("data: ")] == []
