"""Progress and log lines, kept within bounds: a handler that floods them costs neither disk nor readers.

Progress is coalesced to ten events a second a run: the newest is always kept, at most 100 ms late, and written before
the final event. Log lines above a hundred a second are counted instead of kept. When they were written counts, not when
they arrive: those of a time without a server come all at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.instants import from_datetime
from blazy_jobs_server.ports import Clock, Completed, Judged, Report, Said

PROGRESS_MICROSECONDS = 100_000
LINES_A_SECOND = 100
IDLE_MICROSECONDS = 60_000_000
AGAIN_SECONDS = 1.0


class _Flow:
    """What one lease has sent of late."""

    __slots__ = ("lines", "lines_since", "pending", "progress_at", "said", "seen_at", "timer")

    def __init__(self, now: int) -> None:
        self.seen_at = now
        self.progress_at = 0
        self.pending: Report | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.lines_since = 0
        self.lines = 0
        self.said = 0
        """How many words came by columns."""

    def may_progress(self, now: int) -> bool:
        return self.pending is None and self.progress_at + PROGRESS_MICROSECONDS <= now

    def open_window(self, at: int) -> None:
        """A new second of lines, where the last one is over."""
        # Earlier than a second before: the clock that dates them was set back, or another one dates them now.
        if not 0 <= at - self.lines_since + 1_000_000 < 2_000_000:
            self.lines_since, self.lines = at, 0


class _Place(NamedTuple):
    """What a report says whose it is: only the store knows whether that is true, so what is not never meets what is."""

    worker_id: int
    run_id: int
    attempt: int
    token: str


class Heard(NamedTuple):
    """What came by columns: what may be written so, for each `Said`, and the words of other runs, which are admitted
    one by one. `repeated` is what to forget where it could not be written."""

    columns: list[Said]
    singles: list[Report]
    places: list[int]
    """Of each of the singles: the `Said` that it is of."""
    repeated: list[tuple[_Flow, int]]

    def answer(self, judged: Judged) -> Judged:
        """The answers to the singles, which stood before the reports, beside those to the columns."""
        if not self.singles:
            return judged
        said = [dict(answers) for answers in judged.said]
        for report, place, answer in zip(self.singles, self.places, judged.reported, strict=False):
            if not answer.is_plain:
                said[place][report.run_id] = answer
        return replace(judged, reported=judged.reported[len(self.singles) :], said=said)

    def forget(self) -> None:
        """It could not be written, and comes again."""
        for flow, said in reversed(self.repeated):
            flow.said = said


class Throttle:
    def __init__(self, clock: Clock, send: Callable[[int, Report], None]) -> None:
        """`send(worker_id, report)` writes a progress whose time has come."""
        self._clock = clock
        self._send = send
        self._flows: dict[_Place, _Flow] = {}

    def admit(self, worker_id: int, reports: Iterable[Report]) -> tuple[list[Report], list[int]]:
        """What to write, and for each report given the place of the written one that answers it."""
        written: list[Report] = []
        places: list[int] = []
        for report in reports:
            if report.kind == "progress":
                written.append(self._progress(worker_id, report))
            elif report.kind == "log":
                written.append(self._line(worker_id, report))
            else:
                flow = self._flows.pop(_place(worker_id, report), None) if self._flows else None
                if flow is not None and (late := self._take_pending(flow)) is not None:
                    written.append(late)
                written.append(report)
            places.append(len(written) - 1)
        return written, places

    def hear(self, worker_id: int, said: Sequence[Said], completed: Iterable[Completed]) -> Heard:
        """Of runs that say little, all is written by columns; of the others it is to be admitted as reports are."""
        heard = Heard([], [], [], [])
        run_ids = [run_id for item in said for run_id in item.run_ids]
        ends: dict[tuple[str, int], frozenset[int]] = {}
        if len(set(run_ids)) == len(run_ids) > 0:
            ends = {(item.token, item.attempt): frozenset(item.run_ids) for item in completed}
        loud: set[int] = set()
        for item in said:
            ending = ends.get((item.token, item.attempt), frozenset())
            if self._flows or loud or not _is_brief(item, ending):
                item = self._hear(worker_id, item, ending, loud, heard)
            heard.columns.append(item)
        return heard

    def _hear(self, worker_id: int, item: Said, ending: frozenset[int], loud: set[int], heard: Heard) -> Said:
        quiet = Said(item.token, item.attempt, [], [], [], [])
        now = self._clock.now()
        for index, (run_id, start, end) in enumerate(item.entries()):
            flow = self._flows.get(place := _Place(worker_id, run_id, item.attempt, item.token))
            if flow is None and not (run_id in ending and _says_little(item, start, end)):
                flow = self._flows[place] = _Flow(now)
            if flow is not None:
                flow.seen_at = now
                if item.before is not None:
                    before = item.before[index]
                    start = min(end, start + max(0, flow.said - before))
                    heard.repeated.append((flow, flow.said))
                    flow.said = max(flow.said, before + end - start)
                if run_id in loud or not _passes(flow, item, start, end):
                    loud.add(run_id)
                    reports = [item.report(run_id, word) for word in range(start, end)]
                    heard.singles.extend(reports)
                    heard.places.extend([len(heard.columns)] * len(reports))
                    continue
            quiet.run_ids.append(run_id)
            quiet.numbers.append(end - start)
            quiet.kinds.extend(item.kinds[start:end])
            quiet.data.extend(item.data[start:end])
        return quiet

    def end(self, worker_id: int, completed: Iterable[Completed]) -> list[Report]:
        """What these runs have still to say, to be written before their ends."""
        late: list[Report] = []
        if self._flows:
            for item in completed:
                for run_id in item.run_ids:
                    flow = self._flows.pop(_Place(worker_id, run_id, item.attempt, item.token), None)
                    if flow is not None and (pending := self._take_pending(flow)) is not None:
                        late.append(pending)
        return late

    def _flow(self, worker_id: int, report: Report) -> _Flow:
        now = self._clock.now()
        place = _place(worker_id, report)
        flow = self._flows.get(place)
        if flow is None:
            flow = self._flows[place] = _Flow(now)
        flow.seen_at = now
        return flow

    def _progress(self, worker_id: int, report: Report) -> Report:
        flow = self._flow(worker_id, report)
        wait = flow.progress_at + PROGRESS_MICROSECONDS - flow.seen_at
        if wait <= 0 and flow.pending is None:
            flow.progress_at = flow.seen_at
            return report
        flow.pending = report
        if flow.timer is None:
            loop = asyncio.get_running_loop()
            flow.timer = loop.call_later(max(wait, 0) / 1_000_000, self._due, _place(worker_id, report))
        return _touch(report)

    def _due(self, place: _Place) -> None:
        flow = self._flows.get(place)
        if flow is not None and (late := self._take_pending(flow)) is not None:
            flow.progress_at = self._clock.now()
            self._send(place.worker_id, late)

    def hold_back(self, worker_id: int, report: Report) -> None:
        """A progress from here that could not be written: tried again in a second, unless a newer one came."""
        flow = self._flow(worker_id, report)
        if flow.pending is None:
            flow.pending = report
            flow.timer = asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._due, _place(worker_id, report))

    @staticmethod
    def _take_pending(flow: _Flow) -> Report | None:
        late, flow.pending = flow.pending, None
        if flow.timer is not None:
            flow.timer.cancel()
            flow.timer = None
        return late

    def _line(self, worker_id: int, report: Report) -> Report:
        flow = self._flow(worker_id, report)
        at = flow.seen_at if report.written_at is None else report.written_at
        flow.open_window(at)
        flow.lines += 1
        if flow.lines <= LINES_A_SECOND:
            return report
        return replace(_touch(report), dropped=1 + report.dropped)

    def forget_idle(self) -> None:
        """Flows of leases that ended without a last word here."""
        now = self._clock.now()
        for place, flow in list(self._flows.items()):
            if flow.pending is None and now - flow.seen_at > IDLE_MICROSECONDS:
                del self._flows[place]


def _is_brief(item: Said, ending: frozenset[int]) -> bool:
    """Whether each of its runs says little, and ends with that."""
    return ending.issuperset(item.run_ids) and all(_says_little(item, start, end) for _, start, end in item.entries())


def _says_little(item: Said, start: int, end: int) -> bool:
    """What is within the bounds, whenever it was said."""
    if end - start > LINES_A_SECOND or (item.dropped and not item.dropped.keys().isdisjoint(range(start, end))):
        return False
    return item.kinds[start:end].count(EventType.PROGRESS) <= 1


def _passes(flow: _Flow, item: Said, start: int, end: int) -> bool:
    """Notes what a run says, where that is within the bounds."""
    if not _says_little(item, start, end):
        return False
    progress = EventType.PROGRESS in item.kinds[start:end]
    if progress and not flow.may_progress(flow.seen_at):
        return False
    since, lines = flow.lines_since, flow.lines
    for word in range(start, end):
        if item.kinds[word] is EventType.LOG:
            written_at = item.written_at[word] if item.written_at else None
            flow.open_window(flow.seen_at if written_at is None else from_datetime(written_at))
            flow.lines += 1
            if flow.lines > LINES_A_SECOND:
                flow.lines_since, flow.lines = since, lines
                return False
    if progress:
        flow.progress_at = flow.seen_at
    return True


def _place(worker_id: int, report: Report) -> _Place:
    return _Place(worker_id, report.run_id, report.attempt, report.token)


def _touch(report: Report) -> Report:
    """Proves the lease and renews it, and writes nothing."""
    return replace(report, kind="touch", data="null", dropped=0)
