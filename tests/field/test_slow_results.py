"""A result that takes long to judge holds up neither the store nor anybody's other reports, keeps its lease meanwhile,
and is recorded once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from blazy_jobs_server.engine.examiner import Examined, NoTime
from blazy_jobs_server.ports import Report
from tests.app.clock import HandClock
from tests.app.server import Server, Worker, item, problem
from tests.support.postgres import Postgres

SLOW = {"type": "string", "pattern": "[^a]{1,1000}x"}
LONG = "b" * 300_000
SECONDS = {"timeout_seconds": 1}


class Gate:
    """Stands in for the process that judges what takes long: says nothing until it is told to."""

    def __init__(self, server: Server) -> None:
        self.asked: list[Any] = []
        self.answers: asyncio.Queue[Examined | NoTime] = asyncio.Queue()
        self.came = asyncio.Event()
        server.jobs.leasing.results.closely.examine = self._examine  # type: ignore[method-assign]

    async def _examine(self, schema: Any, value: Any, path: str | None, **_: object) -> Examined:
        self.asked.append(schema)
        self.came.set()
        answer = await self.answers.get()
        if isinstance(answer, NoTime):
            raise answer
        return answer

    def say(self, fits: bool | None) -> None:
        self.answers.put_nowait(Examined(fits, [], 1.0))

    async def reached(self, count: int) -> None:
        while len(self.asked) < count:
            self.came.clear()
            await self.came.wait()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.system)])
def database(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "sqlite":
        return {}
    postgres: Postgres = request.getfixturevalue("postgres")
    return {"database_url": postgres.url(postgres.borrow(request.getfixturevalue("empty_postgres")))}


@pytest.fixture
async def server(data: Path, clock: HandClock, database: dict[str, Any]) -> AsyncIterator[Server]:
    async with Server(data, clock, **database) as server:
        await server.register("slow", result_schema=SLOW, **SECONDS)
        await server.register("plain", **SECONDS)
        yield server


class Calls:
    """What reached the store."""

    def __init__(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reports: list[list[Report]] = []
        report = server.store.report

        async def noted(worker_id: int, reports: Any, holding: Any, seconds: float, *columns: Any) -> Any:
            self.reports.append(list(reports))
            return await report(worker_id, reports, holding, seconds, *columns)

        monkeypatch.setattr(server.store, "report", noted)


async def leases(server: Server, worker: Worker, *names: str) -> list[Any]:
    """One lease of each, in their order."""
    made = [await server.dispatch(name) for name in names]
    claimed = {lease["run"]["id"]: lease for lease in await worker.claim()}
    return [claimed[run["id"]] for run in made]


async def test_whatever_else_is_asked_is_answered_meanwhile(server: Server) -> None:
    gate = Gate(server)
    worker, other = await server.worker("slow", "plain"), await server.worker("plain", name="other")
    slow, plain, running = await leases(server, worker, "slow", "plain", "plain")
    call = asyncio.ensure_future(
        worker.call(
            [
                item(slow, "completed", result=LONG),
                item(plain, "completed", result=1),
                item(running, "log", message="on my way"),
            ]
        )
    )
    await gate.reached(1)
    assert (await server.run(plain))["state"] == "completed"
    assert await server.types(running) == ["queued", "started", "log"]
    [another] = await leases(server, other, "plain")
    await other.complete(another, 2)
    assert (await worker.say(running, "completed", result=3))["status"] == "accepted"
    assert ((await server.run(slow))["state"], call.done()) == ("running", False)
    gate.say(True)
    assert [answer["status"] for answer in (await call)["data"]] == ["accepted"] * 3
    assert (await server.run(slow))["state"] == "completed"
    assert (await server.run(slow))["result"] == LONG


@pytest.mark.parametrize(("fits", "message"), [(False, "does not fit"), (None, "takes too long to check")])
async def test_what_does_not_fit_or_takes_too_long_fails_the_run(
    server: Server, fits: bool | None, message: str
) -> None:
    gate = Gate(server)
    worker = await server.worker("slow")
    [lease] = await leases(server, worker, "slow")
    gate.say(fits)
    await worker.complete(lease, LONG)
    run = await server.run(lease)
    assert (run["state"], run["error"]["code"]) == ("failed", "invalid_result")
    assert message in run["error"]["message"]
    await worker.complete(lease, LONG)  # said again: the same answer
    assert await server.types(lease) == ["queued", "started", "failed"]
    assert len(gate.asked) == 1


async def test_neither_lease_nor_deadline_nor_worker_is_lost_meanwhile(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow", "plain")
    slow, held = await leases(server, worker, "slow", "plain")
    await server.http.patch("/v1/job-types/plain", json={"timeout_seconds": 1000})
    [unhurried] = await leases(server, worker, "plain")
    holding = [held["run"]["id"], unhurried["run"]["id"]]
    body = {"reports": [item(slow, "completed", result=LONG)], "holding": holding}
    call = asyncio.ensure_future(server.http.post(f"/v1/workers/{worker.id}/report", json=body))
    await gate.reached(1)
    await server.live(100)
    assert [(await server.run(lease))["state"] for lease in (slow, unhurried)] == ["running"] * 2
    answer = await call
    problem(answer, 503, "too_busy")
    assert answer.headers["retry-after"]
    gate.say(True)
    answered = await worker.call(body["reports"], holding)
    assert answered["data"][0]["status"] == "accepted"
    assert [state["held"] for state in answered["holding"]] == [False, True], "the first one's time was over"
    assert await server.types(slow) == ["queued", "started", "completed"]
    assert len(gate.asked) == 1


async def test_the_same_call_again_gets_the_same_answer_and_writes_nothing_twice(server: Server) -> None:
    gate = Gate(server)
    joined = asyncio.Event()
    repeated = server.jobs.leasing.results.repeated

    def noted(worker_id: int, call: Sequence[Report]) -> Any:
        if (answer := repeated(worker_id, call)) is not None:
            joined.set()
        return answer

    server.jobs.leasing.results.repeated = noted  # type: ignore[method-assign]
    worker = await server.worker("slow", "plain")
    slow, plain = await leases(server, worker, "slow", "plain")
    reports = [item(plain, "log", message="once"), item(slow, "completed", result=LONG)]
    first = asyncio.ensure_future(worker.call(reports))
    await gate.reached(1)
    again = asyncio.ensure_future(worker.call(reports, [plain["run"]["id"]]))
    await joined.wait()
    gate.say(False)
    answers = [(await first)["data"], (await again)["data"], (await worker.call(reports))["data"]]
    assert answers == [answers[0]] * 3
    assert {answer["status"] for answer in answers[0]} == {"accepted"}
    assert [state["held"] for state in (await again)["holding"]] == [True]
    assert len(gate.asked) == 1
    assert await server.types(plain) == ["queued", "started", "log"]
    assert await server.types(slow) == ["queued", "started", "failed"]
    await server.live(20)
    assert not server.jobs.leasing.results._calls


async def test_a_result_whose_lease_is_lost_is_judged_no_further(server: Server) -> None:
    gate = Gate(server)
    worker, other = await server.worker("slow"), await server.worker("slow", name="other")
    [lease] = await leases(server, worker, "slow")
    call = asyncio.ensure_future(worker.call([item(lease, "completed", result=LONG)]))
    await gate.reached(1)
    await worker.leave()
    await server.live(10)
    assert (await call)["data"][0]["status"] == "lease_lost"
    next_lease = await other.take()
    gate.say(True)
    await other.complete(next_lease, LONG)
    assert await server.types(lease) == ["queued", "started", "interrupted", "started", "completed"]


async def test_a_cancel_that_comes_meanwhile_leaves_a_result_that_fits(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow")
    good, bad = await leases(server, worker, "slow", "slow")
    call = asyncio.ensure_future(worker.call([item(lease, "completed", result=LONG) for lease in (good, bad)]))
    await gate.reached(2)
    for lease in (good, bad):
        await server.cancel(lease, status=202)
    gate.say(True)
    gate.say(False)
    assert [answer["status"] for answer in (await call)["data"]] == ["accepted"] * 2
    assert [(await server.run(lease))["state"] for lease in (good, bad)] == ["completed", "cancelled"]
    for lease in (good, bad):
        await worker.complete(lease, LONG)


async def test_a_server_that_cannot_judge_now_is_asked_again(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow", "plain")
    slow, plain = await leases(server, worker, "slow", "plain")
    reports = [item(slow, "completed", result=LONG), item(plain, "completed", result=1)]
    path = f"/v1/workers/{worker.id}/report"
    call = asyncio.ensure_future(server.http.post(path, json={"reports": reports}))
    for tries in (1, 2, 3):
        await gate.reached(tries)
        gate.answers.put_nowait(NoTime("busy"))
        for _ in range(20):
            await asyncio.sleep(0)
        await server.advance(1)
    answer = await call
    problem(answer, 503, "too_busy")
    assert answer.headers["retry-after"]
    assert [(await server.run(lease))["state"] for lease in (slow, plain)] == ["running", "completed"]
    gate.say(True)
    assert [said["status"] for said in (await worker.call(reports))["data"]] == ["accepted"] * 2
    assert [await server.types(lease) for lease in (slow, plain)] == [["queued", "started", "completed"]] * 2


async def test_a_result_is_judged_by_the_version_that_its_run_was_dispatched_with(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow")
    old, older = await leases(server, worker, "slow", "slow")
    await server.http.patch("/v1/job-types/slow", json={"result_schema": {"type": "integer"}})
    [new] = await leases(server, worker, "slow")
    gate.say(True)
    await worker.complete(old, LONG)
    await worker.complete(new, 5)
    await worker.complete(older, "short")
    assert gate.asked == [SLOW]
    assert [(await server.run(lease))["state"] for lease in (old, new, older)] == ["completed", "completed", "failed"]


async def test_the_first_word_that_ends_a_run_counts(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow")
    [lease] = await leases(server, worker, "slow")
    gate.say(True)
    words = [item(lease, "completed", result=LONG), item(lease, "released"), item(lease, "completed", result=LONG)]
    answers = (await worker.call(words))["data"]
    assert [answer["status"] for answer in answers] == ["accepted", "lease_lost", "accepted"]
    assert await server.types(lease) == ["queued", "started", "completed"]


async def test_only_what_has_a_result_schema_and_is_new_here_is_told_twice(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(server, monkeypatch)
    worker = await server.worker("slow", "plain")
    for name, times in (("plain", 1), ("plain", 1), ("slow", 2), ("slow", 1), ("plain", 1), ("slow", 1)):
        [lease] = await leases(server, worker, name)
        calls.reports.clear()
        await worker.complete(lease, "x" if name == "slow" else None)
        assert len(calls.reports) == times
        assert calls.reports[0][0].verdict is None or name == "slow"
        assert (await server.run(lease))["state"] == ("failed" if name == "slow" else "completed")


async def test_a_server_that_follows_another_judges_what_that_one_leased_out(server: Server) -> None:
    worker = await server.worker("slow")
    one, two = await leases(server, worker, "slow", "slow")
    await server.restart()
    await worker.complete(one, "bx")
    await worker.complete(two, 5)
    assert [(await server.run(lease))["state"] for lease in (one, two)] == ["completed", "failed"]


async def claim_columns(worker: Worker) -> Any:
    body = {"max": 10, "wait_seconds": 0, "columns": True}
    answer = await worker.server.post(f"/v1/workers/{worker.id}/claim", body, status=200)
    return {group["job_type"]: group for group in answer["columns"]}


def done(group: Any, *results: Any) -> Any:
    return {name: group[name] for name in ("lease_token", "attempt", "run_ids")} | {"results": results}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_completes_by_columns_is_judged_as_well(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(server)
    worker = await server.worker("slow", "plain")
    calls = Calls(server, monkeypatch)
    for expected in (3, 2):
        made = {name: [await server.dispatch(name) for _ in range(4)] for name in ("slow", "plain")}
        groups = await claim_columns(worker)
        slow, plain = groups["slow"], groups["plain"]
        gate.asked.clear()
        calls.reports.clear()
        body = {"completed": [done(slow, "bx", LONG, 5, LONG), done(plain, 1, 2, 3, 4)]}
        call = asyncio.ensure_future(worker.server.post(f"/v1/workers/{worker.id}/report", body, status=200))
        await gate.reached(2)
        states = [(await server.run(run))["state"] for run in made["slow"] + made["plain"]]
        assert states == ["completed", "running", "failed", "running"] + ["completed"] * 4
        await server.cancel(made["slow"][3], status=202)
        gate.say(True)
        gate.say(False)
        answer = await call
        assert [group for group in answer["completed"] if group] == [
            [{"run_id": made["slow"][3]["id"], "status": "accepted", "error": None, "cancel_requested": True}]
        ]
        states = [(await server.run(run))["state"] for run in made["slow"]]
        assert states == ["completed", "completed", "failed", "cancelled"]
        assert len(calls.reports) <= expected + 1
        again = await worker.server.post(f"/v1/workers/{worker.id}/report", body, status=200)
        assert again == answer


async def test_many_results_in_one_call_are_all_judged(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow", "plain")
    taken = [lease for _ in range(5) for lease in await leases(server, worker, "slow", "slow", "plain")]
    results = [LONG, "bx", None] * 5
    reports = [item(lease, "completed", result=result) for lease, result in zip(taken, results, strict=True)]
    for fits in (True, False, True, False, True):
        gate.say(fits)
    answers = (await worker.call(reports))["data"]
    assert {answer["status"] for answer in answers} == {"accepted"}
    states = [(await server.run(lease))["state"] for lease in taken]
    assert states[1::3] == states[2::3] == ["completed"] * 5
    assert sorted(states[0::3]) == ["completed"] * 3 + ["failed"] * 2
    events = [orjson.dumps(await server.types(lease)) for lease in taken]
    assert len(set(events)) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_said_by_columns_in_a_call_that_waits_is_written_once(server: Server) -> None:
    gate = Gate(server)
    worker = await server.worker("slow", "plain")
    for name in ("slow", "plain", "plain"):
        await server.dispatch(name)
    groups = await claim_columns(worker)
    slow, plain = groups["slow"], groups["plain"]
    loud, other = plain["run_ids"]
    flood = [{"type": "log", "message": str(n), "written_at": "2026-11-28T12:00:00Z"} for n in range(105)]
    words = {"lease_token": plain["lease_token"], "attempt": 1, "run_ids": [loud], "words": [flood], "before": [0]}
    ends = {"attempt": 1, "type": "completed", "result": LONG}
    reports = [
        {"run_id": slow["run_ids"][0], "lease_token": slow["lease_token"], **ends},
        {"run_id": other, "lease_token": "another", **ends},
    ]
    path, body = f"/v1/workers/{worker.id}/report", {"said": [words], "reports": reports}
    first = asyncio.ensure_future(worker.server.post(path, body, status=200))
    await gate.reached(1)
    again = asyncio.ensure_future(worker.server.post(path, body, status=200))
    gate.say(True)
    for answer in (await first, await again):
        assert [judged["status"] for judged in answer["data"]] == ["accepted", "lease_lost"]
        assert answer["said"] == [[]]
    assert (await server.types(loud)).count("log") == 100
