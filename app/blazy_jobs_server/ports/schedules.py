"""Schedules: their rows, and how one fires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from blazy_jobs_server.domain.instants import EARLIEST
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.ports.runs import Order


class Fire(Struct, frozen=True, kw_only=True):
    """What has become due of a schedule. `schedule` is as it was read; `orders` are the runs to make, oldest first, and
    the rest is how it stands afterwards. `refused` says that no run can be made although it is time."""

    schedule: Schedule
    orders: tuple[Order, ...]
    next_fire_at: int | None
    last_fire_at: int
    missed: int = 0
    refused: bool = False
    wall: str | None = None
    rules: str | None = None
    """As in `Schedule`."""


class Fired(Struct, frozen=True, kw_only=True):
    """`schedule` is None where it was changed, or fired by another server, meanwhile: nothing happened then."""

    schedule: Schedule | None
    made: list[Run] = []
    skipped: int = 0
    """Times without a run because of `overlap`, or because it was refused."""
    cancelling: list[int] = []
    """Workers whose handlers are asked to end."""


class ScheduleStore(Protocol):
    """The part of the store that keeps schedules."""

    async def schedules(self, before: int | None, limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
        """Newest first, each with its key, from the key `before` (exclusive), and whether more follow."""
        ...

    async def schedule(self, name: str) -> Schedule | None: ...
    async def schedules_of_app(self, app: str) -> list[Schedule]:
        """Those that this app has declared."""
        ...

    async def due_schedules(self, now: int, limit: int, offset: int = 0, since: int = EARLIEST) -> list[Schedule]:
        """Those to be fired from `since` to now, the earliest first, without the first `offset` of them. One that was
        fired and is due again comes after all that came before it."""
        ...

    async def schedules_by_older_rules(self, rules: str) -> list[Schedule]:
        """Those whose next time was made by rules that sort before these."""
        ...

    async def next_wake(self, after: int) -> int | None:
        """When the next schedule is to be fired, of those that were not yet due at `after`."""
        ...

    async def save_schedule(self, schedule: Schedule, *, expect: int | None) -> Schedule | None:
        """Makes or changes it. `expect` is the revision that must be there (None: none); None is returned where it was
        not. Raises JobTypeNotFound."""
        ...

    async def delete_schedule(self, name: str) -> bool: ...
    async def fire(self, fires: Sequence[Fire]) -> list[Fired]:
        """Each in one: that its `next_fire_at` is still the one that was read, its runs with their events, and its new
        state. So each time of a schedule makes one run at most, whoever fires, and however often."""
        ...
