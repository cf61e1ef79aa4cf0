"""`traceparent` and `tracestate` of requests, and the ids of attempts."""

from __future__ import annotations

import pytest
from blazy_jobs.tracing import conventions

from blazy_jobs_server.domain.trace_context import MAX_ENTRIES, carried, ids_of, read, replaced, trace_id_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("given", [PARENT, f" {PARENT} ", f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01-more"])
def test_a_context_is_kept(given: str) -> None:
    assert read({b"traceparent": given.encode()}) == {"traceparent": given.strip()[:55]}


@pytest.mark.parametrize(
    "given",
    [
        "",
        "1",
        PARENT.upper(),
        PARENT + "-more",
        PARENT + "0",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-0g",
        PARENT.replace("-", "_"),
        f"{PARENT}\x00",
        f"{PARENT}é",
    ],
)
def test_what_is_malformed_is_as_if_it_were_not_there(given: str) -> None:
    assert read({b"traceparent": given.encode("latin-1"), b"tracestate": b"a=1"}) == {}


@pytest.mark.parametrize(
    ("state", "kept"), [("a=1,b=2", True), ("", False), ("x" * 512, True), ("x" * 513, False), ("é", False)]
)
def test_a_state_is_kept_beside_its_parent(state: str, kept: bool) -> None:
    found = read({b"traceparent": PARENT.encode(), b"tracestate": state.encode("latin-1")})
    assert found == {"traceparent": PARENT} | ({"tracestate": state} if kept else {})
    assert read({b"tracestate": state.encode("latin-1")}) == {}


def test_the_metadata_wins_and_is_never_too_large() -> None:
    context = {"traceparent": PARENT, "tracestate": "a=1"}
    assert carried({"a": "b"}, context) == {"a": "b"} | context
    assert carried({"traceparent": "own"}, context) == {"traceparent": "own"}
    full = {str(n): "" for n in range(MAX_ENTRIES - 1)}
    assert carried(full, context) is full
    assert len(carried(full, {"traceparent": PARENT})) == MAX_ENTRIES
    assert carried({"a": "b"}, {}) == {"a": "b"}


def test_a_replay_has_the_context_of_its_own_request_or_that_of_the_original() -> None:
    original = {"a": "b", "traceparent": "old", "tracestate": "old"}
    assert replaced(original, {"traceparent": PARENT}) == {"a": "b", "traceparent": PARENT}
    assert replaced(original, {}) == original


def test_server_and_worker_make_the_same_ids() -> None:
    for claim in (1, 2, 70):
        assert ids_of("run_06a1", claim) == conventions.ids_of("run_06a1", claim)
    assert len({ids_of("run_06a1", claim) for claim in range(1, 100)}) == 99
    trace_id, span_id = ids_of("run_06a1", 1)
    assert trace_id.bit_length() <= 128
    assert span_id.bit_length() <= 64


def test_the_trace_of_an_attempt() -> None:
    own = f"{ids_of('run_06a1', 2)[0]:032x}"
    for metadata in ({}, {"traceparent": PARENT}, {"traceparent": "x"}):
        assert trace_id_of("run_06a1", 2, metadata, as_child=False) == own
    assert trace_id_of("run_06a1", 2, {"traceparent": PARENT}, as_child=True) == TRACE
    assert trace_id_of("run_06a1", 2, {"traceparent": "x"}, as_child=True) == own
