"""Schedules are fired when their time comes.

The table owns them. One timer wakes this service for the earliest of all; it reads what is due, works out which times
have come and which were missed, and hands each schedule to the store, which fires it only if nobody else has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from blazy_jobs_server.domain.durations import Histogram
from blazy_jobs_server.domain.errors import DefinitionChanged, InvalidPayload, JobTypeNotFound, TooBusy
from blazy_jobs_server.domain.instants import EARLIEST, SECOND, rfc3339
from blazy_jobs_server.domain.schedule import Schedule, jitter
from blazy_jobs_server.engine import zones
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.due_times import Due, Look, Room, due_times
from blazy_jobs_server.engine.fire_times import BadPlan
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.plans import Orders
from blazy_jobs_server.engine.rules import by_present_rules, marked
from blazy_jobs_server.ports import Clock, Commit, Fire, Fired, Order, Store, Timer

log = structlog.get_logger("scheduler")

BATCH = 100
RULES_PAGE = 200
RULES_SECONDS = 60
POLL_SECONDS = 5.0
"""The timer is a hint; the table is looked at this often in any case."""
ON_TIME_SECONDS = 60
"""With `catch_up: none`, a server that was there makes the run of a time that is no further past than this. Such times
go before those that are further past."""
LONG_SECONDS = 3600
"""What was missed for longer is counted on another thread."""


class Scheduler:
    def __init__(self, store: Store, clock: Clock, catalogue: Catalogue, orders: Orders, timer: Timer) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._orders = orders
        self._timer = timer
        self._tasks = Tasks()
        self._firing = asyncio.Lock()
        self._unable: set[str] = set()
        self._up_since = 0
        self._all_by_present_rules = False
        self._rules_at = 0
        self.on_cancel: Callable[[int], None] = lambda worker_id: None
        """Told of each worker whose handler a fire asks to end."""
        self.fired = 0
        self.skipped = 0
        self.missed = 0
        self.lateness = Histogram()
        """From the time of a schedule to when its run was made."""

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
                await self._look_at_rules()
                wake_at = await self._store.next_wake(await self._fire_due())
            except BaseException:
                self._timer.set(self._clock.now() + SECOND)
                raise
            if wake_at is not None:
                self._timer.set(wake_at)

    async def _look_at_rules(self) -> None:
        """At first of all schedules; then now and then of those that a server with older rules has fired."""
        if not self._all_by_present_rules:
            before: int | None = None
            more = True
            while more:
                page, more = await self._store.schedules(before, RULES_PAGE)
                await self._renew([schedule for _, schedule in page])
                before = page[-1][0] if page else None
            self._all_by_present_rules = True
        elif self._store.neighbours is not None and self._clock.now() - self._rules_at >= RULES_SECONDS * SECOND:
            await self._renew(await self._store.schedules_by_older_rules(zones.version()))
        else:
            return
        self._rules_at = self._clock.now()

    async def _renew(self, schedules: list[Schedule]) -> None:
        """One that is changed or fired meanwhile is left: whoever did has made its next time."""
        found = await asyncio.to_thread(lambda: [(known, by_present_rules(known)) for known in schedules])
        changed = [(known, new) for known, new in found if new is not None]
        await asyncio.gather(*(self._store.save_schedule(new, expect=known.revision) for known, new in changed))
        for known, new in changed:
            if new.next_fire_at != known.next_fire_at:
                log.info(
                    "schedule's next fire time changed with the rules of its time zone",
                    name=known.name,
                    was=known.next_fire_at and rfc3339(known.next_fire_at),
                    now=new.next_fire_at and rfc3339(new.next_fire_at),
                    rules=new.rules,
                )

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
            fire = await self._fire(schedule, now, room)
            fires.append(None if fire is None else _marked(fire))
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
        try:
            order = await self._order_or_none(schedule)
        except TooBusy:
            log.warning("schedule's payload could not be checked yet", name=schedule.name)
            return None
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

    async def _order_or_none(self, schedule: Schedule) -> Order | None:
        """None where its job type would refuse the payload now, or is gone. Raises TooBusy."""
        try:
            return msgspec.structs.replace(await self._orders.of(schedule.definition), schedule=schedule.name)
        except (JobTypeNotFound, InvalidPayload) as error:
            log.warning("schedule could not dispatch a run", name=schedule.name, code=error.code)
            return None

    def _note(self, fired: Fired, fire: Fire) -> None:
        if fired.schedule is None:
            return  # another server was quicker, or it was changed: it is read anew
        name = fired.schedule.name
        self.fired += len(fired.made)
        self.skipped += fired.skipped
        self.missed += fire.missed
        if fired.made and (wake_at := fire.schedule.wake_at) is not None:
            self.lateness.add(max(0, self._clock.now() - wake_at) / SECOND)
        for worker_id in fired.cancelling:
            self.on_cancel(worker_id)
        if fired.skipped or fire.missed:
            log.warning("schedule skipped or missed fire times", name=name, skipped=fired.skipped, missed=fire.missed)


def _marked(fire: Fire) -> Fire:
    wall, rules = marked(fire.schedule.definition.plan, fire.next_fire_at)
    return msgspec.structs.replace(fire, wall=wall, rules=rules)
