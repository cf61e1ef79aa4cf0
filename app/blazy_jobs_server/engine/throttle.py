"""Progress and log lines, kept within bounds: a handler that floods them costs neither disk nor readers.

Progress is coalesced to ten events a second a run: the newest is always kept, at most 100 ms late, and written before
the final event. Log lines above a hundred a second are counted instead of kept. When they were written counts, not when
they arrive: those of a time without a server come all at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from blazy_jobs_server.ports import Clock, Completed, Report

PROGRESS_MICROSECONDS = 100_000
LINES_A_SECOND = 100
IDLE_MICROSECONDS = 60_000_000
AGAIN_SECONDS = 1.0


class _Flow:
    """What one lease has sent of late."""

    __slots__ = ("lines", "lines_since", "pending", "progress_at", "seen_at", "timer")

    def __init__(self, now: int) -> None:
        self.seen_at = now
        self.progress_at = 0
        self.pending: Report | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.lines_since = 0
        self.lines = 0


class _Place(NamedTuple):
    """What a report says whose it is: only the store knows whether that is true, so what is not never meets what is."""

    worker_id: int
    run_id: int
    attempt: int
    token: str


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
        # Earlier than a second before: the clock that dates them was set back, or another one dates them now.
        if not 0 <= at - flow.lines_since + 1_000_000 < 2_000_000:
            flow.lines_since, flow.lines = at, 0
        flow.lines += 1
        if flow.lines <= LINES_A_SECOND:
            return report
        return msgspec.structs.replace(_touch(report), dropped=1 + report.dropped)

    def forget_idle(self) -> None:
        """Flows of leases that ended without a last word here."""
        now = self._clock.now()
        for place, flow in list(self._flows.items()):
            if flow.pending is None and now - flow.seen_at > IDLE_MICROSECONDS:
                del self._flows[place]


def _place(worker_id: int, report: Report) -> _Place:
    return _Place(worker_id, report.run_id, report.attempt, report.token)


def _touch(report: Report) -> Report:
    """Proves the lease and renews it, and writes nothing."""
    return msgspec.structs.replace(report, kind="touch", data="null", dropped=0)
