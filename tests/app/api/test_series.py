"""The history over HTTP: what happened, minute by minute, over restarts and crashes, for whoever may see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.history import DAY_SECONDS, QUARTER_SECONDS
from blazy_jobs_server.engine import history
from tests.app.clock import SECOND, START
from tests.app.server import Server, paths, problem

KEY = "a-root-key-of-some-length"
BEGIN = START // SECOND
VALUES = ("started", "completed", "failed", "cancelled", "retried", "lost")


def at(seconds: int) -> str:
    return datetime.fromtimestamp(BEGIN + seconds, UTC).isoformat().replace("+00:00", "Z")


async def series(server: Server, begin: int = 0, end: int = 120, step: int = 60, **query: Any) -> Any:
    await server.jobs.history.write()
    return await server.get("/v1/stats/series", **{"from": at(begin), "to": at(end)}, step=step, **query)


def counts(point: Any) -> dict[str, int]:
    return {name: point[name] for name in VALUES if point[name]}


async def end_one(server: Server, worker: Any, job_type: str = "greet", **fields: Any) -> None:
    await server.dispatch(job_type, **fields)
    await worker.complete(await worker.take())


async def test_what_happens_is_counted_in_its_minute_and_a_gap_is_null(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    await end_one(server, worker)
    await server.dispatch()
    await server.live(2)
    lease = await worker.take()
    await server.live(1)
    await worker.fail(lease)
    await server.cancel(await server.dispatch(delay_seconds=50), status=200)
    found = await series(server, -60, 120)
    gap, now, coming = found["data"]
    assert gap == {"at": "2025-12-31T23:59:00.000000Z"} | dict.fromkeys(
        (*VALUES, "deepest", "oldest_due_seconds", "waited", "ran")
    )
    assert coming["started"] is None, "it has not come yet"
    assert counts(now) == {"started": 2, "completed": 1, "failed": 1, "cancelled": 1}
    assert (now["waited"]["count"], now["waited"]["p99_seconds"], now["waited"]["mean_seconds"]) == (2, 2.5, 1)
    assert (now["ran"]["count"], now["ran"]["p50_seconds"], now["ran"]["p95_seconds"]) == (2, 0.001, 1)
    assert sum(now["waited"]["buckets"]) == 2
    assert len(now["waited"]["buckets"]) == len(found["bounds"]) + 1
    assert counts(found["total"]) == counts(now)
    assert (found["step_seconds"], found["from"], found["to"]) == (60, gap["at"], "2026-01-01T00:02:00.000000Z")


async def test_a_server_without_work_makes_zeros_and_no_gaps(server: Server) -> None:
    await server.live(130)
    found = await series(server, 0, 120)
    assert [point["started"] for point in found["data"]] == [0, 0]


async def test_how_deep_and_how_late_queues_were_is_kept(server: Server) -> None:
    await server.register()
    await server.register("report")
    for name, queue in (("greet", "mail"), ("greet", "mail"), ("report", "mail"), ("report", "other")):
        await server.dispatch(name, queue=queue)
    await server.live(30)
    await server.jobs.history.write()
    worker = await server.worker("greet", "report")
    await worker.claim()
    await server.live(1)
    [point] = (await series(server, 0, 60))["data"]
    assert (point["deepest"], point["oldest_due_seconds"]) == (3, 30)
    depths = {
        name: (await series(server, 0, 60, **{kind: name}))["data"][0]["deepest"]
        for kind, name in (("job_type", "greet"), ("job_type", "report"), ("queue", "mail"), ("queue", "other"))
    }
    assert depths == {"greet": 2, "report": 1, "mail": 3, "other": 1}


async def test_a_queue_that_was_deep_for_a_moment_only_was_deep(server: Server) -> None:
    await server.register()
    await server.register("report", queue="slow")
    worker = await server.worker("greet", "report")
    for _ in range(4):
        await server.dispatch()
    await server.dispatch("report")
    for lease in await worker.claim():
        await worker.complete(lease)
    await server.dispatch()
    assert (await series(server, 0, 60))["total"]["deepest"] == 4
    assert (await series(server, 0, 60, queue="slow"))["total"]["deepest"] == 1
    assert (await series(server, 0, 60, job_type="greet"))["total"]["deepest"] == 4


async def test_it_is_asked_for_by_job_type_and_queue(server: Server) -> None:
    await server.register()
    await server.register("report")
    worker = await server.worker("greet", "report")
    await end_one(server, worker)
    await end_one(server, worker, queue="mail")
    await end_one(server, worker, "report", queue="mail")

    async def started(**query: Any) -> Any:
        return (await series(server, 0, 60, **query))["data"][0]["started"]

    assert await started() == 3
    assert await started(job_type="greet") == 2
    assert await started(queue="mail") == 2
    assert await started(job_type="greet", queue="mail") == 1
    assert await started(job_type="none") == 0, "a server was there, and nothing of it happened"


async def test_a_restart_within_a_minute_adds_to_what_is_there_and_a_kill_loses_only_what_was_not_written(
    server: Server,
) -> None:
    await server.register()
    worker = await server.worker()
    await end_one(server, worker)
    await server.restart()
    await end_one(server, worker)
    await server.jobs.history.write()
    await server.jobs.history.write()
    await end_one(server, worker)
    server.jobs.history._started = False  # as if it were killed now
    await server.restart()
    await end_one(server, worker)
    [point] = (await series(server, 0, 60))["data"]
    assert counts(point) == {"started": 3, "completed": 3}
    assert point["ran"]["count"] == 3


async def test_what_cannot_be_written_is_written_later(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    worker = await server.worker()
    save = server.store.save_history

    async def away(rows: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(server.store, "save_history", away)
    await end_one(server, worker)
    with pytest.raises(StoreUnavailable):
        await server.jobs.history.write()
    await server.advance(60)
    await end_one(server, worker)
    monkeypatch.setattr(server.store, "save_history", save)
    assert [point["completed"] for point in (await series(server))["data"]] == [1, 1]


async def test_job_types_that_have_no_room_are_counted_together(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_LANES", 2)
    names = [f"job-{n}" for n in range(5)]
    for name in names:
        await server.register(name)
    worker = await server.worker(*names)
    for name in names:
        await end_one(server, worker, name)
    started = {name: (await series(server, 0, 60, job_type=name))["data"][0]["started"] for name in [*names, "_other"]}
    assert started == {"job-0": 1, "job-1": 1, "job-2": 0, "job-3": 0, "job-4": 0, "_other": 3}
    assert (await series(server, 0, 60))["total"]["completed"] == 5


# -- longer spans


async def test_quarters_and_days_are_put_together_from_minutes_and_outlive_them(server: Server) -> None:
    await server.register()
    for _ in range(4):
        worker = await server.worker()
        await end_one(server, worker)
        await server.jobs.history.write()
        await server.advance(QUARTER_SECONDS / 2)
    await server.advance(DAY_SECONDS)
    await server.jobs.history.write()
    await server.jobs.history.roll_up()
    quarters = (await series(server, 0, 1800, QUARTER_SECONDS))["data"]
    assert [counts(point) for point in quarters] == [{"started": 2, "completed": 2}] * 2
    [day] = (await series(server, 0, DAY_SECONDS, DAY_SECONDS))["data"]
    assert (counts(day), day["ran"]["count"]) == ({"started": 4, "completed": 4}, 4)
    for days, kept in ((3, [900, DAY_SECONDS]), (31, [DAY_SECONDS])):
        while (server.clock.now() // SECOND - BEGIN) < days * DAY_SECONDS:
            await server.advance(DAY_SECONDS / 4)
            await server.jobs.history.write()
            await server.advance(QUARTER_SECONDS + 100)
            await server.jobs.history.roll_up()
        steps = []
        for step in (60, QUARTER_SECONDS, DAY_SECONDS):
            ends = await server.store.history_ends(step)
            if ends is not None and ends[0] == BEGIN:
                steps.append(step)
        assert steps == kept
    finer = await series(server, 0, DAY_SECONDS, 3600)
    assert finer["step_seconds"] == DAY_SECONDS, "nothing finer is kept"
    assert counts(finer["data"][0]) == {"started": 4, "completed": 4}


async def test_a_quarter_that_is_not_over_is_made_of_its_minutes(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    await end_one(server, worker)
    [point] = (await series(server, 0, 900, QUARTER_SECONDS))["data"]
    assert counts(point) == {"started": 1, "completed": 1}


# -- what is asked


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"step": 0}, "/step"),
        ({"step": 90}, "/step"),
        ({"step": "x"}, "/step"),
        ({"from": "yesterday"}, "/from"),
        ({"from": at(60), "to": at(60)}, "/from"),
        ({"from": at(0), "to": at(2001 * 60), "step": 60}, "/step"),
        ({"job_type": "x" * 129}, "/job_type"),
        ({"since": at(0)}, "/since"),
    ],
)
async def test_what_cannot_be_asked_is_refused(server: Server, query: Any, path: str) -> None:
    answer = await server.http.get("/v1/stats/series", params=query)
    assert paths(problem(answer, 422, "invalid_request")) == [path]


async def test_two_thousand_points_are_the_most_and_without_a_step_there_are_fewer(server: Server) -> None:
    found = await server.get("/v1/stats/series", **{"from": at(-2000 * 60), "to": at(0)}, step=60)
    assert len(found["data"]) == 2000
    between = {"from": at(-2000 * 60 + 30), "to": at(30), "step": "60"}  # a part of one more step at each end
    assert paths(problem(await server.http.get("/v1/stats/series", params=between), 422, "invalid_request")) == [
        "/step"
    ]
    found = await server.get("/v1/stats/series", **{"from": at(-300 * DAY_SECONDS)})
    assert len(found["data"]) <= 400
    found = await server.get("/v1/stats/series")
    assert (found["step_seconds"], len(found["data"])) == (60, 60)


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_a_restricted_key_sees_only_what_is_its_own(server: Server) -> None:
    server.http.headers.update({"authorization": f"Bearer {KEY}"})
    await server.register("mail-out", queue="mail")
    await server.register("report")
    worker = await server.worker("mail-out", "report")
    await end_one(server, worker, "mail-out")
    for _ in range(3):
        await end_one(server, worker, "report")
    await server.jobs.history.write()
    key = await server.post("/v1/keys", {"name": "k", "scopes": ["runs:read"], "job_types": ["mail-*"]})
    headers = {"authorization": f"Bearer {key['key']}"}

    async def total(**query: Any) -> Any:
        asked = {"from": at(0), "to": at(60)} | query
        answer = await server.http.get("/v1/stats/series", params=asked, headers=headers)
        return answer.json()["total"]

    assert counts(await total()) == {"started": 1, "completed": 1}
    assert counts(await total(job_type="report")) == {}
    assert counts(await total(queue="default")) == {}
    assert counts(await total(job_type="_other")) == {}
    assert (await total())["ran"]["count"] == 1
