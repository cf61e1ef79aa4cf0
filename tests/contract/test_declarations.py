"""Declarations: numbered in the order of starts, and kept as long as something refers to them."""

from __future__ import annotations

import asyncio
from typing import Any

from blazy_jobs_server.domain.declaration import Declaration, DeclaredSchedule
from blazy_jobs_server.domain.job_type import Declarer, Definition, Handler
from blazy_jobs_server.domain.schedule import Cron, Plan, ScheduleDefinition
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.store.declaring import KEPT
from tests.contract.stage import Stage

NIGHTLY = ScheduleDefinition(name="nightly", job_type="greet", plan=Plan(trigger=Cron("0 3 * * *")))


def declaration(priority: int = 0, **fields: Any) -> Declaration:
    definition = Definition(name="greet", handler=Handler("worker"), priority=priority, payload_schema={"a": [1, None]})
    fields = {"app": "shop", "job_types": (definition,), "schedules": (DeclaredSchedule(NIGHTLY, True),)} | fields
    return Declaration(**fields)


async def declared(stage: Stage, *declares: Declaration) -> WorkerRecord:
    record = WorkerRecord(id=0, name="w", job_types=("greet",), queues=None, concurrency=1, registered_at=0)
    return await stage.store.register_worker(record, declares)


async def test_a_declaration_is_kept_as_it_was_given(stage: Stage) -> None:
    given = declaration(build="v1", start="a", modules=("shop.py",))
    worker = await declared(stage, given, declaration(app="mail"))
    for _ in range(2):
        started = await stage.store.started()
        assert [(found.id, found.app, found.build) for found in started] == [
            (worker.declares[0], "shop", "v1"),
            (worker.declares[1], "mail", None),
        ]
        kept = await stage.store.declarations(worker.declares)
        assert kept[worker.declares[0]] == (started[0], given)
        assert [known.declares for known in await stage.workers()] == [worker.declares]
        await stage.reopen()


async def test_a_start_that_says_the_same_again_has_its_number_again(stage: Stage) -> None:
    first = await declared(stage, declaration(start="a"))
    other = await declared(stage, declaration(start="b"))
    changed = await declared(stage, declaration(start="a", priority=2))
    again = await declared(stage, declaration(start="a"))
    assert first.declares == again.declares < other.declares < changed.declares
    a, b, c = await stage.store.started()
    assert a.digest == b.digest != c.digest


async def test_without_a_start_each_worker_is_one(stage: Stage) -> None:
    first, second = await declared(stage, declaration()), await declared(stage, declaration())
    assert first.declares < second.declares


async def test_only_what_workers_that_are_there_declare_is_started(stage: Stage) -> None:
    first, second = await declared(stage, declaration(start="a")), await declared(stage, declaration(start="a"))
    await stage.store.give_up_worker(first.id, lost=False)
    assert len(await stage.store.started()) == 1
    await stage.store.give_up_worker(second.id, lost=True)
    assert await stage.store.started() == []
    assert len(await stage.store.declarations(first.declares)) == 1, "its workers may come back"


async def test_builds_are_in_the_order_of_their_first_appearance(stage: Stage) -> None:
    for build in ("z", "a", "z", None):
        await declared(stage, declaration(build=build))
    await declared(stage, declaration(app="mail", build="a"))
    orders = {(s.app, s.build, s.id): s.build_order for s in await stage.store.started()}
    z, a, again, none, mail = (orders[key] for key in sorted(orders, key=lambda key: key[2]))
    assert none is None
    assert z == again
    assert z is not None
    assert a is not None
    assert z < a != mail


async def test_of_those_nobody_refers_to_the_newest_are_kept(stage: Stage) -> None:
    there = await declared(stage, declaration())
    used = await declared(stage, declaration())
    await stage.store.save_job_type(
        Definition(name="used", handler=Handler("worker")),
        expect=None,
        source="code",
        declarer=Declarer("shop", used.declares[0]),
        paused=None,
    )
    workers = await asyncio.gather(*(declared(stage, declaration(priority=n)) for n in range(KEPT + 5)))
    for worker in (used, *workers):
        await stage.store.give_up_worker(worker.id, lost=False)
    last = await declared(stage, declaration())
    numbers = {number for worker in (there, used, *workers, last) for number in worker.declares}
    kept = await stage.store.declarations(numbers)
    assert len(kept) == KEPT + 2
    assert {*there.declares, *used.declares, *last.declares} <= kept.keys()
