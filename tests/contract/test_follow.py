"""`follow`: runs in a queue that another engine delivers, brought to where their jobs were seen."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from blazy_jobs_server.domain.errors import QueueInUse
from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.job_type import Bullmq
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports import Followed, Sighting
from tests.contract.stage import LEASE_SECONDS, Stage, says

QUEUE = "emails"


@pytest.fixture
async def stage(stage: Stage) -> Stage:
    await stage.store.save_queue(QUEUE, None, Bullmq())
    return stage


async def waiting(stage: Stage, **fields: Any) -> Run:
    return await stage.run_of(queue=QUEUE, **fields)


async def see(stage: Stage, run: Run, stage_of_job: Any, *, lease: Lease | None = None, **fields: Any) -> Followed:
    told = {name: fields.pop(name) for name in ("progress", "lines", "line_from") if name in fields}
    sighting = Sighting(
        queue=QUEUE,
        job_id="j",
        run_id=run.id,
        seen=JobSeen(stage=stage_of_job, **fields),
        lease=lease,
        **told,
    )
    [followed] = await stage.store.follow([sighting], LEASE_SECONDS)
    return followed


async def lease(stage: Stage, run: Run, token: str = "t1", starts: int = 1, **fields: Any) -> Followed:
    return await see(stage, run, "active", starts=starts, lease=Lease(7, token, 0), **fields)


async def test_a_queue_of_another_engine_is_left_alone_by_claims_and_the_sweep(stage: Stage) -> None:
    now, later = await waiting(stage), await waiting(stage, delay_seconds=5)
    assert await stage.take() == []
    assert await stage.sweep_at(6) is None
    assert await stage.take() == []
    assert (await stage.state(now), await stage.state(later)) == ("queued", "scheduled")


async def test_a_life_among_workers_of_others(stage: Stage) -> None:
    run = await waiting(stage)
    await see(stage, run, "active", starts=1, token="n1")
    found = await stage.read(run)
    assert (await stage.state(run), found.attempt, found.worker_id) == ("running", 1, None)
    await see(stage, run, "active", starts=1, progress='{"percent":40}', lines=('{"message":"a"}',))
    due = stage.clock.now() + 3 * SECOND
    await see(stage, run, "delayed", starts=1, failures=1, error="no luck", due_at=due)
    found = await stage.read(run)
    assert (await stage.state(run), found.due_at) == ("retrying", due)
    assert orjson.loads(found.error or "")["message"] == "no luck"
    await see(stage, run, "waiting", starts=1, failures=1)
    assert await stage.state(run) == "queued"
    await see(stage, run, "active", starts=2, failures=1, token="n2")
    await see(stage, run, "completed", starts=2, failures=2, result='{"sent":true}')
    assert (await stage.read(run)).result == '{"sent":true}'
    assert await stage.log(run) == ["queued", "started", "progress", "log", "retrying", "started", "completed"]


async def test_nobody_takes_the_lease_of_a_worker_of_others_back(stage: Stage) -> None:
    run = await waiting(stage)
    await see(stage, run, "active", starts=1)
    await stage.reopen(crashed=True)
    assert await stage.sweep_at(100_000) is None
    assert await stage.state(run) == "running"


async def test_what_was_missed_is_made_up_for(stage: Stage) -> None:
    run = await waiting(stage)
    await see(stage, run, "failed", starts=3, failures=3, error="the last")
    found = await stage.read(run)
    assert (found.attempt, found.claims) == (3, 3)
    assert await stage.log(run) == ["queued", *["started", "retrying"] * 2, "started", "failed"]
    assert orjson.loads(found.error or "")["message"] == "the last"


async def test_a_sighting_twice_late_or_out_of_order_changes_nothing(stage: Stage) -> None:
    run = await waiting(stage)
    await see(stage, run, "active", starts=2, failures=1, token="n2")
    before = await stage.log(run)
    for late in (
        JobSeen(stage="waiting"),
        JobSeen(stage="active", starts=1, token="n1"),
        JobSeen(stage="delayed", starts=1, failures=1, error="x"),
        JobSeen(stage="active", starts=2, failures=1, token="n2"),
    ):
        await stage.store.follow([Sighting(queue=QUEUE, job_id="j", run_id=run.id, seen=late)], LEASE_SECONDS)
    assert await stage.log(run) == before
    await see(stage, run, "completed", starts=2, failures=2, result="1")
    await see(stage, run, "failed", starts=3, failures=3, error="x")
    await see(stage, run, "missing", removed=True)
    assert (await stage.read(run)).result == "1"


async def test_a_job_that_was_taken_is_leased_with_its_payload_and_reported_as_any(stage: Stage) -> None:
    run = await waiting(stage, payload='{"to":"ünï"}')
    followed = await lease(stage, run)
    assert followed.leased
    assert followed.run is not None
    assert (followed.run.payload, followed.run.lease_token, followed.run.worker_id) == ('{"to":"ünï"}', "t1", 7)
    await see(stage, run, "active", starts=1, token="t1")
    await stage.complete(followed.run, '"done"')
    assert await stage.log(run) == ["queued", "started", "completed"]
    assert await stage.state(run) == "completed"


async def test_a_report_with_the_token_of_a_lock_that_was_lost_changes_nothing(stage: Stage) -> None:
    run = await waiting(stage)
    first = (await lease(stage, run)).run
    assert first is not None
    await see(stage, run, "waiting", starts=1, stalls=1)
    found = await stage.read(run)
    assert (await stage.state(run), found.losses, found.attempt) == ("queued", 1, 0)
    second = (await lease(stage, run, "t2", starts=2, stalls=1)).run
    assert second is not None
    assert (await stage.say(first, "completed")).status == "lease_lost"
    await stage.complete(second)
    assert await stage.log(run) == ["queued", "started", "interrupted", "started", "completed"]


async def test_a_lease_that_is_not_renewed_is_given_back_also_here(stage: Stage) -> None:
    run = await waiting(stage)
    await lease(stage, run)
    await stage.sweep_at(LEASE_SECONDS)
    assert await stage.log(run) == ["queued", "started", "interrupted"]
    assert await stage.state(run) == "queued"
    again = await lease(stage, run, "t2", starts=2)
    assert again.leased


async def test_what_is_held_back_is_not_leased_and_passed_over_at_no_cost(stage: Stage) -> None:
    run = await waiting(stage, delay_seconds=5)
    await stage.store.pause_job_type("greet", True)
    assert not (await lease(stage, run)).leased
    found = await stage.read(run)
    assert (await stage.state(run), found.attempt, found.followed) == ("queued", 0, 1)
    assert await stage.log(run) == ["queued"]
    await see(stage, run, "delayed", starts=1, due_at=stage.clock.now() + SECOND)
    assert await stage.state(run) == "queued"
    await stage.store.pause_job_type("greet", False)
    assert (await lease(stage, run, "t2", starts=2)).leased


async def test_a_full_concurrency_limit_holds_back(stage: Stage) -> None:
    await stage.define("one", concurrency=1)
    first, second = [await stage.run_of("one", queue=QUEUE) for _ in range(2)]
    assert (await lease(stage, first)).leased
    assert not (await lease(stage, second, "t2")).leased


async def test_what_expired_before_its_first_start_fails_and_is_not_leased(stage: Stage) -> None:
    run = await waiting(stage, expires_seconds=5)
    assert stage.told[-1].due_at == run.expires_at
    other = await waiting(stage, expires_seconds=5)
    stage.clock.move(6)
    followed = await lease(stage, run)
    assert not followed.leased
    assert await stage.sweep_at(0) is None
    assert [orjson.loads((await stage.read(r)).error or "")["code"] for r in (run, other)] == ["expired"] * 2


async def test_a_cancel_that_was_asked_ends_the_run_at_its_next_move_but_a_result_stays(stage: Stage) -> None:
    fails, completes = await waiting(stage), await waiting(stage)
    for run in (fails, completes):
        await see(stage, run, "active", starts=1)
        await stage.store.cancel(run.id, "enough")
    await see(stage, fails, "delayed", starts=1, failures=1, error="x")
    await see(stage, completes, "completed", starts=1, failures=1)
    assert (await stage.state(fails), await stage.state(completes)) == ("cancelled", "completed")


async def test_the_run_of_a_job_of_others_is_made_once_and_found_by_its_id(stage: Stage) -> None:
    def sighting(seen: JobSeen, added_at: int | None = 1000) -> Sighting:
        order = None if added_at is None else stage.order(queue=QUEUE, job_id="17", job_added_at=added_at)
        return Sighting(queue=QUEUE, job_id="17", seen=seen, order=order)

    unknown = JobSeen(stage="waiting")
    assert (await stage.store.follow([sighting(unknown, None)], LEASE_SECONDS))[0].run is None
    first = await stage.store.follow([sighting(unknown), sighting(unknown)], LEASE_SECONDS)
    assert len({item.run and item.run.id for item in first}) == 1
    await stage.store.follow([sighting(JobSeen(stage="completed", starts=1, failures=1), None)], LEASE_SECONDS)
    [run] = await stage.all_runs()
    assert (await stage.state(run), run.job_id, run.job_added_at) == ("completed", "17", 1000)
    [again] = await stage.store.follow([sighting(unknown)], LEASE_SECONDS)
    assert again.run is not None
    assert again.run.id == run.id
    [other] = await stage.store.follow([sighting(unknown, 2000)], LEASE_SECONDS)
    assert other.run is not None
    assert other.run.id != run.id, "the id was given again"


async def test_a_job_of_others_whose_id_looks_like_a_run_id_is_theirs_all_the_same(stage: Stage) -> None:
    """As a run of another database in the same Redis."""
    there, elsewhere = 12345 << 10, (await stage.run_of(queue="plain")).id
    for key in (there, elsewhere):
        job_id = public_run_id(key)
        order = stage.order(queue=QUEUE, job_id=job_id, job_added_at=1000)

        async def see(seen: JobSeen, **fields: Any) -> Followed:
            sighting = Sighting(queue=QUEUE, job_id=job_id, run_id=key, seen=seen, **fields)  # noqa: B023
            [followed] = await stage.store.follow([sighting], LEASE_SECONDS)
            return followed

        assert (await see(JobSeen(stage="active", starts=1))).run is None
        taken = await see(JobSeen(stage="active", starts=1), order=order, lease=Lease(7, "t1", 0))
        assert taken.leased
        assert taken.run is not None
        assert (taken.run.job_id, taken.run.id == key) == (job_id, False)
        again = await see(JobSeen(stage="completed", starts=1, failures=1))
        assert (again.run and again.run.id, await stage.state(taken.run)) == (taken.run.id, "completed")


async def test_a_job_that_is_gone(stage: Stage) -> None:
    ours, run_elsewhere, removed = await waiting(stage), await waiting(stage), await waiting(stage)
    await see(stage, run_elsewhere, "active", starts=1)
    for run in (ours, run_elsewhere):
        await see(stage, run, "missing")
    await see(stage, removed, "missing", removed=True)
    assert [await stage.state(run) for run in (ours, run_elsewhere, removed)] == ["queued", "queued", "cancelled"]
    assert await stage.log(run_elsewhere) == ["queued", "started", "interrupted"]
    order = stage.order(queue=QUEUE, job_id="17", job_added_at=1)
    sighting = Sighting(queue=QUEUE, job_id="17", seen=JobSeen(stage="active", starts=1), order=order)
    [theirs] = await stage.store.follow([sighting], LEASE_SECONDS)
    assert theirs.run is not None
    await see(stage, theirs.run, "missing")
    assert await stage.state(theirs.run) == "cancelled"


async def test_the_engine_of_a_queue_changes_only_while_nothing_in_it_is_unfinished(stage: Stage) -> None:
    run = await waiting(stage)
    for other in (None, Bullmq(prefix="other")):
        with pytest.raises(QueueInUse):
            await stage.store.save_queue(QUEUE, None, other)
    assert (await stage.store.save_queue(QUEUE, True, Bullmq(consume=False))).bullmq == Bullmq(consume=False)
    await stage.store.cancel(run.id, None)
    assert (await stage.store.save_queue(QUEUE, None, None)).engine == "database"
    plain = await stage.started(queue="plain")
    with pytest.raises(QueueInUse):
        await stage.store.save_queue("plain", None, Bullmq())
    await stage.store.report(7, [says(plain, "completed")], [], LEASE_SECONDS)
    assert (await stage.store.save_queue("plain", None, Bullmq())).engine == "bullmq"


async def test_queues_and_the_place_in_their_events_are_kept(stage: Stage) -> None:
    assert await stage.store.place(QUEUE) is None
    await stage.store.save_place(QUEUE, "5-1")
    await stage.reopen(crashed=True)
    assert await stage.store.place(QUEUE) == "5-1"
    assert {q.name: q.bullmq for q in await stage.store.queues()} == {"default": None, QUEUE: Bullmq()}


async def test_unfinished_runs_are_read_in_pages(stage: Stage) -> None:
    runs = [await waiting(stage) for _ in range(5)]
    await stage.run_of()
    await stage.store.cancel(runs[1].id, None)
    wanted = [run.id for run in runs if run is not runs[1]]
    first, more = await stage.store.unfinished(QUEUE, 0, 3)
    assert more
    rest, more = await stage.store.unfinished(QUEUE, first[-1].id, 3)
    assert not more
    assert [run.id for run in first + rest] == wanted
    assert {run.id for run in await stage.store.runs_of([runs[1].id, 5])} == {runs[1].id}
