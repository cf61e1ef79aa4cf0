"""What the types of the clients say is held at run time too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from blazy_jobs import ApiError, AsyncClient, Client, Job
from pydantic import BaseModel


class Receipt(BaseModel):
    number: int
    at: datetime


@dataclass
class Parcel:
    weights: tuple[int, ...]


def run_of(**fields: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": "run_1",
        "job_type": "count",
        "state": "completed",
        "payload": None,
        "error": None,
        "progress": None,
        "attempt": 1,
        "tags": [],
        "metadata": {},
        "result": None,
    }
    return {**known, **fields}


class Peer:
    """A server of one answer, which keeps what it was asked."""

    def __init__(self, **fields: Any) -> None:
        self.asked: list[httpx.Request] = []
        self.answer = run_of(**fields)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/v1/runs":
            return httpx.Response(200, json={"data": [self.answer], "next_cursor": None})
        if request.url.path.endswith("run_unknown"):
            return httpx.Response(404, json={"code": "run_not_found", "detail": "There is no run 'run_unknown'."})
        return httpx.Response(200, json=self.answer)


Act = Callable[[Any], Any]


def act(kind: str, peer: Peer, sync: Act) -> Any:
    """`sync(client)` of either client; what is to be awaited is awaited, what comes one by one is gathered."""
    transport = httpx.MockTransport(peer)
    if kind == "sync":
        with Client("http://jobs", transport=transport) as client:
            value = sync(client)
            return list(value) if hasattr(value, "__next__") else value

    async def do() -> Any:
        async with AsyncClient("http://jobs", transport=transport) as client:
            value = sync(client)
            if hasattr(value, "__anext__"):
                return [one async for one in value]
            return await value if asyncio.iscoroutine(value) else value

    return asyncio.run(do())


both = pytest.mark.parametrize("kind", ["sync", "async"])


@both
def test_runs_are_listed_by_datetimes(kind: str) -> None:
    peer = Peer()
    since = datetime(2026, 11, 28, 12, tzinfo=timezone(timedelta(hours=2)))
    filters: dict[str, Any] = {"state": ["failed", "completed"], "created_after": since, "limit": 5, "tag": None}
    assert [run.id for run in act(kind, peer, lambda client: client.runs.list(**filters))] == ["run_1"]
    assert list(peer.asked[0].url.params.multi_items()) == [
        ("state", "failed"),
        ("state", "completed"),
        ("created_after", "2026-11-28T10:00:00Z"),
        ("limit", "5"),
    ]


@both
@pytest.mark.parametrize(
    ("filters", "error", "words"),
    [
        ({"status": "failed"}, TypeError, "status"),
        ({"state": "faild"}, ValueError, "scheduled, queued, running"),
        ({"state": ["failed", "faild"]}, ValueError, "faild"),
        ({"created_after": datetime(2026, 11, 28)}, ValueError, "created_after needs a time zone"),  # noqa: DTZ001
        ({"created_before": datetime(2026, 11, 28)}, ValueError, "created_before"),  # noqa: DTZ001
    ],
)
def test_a_filter_that_cannot_be_is_refused_before_anything_is_asked(
    kind: str, filters: dict[str, Any], error: type[Exception], words: str
) -> None:
    peer = Peer()
    with pytest.raises(error, match=words):
        act(kind, peer, lambda client: client.runs.list(**filters))
    assert not peer.asked


@both
def test_a_listener_for_a_type_that_there_is_not_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=r"complted.*completed"):
        act(kind, Peer(), lambda client: then(client.runs.get("run_1"), lambda run: run.on("complted", print)))


@both
def test_events_of_a_type_that_there_is_not_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=r"faild"):
        act(kind, Peer(), lambda client: client.events(type="faild"))


@both
def test_a_run_is_found_by_its_id(kind: str) -> None:
    peer = Peer()
    assert act(kind, peer, lambda client: client.run("run_1")).id == "run_1"
    with pytest.raises(ApiError, match=r"run_not_found.*run_unknown"):
        act(kind, peer, lambda client: client.run("run_unknown"))
    for nothing in ("", None, {"id": "run_1"}):
        with pytest.raises(ValueError, match="a run id"):
            act(kind, peer, lambda client, given=nothing: client.run(given))


@both
@pytest.mark.parametrize("options", [{"rety": 3}, {"retry": 3, "prio": 1}])
def test_an_unknown_option_of_a_dispatch_is_a_type_error(kind: str, options: dict[str, Any]) -> None:
    peer = Peer()
    with pytest.raises(TypeError, match=r"rety|prio"):
        act(kind, peer, lambda client: client.dispatch("count", 5, **options))
    assert not peer.asked


def receive(payload: Parcel) -> Receipt:
    return Receipt(number=len(payload.weights), at=datetime.now(UTC))


async def measure(payload: int) -> tuple[int, datetime]:
    return payload, datetime.now(UTC)


async def tell(payload: int) -> dict[str, int]:
    return {"n": payload}


async def untold(payload: int):  # type: ignore[no-untyped-def]
    return payload


@both
@pytest.mark.parametrize(
    ("handler", "result", "read"),
    [
        (
            receive,
            {"number": 2, "at": "2026-11-28T10:00:00Z"},
            Receipt(number=2, at=datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ),
        (measure, [2, "2026-11-28T10:00:00Z"], (2, datetime(2026, 11, 28, 10, tzinfo=UTC))),
        (tell, {"n": 2}, {"n": 2}),
        (tell, {"n": "as another version returned it"}, {"n": "as another version returned it"}),
        (untold, {"n": 2}, {"n": 2}),
    ],
)
def test_a_result_is_of_the_handlers_type(kind: str, handler: Callable[..., Any], result: Any, read: Any) -> None:
    job: Any = Job("count", handler)
    peer = Peer(result=result)
    assert act(kind, peer, lambda client: then(client.dispatch(job, {}), lambda run: run.result())) == read
    assert act(kind, peer, lambda client: then(client.dispatch("count", {}), lambda run: run.result())) == result
    assert json.loads(peer.asked[0].content) == {"payload": {}}


@both
def test_a_result_of_another_type_is_told(kind: str) -> None:
    job: Any = Job("count", receive)
    with pytest.raises(ValueError, match="Receipt"):
        act(kind, Peer(result={"nr": 2}), lambda client: then(client.dispatch(job, {}), lambda run: run.result()))


def then(first: Any, second: Act) -> Any:
    """`second` of what `first` gives, whether or not they are to be awaited."""
    if not asyncio.iscoroutine(first):
        return second(first)

    async def do() -> Any:
        value = second(await first)
        return await value if asyncio.iscoroutine(value) else value

    return do()
