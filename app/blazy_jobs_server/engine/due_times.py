"""What has come of a schedule's times by now, and how much of that one transaction makes up for."""

from __future__ import annotations

from functools import lru_cache
from time import monotonic

import msgspec

from blazy_jobs_server.domain.schedule import MAX_CAUGHT_UP, Calendar, Interval, Plan, Schedule
from blazy_jobs_server.engine.fire_times import FireTimes

MAX_COUNTED = 10_000
"""Of the times that a schedule let go in one downtime; counting them takes a while, and others wait."""
MAX_ORDERS = 200
MAX_BYTES = 4 * 1024 * 1024
STEP_SECONDS = 0.2


def fire_times(plan: Plan, created_at: int) -> FireTimes:
    """One for all schedules of a plan, where its times do not depend on their creation. Raises BadPlan."""
    counted = isinstance(plan.trigger, Interval | Calendar) and plan.start_at is None
    return _fire_times(plan, created_at if counted else 0)


@lru_cache(maxsize=10_000)
def _fire_times(plan: Plan, created_at: int) -> FireTimes:
    return FireTimes(plan, created_at)


class Due(msgspec.Struct, frozen=True):
    """What has come of a schedule's times by an instant: those to be made up for, oldest first, how many were let go,
    the last of all, and the next one."""

    times: list[int]
    missed: int
    last: int
    following: int | None


def due_times(schedule: Schedule, until: int, on_time: int) -> Due:
    """What `catch_up` makes of the times from the schedule's next one to `until`; those from `on_time` on were not
    missed. Raises BadPlan."""
    assert schedule.next_fire_at is not None
    definition = schedule.definition
    times = fire_times(definition.plan, schedule.created_at)
    first = schedule.next_fire_at
    wanted, following = [first], times.after(first)
    if following is not None and following <= until:
        wanted = times.latest(first, until, MAX_CAUGHT_UP if definition.catch_up == "all" else 1)
        following = times.after(until)
    last = wanted[-1]
    if definition.catch_up == "none" and last < on_time:
        wanted = []
    let_go_until = wanted[0] - 1 if wanted else last
    return Due(wanted, times.count(first, let_go_until, MAX_COUNTED) if first <= let_go_until else 0, last, following)


class Room:
    """What one transaction has room for: a bounded number of orders, of bytes of their payloads, and of seconds to find
    the times. So whatever there is to make up for, others' writes and times are soon between."""

    def __init__(self) -> None:
        self._orders = MAX_ORDERS
        self._bytes = MAX_BYTES
        self._ends_at = monotonic() + STEP_SECONDS

    @property
    def spent(self) -> bool:
        return self._orders <= 0 or self._bytes <= 0 or monotonic() > self._ends_at

    def take(self, wanted: int, size: int) -> int:
        """For how many of the wanted orders, of `size` bytes each, there is room: for one in any case."""
        granted = max(1, min(wanted, self._orders, self._bytes // max(1, size)))
        # A schedule that goes on later is the last of its transaction: its next time may lie before those of others.
        self._orders = self._orders - granted if granted == wanted else 0
        self._bytes -= granted * size
        return granted


class Look:
    """Goes through the schedules that are due once, in the order of their times: what cannot fire is passed over, and
    what has more to fire comes again later."""

    def __init__(self, since: int) -> None:
        self.since = since
        """All before it have been seen,"""
        self.passed = 0
        """and so many of those that are due at that very instant."""

    def see(self, schedule: Schedule, *, stays: bool) -> None:
        assert schedule.wake_at is not None
        if schedule.wake_at != self.since:
            self.since, self.passed = schedule.wake_at, 0
        self.passed += stays
