"""Schedules whose next time was made by older rules of time zones."""

from __future__ import annotations

from msgspec.structs import replace

from blazy_jobs_server.domain.schedule import Cron, Plan, Schedule, ScheduleDefinition
from tests.contract.stage import Stage


def schedule(name: str, rules: str | None, next_fire_at: int | None = 10**15) -> Schedule:
    definition = ScheduleDefinition(
        name=name, job_type="greet", plan=Plan(trigger=Cron("0 3 * * *"), timezone="Asia/Gaza")
    )
    wall = None if rules is None else "2026-01-01T03:00:00"
    return Schedule(
        definition=definition, source="api", created_at=1, next_fire_at=next_fire_at, wall=wall, rules=rules
    )


async def test_those_are_found_that_sort_before(stage: Stage) -> None:
    for name, rules in (("a", "2025b/ffffffff"), ("b", "2026a/00000000"), ("c", "2026b/0"), ("d", None)):
        saved = await stage.store.save_schedule(schedule(name, rules), expect=None)
        assert saved is not None
        assert await stage.store.schedule(name) == saved
    await stage.store.save_schedule(schedule("paused", "2025a/0", None), expect=None)
    for _ in range(2):
        found = await stage.store.schedules_by_older_rules("2026b")
        assert sorted(known.name for known in found) == ["a", "b"]
        await stage.reopen()


async def test_another_instant_for_the_same_time_is_no_change_of_it(stage: Stage) -> None:
    saved = await stage.store.save_schedule(schedule("a", "2025b/0"), expect=None)
    assert saved is not None
    stage.clock.move(5)
    moved = await stage.store.save_schedule(replace(saved, next_fire_at=10**15 + 1, rules="2026a/0"), expect=1)
    assert moved is not None
    assert (moved.revision, moved.updated_at, moved.rules) == (2, saved.updated_at, "2026a/0")
