"""Schedules: kept, and fired when their time comes.

The table owns them. One timer wakes this service for the earliest of all; it reads what is due, works out which times
have come and which were missed, and hands each schedule to the store, which fires it only if nobody else has.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from functools import lru_cache
from itertools import islice

import msgspec
import orjson
import structlog

from app.domain.errors import (
    DefinitionChanged,
    FieldError,
    InvalidPayload,
    InvalidRequest,
    JobTypeNotFound,
    ScheduleExists,
    ScheduleNotFound,
    StoreUnavailable,
)
from app.domain.instants import LATEST, SECOND
from app.domain.job_type import Declarer, Source
from app.domain.schedule import MAX_CAUGHT_UP, Calendar, Interval, Plan, Schedule, ScheduleDefinition, jitter
from app.engine.catalogue import Catalogue, Conflict
from app.engine.dispatch import Dispatcher, Wish
from app.engine.fire_times import BadPlan, FireTimes
from app.engine.loop import Tasks
from app.engine.schemas import faults
from app.ports import Clock, Commit, Dispatched, Fire, Fired, IdempotencyKey, Order, Store, Timer

log = structlog.get_logger("scheduler")

BATCH = 100
POLL_SECONDS = 5.0
"""The timer is a hint; the table is looked at this often in any case."""
ON_TIME_SECONDS = 60
"""With `catch_up: none`, a server that was there makes the run of a time that is no further past than this."""
LONG_SECONDS = 3600
"""What was missed for longer is counted on another thread."""
MAX_COUNTED = 10_000
"""Of a schedule's missed times; counting them takes some 30 µs each, and others wait."""
TRIES = 12
TRY_SECONDS = 0.01


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
        """In batches; the instant by which they were due. What a batch leaves due (it cannot fire, or somebody else had
        it) would stand at the head of the next one, and is passed over until the next look at the table."""
        passed = 0
        while True:
            now = self._clock.now()
            due = await self._store.due_schedules(now, BATCH, passed)
            passed += len(due) - await self._fire_batch(due, now)
            if len(due) < BATCH:
                return now

    async def _fire_batch(self, due: list[Schedule], now: int) -> int:
        """How many of them are not due any more."""
        if due:
            await self._catalogue.fresh()
        fires = [fire for schedule in due if (fire := await self._fire(schedule, now)) is not None]
        try:
            answers = await self._store.fire(fires) if fires else []
        except DefinitionChanged:
            return 0  # by another server, just now: at the next look
        for fired, fire in zip(answers, fires, strict=True):
            self._note(fired, fire)
        if runs := sum(len(fired.made) for fired in answers):
            log.info("schedules fired", schedules=len(answers), runs=runs)
        return sum(fired.schedule is not None for fired in answers)

    async def _fire(self, schedule: Schedule, now: int) -> Fire | None:
        assert schedule.next_fire_at is not None
        put_off = jitter(schedule.definition)
        until, on_time = now - put_off, max(self._up_since, now - ON_TIME_SECONDS * SECOND) - put_off
        try:
            if until - schedule.next_fire_at > LONG_SECONDS * SECOND:
                due = await asyncio.to_thread(due_times, schedule, until, on_time)
            else:
                due = due_times(schedule, until, on_time)
        except BadPlan as error:  # of a zone that the system has no more, say
            if schedule.name not in self._unable:
                self._unable.add(schedule.name)
                log.error("schedule cannot fire", name=schedule.name, reason=f"{error.path} {error.message}")
            return None
        self._unable.discard(schedule.name)
        orders = self._orders(schedule, due.times)
        return Fire(
            schedule=schedule,
            orders=orders or (),
            next_fire_at=due.following,
            last_fire_at=due.last,
            missed=due.missed,
            refused=orders is None,
        )

    def _orders(self, schedule: Schedule, times: Iterable[int]) -> tuple[Order, ...] | None:
        """None where its job type would refuse the payload now, or is gone."""
        definition = schedule.definition
        try:
            order = self._order(definition)
        except (JobTypeNotFound, InvalidPayload) as error:
            log.warning("schedule makes no run", name=schedule.name, code=error.code)
            return None
        replace = msgspec.structs.replace
        return tuple(replace(order, schedule=definition.name, fire_at=at, due_at=at) for at in times)

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
    """The next fire times after `after`, exclusive. Found on another thread: a thousand may take a third of a second.
    Raises BadPlan."""

    def find() -> list[int]:
        return list(islice(fire_times(plan, created_at).between(after + 1, LATEST), count))

    return await asyncio.to_thread(find)


def due_times(schedule: Schedule, until: int, on_time: int) -> Due:
    """What `catch_up` makes of the times from the schedule's next one to `until`; those from `on_time` on were not
    missed. Raises BadPlan."""
    assert schedule.next_fire_at is not None
    definition = schedule.definition
    times = fire_times(definition.plan, schedule.created_at)
    first = schedule.next_fire_at
    last, following = [first], times.after(first)
    if following is not None and following <= until:
        last = times.latest(first, until, MAX_CAUGHT_UP if definition.catch_up == "all" else 1)
        following = times.after(until)
    wanted = last
    if definition.catch_up == "none" and last[-1] < on_time:
        wanted = []
    came = len(last) if last[0] == first else times.count(first, last[-1], MAX_COUNTED)
    return Due(wanted, max(0, came - len(wanted)), last[-1], following)
