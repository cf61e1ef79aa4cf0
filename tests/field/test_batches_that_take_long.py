"""What a batch is told whose payloads take long to check: which of them can never be taken, and which may be later."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from blazy_jobs_server.domain.errors import FieldError
from blazy_jobs_server.engine import checking
from blazy_jobs_server.engine.examiner import Examined, NoTime, too_long
from blazy_jobs_server.engine.schemas import payloads
from tests.app.server import Server, paths, problem

SLOW = {"type": "string", "pattern": "[^a]{1,1000}x"}
LONG = "b" * 300_000
GOOD, BAD = "bx", 5


class Look:
    """Stands in for the process that takes closer looks: by the length of the value, or until it is let go on."""

    def __init__(self) -> None:
        self.paths: list[str | None] = []
        self.seconds = 0.1
        self.answers: dict[str, Any] = {}
        self.hold: set[str | None] = set()
        self.held = asyncio.Event()

    async def __call__(self, schema: Any, value: Any, path: str, *, known_not_to_fit: bool = False) -> Examined:
        self.paths.append(path)
        if known_not_to_fit:
            return Examined(False, [FieldError(path, "is not a text", "type")], 0.0)
        if path in self.hold:
            self.held.set()
            await asyncio.Event().wait()
        answer = self.answers.get(path, Examined(True, [], self.seconds))
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Examined)
        return answer


@pytest.fixture
async def look(monkeypatch: pytest.MonkeyPatch, server: Server) -> Look:
    look = Look()
    monkeypatch.setattr(payloads, "examine", look)
    await server.register(payload_schema=SLOW)
    return look


def batch(*values: Any) -> dict[str, Any]:
    return {"runs": [{"job_type": "greet", "payload": value} for value in values]}


def at(*places: int) -> list[str]:
    return [f"/runs/{place}/payload" for place in places]


async def send(server: Server, *values: Any, **headers: str) -> Any:
    return await server.http.post("/v1/runs/batch", json=batch(*values), headers=headers)


async def runs(server: Server) -> int:
    return len((await server.get("/v1/runs"))["data"])


async def test_all_is_taken_that_fits_however_long_each_takes(server: Server, look: Look) -> None:
    answer = await send(server, LONG, GOOD, LONG, LONG)
    assert answer.status_code == 202
    assert (look.paths, await runs(server)) == (at(0, 2, 3), 4)


async def test_each_that_can_never_be_judged_is_named_beside_those_that_do_not_fit(server: Server, look: Look) -> None:
    look.answers = {place: Examined(None, [too_long(place)], 2.0) for place in at(1, 3)}
    document = problem(await send(server, GOOD, LONG, LONG, LONG, BAD), 422, "invalid_batch")
    found = [(error["path"], error["code"]) for error in document["errors"]]
    assert found == list(zip(at(1, 3, 4), ["too_complex", "too_complex", "type"], strict=True))
    assert await runs(server) == 0


async def test_a_batch_that_needs_too_much_in_all_is_told_where_to_cut_it(server: Server, look: Look) -> None:
    look.seconds = checking.BATCH_SECONDS / 2
    document = problem(await send(server, GOOD, *[LONG] * 5), 422, "invalid_batch")
    assert [(error["path"], error["code"]) for error in document["errors"]] == [
        (path, "too_complex") for path in at(3, 4, 5)
    ]
    assert "send fewer" in document["errors"][0]["message"]
    assert (await send(server, GOOD, LONG, LONG)).status_code == 202


async def test_a_server_without_time_for_it_asks_for_it_again_and_names_what_is_left(
    server: Server, look: Look
) -> None:
    look.hold = set(at(2))
    sending = asyncio.ensure_future(send(server, GOOD, LONG, LONG, GOOD, LONG))
    await look.held.wait()
    await server.advance(checking.CHECKING_SECONDS + 1)
    answer = await sending
    document = problem(answer, 503, "too_busy")
    assert answer.headers["retry-after"]
    assert paths(document) == at(2, 4)
    assert {error["code"] for error in document["errors"]} == {"too_busy"}
    assert await runs(server) == 0
    look.hold.clear()
    assert (await send(server, GOOD, LONG, LONG, GOOD, LONG)).status_code == 202


async def test_what_is_known_to_be_wrong_is_told_although_there_was_no_time_for_the_rest(
    server: Server, look: Look
) -> None:
    look.answers = {path: NoTime("no processor") for path in at(0, 2)}
    document = problem(await send(server, LONG, BAD, LONG), 422, "invalid_batch")
    assert paths(document) == at(1)
    unknown = {"job_type": "nobody", "payload": 1}
    answer = await server.http.post("/v1/runs/batch", json={"runs": [*batch(LONG)["runs"], unknown]})
    assert paths(problem(answer, 422, "invalid_batch")) == ["/runs/1/job_type"]
    assert paths(problem(await send(server, LONG, GOOD, LONG), 503, "too_busy")) == at(0, 2)


async def test_an_earlier_answer_under_its_key_stands(server: Server, look: Look) -> None:
    first = await send(server, LONG, GOOD, **{"Idempotency-Key": "k"})
    look.answers = {at(0)[0]: NoTime("no processor"), "/payload": NoTime("no processor")}
    again = await send(server, LONG, GOOD, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.json()) == (200, first.json())
    problem(await send(server, LONG, GOOD, **{"Idempotency-Key": "other"}), 503, "too_busy")


async def test_one_payload_that_cannot_be_checked_now_is_asked_for_again(server: Server, look: Look) -> None:
    look.answers = {"/payload": NoTime("no processor")}
    run = {"payload": LONG}
    schedule = {
        "name": "s",
        "job_type": "greet",
        "payload": LONG,
        "trigger": {"kind": "interval", "every_seconds": 3600},
    }
    for path, body in (("/v1/job-types/greet/runs", run), ("/v1/schedules", schedule)):
        answer = await server.http.post(path, json=body)
        assert paths(problem(answer, 503, "too_busy")) == ["/payload"]
        assert answer.headers["retry-after"]
    look.answers = {}
    assert (await server.http.post("/v1/job-types/greet/runs", json=run)).status_code == 202
    assert (await server.http.post("/v1/schedules", json=schedule)).status_code == 201
    look.answers = {"/payload": NoTime("no processor")}
    await server.advance(3600)
    assert await runs(server) == 1
    look.answers = {}
    await server.advance(10)
    assert await runs(server) == 2, "the time was not passed over"
