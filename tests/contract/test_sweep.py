"""`sweep`: what happens because its time has come, and when the next time is."""

from __future__ import annotations

import orjson
import pytest

from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.retry import RetryPolicy
from tests.contract.stage import LEASE_SECONDS, Stage, ids


async def test_with_nothing_to_wait_for_no_sweep_is_due(stage: Stage) -> None:
    assert await stage.sweep_at(0) is None
    await stage.finished()
    await stage.run_of()
    assert await stage.sweep_at(1000) is None


async def test_due_runs_are_queued_without_an_event(stage: Stage) -> None:
    soon, later = await stage.run_of(delay_seconds=5), await stage.run_of(delay_seconds=9)
    assert await stage.sweep_at(4.999999) == soon.due_at
    assert await stage.state(soon) == "scheduled"
    assert await stage.sweep_at(0.000001) == later.due_at
    assert stage.told[-1].ready == {("greet", "default")}
    assert (await stage.state(soon), await stage.state(later)) == ("queued", "scheduled")
    assert await stage.log(soon) == ["queued"]
    assert await stage.sweep_at(4) is None


async def test_retries_are_queued_when_their_wait_is_over(stage: Stage) -> None:
    lease = await stage.started()
    await stage.fail(lease, retry_after_seconds=3)
    await stage.sweep_at(2.9)
    assert await stage.state(lease) == "retrying"
    await stage.sweep_at(0.1)
    assert await stage.state(lease) == "queued"
    assert (await stage.take())[0].attempt == 2


async def test_what_was_not_started_in_time_has_failed(stage: Stage) -> None:
    waiting = await stage.run_of(expires_seconds=5)
    assert stage.told[-1].due_at == waiting.expires_at
    delayed = await stage.run_of(delay_seconds=60, expires_seconds=6)
    assert stage.told[-1].due_at == delayed.expires_at
    assert await stage.sweep_at(4.9) == waiting.expires_at
    assert await stage.sweep_at(0.1) == delayed.expires_at
    assert (await stage.state(waiting), await stage.state(delayed)) == ("failed", "scheduled")
    assert await stage.sweep_at(1) is None
    for run in (waiting, delayed):
        found = await stage.read(run)
        assert orjson.loads(found.error or "")["code"] == "expired"
        assert await stage.log(run) == ["queued", "failed"]


async def test_what_is_due_and_expired_at_once_has_failed(stage: Stage) -> None:
    run = await stage.run_of(delay_seconds=5, expires_seconds=5)
    await stage.sweep_at(5)
    assert await stage.state(run) == "failed"


@pytest.mark.parametrize("end", ["failed", "released", "snoozed"])
async def test_what_has_started_once_does_not_expire(stage: Stage, end: str) -> None:
    lease = await stage.started(expires_seconds=5)
    await stage.sweep_at(6)
    await stage.say(lease, end)
    await stage.sweep_at(6)
    assert await stage.state(lease) == "queued"


async def test_a_lease_that_is_not_renewed_is_given_back_at_no_cost(stage: Stage) -> None:
    lease = await stage.started()
    assert stage.told[-1].due_at == lease.lease_until
    assert await stage.sweep_at(LEASE_SECONDS - 0.000001) == lease.lease_until
    assert await stage.state(lease) == "running"
    assert await stage.sweep_at(0.000001) is None
    run = await stage.read(lease)
    assert (run.attempt, run.losses, run.alone, run.worker_id) == (0, 0, False, None)
    assert await stage.state(run) == "queued"
    assert orjson.loads((await stage.events(run))[-1].data)["reason"] == "released"
    assert stage.told[-1].ready == {("greet", "default")}


async def test_past_its_deadline_an_attempt_has_failed_whatever_its_worker_does(stage: Stage) -> None:
    await stage.define("greet", timeout_seconds=10, retry=RetryPolicy(max_attempts=2))
    run = await stage.run_of()
    for state in ("retrying", "failed"):
        await stage.sweep_at(1)
        [lease] = await stage.take()
        assert lease.deadline_at is not None
        for _ in range(4):
            assert await stage.state(run) == "running"
            await stage.sweep_at(6)
            await stage.report(7, holding=(lease.id,))
        await stage.sweep_at(0.999999)
        assert await stage.state(run) == "running"
        await stage.sweep_at(0.000001)
        assert stage.clock.now() == lease.deadline_at
        found = await stage.read(run)
        assert await stage.state(run) == state
        assert orjson.loads(found.error or "")["code"] == "timeout"
        assert found.losses == 0
        assert (await stage.report(7, holding=(lease.id,)))[1][0].held is False
        assert (await stage.say(lease, "completed")).status == "lease_lost"


@pytest.mark.parametrize("overdue", ["lease", "deadline"])
async def test_what_was_asked_to_cancel_is_cancelled_when_its_lease_ends(stage: Stage, overdue: str) -> None:
    await stage.define("greet", timeout_seconds=1 if overdue == "deadline" else 1000)
    lease = await stage.started()
    await stage.store.cancel(lease.id, "enough")
    await stage.sweep_at(20)
    assert await stage.state(lease) == "cancelled"
    assert (await stage.read(lease)).losses == 0


async def test_a_renewed_lease_moves_the_next_sweep(stage: Stage) -> None:
    lease = await stage.started()
    stage.clock.move(10)
    await stage.report(7, holding=(lease.id,))
    assert await stage.sweep_at(5) == stage.clock.now() + 10 * SECOND


async def test_more_than_one_step_holds_is_done_step_by_step(stage: Stage) -> None:
    orders = [stage.order(delay_seconds=1 + n / 1000) for n in range(700)]
    orders += [stage.order(expires_seconds=1) for _ in range(700)]
    await stage.dispatch(*orders)
    due_at = await stage.sweep_at(10)
    steps = 1
    while due_at is not None:
        assert due_at <= stage.clock.now(), "the rest is due at once"
        due_at = await stage.sweep_at(0)
        steps += 1
        assert steps < 10
    assert steps > 1
    counts = {state.name: n for (_, _, state), n in (await stage.store.counts()).items()}
    assert counts == {"QUEUED": 700, "FAILED": 700}


async def test_the_order_of_starts_after_a_step_is_that_of_due_times(stage: Stage) -> None:
    runs = [await stage.run_of(delay_seconds=seconds) for seconds in (3, 1, 2)]
    await stage.sweep_at(10)
    assert ids(await stage.take()) == [runs[1].id, runs[2].id, runs[0].id]
