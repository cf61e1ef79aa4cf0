"""The options of a job in code: what this package takes, the server takes, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from blazy_jobs import DefinitionError, Job, Retry
from hypothesis import given, settings
from hypothesis import strategies as st

from blazy_jobs_server.api.job_type_models import JobTypeIn
from blazy_jobs_server.api.requests import fit
from blazy_jobs_server.api.strict_json import parse
from blazy_jobs_server.domain.errors import InvalidRequest, MalformedJson
from tests.support.examples import examples


def handler() -> None: ...


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("priority", 1000, "1000"),
        ("priority", "high", "'high'"),
        ("retry", -1, "-1"),
        ("retry", "three", "'three'"),
        ("retry", {"max_attempts": 0}, "max_attempts.*0"),
        ("retry", {"attempts": 3}, "'attempts'"),
        ("retry", Retry(initial_seconds=-1), "initial_seconds.*-1"),
        ("retry", Retry(jitter="no"), "jitter.*'no'"),  # type: ignore[arg-type]
        ("timeout", 0, "more than 0"),
        ("timeout", timedelta(days=31), "days=31"),
        ("expires", float("inf"), "inf"),
        ("retention", -5, "-5"),
        ("retention_failed", -5, "-5"),
        ("concurrency", 0, "0"),
        ("concurrency", 2.5, "2.5"),
        ("tags", "night", "'night'"),
        ("tags", ["x"] * 30, "30"),
        ("redact", "/card", "'/card'"),
        ("redact", ["card"], "'card'"),
        ("redact", ["/a~2"], "'/a~2'"),
        ("redact", ["/a"] * 51, "51"),
        ("description", "x" * 5000, "4096"),
        ("payload_schema", {"type": object}, "payload_schema"),
        ("result_schema", "object", "'object'"),
    ],
)
def test_an_option_that_cannot_be_is_named_with_its_job_and_value(option: str, value: Any, said: str) -> None:
    with pytest.raises(DefinitionError, match=f"'greet'.*{option}.*{said}|'greet'.*{said}"):
        Job("greet", handler, **{option: value})


def test_a_long_docstring_is_cut_to_what_a_description_can_be() -> None:
    def wordy() -> None: ...

    wordy.__doc__ = "word " * 2000
    assert taken_by_server(Job("wordy", wordy).definition())


def taken_by_server(definition: Mapping[str, Any]) -> bool:
    try:
        fit(JobTypeIn, parse(json.dumps(definition).encode()))
    except (InvalidRequest, MalformedJson):
        return False
    return True


SENT_AS = {
    "timeout": "timeout_seconds",
    "expires": "expires_seconds",
    "retention": "retention_seconds",
    "retention_failed": "retention_failed_seconds",
}
numbers = st.one_of(st.integers(-101, 1001), st.integers(), st.floats(), st.floats(0, 100), st.integers(0, 10**7))
plain = st.one_of(st.booleans(), numbers, st.text())
settings_of_retry = st.fixed_dictionaries(
    {},
    optional={
        "max_attempts": plain,
        "backoff": st.one_of(st.sampled_from(["exponential", "linear", "fixed"]), plain),
        "initial_seconds": plain,
        "factor": plain,
        "max_seconds": plain,
        "jitter": plain,
        "on_lost": st.one_of(st.sampled_from(["retry", "fail"]), plain, st.none()),
        "other": plain,
    },
)
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "priority": plain,
    "retry": st.one_of(settings_of_retry, plain),
    "timeout": plain,
    "expires": plain,
    "retention": plain,
    "retention_failed": plain,
    "concurrency": plain,
    "tags": st.one_of(st.lists(st.text(min_size=1), max_size=22), st.lists(plain, max_size=2), plain),
    "redact": st.one_of(st.lists(st.text("a/~01", max_size=5), max_size=52), st.lists(plain, max_size=2), plain),
    "description": st.one_of(plain, st.text("ab", min_size=4095, max_size=4098)),
}


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.sampled_from(sorted(OPTIONS)), min_size=1, max_size=2, unique=True), st.data())
def test_options_are_judged_as_by_the_server(names: list[str], data: st.DataObject) -> None:
    options = {name: data.draw(OPTIONS[name], name) for name in names}
    written = {SENT_AS.get(name, name): value for name, value in options.items()}
    by_server = taken_by_server({"name": "greet", "handler": {"kind": "worker"}, **written})
    try:
        job = Job("greet", handler, **options)
    except DefinitionError:
        assert not by_server
    else:
        assert by_server
        assert taken_by_server(job.definition())
