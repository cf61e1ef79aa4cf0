"""The engine against a real Redis."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import pytest
from bullmq import Queue as BullmqQueue

from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Error, State
from blazy_jobs_server.ports import Job, JobEnd, JobNews, Offer
from blazy_jobs_server.queues.bullmq import BullmqEngine
from tests.support.redis import RedisServer, free_port
from tests.support.speed import stretched


def offer(job_id: str = "run_1", **fields: Any) -> Offer:
    given = {"name": "greet", "payload": '{"to":"ünï ✓"}', "priority": 0, "due_at": 0, "retry": RetryPolicy()}
    return Offer(job_id=job_id, **(given | fields))


async def seen(engine: BullmqEngine, queue: Queue, job_id: str = "run_1") -> Job:
    [job] = await engine.look(queue, [(job_id, 0)], payloads=True)
    return job


async def all_news(engine: BullmqEngine, queue: Queue) -> list[JobNews]:
    found, _ = await engine.news(queue, "0", 0.001)
    return found


async def take(engine: BullmqEngine, queue: Queue, *tokens: str) -> list[Job]:
    return await engine.take(queue, tokens or ("t1",))


async def run_out(engine: BullmqEngine, queue: Queue, client: Any) -> None:
    """The job's lock does, and two checks have seen it."""
    client.delete("bull:emails:run_1:lock")
    for _ in range(2):
        client.delete("bull:emails:stalled-check")
        await engine.recover(queue)


async def test_a_job_goes_in_once_and_comes_out_under_its_token(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer(), offer("run_2")])
    await engine.offer(queue, [offer()])
    assert (await seen(engine, queue)).seen.stage == "waiting"
    taken = await take(engine, queue, "t1", "t2", "t3")
    assert [(job.job_id, job.name, job.seen.token, job.seen.starts) for job in taken] == [
        ("run_1", "greet", "t1", 1),
        ("run_2", "greet", "t2", 1),
    ]
    assert orjson.loads(taken[0].payload or "") == {"to": "ünï ✓"}
    again = await seen(engine, queue)
    assert (again.seen.stage, again.seen.token) == ("active", "t1")


async def test_higher_priority_comes_first_then_the_order_of_offers(engine: BullmqEngine, queue: Queue) -> None:
    wanted = {"a": -100, "b": 0, "c": 100, "d": 0, "e": 7}
    await engine.offer(queue, [offer(name, priority=priority) for name, priority in wanted.items()])
    taken = await take(engine, queue, *"12345")
    assert [job.job_id for job in taken] == ["c", "e", "b", "d", "a"]
    assert [job.priority for job in taken] == [100, 7, 0, 0, -100]


async def test_a_result_ends_it(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer()])
    await take(engine, queue)
    end = JobEnd(job_id="run_1", token="t1", kind="completed", result='{"sent":"✓"}')
    assert await engine.end(queue, [end]) == [True]
    job = await seen(engine, queue)
    assert (job.seen.stage, job.seen.failures) == ("completed", 1)
    assert orjson.loads(job.seen.result) == {"sent": "✓"}
    assert await engine.end(queue, [end]) == [False]


async def test_a_failed_attempt_comes_again_when_it_is_due(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer()])
    await take(engine, queue)
    due_at = int((time.time() + 60) * 1_000_000)
    error = Error("handler_error", "no luck", "ValueError", "ValueError: no luck\n  at home")
    again = JobEnd(job_id="run_1", token="t1", kind="again", spent=True, error=error, due_at=due_at)
    assert await engine.end(queue, [again]) == [True]
    job = (await seen(engine, queue)).seen
    assert (job.stage, job.failures, job.starts, job.error, job.error_type) == (
        "delayed", 1, 1, "no luck", "ValueError",
    )  # fmt: skip
    assert 0 <= job.due_at - due_at < 2_000
    assert await take(engine, queue) == []


async def test_what_is_given_back_has_spent_no_attempt(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer()])
    await take(engine, queue)
    assert await engine.end(queue, [JobEnd(job_id="run_1", token="t1", kind="again", lost=True)]) == [True]
    [job] = await take(engine, queue, "t2")
    assert (job.seen.failures, job.seen.starts, job.seen.stalls) == (0, 2, 1)


async def test_a_delayed_job_arrives_when_it_is_due(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer(due_at=int((time.time() + 0.3) * 1_000_000))])
    assert (await seen(engine, queue)).seen.stage == "delayed"
    began = time.monotonic()
    found: list[Job] = []
    while not found:
        await engine.arrival(queue, 5)
        found = await take(engine, queue)
        assert time.monotonic() < began + 3
    assert 0.2 < time.monotonic() - began < stretched(1)


async def test_the_shortest_wait_for_an_arrival_has_an_end(engine: BullmqEngine, queue: Queue) -> None:
    """A job that is due within a millisecond is waited for like that."""
    async with asyncio.timeout(5):
        assert await engine.arrival(queue, 0) is False


async def test_what_comes_in_while_one_waits_for_it_is_told_at_once(engine: BullmqEngine, queue: Queue) -> None:
    assert not await engine.arrival(queue, 0.01)
    await engine.offer(queue, [offer()])
    assert await engine.arrival(queue, 5)
    await engine.pass_on(queue)
    assert await engine.arrival(queue, 5)


async def test_only_the_token_of_the_lock_ends_a_job(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer()])
    await take(engine, queue)
    assert await engine.hold(queue, [("run_1", "t1", 1)]) == []
    assert await engine.hold(queue, [("run_1", "old", 1)]) == ["run_1"]
    for kind in ("completed", "failed", "again"):
        assert await engine.end(queue, [JobEnd(job_id="run_1", token="old", kind=kind)]) == [False]
    assert (await seen(engine, queue)).seen.stage == "active"


async def test_a_lock_that_ran_out_is_taken_anew_while_nobody_else_had_the_job(
    engine: BullmqEngine, queue: Queue, redis_server: RedisServer
) -> None:
    await engine.offer(queue, [offer()])
    await take(engine, queue)
    with redis_server.client() as client:
        client.delete("bull:emails:run_1:lock")
        assert await engine.hold(queue, [("run_1", "t1", 1)]) == []
        await run_out(engine, queue, client)
    assert (await seen(engine, queue)).seen.stage == "waiting"
    assert await engine.hold(queue, [("run_1", "t1", 1)]) == ["run_1"]
    [job] = await take(engine, queue, "t2")
    assert (job.seen.stalls, job.seen.starts) == (1, 2)
    assert await engine.hold(queue, [("run_1", "t1", 1)]) == ["run_1"]
    assert await engine.end(queue, [JobEnd(job_id="run_1", token="t1", kind="completed")]) == [False]


async def test_a_job_whose_workers_were_lost_too_often_is_said_to_have_failed(
    engine: BullmqEngine, queue: Queue, redis_server: RedisServer
) -> None:
    await engine.offer(queue, [offer()])
    with redis_server.client() as client:
        for token in ("t1", "t2", "t3"):
            await take(engine, queue, token)
            await run_out(engine, queue, client)
    assert await take(engine, queue, "t4") == []
    job = (await seen(engine, queue)).seen
    assert (job.stage, job.says().code) == ("failed", "lease_lost")


async def test_a_job_that_was_under_way_goes_in_with_its_counts(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer(attempt=2, starts=3, losses=1)])
    [job] = await take(engine, queue)
    assert (job.seen.failures, job.seen.starts, job.seen.stalls) == (2, 4, 1)


async def test_a_job_that_is_held_is_not_removed(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer(), offer("run_2")])
    await take(engine, queue)
    await engine.remove(queue, ["run_1", "run_2", "never"])
    assert [(await seen(engine, queue, name)).seen.stage for name in ("run_1", "run_2")] == ["active", "missing"]


async def test_what_happens_is_told_in_order_from_a_place_on(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer()])
    place = await engine.newest_place(queue)
    await take(engine, queue)
    await engine.tell_progress(queue, [("run_1", '{"percent":40,"message":null,"data":null}')])
    await engine.end(queue, [JobEnd(job_id="run_1", token="t1", kind="completed", result="7")])
    found, reached = await engine.news(queue, place, 0.01)
    assert [news.word for news in found] == ["active", "progress", "completed", "drained"]
    assert orjson.loads(found[1].progress or "")["percent"] == 40
    assert found[2].ended is not None
    assert found[2].ended.result == "7"
    assert await engine.news(queue, reached, 0.001) == ([], reached)


async def test_a_queue_is_paused_for_all(engine: BullmqEngine, queue: Queue, redis_server: RedisServer) -> None:
    await engine.offer(queue, [offer(), offer("run_2", due_at=2**52)])
    await engine.pause(queue, True)
    assert await take(engine, queue) == []
    state = await engine.state(queue)
    assert (state.paused, state.counts) == (True, {State.SCHEDULED: 1, State.QUEUED: 1, State.RUNNING: 0})
    theirs: Any = BullmqQueue("emails", {"connection": redis_server.url})
    assert await theirs.isPaused()
    await theirs.resume()
    await theirs.close()
    assert not (await engine.state(queue)).paused
    assert len(await take(engine, queue)) == 1
    assert [news.kind for news in await all_news(engine, queue) if news.kind in ("paused", "resumed")] == [
        "paused",
        "resumed",
    ]


async def test_a_queue_that_lost_all_is_told_by_its_mark(
    engine: BullmqEngine, queue: Queue, redis_server: RedisServer
) -> None:
    assert not (await engine.state(queue)).marked
    await engine.mark(queue)
    assert (await engine.state(queue)).marked
    redis_server.flush()
    assert not (await engine.state(queue)).marked


async def test_unfinished_jobs_are_read_in_pages(engine: BullmqEngine, queue: Queue) -> None:
    names = [f"run_{n}" for n in range(5)]
    await engine.offer(queue, [offer(name) for name in names])
    await take(engine, queue, "t1", "t2")
    found: list[str] = []
    more = True
    while more:
        page, more = await engine.unfinished(queue, len(found) and 2, 2)
        found += page
        more = more and len(found) < 5
    assert set(names) >= set(found)


async def test_without_redis_every_verb_says_so(queue: Queue) -> None:
    engine = BullmqEngine(f"redis://127.0.0.1:{free_port()}/0")
    for ask in (
        engine.offer(queue, [offer()]),
        engine.take(queue, ["t"]),
        engine.arrival(queue, 1),
        engine.hold(queue, [("a", "t", 1)]),
        engine.end(queue, [JobEnd(job_id="a", token="t", kind="completed")]),
        engine.look(queue, [("a", 0)], payloads=False),
        engine.remove(queue, ["a"]),
        engine.state(queue),
        engine.news(queue, "0", 1),
        engine.pause(queue, True),
        engine.recover(queue),
    ):
        with pytest.raises(QueueUnavailable):
            await ask
    await engine.close()


async def test_what_is_put_back_is_in_front_again_in_its_order(engine: BullmqEngine, queue: Queue) -> None:
    await engine.offer(queue, [offer(f"run_{n}") for n in range(4)])
    taken = await take(engine, queue, "t0", "t1")
    backs = [JobEnd(job_id=job.job_id, token=job.seen.token or "", kind="back") for job in reversed(taken)]
    assert await engine.end(queue, backs) == [True, True]
    again = await take(engine, queue, *"abcd")
    assert [job.job_id for job in again] == ["run_0", "run_1", "run_2", "run_3"]
    assert again[0].seen.failures == 0
