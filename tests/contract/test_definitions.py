"""Job types and queues: versions, pauses, names that are free again."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.domain.errors import JobTypeNotFound
from blazy_jobs_server.domain.job_type import Declarer, Definition, Handler, Queue
from blazy_jobs_server.domain.retry import RetryPolicy
from tests.contract.stage import Stage, ids


async def test_a_definition_is_kept_as_it_was_given(stage: Stage) -> None:
    definition = Definition(
        name="full",
        handler=Handler("http", "https://example.org/hook"),
        description="all of it",
        queue="mail",
        priority=-3,
        retry=RetryPolicy(max_attempts=2, backoff="linear", jitter=False, on_lost="fail"),
        timeout_seconds=1.5,
        expires_seconds=60,
        payload_schema={"type": "object"},
        result_schema=True,
        retention_seconds=5,
        concurrency=3,
        tags=("a", "b"),
    )
    saved = await stage.store.save_job_type(
        definition, expect=None, source="code", declarer=Declarer("shop", 12), paused=True
    )
    assert saved is not None
    assert (saved.version, saved.source, saved.paused, saved.created_at) == (1, "code", True, stage.clock.now())
    for _ in range(2):
        assert [known for known in await stage.store.job_types() if known.name == "full"] == [saved]
        await stage.reopen()
    assert saved.definition == definition
    assert Queue(name="mail") in await stage.store.queues(), "a queue comes into being when first used"


async def test_a_change_makes_a_version_and_the_same_again_does_not(stage: Stage) -> None:
    first = stage.types["greet"]
    stage.clock.move(5)
    same = await stage.define("greet")
    assert same == first
    changed = await stage.define("greet", priority=5)
    assert (changed.version, changed.created_at, changed.updated_at) == (2, first.created_at, stage.clock.now())
    assert changed.definition_id != first.definition_id


async def test_who_expects_another_version_saves_nothing(stage: Stage) -> None:
    other = Definition(name="greet", handler=Handler("worker"), priority=9)
    for expect in (None, 2):
        assert (await stage.store.save_job_type(other, expect=expect, source="api", declarer=None, paused=None)) is None
    missing = Definition(name="missing", handler=Handler("worker"))
    assert await stage.store.save_job_type(missing, expect=1, source="api", declarer=None, paused=None) is None
    assert await stage.store.job_types() == [stage.types["greet"]]


async def test_of_two_that_expect_the_same_version_one_wins(stage: Stage) -> None:
    answers = await asyncio.gather(
        *(
            stage.store.save_job_type(
                Definition(name="greet", handler=Handler("worker"), priority=n),
                expect=1,
                source="api",
                declarer=None,
                paused=None,
            )
            for n in (1, 2, 3)
        )
    )
    won = [answer for answer in answers if answer is not None]
    assert [answer.version for answer in won] == [2]
    assert await stage.store.job_types() == won


async def test_a_run_keeps_the_settings_of_its_version(stage: Stage) -> None:
    await stage.define("greet", timeout_seconds=10, retention_seconds=20)
    old = await stage.run_of()
    await stage.define("greet", timeout_seconds=99, retention_seconds=99)
    new = await stage.run_of()
    for _ in range(2):
        assert [(run.version, run.settings.timeout_seconds) for run in await stage.all_runs()] == [(3, 99), (2, 10)]
        await stage.reopen()
    leases = await stage.take()
    deadlines = [(lease.deadline_at or 0) - stage.clock.now() for lease in leases]
    assert (ids(leases), deadlines) == ([old.id, new.id], [25_000_000, 114_000_000])


async def test_a_runs_own_settings_are_laid_over_its_versions(stage: Stage) -> None:
    run = await stage.run_of(overrides='{"timeout_seconds":7,"retry":{"max_attempts":9}}')
    await stage.reopen()
    settings = (await stage.read(run)).settings
    assert settings.timeout_seconds == 7
    assert (settings.retry.max_attempts, settings.retry.initial_seconds) == (9, 1)


async def test_a_pause_is_not_versioned_and_no_definition_resets_it(stage: Stage) -> None:
    paused = await stage.store.pause_job_type("greet", True)
    assert paused is not None
    assert (paused.paused, paused.version) == (True, 1)
    stage.types["greet"] = paused
    assert (await stage.define("greet", priority=5)).paused is True
    assert (await stage.define("greet", priority=5, paused=False)).paused is False
    assert await stage.store.pause_job_type("missing", True) is None


async def test_a_queue_is_made_paused_and_resumed(stage: Stage) -> None:
    assert await stage.store.save_queue("mail", None) == Queue(name="mail")
    assert await stage.store.save_queue("mail", True) == Queue(name="mail", paused=True)
    assert await stage.store.save_queue("mail", None) == Queue(name="mail", paused=True)
    await stage.reopen()
    assert Queue(name="mail", paused=True) in await stage.store.queues()
    assert await stage.store.save_queue("mail", False) == Queue(name="mail")


@pytest.mark.parametrize("state", ["queued", "scheduled", "running", "retrying"])
async def test_a_type_with_unfinished_runs_is_not_retired(stage: Stage, state: str) -> None:
    run = await stage.run_of(queue="mail", delay_seconds=5 if state == "scheduled" else 0)
    if state in ("running", "retrying"):
        [lease] = await stage.take()
        if state == "retrying":
            await stage.fail(lease)
    assert await stage.state(run) == state
    assert await stage.store.retire_job_type("greet") is False
    assert [known.name for known in await stage.store.job_types()] == ["greet"]


async def test_a_retired_name_is_free_and_goes_on_with_the_next_version(stage: Stage) -> None:
    old = await stage.finished()
    order = stage.order()
    assert await stage.store.retire_job_type("greet") is True
    assert await stage.store.job_types() == []
    with pytest.raises(JobTypeNotFound):
        await stage.dispatch(order)
    assert (await stage.read(old)).job_type == "greet", "its runs stay readable"
    await stage.reopen()
    del stage.types["greet"]
    again = await stage.define("greet")
    assert (again.version, again.paused) == (2, False)
    assert (await stage.run_of()).version == 2


async def test_of_a_dispatch_and_a_retirement_at_once_one_comes_first(stage: Stage) -> None:
    dispatched, retired = await asyncio.gather(
        stage.dispatch(stage.order()), stage.store.retire_job_type("greet"), return_exceptions=True
    )
    runs = await stage.all_runs()
    if retired is True:
        assert isinstance(dispatched, JobTypeNotFound)
        assert runs == []
    else:
        assert len(runs) == 1
