"""Bulk operations at work: each goes from the newest run that it may meet downwards, some hundred in a transaction that
also stores its place. After a crash it goes on from there, on this server or on another one."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from msgspec.structs import replace

from blazy_jobs_server.domain.bulk import Bulk, BulkAction, BulkState
from blazy_jobs_server.domain.errors import (
    BulkNotFound,
    DefinitionChanged,
    InvalidPayload,
    JobsError,
    QueueUnavailable,
    ReadTimeout,
    StoreUnavailable,
    TooManyMatches,
    Unavailable,
)
from blazy_jobs_server.domain.ids import bulk_id as public_bulk_id
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.bulk_filters import filter_of_bulk
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.engine.loop import Alarm, Tasks
from blazy_jobs_server.engine.projection import Projection
from blazy_jobs_server.ports import Clock, Order, RunFilter, Store, Tally
from blazy_jobs_server.ports.bulk import Advance

log = structlog.get_logger("bulk")

FOUND_AT_ONCE = 5_000
STEP = 500
"""Runs in a transaction."""
LEASE_SECONDS = 15
LOOK_SECONDS = 5
"""After so long each server looks whether another one has left something."""
TALLY_SECONDS = 0.8
PATIENT_TALLY_SECONDS = 10.0
"""Where a number is to be held to."""
TEXT_PAGE = 200
AGAIN_SECONDS = 1.0


class Bulks:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        leasing: Leasing,
        projection: Projection,
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._leasing = leasing
        self._projection = projection
        self._lease = secrets.token_hex(8)
        self._held: set[int] = set()
        self._alarm = Alarm(clock.now)
        self._tasks = Tasks()

    async def start(self) -> None:
        self._alarm.ring()
        self._tasks.keep("bulk operations", self._work)

    async def stop(self) -> None:
        """What is under way goes on with the next server, or another one. Stopping twice is harmless."""
        await self._tasks.stop()
        self._alarm.clear()
        held, self._held = self._held, set()
        for bulk_id in held:
            with contextlib.suppress(StoreUnavailable):  # then it is over soon
                await self._store.lease_bulk(bulk_id, self._lease, self._clock.now())

    # -- asked from outside

    async def tally(self, where: RunFilter, before: int | None, seconds: float = TALLY_SECONDS) -> Tally:
        if where.q is None:
            return await self._store.tally(where, before, seconds)
        until = time.monotonic() + seconds
        numbers: Counter[State] = Counter()
        while True:
            page = await self._store.runs(where, before, TEXT_PAGE, brief=True)
            numbers.update(run.state for run in page.runs)
            before = page.before
            if before is None or time.monotonic() >= until:
                return Tally(numbers, before is None)

    async def create(
        self, bulk: Bulk, expect_at_most: int | None, allow: Callable[[int], None] = lambda matched: None
    ) -> Bulk:
        """`allow` is told how many runs may be made. Raises TooManyMatches, ReadTimeout where it takes too long to see
        that there are not, and what `allow` does."""
        where = filter_of_bulk(bulk, self._catalogue.redacts)
        tally = await self.tally(where, None, TALLY_SECONDS if expect_at_most is None else PATIENT_TALLY_SECONDS)
        matched = sum(tally.by_state.values())
        if expect_at_most is not None and matched > expect_at_most:
            raise TooManyMatches(matched, expect_at_most, at_least=not tally.complete)
        if expect_at_most is not None and not tally.complete:
            raise ReadTimeout(PATIENT_TALLY_SECONDS)
        if bulk.action is BulkAction.REPLAY:
            allow(matched)
        created = await self._store.create_bulk(replace(bulk, matched=matched, at_least=not tally.complete))
        log.info("bulk operation", bulk=public_bulk_id(created.id), action=bulk.action.value, matched=matched)
        self._alarm.ring()
        return created

    async def cancel(self, bulk_id: int) -> Bulk:
        """Raises BulkNotFound and BulkFinished."""
        bulk = await self._store.cancel_bulk(bulk_id)
        if bulk is None:
            raise BulkNotFound(public_bulk_id(bulk_id))
        return bulk

    # -- at work

    async def _work(self) -> None:
        self._alarm.ring()
        while True:
            await self._alarm.wait()
            self._alarm.clear()
            while await self._turns():
                pass
            self._held.clear()
            if self._store.neighbours is not None:
                self._alarm.set(self._clock.now() + LOOK_SECONDS * SECOND)

    async def _turns(self) -> bool:
        """Each one that runs gets on by a piece; whether there may be more to do."""
        more = False
        for bulk in await self._store.running_bulks():
            leased = await self._store.lease_bulk(bulk.id, self._lease, self._until())
            if leased is not None:
                self._held.add(bulk.id)
                more = await self._turn(leased) or more
        return more

    def _until(self) -> int:
        return self._clock.now() + LEASE_SECONDS * SECOND

    async def _turn(self, bulk: Bulk) -> bool:
        try:
            return await self._go_on(bulk)
        except StoreUnavailable:
            raise
        except Unavailable as error:
            log.warning("a bulk operation waits", bulk=public_bulk_id(bulk.id), reason=error.detail)
            await asyncio.sleep(AGAIN_SECONDS)
            return True
        except Exception:  # the others go on
            log.exception("a bulk operation failed", bulk=public_bulk_id(bulk.id))
            known = await self._store.bulk(bulk.id)
            if known is not None and known.state is BulkState.RUNNING:
                await self._advance(known, [], known.place, end=BulkState.FAILED)
            return False

    async def _go_on(self, bulk: Bulk) -> bool:
        """Whether it may have to go on."""
        where = filter_of_bulk(bulk, self._catalogue.redacts)
        if bulk.action is BulkAction.REPLAY:
            return await self._replay(bulk, where)
        found, before = await self._store.found(where, bulk.place, FOUND_AT_ONCE)
        at: Bulk | None = bulk
        for start in range(0, len(found), STEP):
            if at is None:
                return False
            some = found[start : start + STEP]
            at = await self._step(at, where, some, some[-1])
        if at is not None and before is None:
            at = await self._advance(at, [], at.place, end=BulkState.COMPLETED)
        elif at is not None and before is not None and before < at.place:
            at = await self._advance(at, [], before)
        return at is not None and at.state is BulkState.RUNNING

    async def _step(self, bulk: Bulk, where: RunFilter, run_ids: list[int], place: int) -> Bulk | None:
        failed = await self._tell_queues(bulk, run_ids) if self._projection.configured else set()
        return await self._advance(
            bulk, [run_id for run_id in run_ids if run_id not in failed], place, where.states, failed=len(failed)
        )

    async def _tell_queues(self, bulk: Bulk, run_ids: Sequence[int]) -> set[int]:
        """Of what another engine delivers it is told before; those of which it could not be."""
        if bulk.action not in (BulkAction.CANCEL, BulkAction.ERASE):
            return set()
        failed: set[int] = set()
        page = await self._store.runs(RunFilter(ids=frozenset(run_ids)), None, len(run_ids), brief=True)
        for run in page.runs:
            try:
                if bulk.action is BulkAction.CANCEL:
                    await self._projection.before_cancel(run)
                else:
                    await self._projection.before_erase(run)
            except QueueUnavailable:
                failed.add(run.id)
        return failed

    async def _advance(
        self,
        bulk: Bulk,
        run_ids: list[int],
        place: int,
        states: frozenset[State] = frozenset(),
        *,
        orders: dict[int, Order] | None = None,
        failed: int = 0,
        end: BulkState | None = None,
    ) -> Bulk | None:
        """None where it is at an end, or another server's, by now. Raises DefinitionChanged."""
        step = Advance(
            bulk=bulk,
            lease=self._lease,
            lease_until=self._until(),
            run_ids=run_ids,
            place=place,
            states=states,
            orders=orders or {},
            failed=failed,
            end=end,
        )
        advanced = await self._store.advance_bulk(step)
        if advanced is None:
            return None
        for worker_id in advanced.cancelling:
            self._leasing.claims.nudge(worker_id)
        return advanced.bulk

    # -- replays

    async def _replay(self, bulk: Bulk, where: RunFilter) -> bool:
        page = await self._store.runs(where, bulk.place, STEP)
        place = page.runs[-1].id if page.runs else bulk.place
        if page.before is not None:
            place = page.before
        while True:
            orders, failed = await self._orders(bulk, page.runs)
            run_ids = [run.id for run in page.runs if run.id in orders or _replays_one_above(run)]
            end = BulkState.COMPLETED if page.before is None else None
            try:
                at = await self._advance(bulk, run_ids, place, where.states, orders=orders, failed=failed, end=end)
            except DefinitionChanged:
                await self._catalogue.fresh()
            else:
                return at is not None and at.state is BulkState.RUNNING

    async def _orders(self, bulk: Bulk, runs: Sequence[Run]) -> tuple[dict[int, Order], int]:
        """Those that can be replayed, and how many cannot."""
        orders: dict[int, Order] = {}
        failed = 0
        for number, run in enumerate(runs):
            if number % 20 == 19:
                await asyncio.sleep(0)
            if _replays_one_above(run):
                continue
            try:
                orders[run.id] = await self._dispatcher.order_of_replay(run, bulk.created_by, bulk.within)
            except InvalidPayload:
                failed += 1
            except JobsError as refusal:
                if isinstance(refusal, Unavailable):
                    raise
                failed += 1
        return orders, failed


def _replays_one_above(run: Run) -> bool:
    """It was made after the one that it replays, on a server whose clock is behind: perhaps by this very operation."""
    return run.replay_of is not None and run.replay_of > run.id
