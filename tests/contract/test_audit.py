"""What is changed is told in the audit log, in the same transaction."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from blazy_jobs_server.domain.audit import RETENTION_SECONDS, Act, AuditEntry
from blazy_jobs_server.domain.errors import RunFinished, RunNotFinished
from blazy_jobs_server.domain.keys import Actor
from blazy_jobs_server.domain.schedule import Interval, Plan, Schedule, ScheduleDefinition
from blazy_jobs_server.ports.audit import AuditFilter, acting_for
from tests.contract.stage import Stage
from tests.contract.test_keys import FIRST

SHOP = Act(Actor("T1k2nQ8sWz", "shop"), "192.0.2.7")
ALL = AuditFilter()
OURS = AuditFilter(actor="T1k2nQ8sWz")


async def told(stage: Stage, where: AuditFilter = OURS) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Oldest first."""
    entries = await stage.store.audit(where, None, 100)
    return [(entry.action, entry.target, entry.changed) for entry in reversed(entries)]


async def test_definitions_are_told_with_what_has_changed(stage: Stage) -> None:
    with acting_for(SHOP):
        await stage.define("mail")
        await stage.define("mail")
        await stage.define("mail", timeout_seconds=5, description="d")
        await stage.store.pause_job_type("mail", True)
        await stage.store.pause_job_type("mail", True)
        await stage.store.pause_job_type("mail", False)
        assert await stage.store.retire_job_type("mail")
        assert await stage.store.retire_job_type("mail")
    assert await told(stage) == [
        ("job_type.create", "mail", ()),
        ("job_type.update", "mail", ("description", "timeout_seconds")),
        ("job_type.pause", "mail", ()),
        ("job_type.resume", "mail", ()),
        ("job_type.delete", "mail", ()),
    ]
    [last] = await stage.store.audit(OURS, None, 1)
    assert (last.act, last.at, last.outcome, last.count) == (SHOP, stage.clock.now(), "done", 1)


async def test_what_nobody_asked_for_is_told_of_definitions_alone(stage: Stage) -> None:
    run = await stage.run_of()
    await stage.store.cancel(run.id, None)
    assert await told(stage, ALL) == [("job_type.create", "greet", ())]
    [entry] = await stage.store.audit(ALL, None, 10)
    assert entry.act == Act(None)


async def test_queues_and_schedules_are_told(stage: Stage) -> None:
    definition = ScheduleDefinition(name="s", job_type="greet", plan=Plan(trigger=Interval(60)))
    with acting_for(SHOP):
        await stage.store.save_queue("a", None)
        await stage.store.save_queue("a", True)
        await stage.store.save_queue("a", False)
        saved = await stage.store.save_schedule(Schedule(definition=definition, source="api"), expect=None)
        assert saved is not None
        moved = replace(saved, definition=replace(definition, payload="1", plan=Plan(trigger=Interval(5))))
        saved = await stage.store.save_schedule(moved, expect=saved.revision)
        assert saved is not None
        saved = await stage.store.save_schedule(replace(saved, paused=True), expect=saved.revision)
        assert saved is not None
        assert await stage.store.save_schedule(moved, expect=1) is None
        assert await stage.store.delete_schedule("s")
        assert not await stage.store.delete_schedule("s")
    assert await told(stage) == [
        ("queue.create", "a", ()),
        ("queue.pause", "a", ()),
        ("queue.resume", "a", ()),
        ("schedule.create", "s", ()),
        ("schedule.update", "s", ("trigger", "payload")),
        ("schedule.pause", "s", ()),
        ("schedule.delete", "s", ()),
    ]


async def test_keys_are_told(stage: Stage) -> None:
    rotated = replace(FIRST, digest="0" * 64)
    revoked = replace(rotated, revoked_at=5)
    with acting_for(SHOP):
        assert await stage.store.save_key(FIRST, before=None)
        assert not await stage.store.save_key(FIRST, before=None)
        assert await stage.store.save_key(rotated, before=FIRST)
        assert await stage.store.save_key(revoked, before=rotated)
    assert await told(stage) == [(action, FIRST.id, ()) for action in ("key.create", "key.rotate", "key.revoke")]


async def test_what_is_done_to_runs_is_told_and_dispatches_are_not(stage: Stage) -> None:
    with acting_for(SHOP):
        run = await stage.run_of(created_by="T1k2nQ8sWz shop")
        with pytest.raises(RunNotFinished):
            await stage.store.erase(run.id)
        await asyncio.gather(*(stage.store.cancel(run.id, None) for _ in range(2)), return_exceptions=True)
        with pytest.raises(RunFinished):
            await stage.store.cancel(run.id, None)
        assert await stage.store.cancel(12345, None) is None
        await stage.dispatch(stage.order(replay_of=run.id))
        assert await stage.store.erase(run.id)
    assert [entry[0] for entry in await told(stage)] == ["run.cancel", "run.replay", "run.erase"]
    assert len({entry[1] for entry in await told(stage)}) == 1


async def test_entries_are_found_by_who_and_what(stage: Stage) -> None:
    other = Act(Actor("0000000001", "other"))
    refused = AuditEntry(at=60, act=other, action="request.refuse", outcome="forbidden", count=3)
    await stage.store.note_audit([refused, replace(refused, outcome="unauthorized", act=Act(None, "::1"))])
    with acting_for(SHOP):
        await stage.define("a")
        await stage.define("b")
    assert [name for _, name, _ in await told(stage)] == ["a", "b"]
    assert [name for _, name, _ in await told(stage, AuditFilter(target="b", action="job_type.create"))] == ["b"]
    [entry] = await stage.store.audit(AuditFilter(outcome="forbidden"), None, 10)
    assert replace(entry, id=0) == refused
    pages = []
    before = None
    while page := await stage.store.audit(ALL, before, 1):
        pages += page
        before = page[-1].id
    assert pages == await stage.store.audit(ALL, None, 100)
    assert len(pages) == 5


async def test_entries_are_kept_for_their_time_and_over_a_crash(stage: Stage) -> None:
    with acting_for(SHOP):
        await stage.define("a")
    await stage.reopen(crashed=True)
    assert len(await stage.store.audit(ALL, None, 10)) == 2
    stage.clock.move(RETENTION_SECONDS - 1)
    await stage.store.prune(100)
    assert len(await stage.store.audit(ALL, None, 10)) == 2
    stage.clock.move(2)
    await stage.store.prune(100)
    assert await stage.store.audit(ALL, None, 10) == []


async def test_runs_say_by_whom_they_were_made(stage: Stage) -> None:
    orders = [stage.order(created_by=name) for name in ("T1k2nQ8sWz shop", None)]
    made = [(await stage.dispatch(order)).runs[0] for order in orders]
    tagged = (await stage.dispatch(stage.order(created_by="root JOBS_API_KEY", tags='["t"]'))).runs[0]
    await stage.reopen(crashed=True)
    found = [(await stage.read(run.id)).created_by for run in (*made, tagged)]
    assert found == ["T1k2nQ8sWz shop", None, "root JOBS_API_KEY"]
