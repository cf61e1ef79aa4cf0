"""Writes down what happens: minute by minute, every ten seconds, and as quarters of an hour and days afterwards.

What is written is the whole of the minute so far, over what was written of it before. So a write that was lost, or done
twice, does no harm, and a server that is killed loses ten seconds of history at most, and never a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from blazy_jobs_server.domain.durations import Histogram
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.history import (
    ALL,
    DAY_SECONDS,
    DEEDS,
    KEPT_SECONDS,
    MINUTE_SECONDS,
    OTHER,
    QUARTER_SECONDS,
    Durations,
    Row,
    added,
    rolled_up,
    together,
)
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.engine.tally import Counts, Lane, Tally
from blazy_jobs_server.ports import Clock, Commit, Store

WRITE_SECONDS = 10.0
STOP_SECONDS = 2.0
"""How long a stop waits for the last write, where the database hangs."""
MOST_LANES = 200
"""Pairs of job type and queue with rows of their own in a minute."""
MOST_MINUTES = 60
"""So many that could not be written are remembered."""
LATE_SECONDS = 90
"""So long after its end a span is put together: every server has written its part by then."""
MOST_PRUNED_SECONDS = 6 * 3600
"""At a time, so that no transaction is long."""


class Cell:
    """One pair of job type and queue in one minute."""

    __slots__ = ("counts", "deepest", "oldest", "ran", "waited")

    def __init__(self) -> None:
        self.counts: tuple[int, ...] = (0,) * DEEDS
        self.deepest = 0
        self.oldest = 0
        self.waited: Histogram | None = None
        self.ran: Histogram | None = None


class Minute:
    """All pairs in one minute; those that come when there is no more room are one."""

    __slots__ = ("at", "cells", "changed", "deepest")

    def __init__(self, at: int) -> None:
        self.at = at
        self.cells: dict[Lane, Cell] = {}
        self.deepest: dict[str, int] = {}
        """Of queues: the most that waited there at once."""
        self.changed = True

    def cell(self, lane: Lane) -> Cell:
        self.changed = True
        found = self.cells.get(lane)
        if found is not None:
            return found
        if len(self.cells) >= MOST_LANES:
            lane = (OTHER, OTHER)
        return self.cells.setdefault(lane, Cell())

    def rows(self, server: int) -> list[Row]:
        """Of the pairs, of each queue, and of all together."""
        pairs = [_row(lane, cell, self.at, server) for lane, cell in self.cells.items()]
        queues: dict[str, list[Row]] = {}
        for row in pairs:
            queues.setdefault(row.queue, []).append(row)
        of_queues = [self._sum(ALL, queue, rows, self.deepest.get(queue, 0)) for queue, rows in queues.items()]
        deepest = max((row.deepest for row in of_queues), default=0)
        return [*pairs, *of_queues, self._sum(ALL, ALL, pairs, deepest, server)]

    def _sum(self, job_type: str, queue: str, rows: Iterable[Row], deepest: int, server: int = 0) -> Row:
        found = list(rows)
        counts: tuple[int, ...] = (0,) * DEEDS
        for row in found:
            counts = added(counts, row.counts)
        return Row(
            step=MINUTE_SECONDS,
            job_type=job_type,
            queue=queue,
            at=self.at,
            server=found[0].server if found else server,
            counts=counts,
            deepest=deepest,
            oldest=max((row.oldest for row in found), default=0),
            waited=together(row.waited for row in found),
            ran=together(row.ran for row in found),
        )


def _row(lane: Lane, cell: Cell, at: int, server: int) -> Row:
    return Row(
        step=MINUTE_SECONDS,
        job_type=lane[0],
        queue=lane[1],
        at=at,
        server=server,
        counts=cell.counts,
        deepest=cell.deepest,
        oldest=cell.oldest,
        waited=_durations(cell.waited),
        ran=_durations(cell.ran),
    )


def _durations(histogram: Histogram | None) -> Durations | None:
    return None if histogram is None else Durations(list(histogram.buckets), round(histogram.total, 6))


class History:
    def __init__(self, store: Store, clock: Clock, numbers: Numbers, tally: Tally, own_id: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._numbers = numbers
        self._tally = tally
        self._own_id = own_id
        self._tasks = Tasks()
        self._depths: dict[str, int] = {}
        """How many wait in each queue now."""
        self._minutes: dict[int, Minute] = {}
        """Those that are not over, or not written."""
        self._again: dict[int, set[int]] = {QUARTER_SECONDS: set(), DAY_SECONDS: set()}
        """Spans, by how long they are, of which something was written after they were put together."""
        self._started = False
        self._writing = asyncio.Lock()
        tally.on_second = self._on_second

    def start(self) -> None:
        self._started = True
        self._tasks.keep("history", self._keep)

    async def stop(self) -> None:
        """What is known is written, if it can be."""
        await self._tasks.stop()
        if not self._started:
            return
        self._started = False
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.write()
        except (StoreUnavailable, TimeoutError):
            return

    # -- what happens

    def on_commit(self, commit: Commit) -> None:
        if not (commit.waited or commit.ran or commit.counts):
            return
        minute = self._minute(self._clock.now() // 1_000_000)
        for (job_type, queue, state), change in commit.counts.items():
            if state is State.QUEUED:
                self._deepen(minute, (job_type, queue), change)
        for lane, durations in commit.waited.items():
            cell = minute.cell(lane)
            if cell.waited is None:
                cell.waited = Histogram()
            cell.waited.add_counts(durations)
        for (job_type, queue, _), durations in commit.ran.items():
            cell = minute.cell((job_type, queue))
            if cell.ran is None:
                cell.ran = Histogram()
            cell.ran.add_counts(durations)

    def _deepen(self, minute: Minute, lane: Lane, change: int) -> None:
        """So many more, or fewer, wait there: `numbers` knows of it already."""
        queue = lane[1]
        depth = self._depths[queue] = self._depths.get(queue, 0) + change
        if change > 0:
            minute.deepest[queue] = max(minute.deepest.get(queue, 0), depth)
            cell = minute.cell(lane)
            cell.deepest = max(cell.deepest, self._numbers.counts.get((*lane, State.QUEUED), 0))

    def _on_second(self, second: int, counts: Counts) -> None:
        minute = self._minute(second)
        for lane, numbers in counts.items():
            cell = minute.cell(lane)
            cell.counts = added(cell.counts, numbers)

    def _minute(self, second: int) -> Minute:
        at = second // MINUTE_SECONDS * MINUTE_SECONDS
        found = self._minutes.get(at)
        if found is None:
            # A minute that was forgotten is not begun again: it would be written over what is there of it.
            at = max(at, max(self._minutes, default=at))
            found = self._minutes.setdefault(at, Minute(at))
        return found

    # -- what is written

    async def _keep(self) -> None:
        while True:
            await self.write()
            await self.roll_up()
            await asyncio.sleep(WRITE_SECONDS)

    async def write(self) -> None:
        """All that has happened by now. Raises StoreUnavailable; then it is written the next time."""
        async with self._writing:  # an older state of a minute must not be written over a newer one
            await self._write()

    async def _write(self) -> None:
        self._tally.tell()
        await self._sample()
        changed = [minute for minute in self._minutes.values() if minute.changed]
        rows = [row for minute in changed for row in minute.rows(self._own_id())]
        if rows:
            for minute in changed:
                minute.changed = False
            try:
                await self._store.save_history(rows)
            except BaseException:
                for minute in changed:
                    minute.changed = True
                raise
            finally:
                self._forget()
        now = self._clock.now() // 1_000_000
        late = [minute.at for minute in changed if minute.at < now - LATE_SECONDS]
        for step, spans in self._again.items():
            spans.update(at // step * step for at in late)

    async def _sample(self) -> None:
        """How much waits now, and for how long. There is a minute from now on, also if nothing happens in it."""
        now = self._clock.now()
        waiting = {
            (job_type, queue): n
            for (job_type, queue, state), n in self._numbers.counts.items()
            if state is State.QUEUED and n > 0
        }
        oldest = await self._store.oldest_due() if waiting else {}
        minute = self._minute(now // 1_000_000)
        depths: dict[str, int] = {}
        others = 0
        for lane, n in waiting.items():
            depths[lane[1]] = depths.get(lane[1], 0) + n
            cell = minute.cell(lane)
            if cell is minute.cells.get((OTHER, OTHER)):
                others = n = others + n
            cell.deepest = max(cell.deepest, n)
            cell.oldest = max(cell.oldest, now - oldest.get(lane, now))
        self._depths = dict(depths)
        depths[OTHER] = others
        for queue, n in depths.items():
            minute.deepest[queue] = max(minute.deepest.get(queue, 0), n)

    def _forget(self) -> None:
        """What is over and written, and what has waited for too long to be."""
        newest = max(self._minutes)
        for at, minute in list(self._minutes.items()):
            is_over = at < newest - MINUTE_SECONDS
            if (is_over and not minute.changed) or at < newest - MOST_MINUTES * MINUTE_SECONDS:
                del self._minutes[at]

    # -- longer spans

    async def roll_up(self) -> None:
        """Puts together what is over, and deletes what is too old. Raises StoreUnavailable."""
        now = self._clock.now() // 1_000_000
        rolled = await self._roll(MINUTE_SECONDS, QUARTER_SECONDS, now)
        if rolled:
            await self._roll(QUARTER_SECONDS, DAY_SECONDS, now)
            for step, kept in KEPT_SECONDS.items():
                await self._prune(step, now - kept)

    async def _roll(self, finer: int, step: int, now: int) -> bool:
        """Whether anything was put together."""
        bounds = await self._store.history_ends(finer)
        if bounds is None:
            return False
        first, last = bounds
        done = await self._store.history_ends(step)
        start = first // step * step if done is None else max(done[1] + step, first // step * step)
        spans = set(range(start, min(last, now - LATE_SECONDS - step) // step * step + step, step)) | self._again[step]
        rolled = False
        for at in sorted(span for span in spans if span + step + LATE_SECONDS <= now):
            rows = await self._store.history_of_all(finer, at, at + step)
            if rows:
                await self._store.save_history(rolled_up(rows, step, at))
                rolled = True
            self._again[step].discard(at)
        return rolled

    async def _prune(self, step: int, before: int) -> None:
        bounds = await self._store.history_ends(step)
        if bounds is not None and bounds[0] < before:
            await self._store.prune_history(step, min(before, bounds[0] + max(step, MOST_PRUNED_SECONDS)))
