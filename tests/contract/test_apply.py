"""A configuration is written whole, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import JobTypeInUse, JobTypeNotFound, QueueInUse
from blazy_jobs_server.domain.job_type import Bullmq, Definition, Handler, Queue
from blazy_jobs_server.domain.schedule import Interval, Plan, Schedule, ScheduleDefinition
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.ports import Fire
from blazy_jobs_server.ports.config import Changes, JobTypeWrite, QueueWrite
from tests.app.clock import SECOND
from tests.contract.stage import Stage


def definition(name: str, **fields: object) -> Definition:
    return Definition(name=name, handler=Handler("worker"), **fields)  # type: ignore[arg-type]


def schedule(name: str, job_type: str = "new", **fields: object) -> Schedule:
    plan = Plan(trigger=Interval(60))
    asked = ScheduleDefinition(name=name, job_type=job_type, plan=plan)
    made = Schedule(definition=asked, source="config", owner="team", created_at=1, next_fire_at=60 * SECOND)
    return replace(made, **fields)


async def changes(stage: Stage, **fields: object) -> Changes:
    """What is written or removed was seen as it stands."""
    asked = Changes(seen_job_types={}, seen_queues={}, seen_schedules={}, **fields)  # type: ignore[arg-type]
    known = {job_type.name: job_type for job_type in await stage.store.job_types()}
    queues = {queue.name: queue for queue in await stage.store.queues()}
    names = [*(written.name for written in asked.schedules), *asked.deleted_schedules]
    job_types = [*(write.definition.name for write in asked.job_types), *asked.retired_job_types]
    return replace(
        asked,
        seen_job_types={name: known.get(name) for name in job_types},
        seen_queues={write.name: queues.get(write.name) for write in asked.queues},
        seen_schedules={name: await stage.store.schedule(name) for name in names},
    )


def write(name: str, **fields: object) -> JobTypeWrite:
    return JobTypeWrite(definition=definition(name, **fields), source="config", owner="team")


async def everything(stage: Stage) -> object:
    found, _ = await stage.store.schedules(None, 100)
    job_types = sorted(await stage.store.job_types(), key=lambda job_type: job_type.name)
    return job_types, sorted(queue.name for queue in await stage.store.queues()), sorted(s.name for _, s in found)


async def test_all_of_it_is_there_at_once_and_stays(stage: Stage) -> None:
    asked = await changes(
        stage,
        job_types=(write("new", queue="mail"), write("greet", priority=3)),
        queues=(QueueWrite(name="slow", paused=True),),
        schedules=(schedule("hourly"),),
    )
    changed = await stage.store.apply(asked)
    assert changed is not None
    assert [(saved.name, saved.version, saved.source, saved.owner) for saved in changed.job_types] == [
        ("new", 1, "config", "team"),
        ("greet", 2, "config", "team"),
    ]
    assert changed.queues == [Queue(name="slow", paused=True)]
    assert [(saved.name, saved.revision, saved.owner) for saved in changed.schedules] == [("hourly", 1, "team")]
    for _ in range(2):
        assert {saved.name: saved for saved in await stage.store.job_types()} == {
            saved.name: saved for saved in changed.job_types
        }
        assert await stage.store.schedule("hourly") == changed.schedules[0]
        assert {"slow", "mail"} <= {queue.name for queue in await stage.store.queues()}
        await stage.reopen()
    taken = await stage.store.apply(
        await changes(stage, deleted_schedules=("hourly",), retired_job_types=("new",), job_types=(write("greet"),))
    )
    assert taken is not None
    for _ in range(2):
        assert [saved.name for saved in await stage.store.job_types()] == ["greet"]
        assert await stage.store.schedule("hourly") is None
        assert definition("new", queue="mail") in await stage.store.retired_job_types()
        await stage.reopen()


Disturbance = Callable[[Stage, Schedule], object]


@pytest.mark.parametrize(
    "what", ["job type changed", "job type paused", "job type retired", "queue", "schedule changed", "schedule deleted"]
)
async def test_what_was_seen_otherwise_stops_it(stage: Stage, what: str) -> None:
    await stage.define("other")
    kept = await stage.store.save_schedule(schedule("kept", "greet", owner=None), expect=None)
    assert kept is not None
    asked = await changes(stage, job_types=(write("new"),), schedules=(schedule("hourly"),))
    asked = replace(
        asked,
        seen_job_types=dict(asked.seen_job_types) | {"other": stage.types["other"]},
        seen_queues={"default": Queue(name="default")},
        seen_schedules=dict(asked.seen_schedules) | {"kept": kept},
    )
    match what:
        case "job type changed":
            await stage.define("other", priority=1)
        case "job type paused":
            await stage.store.pause_job_type("other", True)
        case "job type retired":
            await stage.store.retire_job_type("other")
        case "queue":
            await stage.store.save_queue("default", True)
        case "schedule changed":
            await stage.store.save_schedule(replace(kept, paused=True, next_fire_at=None), expect=kept.revision)
        case "schedule deleted":
            await stage.store.delete_schedule("kept")
    before = await everything(stage)
    assert await stage.store.apply(asked) is None
    assert await everything(stage) == before
    stage.types.pop("other")


@pytest.mark.parametrize("written", [False, True])
async def test_a_fire_in_between_stops_only_a_write_of_that_schedule(stage: Stage, written: bool) -> None:
    kept = await stage.store.save_schedule(schedule("kept", "greet"), expect=None)
    assert kept is not None
    asked = await changes(stage, schedules=(replace(kept, paused=True, next_fire_at=None),) if written else ())
    asked = replace(asked, seen_schedules={"kept": kept})
    fire = Fire(schedule=kept, orders=(), next_fire_at=120 * SECOND, last_fire_at=60 * SECOND)
    [fired] = await stage.store.fire([fire])
    assert fired.schedule is not None
    assert (await stage.store.apply(asked) is None) is written


async def test_a_job_type_in_use_is_not_retired_and_nothing_else_is_written(stage: Stage) -> None:
    await stage.define("other")
    run = await stage.run_of("other")
    before = await everything(stage)
    with pytest.raises(JobTypeInUse):
        await stage.store.apply(await changes(stage, job_types=(write("new"),), retired_job_types=("other",)))
    assert await everything(stage) == before
    await stage.store.cancel(run.id, None)
    await stage.store.save_schedule(schedule("daily", "other"), expect=None)
    with pytest.raises(JobTypeInUse):
        await stage.store.apply(await changes(stage, retired_job_types=("other",)))
    moved = replace(schedule("daily", "greet"), created_at=stage.clock.now())
    asked = await changes(stage, schedules=(moved,), retired_job_types=("other",))
    assert await stage.store.apply(asked) is not None
    found = await stage.store.schedule("daily")
    assert found is not None
    assert (found.definition.job_type, found.revision) == ("greet", 2)
    stage.types.pop("other")


async def test_a_schedule_needs_its_job_type(stage: Stage) -> None:
    before = await everything(stage)
    with pytest.raises(JobTypeNotFound):
        await stage.store.apply(await changes(stage, job_types=(write("new"),), schedules=(schedule("daily", "none"),)))
    assert await everything(stage) == before


async def test_a_queue_with_unfinished_runs_stays_where_it_is(stage: Stage) -> None:
    run = await stage.run_of()
    before = await everything(stage)
    moved = QueueWrite(name="default", bullmq=Bullmq())
    with pytest.raises(QueueInUse):
        await stage.store.apply(await changes(stage, job_types=(write("new"),), queues=(moved,)))
    assert await everything(stage) == before
    await stage.store.cancel(run.id, None)
    changed = await stage.store.apply(await changes(stage, queues=(moved,)))
    assert changed is not None
    assert changed.queues == [Queue(name="default", bullmq=Bullmq())]


async def test_of_two_at_once_one_is_told_that_it_was_late(stage: Stage) -> None:
    asked = [await changes(stage, job_types=(write("new", priority=n), write(f"other-{n}"))) for n in range(5)]
    answers = await asyncio.gather(*map(stage.store.apply, asked))
    [first] = [answer for answer in answers if answer is not None]
    there = await stage.store.job_types()
    assert {saved.name for saved in first.job_types} | {"greet"} == {saved.name for saved in there}


def hook(name: str, **fields: object) -> Webhook:
    made = Webhook(name=name, url="https://hooks.example/", secret="sealed", source="config", owner="team")
    return replace(made, **fields)


async def test_webhooks_come_change_and_go_with_the_rest(stage: Stage) -> None:
    asked = replace(
        await changes(stage, job_types=(write("new"),), webhooks=(hook("a"), hook("b"))),
        seen_webhooks={"a": None, "b": None},
    )
    made = await stage.store.apply(asked)
    assert made is not None
    assert [(found.name, found.owner, found.revision) for found in made.webhooks] == [
        ("a", "team", 1),
        ("b", "team", 1),
    ]
    for _ in range(2):
        assert {found.name: found for found in await stage.store.webhooks()} == {w.name: w for w in made.webhooks}
        await stage.reopen()
    assert await stage.store.apply(asked) is None
    a, b = made.webhooks
    moved = replace(
        await changes(stage, webhooks=(replace(a, url="https://other.example/"),), deleted_webhooks=("b",)),
        seen_webhooks={"a": a, "b": b},
    )
    changed = await stage.store.apply(moved)
    assert changed is not None
    assert [(found.name, found.url, found.revision) for found in await stage.store.webhooks()] == [
        ("a", "https://other.example/", 2)
    ]
    before = await everything(stage)
    assert await stage.store.apply(replace(moved, job_types=(write("never"),), seen_job_types={"never": None})) is None
    assert await everything(stage) == before
