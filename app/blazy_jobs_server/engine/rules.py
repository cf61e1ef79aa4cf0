"""The next time of a schedule, where the rules of time zones change.

A time that waits was made by the rules of its day. What a fixed local time means is what the wall clock is to show, so
that is kept with it, and by other rules another instant is found for it: no time of the wall clock comes twice so, and
none is left out. What counts real instants goes on from the one that waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from blazy_jobs_server.domain.instants import SECOND, from_datetime
from blazy_jobs_server.domain.schedule import Calendar, Cron, Plan, Schedule
from blazy_jobs_server.domain.wall_clock import instant_of, local_of
from blazy_jobs_server.engine import zones
from blazy_jobs_server.engine.due_times import fire_times
from blazy_jobs_server.engine.fire_times import EPOCH, BadPlan, FireTimes, cron_fields

NEAR = 3 * 3600 * SECOND
"""By so much a time that clocks skip may be put off, at most."""


def marked(plan: Plan, at: int | None) -> tuple[str | None, str | None]:
    """What the wall clock shows at a plan's time, where that is fixed, and by which rules, where they matter."""
    if at is None or plan.timezone == "UTC" or not isinstance(plan.trigger, Cron | Calendar):
        return None, None
    return _shown(plan, at) if _is_fixed(plan) else None, zones.rules(plan.timezone)


def _shown(plan: Plan, at: int) -> str:
    return local_of(EPOCH + timedelta(microseconds=at), zones.zone(plan.timezone)).isoformat()


def _is_fixed(plan: Plan) -> bool:
    """As in CronTrigger."""
    if not isinstance(plan.trigger, Cron):
        return True
    minute, hour, *_ = cron_fields(plan.trigger.expression).split()
    return not (minute.startswith("*") or hour.startswith("*"))


def by_present_rules(schedule: Schedule) -> Schedule | None:
    """As it is to be by the rules known here; None where it is so already, where newer rules made it, and where it
    cannot be told."""
    plan, at = schedule.definition.plan, schedule.next_fire_at
    if at is None or plan.timezone == "UTC" or not isinstance(plan.trigger, Cron | Calendar):
        return None
    try:
        times, present = fire_times(plan, schedule.created_at), zones.rules(plan.timezone)
    except BadPlan:
        return None
    if (schedule.rules or "").partition("/")[0] > zones.version():
        return None
    if schedule.rules == present and schedule.wall in (None, _shown(plan, at)):
        return None
    if schedule.wall is not None:
        at = from_datetime(instant_of(datetime.fromisoformat(schedule.wall), zones.zone(plan.timezone)))
    found = _nearest(times, at)
    wall, rules = marked(plan, found)
    return replace(schedule, next_fire_at=found, wall=wall, rules=rules)


def _nearest(times: FireTimes, at: int) -> int | None:
    if times.after(at - 1) == at:
        return at
    near = list(times.between(at - NEAR, at + NEAR))
    return min(near, key=lambda found: abs(found - at)) if near else times.after(at - NEAR)
