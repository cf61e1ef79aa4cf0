"""Random configurations: what is exported can be applied, there and on an empty server."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.app.clock import HandClock
from tests.app.server import Server
from tests.support.examples import examples

NAMES = st.sampled_from(["a", "b", "c-1", "D.d", "no", "0"])
QUEUES = st.sampled_from(["default", "mail", "on"])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9, allow_nan=False) | TEXT | st.just("***"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
SECONDS = st.integers(1, 10_000) | st.floats(0.5, 10_000, allow_nan=False)


def _of(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


RETRY = st.integers(0, 9) | _of(
    {},
    max_attempts=st.integers(1, 9),
    backoff=st.sampled_from(["exponential", "linear", "fixed"]),
    initial_seconds=SECONDS,
    jitter=st.booleans(),
)
JOB_TYPE = _of(
    {"name": NAMES, "handler": st.just({"kind": "worker"})},
    description=TEXT,
    queue=QUEUES,
    priority=st.integers(-100, 100),
    retry=RETRY,
    timeout_seconds=SECONDS,
    expires_seconds=st.none() | SECONDS,
    payload_schema=st.sampled_from([None, True, {}, {"type": ["object", "null", "number"]}]),
    concurrency=st.none() | st.integers(1, 5),
    tags=st.lists(st.text("ab", min_size=1, max_size=2), max_size=2),
    redact=st.lists(st.sampled_from(["", "/a", "/a/b", "/0"]), max_size=2),
    paused=st.booleans(),
)
TRIGGER = st.one_of(
    st.sampled_from(["0 3 * * *", "@daily", "*/5 * * * 1"]).map(lambda text: {"kind": "cron", "expression": text}),
    SECONDS.map(lambda seconds: {"kind": "interval", "every_seconds": max(1, seconds)}),
    st.integers(1, 3).map(lambda months: {"kind": "calendar", "every": {"months": months}, "hour": 4}),
    st.sampled_from(["2001-01-01T00:00:00Z", "2091-01-01T00:00:00+02:00"]).map(lambda at: {"kind": "date", "at": at}),
)
SCHEDULE = _of(
    {"name": NAMES, "job_type": NAMES, "trigger": TRIGGER},
    payload=VALUES,
    timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
    overlap=st.sampled_from(["allow", "skip"]),
    jitter_seconds=SECONDS,
    start_at=st.none() | st.just("2020-02-29T00:00:00Z"),
    queue=st.none() | QUEUES,
    priority=st.none() | st.integers(-3, 3),
    paused=st.booleans(),
)


WEBHOOK = _of(
    {"name": NAMES, "url": st.sampled_from(["https://a.example/", "https://b.example/x"])},
    events=st.lists(st.sampled_from(["run.failed", "run.completed"]), min_size=1, max_size=3),
    job_types=st.none() | st.lists(st.sampled_from(["a", "b*"]), min_size=1, max_size=2),
    include=st.sampled_from([[], ["result"]]),
    enabled=st.booleans(),
)


def _unique(items: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(items, max_size=4, unique_by=lambda item: item["name"])


DOCUMENTS = st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["x", "y"]),
        "job_types": _unique(JOB_TYPE),
        "queues": _unique(_of({"name": QUEUES}, paused=st.booleans())),
        "schedules": _unique(SCHEDULE),
        "webhooks": _unique(WEBHOOK),
    }
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_an_export_changes_nothing_and_an_empty_server_becomes_the_same(
    empty_database: Path, documents: list[dict[str, Any]]
) -> None:
    import asyncio

    async def check() -> None:
        with tempfile.TemporaryDirectory() as folder:
            one, other = Path(folder, "one"), Path(folder, "other")
            for place in (one, other):
                place.mkdir()
                shutil.copy(empty_database, place)
            async with Server(one, HandClock()) as server:
                for document in documents:
                    await _taken(server, document)
                exported = await server.get("/v1/config")
                assert (await _apply(server, exported)).json()["changes"] == []
                async with Server(other, HandClock()) as fresh:
                    answer = await _apply(fresh, exported)
                    if answer.status_code == 200:
                        assert await fresh.get("/v1/config") == exported
                        assert (await _apply(fresh, exported)).json()["changes"] == []
                    else:
                        assert {error["code"] for error in answer.json()["errors"]} == {"redacted_value"}, answer.text

    asyncio.run(check())


async def _taken(server: Server, document: dict[str, Any]) -> None:
    """A document is taken whole, and then changes nothing; or it is refused, and has changed nothing."""
    before = await server.get("/v1/config")
    dry = await server.http.post("/v1/config/apply?dry_run=true", json=document)
    assert await server.get("/v1/config") == before
    answer = await _apply(server, document)
    assert answer.status_code == dry.status_code
    if answer.status_code == 200:
        made = answer.json()["changes"]
        assert all(
            ("secret" in change) is (change["kind"] == "webhook") for change in made if change["action"] == "create"
        )
        assert [_unsigned(change) for change in made] == dry.json()["changes"]
        assert all(change["fields"] for change in answer.json()["changes"] if change["action"] == "update")
        assert (await _apply(server, document)).json()["changes"] == []
    else:
        assert answer.status_code in (409, 422), answer.text
        assert await server.get("/v1/config") == before


def _unsigned(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if name != "secret"}


async def _apply(server: Server, document: Any) -> Any:
    return await server.http.post("/v1/config/apply", json=document)
