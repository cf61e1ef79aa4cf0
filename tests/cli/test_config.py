"""config: YAML as it is read and written, and what the commands send, print and end with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from blazy_jobs.cli.config_file import read_document, yaml_text
from blazy_jobs.cli.failures import Unusable
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub, problem

APPLY = "POST /v1/config/apply"
EXPORT: dict[str, Any] = {"job_types": [{"name": "no", "description": "on"}], "queues": [], "schedules": []}
CHANGE = {
    "kind": "job_type",
    "name": "a",
    "action": "update",
    "fields": [{"path": "/priority", "before": 0, "after": 1}],
}


def difference(*changes: Any, dry_run: bool = True) -> Answer:
    return Answer(200, {"owner": "shop", "dry_run": dry_run, "changes": list(changes), "unchanged": 2})


def written(folder: Path, text: str, name: str = "jobs.yaml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


# -- the file


def test_words_and_times_are_text_and_numbers_are_decimal(tmp_path: Path) -> None:
    text = "a: no\nb: on\nc: 1:30\nd: 2026-01-01T00:00:00Z\ne: 2026-01-01\nf: 017\ng: y\nh: true\ni: ~\nj: 1e3\n"
    assert read_document(written(tmp_path, text)) == {
        "a": "no",
        "b": "on",
        "c": "1:30",
        "d": "2026-01-01T00:00:00Z",
        "e": "2026-01-01",
        "f": 17,
        "g": "y",
        "h": True,
        "i": None,
        "j": 1000.0,
    }
    assert read_document(written(tmp_path, "# nothing yet\n")) == {}
    assert read_document(written(tmp_path, '{"a": 1}', "jobs.json")) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "duplicate key"),
        ("a: [1\n", "line 2"),
        ("a: 1\n---\nb: 2\n", "2 documents"),
        ("%YAML 1.1\n---\na: no\n", "YAML 1.1"),
        ("- a\n", "top level must be a mapping"),
        ("1: a\n", "the key 1"),
        ("a: !!python/object/apply:os.system [x]\n", "line 1"),
        ("a: !!binary aGk=\n", "cannot be sent as JSON"),
        ("a: .inf\n", "cannot be sent as JSON"),
        (
            "a: &a [0,0,0,0,0,0,0,0,0,0]\n"
            + "".join(
                f"{c}: &{c} [{', '.join([f'*{b}'] * 10)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "too many values",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Unusable, match=said):
        read_document(written(tmp_path, text))
    if "JSON" not in said:
        return
    with pytest.raises(Unusable, match="is there twice"):
        read_document(written(tmp_path, '{"a": 1, "a": 2}', "jobs.json"))


TEXTS = st.sampled_from(
    [
        "no",
        "On",
        "y",
        "null",
        "~",
        "1e3",
        "0x1F",
        "1_0",
        "1:30",
        "2026-01-01",
        "",
        " a",
        "a: b",
        "# a",
        "ü",
        "\u2028",
        "-",
        "=",
        "<<",
        ".5",
    ]
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_alike_by_yaml_1_1_and_1_2(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    text = yaml_text(document)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text)
    assert read_document(str(path)) == document
    assert YAML(typ="safe", pure=True).load(text) == document
    assert yaml.safe_load(text) == document


# -- the commands


def test_an_export_is_yaml_that_can_be_applied(stub: Stub, call: Call, tmp_path: Path) -> None:
    stub.on("GET /v1/config", Answer(200, EXPORT))
    called = call("config", "export", "--url", stub.url)
    assert called.code == 0
    assert read_document(written(tmp_path, called.out)) == EXPORT
    called = call("config", "export", "--owner", "shop", "--format", "json", "--url", stub.url)
    assert json.loads(called.out) == EXPORT


def test_a_diff_ends_by_whether_something_would_change(stub: Stub, call: Call, tmp_path: Path) -> None:
    file = written(tmp_path, "owner: x\njob_types: []\n")
    stub.on(APPLY, difference(), difference(CHANGE), problem(422, "invalid_request", "no"))
    assert call("config", "diff", file, "--owner", "shop", "--prune", "--url", stub.url).code == 0
    assert stub.asked[0].query == {"dry_run": ["true"]}
    assert stub.asked[0].body == {"owner": "shop", "job_types": [], "prune": True}
    called = call("config", "diff", file, "--url", stub.url)
    assert called.code == 1
    assert json.loads(called.out)["changes"] == [CHANGE]
    assert call("config", "diff", file, "--url", stub.url).code == 2
    assert call("config", "diff", str(tmp_path / "none.yaml"), "--url", stub.url).code == 2
    assert call("config", "diff", file, "--url", "http://127.0.0.1:1").code == 3


def test_applying_ends_well_or_with_1_where_it_is_refused(stub: Stub, call: Call, tmp_path: Path) -> None:
    file = written(tmp_path, "job_types: []\n")
    conflict = problem(409, "config_conflict", "/job_types/0: belongs to another")
    stub.on(APPLY, difference(CHANGE), difference(CHANGE, dry_run=False), conflict)
    assert call("config", "apply", file, "--dry-run", "--url", stub.url).code == 0
    assert stub.asked[0].query == {"dry_run": ["true"]}
    assert call("config", "apply", file, "--url", stub.url).code == 0
    called = call("config", "apply", file, "--url", stub.url)
    assert called.code == 1
    assert "config_conflict" in called.err
