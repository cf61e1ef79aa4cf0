"""Where a dispatch belongs in its caller's trace (W3C Trace Context): kept in the run's metadata, for its worker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
MAX_STATE_CHARACTERS = 512
MAX_ENTRIES = 50
"""Of a run's metadata."""

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_STATE = re.compile(r"[\x20-\x7e]*")

NONE: dict[str, str] = {}


def ids_of(run_id: str, claim: int) -> tuple[int, int]:
    """The trace and the span of an attempt. They follow from its run, so that a later attempt, elsewhere and after
    whatever became of this one, can link to it. Workers make them in the same way (blazy_jobs.tracing)."""
    digest = blake2b(f"{run_id}/{claim}".encode(), digest_size=24, person=b"blazy-jobs").digest()
    return int.from_bytes(digest[:16], "big") or 1, int.from_bytes(digest[16:], "big") or 1


def trace_id_of(run_id: str, claim: int, metadata: Mapping[str, str], *, as_child: bool) -> str:
    """Of an attempt, whether or not its span is recorded. `as_child`: in the trace of the dispatch, if that has one."""
    parent = metadata.get(TRACEPARENT, "")
    if as_child and _PARENT.fullmatch(parent) is not None:
        return parent[3:35]
    return f"{ids_of(run_id, claim)[0]:032x}"


def read(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """Of a request: what is to be kept. What is malformed is as if it were not there (the specification's words)."""
    given = headers.get(b"traceparent")
    if given is None:
        return NONE
    parent = given.decode("latin-1").strip()
    if _PARENT.fullmatch(parent) is None or (parent.startswith("00") and len(parent) != 55):
        return NONE
    state = headers.get(b"tracestate", b"").decode("latin-1").strip()
    if not state or len(state) > MAX_STATE_CHARACTERS or _STATE.fullmatch(state) is None:
        return {TRACEPARENT: parent[:55]}
    return {TRACEPARENT: parent[:55], TRACESTATE: state}


def carried(metadata: dict[str, str], context: dict[str, str]) -> dict[str, str]:
    """The metadata with the context of the request, unless it has one of its own, or no room."""
    if not context or TRACEPARENT in metadata or len(metadata) + len(context) > MAX_ENTRIES:
        return metadata
    return {**metadata, **context}


def replaced(metadata: dict[str, str], context: dict[str, str]) -> dict[str, str]:
    """The metadata of an earlier run, with the context of the request that replays it, where that has one."""
    if not context:
        return metadata
    rest = {name: text for name, text in metadata.items() if name not in (TRACEPARENT, TRACESTATE)}
    return carried(rest, context)
