"""Schedules: kept, and fired when their time comes.

The table owns them. One timer wakes this service for the earliest of all; it reads what is due, works out which times
have come and which were missed, and hands each schedule to the store, which fires it only if nobody else has.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import msgspec
import orjson
import structlog

from blazy_jobs_server.domain.errors import (
    DefinitionChanged,
    FieldError,
    InvalidPayload,
    InvalidRequest,
    JobTypeNotFound,
    ScheduleExists,
    ScheduleNotFound,
    StoreUnavailable,
)
from blazy_jobs_server.domain.instants import EARLIEST, LATEST, SECOND
from blazy_jobs_server.domain.job_type import Declarer, Source
from blazy_jobs_server.domain.schedule import Plan, Schedule, ScheduleDefinition, jitter
from blazy_jobs_server.engine.catalogue import Catalogue, Conflict
from blazy_jobs_server.engine.dispatch import Dispatcher, Wish
from blazy_jobs_server.engine.due_times import Due, Look, Room, due_times, fire_times
from blazy_jobs_server.engine.fire_times import BadPlan
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.schemas import faults
from blazy_jobs_server.ports import Clock, Commit, Dispatched, Fire, Fired, IdempotencyKey, Order, Store, Timer

log = structlog.get_logger("scheduler")

BATCH = 100
POLL_SECONDS = 5.0
"""The timer is a hint; the table is looked at this often in any case."""
ON_TIME_SECONDS = 60
"""With `catch_up: none`, a server that was there makes the run of a time that is no further past than this. Such times
go before those that are further past."""
LONG_SECONDS = 3600
"""What was missed for longer is counted on another thread."""
TRIES = 12
TRY_SECONDS = 0.01

_finder = ThreadPoolExecutor(1, "fire-times")


class Scheduler:
    def __init__(self, store: Store, clock: Clock, catalogue: Catalogue, dispatcher: Dispatcher, timer: Timer) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._timer = timer
        self._tasks = Tasks()
        self._writing = asyncio.Lock()
        self._firing = asyncio.Lock()
        self._unable: set[str] = set()
        self._up_since = 0
        self.on_cancel: Callable[[int], None] = lambda worker_id: None
        """Told of each worker whose handler a fire asks to end."""
        self.fired = 0
        self.skipped = 0
        self.missed = 0

    async def start(self) -> None:
        neighbours = self._store.neighbours
        # Where others were there before, no time was missed because this server was not.
        self._up_since = self._clock.now() if neighbours is None or neighbours.alone else 0
        self._tasks.keep("schedules", self._run)

    async def stop(self) -> None:
        await self._tasks.stop()

    def on_commit(self, commit: Commit) -> None:
        if commit.fire_at is not None:
            self._timer.set(commit.fire_at)

    def look_again(self, at: int) -> None:
        """A schedule may fire then that another server has changed."""
        self._timer.set(at)

    # -- firing

    async def _run(self) -> None:
        while True:
            await self.catch_up()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._timer.wait()
            except TimeoutError:
                continue

    async def catch_up(self) -> None:
        """All that is due by now has been fired when this returns, but what cannot."""
        async with self._firing:
            self._timer.clear()
            try:
                wake_at = await self._store.next_wake(await self._fire_due())
            except BaseException:
                self._timer.set(self._clock.now() + SECOND)
                raise
            if wake_at is not None:
                self._timer.set(wake_at)

    async def _fire_due(self) -> int:
        """The instant by which they were due. The earliest come first; but between the steps of a long way to now,
        those that have just come."""
        late = self._clock.now() - ON_TIME_SECONDS * SECOND
        whole, recent = Look(EARLIEST), Look(late)
        while True:
            now = self._clock.now()
            if not await self._step(whole, now):
                return now
            if whole.since < late:
                await self._step(recent, self._clock.now())

    async def _step(self, look: Look, now: int) -> bool:
        """Fires the next of a look, in one transaction. False when none was left, but what it has passed over: what
        cannot fire, or what somebody else had, until another look."""
        due = await self._store.due_schedules(now, BATCH, look.passed, look.since)
        states = await self._fire_some(due, now) if due else []
        for schedule, state in zip(due, states, strict=False):
            look.see(schedule, stays=state is None)
        again = any(state is not None and state.wake_at is not None and state.wake_at <= now for state in states)
        return again or len(states) < len(due) or len(due) == BATCH

    async def _fire_some(self, due: list[Schedule], now: int) -> list[Schedule | None]:
        """How the first of them stand afterwards, as many as there was room for; None where it did not fire."""
        await self._catalogue.fresh()
        room = Room()
        fires: list[Fire | None] = []
        for schedule in due:
            if room.spent:
                break
            fires.append(await self._fire(schedule, now, room))
        answers = iter(await self._store_fires([fire for fire in fires if fire is not None]))
        return [None if fire is None else next(answers).schedule for fire in fires]

    async def _store_fires(self, fires: list[Fire]) -> list[Fired]:
        try:
            answers = await self._store.fire(fires) if fires else []
        except DefinitionChanged:  # by another server, just now: at the next look
            return [Fired(schedule=None)] * len(fires)
        for fired, fire in zip(answers, fires, strict=True):
            self._note(fired, fire)
        if runs := sum(len(fired.made) for fired in answers):
            log.info("schedules fired", schedules=len(answers), runs=runs)
        return answers

    async def _fire(self, schedule: Schedule, now: int, room: Room) -> Fire | None:
        """As much of what is due as there is room for; what is left is due next. None where it cannot fire."""
        due = await self._due(schedule, now)
        if due is None:
            return None
        fire = Fire(schedule=schedule, orders=(), next_fire_at=due.following, last_fire_at=due.last, missed=due.missed)
        if not due.times:
            return fire
        replace = msgspec.structs.replace
        order = self._order_or_none(schedule)
        if order is None:
            return replace(fire, missed=due.missed + len(due.times) - 1, refused=True)
        granted = room.take(len(due.times), len(order.payload.encode()))
        orders = tuple(replace(order, fire_at=at, due_at=at) for at in due.times[:granted])
        rest = due.times[granted:]
        return replace(fire, orders=orders, next_fire_at=rest[0]) if rest else replace(fire, orders=orders)

    async def _due(self, schedule: Schedule, now: int) -> Due | None:
        """None where its plan cannot be any more: of a zone that the system has no more, say."""
        assert schedule.next_fire_at is not None
        put_off = jitter(schedule.definition)
        until, on_time = now - put_off, max(self._up_since, now - ON_TIME_SECONDS * SECOND) - put_off
        try:
            if until - schedule.next_fire_at > LONG_SECONDS * SECOND:
                due = await asyncio.to_thread(due_times, schedule, until, on_time)
            else:
                due = due_times(schedule, until, on_time)
        except BadPlan as error:
            if schedule.name not in self._unable:
                self._unable.add(schedule.name)
                log.error("schedule cannot fire", name=schedule.name, reason=f"{error.path} {error.message}")
            return None
        self._unable.discard(schedule.name)
        return due

    def _order_or_none(self, schedule: Schedule) -> Order | None:
        """None where its job type would refuse the payload now, or is gone."""
        try:
            return msgspec.structs.replace(self._order(schedule.definition), schedule=schedule.name)
        except (JobTypeNotFound, InvalidPayload) as error:
            log.warning("schedule makes no run", name=schedule.name, code=error.code)
            return None

    def _order(self, definition: ScheduleDefinition) -> Order:
        """Raises JobTypeNotFound and InvalidPayload."""
        entry = self._catalogue.entry(definition.job_type)
        payload = orjson.loads(definition.payload)
        if entry.payload is not None and not entry.payload.is_valid(payload):
            raise InvalidPayload(faults(entry.payload, payload, "/payload"))
        unset = msgspec.UNSET
        wish = Wish(
            payload=payload,
            queue=unset if definition.queue is None else definition.queue,
            priority=unset if definition.priority is None else definition.priority,
            tags=definition.tags,
        )
        order = self._dispatcher.order(entry, wish)
        self._catalogue.met_queue(order.queue)
        return order

    def _note(self, fired: Fired, fire: Fire) -> None:
        if fired.schedule is None:
            return  # another server was quicker, or it was changed: it is read anew
        name = fired.schedule.name
        self.fired += len(fired.made)
        self.skipped += fired.skipped
        self.missed += fire.missed
        for worker_id in fired.cancelling:
            self.on_cancel(worker_id)
        if fired.skipped or fire.missed:
            log.warning("schedule let times go", name=name, skipped=fired.skipped, missed=fire.missed)

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
        """Raises ScheduleExists, and what `check` raises."""
        await self._catalogue.fresh()
        self.check(definition)
        async with self._writing:
            saved = await self._make(definition, "api", None, paused)
            if saved is None:
                raise ScheduleExists(definition.name)
            return saved

    async def replace(self, definition: ScheduleDefinition, paused: bool | None) -> tuple[Schedule, bool]:
        """Registers or replaces; says whether the name was new."""
        await self._catalogue.fresh()
        self.check(definition)
        async with self._writing:
            async for _ in tries():
                known = await self._store.schedule(definition.name)
                if known is None:
                    saved = await self._make(definition, "api", None, bool(paused))
                else:
                    saved = await self._change_over_http(known, definition, paused)
                if saved is not None:
                    return saved, known is None
        raise StoreUnavailable("the schedule changes all the time")

    async def change(
        self, name: str, change: Callable[[ScheduleDefinition], ScheduleDefinition], paused: bool | None = None
    ) -> Schedule:
        """Raises ScheduleNotFound, and what `check` raises."""
        await self._catalogue.fresh()
        async with self._writing:
            async for _ in tries():
                known = await self.get(name)
                definition = change(known.definition)
                same = definition == known.definition
                if same and paused in (None, known.paused):
                    return known
                if not (same and paused):  # what can make no run any more can be paused
                    self.check(definition)
                saved = await self._change_over_http(known, definition, paused)
                if saved is not None:
                    return saved
        raise StoreUnavailable("the schedule changes all the time")

    async def delete(self, name: str) -> None:
        """Raises ScheduleNotFound. Its runs stay."""
        if not await self._store.delete_schedule(name):
            raise ScheduleNotFound(name)
        log.info("schedule deleted", name=name)

    async def trigger(self, name: str, idempotency: IdempotencyKey | None) -> Dispatched:
        """A run now, beside those of its times. Raises ScheduleNotFound, JobTypeNotFound and InvalidPayload."""
        await self._catalogue.fresh()
        schedule = await self.get(name)
        try:
            order = msgspec.structs.replace(self._order(schedule.definition), schedule=name)
        except (JobTypeNotFound, InvalidPayload):
            if (replayed := await self._dispatcher.replayed(idempotency)) is not None:
                return replayed
            raise
        return await self._dispatcher.store_orders([order], idempotency)

    def check(self, definition: ScheduleDefinition, path: str = "") -> None:
        """Of a definition that stands at `path` of the request. Raises InvalidRequest and InvalidPayload."""
        check_plan(definition.plan, path)
        try:
            self._order(definition)
        except JobTypeNotFound as error:
            raise InvalidRequest.at(f"{path}/job_type", error.detail, error.code) from None
        except InvalidPayload as error:
            raise InvalidPayload([FieldError(path + e.path, e.message, e.code) for e in error.errors]) from None

    async def _make(
        self, definition: ScheduleDefinition, source: Source, declarer: Declarer | None, paused: bool
    ) -> Schedule | None:
        now = self._clock.now()
        schedule = Schedule(
            definition=definition,
            source=source,
            declarer=declarer,
            paused=paused,
            created_at=now,
            next_fire_at=None if paused else fire_times(definition.plan, now).after(now),
        )
        return await self._save(schedule, None)

    async def _change_over_http(
        self, known: Schedule, definition: ScheduleDefinition, paused: bool | None
    ) -> Schedule | None:
        """What is changed so is the code's no more; a pause alone takes nothing from it. An orphan is one until it is
        resumed."""
        source, declarer = (known.source, known.declarer) if definition == known.definition else ("api", None)
        paused = known.paused if paused is None else paused
        return await self._change(known, definition, source, declarer, paused, orphaned=known.orphaned and paused)

    async def _change(
        self,
        known: Schedule,
        definition: ScheduleDefinition,
        source: Source,
        declarer: Declarer | None,
        paused: bool,
        orphaned: bool = False,
    ) -> Schedule | None:
        """A plan that changed, or that goes on after a pause, counts from now: nothing is made up for."""
        now = self._clock.now()
        next_fire_at = known.next_fire_at
        if paused:
            next_fire_at = None
        elif known.paused or definition.plan != known.definition.plan:
            next_fire_at = fire_times(definition.plan, known.created_at).after(now)
        schedule = msgspec.structs.replace(
            known,
            definition=definition,
            source=source,
            declarer=declarer,
            paused=paused,
            orphaned=orphaned,
            next_fire_at=next_fire_at,
        )
        return known if schedule == known else await self._save(schedule, known.revision)

    async def _save(self, schedule: Schedule, expect: int | None) -> Schedule | None:
        saved = await self._store.save_schedule(schedule, expect=expect)
        if saved is not None:
            log.info("schedule saved", name=saved.name, source=saved.source, paused=saved.paused)
        return saved

    # -- declarations

    async def declare(self, declarer: Declarer, declared: list[tuple[ScheduleDefinition, bool]]) -> list[Conflict]:
        """What code says of its schedules, and whether each begins paused. What was made over HTTP, or belongs to
        another app, is not overwritten; what a newer declaration of the same app lacks is paused and marked."""
        conflicts = []
        async with self._writing:
            replaced = declarer.declared_at < await self._newest(declarer.app)
            for definition, paused in declared:
                reason = await self._taken(declarer, definition, paused, replaced)
                if reason is not None:
                    conflicts.append(Conflict("schedule", definition.name, reason))
                    log.warning("schedule not taken from code", name=definition.name, reason=reason)
            await self._orphan(declarer, {definition.name for definition, _ in declared})
        return conflicts

    async def _newest(self, app: str) -> int:
        """The time of its newest declaration, as far as anything of it is still there."""
        schedules = await self._store.schedules_of_app(app)
        times = [known.declarer.declared_at for known in schedules if known.declarer is not None]
        return max([self._catalogue.newest(app), *times])

    async def _taken(
        self, declarer: Declarer, definition: ScheduleDefinition, paused: bool, replaced: bool
    ) -> str | None:
        """Why it was not. `replaced`: a newer build of the app has declared what it has."""
        try:
            self.check(definition)
        except (InvalidRequest, InvalidPayload) as error:
            return error.detail
        async for _ in tries():
            saved, reason = await self._declare(declarer, definition, paused, replaced)
            if saved:
                return reason
        return "it changes all the time"

    async def _declare(
        self, declarer: Declarer, definition: ScheduleDefinition, paused: bool, replaced: bool
    ) -> tuple[bool, str | None]:
        """Whether that was the last word, and why it was not taken."""
        known = await self._store.schedule(definition.name)
        if known is None:
            return replaced or await self._make(definition, "code", declarer, paused) is not None, None
        if known.declarer is None:
            same = known.definition == definition
            return True, None if same else "it was made or changed over HTTP; delete it there to give it to the code"
        if known.declarer.app != declarer.app:
            return True, f"the app {known.declarer.app!r} has declared it"
        if known.declarer.declared_at > declarer.declared_at:
            return True, None  # of an older build, which a newer one has replaced
        paused = known.paused and not known.orphaned
        return await self._change(known, definition, "code", declarer, paused) is not None, None

    async def _orphan(self, declarer: Declarer, declared: set[str]) -> None:
        for known in await self._store.schedules_of_app(declarer.app):
            assert known.declarer is not None
            older = known.declarer.declared_at < declarer.declared_at
            if known.source == "code" and older and known.name not in declared and not known.orphaned:
                # It is what that declaration says: the same one, or an older one, changes nothing any more.
                await self._change(known, known.definition, "code", declarer, True, orphaned=True)
                log.warning("schedule orphaned: a newer declaration lacks it", name=known.name, app=declarer.app)


async def tries() -> AsyncIterator[int]:
    """For a write that somebody else may be quicker with: once more a moment later, each time a longer one."""
    for number in range(TRIES):
        yield number
        await asyncio.sleep(random.uniform(0, TRY_SECONDS) * (number + 1))


def check_plan(plan: Plan, path: str = "") -> None:
    """Of a plan whose schedule stands at `path` of the request. Raises InvalidRequest."""
    try:
        fire_times(plan, 0)
    except BadPlan as error:
        raise InvalidRequest.at(path + error.path, error.message, "invalid_schedule") from None
    if plan.start_at is not None and plan.end_at is not None and plan.end_at < plan.start_at:
        raise InvalidRequest.at(f"{path}/end_at", "is before start_at", "invalid_schedule")


async def preview(plan: Plan, created_at: int, after: int, count: int) -> list[int]:
    """The next fire times after `after`, exclusive. A thousand may take a third of a second: they are found on another
    thread, and on one only, as many would keep the loop from its turn. Raises BadPlan."""

    def find() -> list[int]:
        return list(islice(fire_times(plan, created_at).between(after + 1, LATEST), count))

    return await asyncio.get_running_loop().run_in_executor(_finder, find)
