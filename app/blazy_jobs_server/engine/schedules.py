"""The schedules: made and changed over HTTP, declared by code, and triggered by hand. The scheduler fires them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import msgspec
import structlog
from msgspec import Struct

from blazy_jobs_server.domain.errors import (
    InvalidPayload,
    InvalidRequest,
    JobTypeNotFound,
    ScheduleExists,
    ScheduleNotFound,
    StoreUnavailable,
)
from blazy_jobs_server.domain.job_type import Declarer, Source
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.engine.catalogue import Catalogue, differences
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.due_times import fire_times
from blazy_jobs_server.engine.fire_times import BadPlan
from blazy_jobs_server.engine.plans import Orders, check_alive, preview
from blazy_jobs_server.engine.rules import marked
from blazy_jobs_server.ports import Clock, Dispatched, IdempotencyKey, Store

log = structlog.get_logger("schedules")

TRIES = 12
TRY_SECONDS = 0.01


class Planned(Struct, frozen=True):
    """What code says of a schedule, and why it holds. `definition` None: it has it no more. `paused`: how a new one
    begins."""

    definition: ScheduleDefinition | None
    paused: bool
    declarer: Declarer
    why: str


class Schedules:
    def __init__(
        self, store: Store, clock: Clock, catalogue: Catalogue, dispatcher: Dispatcher, orders: Orders
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._orders = orders
        self._writing = asyncio.Lock()

    # -- reading

    async def get(self, name: str) -> Schedule:
        """Raises ScheduleNotFound."""
        schedule = await self._store.schedule(name)
        if schedule is None:
            raise ScheduleNotFound(name)
        return schedule

    @staticmethod
    async def next_times(schedule: Schedule, after: int, count: int) -> list[int]:
        """None where it cannot fire."""
        try:
            return await preview(schedule.definition.plan, schedule.created_at, after, count)
        except BadPlan:
            return []

    # -- writing

    async def register(self, definition: ScheduleDefinition, paused: bool) -> Schedule:
        """Raises ScheduleExists, InvalidRequest and InvalidPayload."""
        await self._catalogue.fresh()
        await self._check_new(definition)
        async with self._writing:
            saved = await self._make(definition, "api", None, paused)
            if saved is None:
                raise ScheduleExists(definition.name)
            return saved

    async def replace(
        self, name: str, change: Callable[[ScheduleDefinition | None], ScheduleDefinition], paused: bool | None
    ) -> tuple[Schedule, bool]:
        """Registers or replaces; says whether the name was new."""
        await self._catalogue.fresh()
        async with self._writing:
            async for _ in tries():
                known = await self._store.schedule(name)
                definition = change(None if known is None else known.definition)
                await self._orders.check(definition)
                if known is None:
                    await self._check_new(definition)
                    saved = await self._make(definition, "api", None, bool(paused))
                else:
                    self._check_changed(known, definition)
                    saved = await self._change_over_http(known, definition, paused)
                if saved is not None:
                    return saved, known is None
        raise StoreUnavailable("the schedule keeps changing")

    async def change(
        self, name: str, change: Callable[[ScheduleDefinition], ScheduleDefinition], paused: bool | None = None
    ) -> Schedule:
        """Raises ScheduleNotFound, InvalidRequest and InvalidPayload."""
        await self._catalogue.fresh()
        async with self._writing:
            async for _ in tries():
                known = await self.get(name)
                definition = change(known.definition)
                same = definition == known.definition
                if same and paused in (None, known.paused):
                    return known
                if not (same and paused):  # what can make no run any more can be paused
                    going_on = not known.paused or paused in (None, True)
                    await self._orders.check(definition, known=known.definition.plan if going_on else None)
                    self._check_changed(known, definition)
                saved = await self._change_over_http(known, definition, paused)
                if saved is not None:
                    return saved
        raise StoreUnavailable("the schedule keeps changing")

    async def delete(self, name: str) -> None:
        """Raises ScheduleNotFound. Its runs stay."""
        if not await self._store.delete_schedule(name):
            raise ScheduleNotFound(name)
        log.info("schedule deleted", name=name)

    async def trigger(
        self, name: str, idempotency: IdempotencyKey | None, created_by: str | None, within: Within = EVERYTHING
    ) -> Dispatched:
        """A run now, beside those of its times. Raises ScheduleNotFound, also where that run would be outside of
        `within`, JobTypeNotFound and InvalidPayload."""
        await self._catalogue.fresh()
        schedule = await self.get(name)
        try:
            order = await self._orders.of(schedule.definition)
        except (JobTypeNotFound, InvalidPayload):
            if (replayed := await self._dispatcher.replayed(idempotency)) is not None:
                return replayed
            raise
        if not within.admits(order.job_type, order.queue):
            raise ScheduleNotFound(name)
        triggered = msgspec.structs.replace(order, schedule=name, created_by=created_by)
        return await self._dispatcher.store_orders([triggered], idempotency)

    async def _check_new(self, definition: ScheduleDefinition) -> None:
        await self._orders.check(definition)
        now = self._clock.now()
        check_alive(definition.plan, now, now)

    def _check_changed(self, known: Schedule, definition: ScheduleDefinition) -> None:
        """What has come to its end may stay as it is; a change must not be one to a plan that never fires."""
        if definition.plan != known.definition.plan:
            check_alive(definition.plan, known.created_at, self._clock.now())

    async def _make(
        self, definition: ScheduleDefinition, source: Source, declarer: Declarer | None, paused: bool
    ) -> Schedule | None:
        return await self._save(made(definition, source, paused, self._clock.now(), declarer=declarer), None)

    async def _change_over_http(
        self, known: Schedule, definition: ScheduleDefinition, paused: bool | None
    ) -> Schedule | None:
        """What is changed so is the code's no more; a pause alone takes nothing from it. An orphan is one until it is
        resumed."""
        schedule = changed(known, definition, "api", paused, self._clock.now())
        return known if schedule == known else await self._save(schedule, known.revision)

    async def _change(
        self,
        known: Schedule,
        definition: ScheduleDefinition,
        source: Source,
        declarer: Declarer | None,
        paused: bool,
        orphaned: bool = False,
    ) -> Schedule | None:
        schedule = _going_on(known, definition, paused, self._clock.now())
        schedule = msgspec.structs.replace(schedule, source=source, declarer=declarer, owner=None, orphaned=orphaned)
        return known if schedule == known else await self._save(schedule, known.revision)

    async def _save(self, schedule: Schedule, expect: int | None) -> Schedule | None:
        saved = await self._store.save_schedule(schedule, expect=expect)
        if saved is not None:
            log.info("schedule saved", name=saved.name, source=saved.source, paused=saved.paused)
        return saved

    # -- declarations

    async def declare(
        self, name: str, known: Schedule | None, choose: Callable[[Schedule | None], Planned | None]
    ) -> str | None:
        """Brings it to what code says of it: `choose` is asked about the schedule as it stands, which is `known`, and
        says None where it is to stay so. Why it could not be, if so."""
        async with self._writing:
            async for number in tries():
                if number:
                    known = await self._store.schedule(name)
                planned = choose(known)
                if planned is None:
                    return None
                try:
                    if await self._declare(planned, known) is not None:
                        return None
                except (InvalidRequest, InvalidPayload) as error:
                    return error.detail
        return "it changes all the time"

    async def _declare(self, planned: Planned, known: Schedule | None) -> Schedule | None:
        if planned.definition is None:
            assert known is not None
            # It is what that declaration says: the same one changes nothing any more.
            saved = await self._change(known, known.definition, "code", planned.declarer, True, orphaned=True)
            if saved is not None:
                log.warning("schedule orphaned: the code no longer declares it", name=known.name, why=planned.why)
            return saved
        await self._orders.check(planned.definition)
        if known is None:
            # Not so where it is there: a date in code passes one day, and the code is as right as it was.
            await self._check_new(planned.definition)
            return await self._make(planned.definition, "code", planned.declarer, planned.paused)
        paused = known.paused and not known.orphaned
        saved = await self._change(known, planned.definition, "code", planned.declarer, paused)
        if saved is not None and (known.orphaned or saved.definition != known.definition):
            changed = "taken up again" if known.orphaned else differences(known.definition, saved.definition)
            log.info("schedule changed by code", name=saved.name, changed=changed, why=planned.why)
        return saved


def made(
    definition: ScheduleDefinition,
    source: Source,
    paused: bool,
    now: int,
    *,
    declarer: Declarer | None = None,
    owner: str | None = None,
) -> Schedule:
    """A new one. One that never fires after `now` has come to its end already."""
    next_fire_at = None if paused else fire_times(definition.plan, now).after(now)
    wall, rules = marked(definition.plan, next_fire_at)
    return Schedule(
        definition=definition,
        source=source,
        declarer=declarer,
        owner=owner,
        paused=paused,
        created_at=now,
        next_fire_at=next_fire_at,
        wall=wall,
        rules=rules,
    )


def changed(
    known: Schedule,
    definition: ScheduleDefinition,
    source: Source,
    paused: bool | None,
    now: int,
    *,
    owner: str | None = None,
) -> Schedule:
    """As somebody else than its code makes it, who has it from then on; a pause alone takes it from nobody. An orphan
    is one until it is resumed."""
    paused = known.paused if paused is None else paused
    schedule = _going_on(known, definition, paused, now)
    if definition != known.definition:
        schedule = msgspec.structs.replace(schedule, source=source, declarer=None, owner=owner)
    return msgspec.structs.replace(schedule, orphaned=known.orphaned and paused)


def _going_on(known: Schedule, definition: ScheduleDefinition, paused: bool, now: int) -> Schedule:
    """A plan that changed, or that goes on after a pause, counts from now: nothing is made up for."""
    next_fire_at = known.next_fire_at
    if paused:
        next_fire_at = None
    elif known.paused or definition.plan != known.definition.plan:
        next_fire_at = fire_times(definition.plan, known.created_at).after(now)
    wall, rules = (known.wall, known.rules)
    if next_fire_at != known.next_fire_at:
        wall, rules = marked(definition.plan, next_fire_at)
    return msgspec.structs.replace(
        known, definition=definition, paused=paused, next_fire_at=next_fire_at, wall=wall, rules=rules
    )


async def tries() -> AsyncIterator[int]:
    """For a write that somebody else may be quicker with: once more a moment later, each time a longer one."""
    for number in range(TRIES):
        yield number
        await asyncio.sleep(random.uniform(0, TRY_SECONDS) * (number + 1))
