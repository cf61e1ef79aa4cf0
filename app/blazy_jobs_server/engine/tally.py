"""What has happened of late, by job type and queue: told from the events of commits, second by second."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from enum import IntEnum

import msgspec

from blazy_jobs_server.domain.event import Event, EventColumn, EventType
from blazy_jobs_server.ports import Clock, Commit

RATE_SECONDS = 10
"""Over so long a rate is the mean."""
MINUTE_SECONDS = 60


class Deed(IntEnum):
    """What is counted."""

    STARTED = 0
    COMPLETED = 1
    FAILED = 2
    CANCELLED = 3
    RETRIED = 4
    """An attempt failed, and another one follows."""
    LOST = 5
    """A run was lost with its worker, whether it is tried again or has failed by it."""


FINAL = (Deed.COMPLETED, Deed.FAILED, Deed.CANCELLED)
DEED_NAMES = tuple(deed.name.lower() for deed in Deed)
_DEEDS = {
    EventType.STARTED: Deed.STARTED,
    EventType.COMPLETED: Deed.COMPLETED,
    EventType.FAILED: Deed.FAILED,
    EventType.CANCELLED: Deed.CANCELLED,
    EventType.RETRYING: Deed.RETRIED,
}
_COUNTED = [kind in _DEEDS or kind is EventType.INTERRUPTED for kind in EventType]
_DEED_OF = [_DEEDS.get(kind) for kind in EventType]
"""By the number of the event's type: looking a member up by its hash is slow."""

Lane = tuple[str, str]
"""A job type and a queue."""
Counts = dict[Lane, list[int]]
"""Of each lane, how many of each deed."""


class _Cause(msgspec.Struct):
    code: str = ""


class _Ending(msgspec.Struct):
    reason: str | None = None
    error: _Cause | None = None


_ending = msgspec.json.Decoder(_Ending)


class LastMinute:
    """What was counted in the last 60 seconds that are over."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, Counts]] = deque()
        self._total: Counts = {}

    def add(self, second: int, counts: Counts) -> None:
        self._seconds.append((second, counts))
        add(self._total, counts)
        self._forget(second)

    def total(self, second: int) -> Counts:
        """As of this second."""
        self._forget(second)
        return self._total.copy()

    def _forget(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - MINUTE_SECONDS:
            for lane, numbers in self._seconds.popleft()[1].items():
                left = [a - b for a, b in zip(self._total[lane], numbers, strict=True)]
                if any(left):
                    self._total[lane] = left
                else:
                    del self._total[lane]


class Tally:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recent: deque[tuple[int, Counts]] = deque()
        self._minute = LastMinute()
        self.on_second: Callable[[int, Counts], None] = lambda second, counts: None
        """Told once of each second (since the epoch) in which anything was counted, when it is over."""

    def on_commit(self, commit: Commit) -> None:
        counts: Counts | None = None
        for event in commit.events:
            kind = event.type
            if isinstance(kind, list) or not _COUNTED[kind]:
                continue
            if counts is None:
                counts = self._now()
            lane = (event.job_type, event.queue)
            known = counts.get(lane)
            if known is None:
                known = counts[lane] = [0] * len(Deed)
            _count(event, kind, known)

    def _now(self) -> Counts:
        second = self._clock.now() // 1_000_000
        if not self._recent or self._recent[-1][0] != second:
            self._finish()
            self._recent.append((second, {}))
            while self._recent[0][0] < second - RATE_SECONDS:
                self._recent.popleft()
        return self._recent[-1][1]

    def _finish(self) -> None:
        if self._recent and self._recent[-1][1]:
            self._minute.add(*self._recent[-1])
            self.on_second(*self._recent[-1])

    def tell(self) -> None:
        """`on_second` is told of what is counted by now, also of the second that is not over."""
        self._finish()
        if self._recent and self._recent[-1][1]:
            # What comes in the same second is counted anew, and is told by itself.
            second, counts = self._recent[-1]
            self._recent[-1] = (second, {})
            self._recent.insert(len(self._recent) - 1, (second, counts))

    def recent(self) -> Counts:
        """All of the last `RATE_SECONDS`, up to now."""
        since = self._clock.now() // 1_000_000 - RATE_SECONDS
        total: Counts = {}
        for second, counts in self._recent:
            if second > since:
                add(total, counts)
        return total

    def last_minute(self) -> Counts:
        """All of the last 60 seconds, up to now."""
        now = self._clock.now() // 1_000_000
        total = self._minute.total(now)
        if self._recent and self._recent[-1][0] > now - MINUTE_SECONDS:
            add(total, self._recent[-1][1])
        return total


def add(total: Counts, counts: Counts) -> None:
    for lane, numbers in counts.items():
        known = total.get(lane)
        total[lane] = list(numbers) if known is None else [a + b for a, b in zip(known, numbers, strict=True)]


def _count(event: Event | EventColumn, kind: EventType, counts: list[int]) -> None:
    number = len(event.run_ids) if isinstance(event, EventColumn) else 1
    deed = _DEED_OF[kind]
    if deed is not None:
        counts[deed] += number
    if kind is EventType.INTERRUPTED or kind is EventType.FAILED:
        data = event.data if isinstance(event.data, list) else [event.data]
        lost = Counter(map(_is_loss, data))[True]
        counts[Deed.LOST] += lost if isinstance(event.data, list) else lost * number


def _is_loss(data: str) -> bool:
    ending = _ending.decode(data)
    return ending.reason == "lost" or (ending.error is not None and ending.error.code == "lease_lost")
