"""What servers on one database say of themselves: each tells it once a second, and knows what the others told.

Where a server has the database for itself, it is the only one.
"""

from __future__ import annotations

import heapq
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from blazy_jobs_server.domain.durations import quantile
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.engine.feed import Feed
from blazy_jobs_server.engine.loop import LoopLag
from blazy_jobs_server.engine.membership import Membership
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.engine.tally import Counts, Deed, Tally, add
from blazy_jobs_server.ports import Clock, Store

SILENT_SECONDS = 10.0
"""After so long without a word a server is taken for gone."""
MOST_LANES = 200
OTHER = ("_other", "_other")


class About(Struct, kw_only=True):
    """Of one server. `recent` and `last_minute`: what has happened there of late, and in the last minute, by job type
    and queue (`Deed`s in order)."""

    host: str
    pid: int
    version: str
    started_at: int
    draining: bool = False
    workers: int = 0
    streams: int = 0
    loop_lag_p99_seconds: float | None = None
    commits: int = 0
    requests: int = 0
    settings: dict[str, Any] = {}
    recent: list[tuple[str, str, list[int]]] = []
    last_minute: list[tuple[str, str, list[int]]] = []


class Heard(Struct, frozen=True):
    """A server, and when it last said something."""

    id: int
    seen_at: int
    about: About


class Servers:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        own_id: Callable[[], int],
        *,
        feed: Feed,
        loop_lag: LoopLag,
        membership: Membership,
        numbers: Numbers,
        tally: Tally,
        draining: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._own_id = own_id
        self._feed = feed
        self._loop_lag = loop_lag
        self._membership = membership
        self._numbers = numbers
        self._tally = tally
        self._draining = draining
        self._started_at = clock.now()
        self.version = ""
        self.settings: dict[str, Any] = {}
        """Those that are no secrets."""
        self._others: list[Heard] = []

    def start(self) -> None:
        self._started_at = self._clock.now()
        neighbours = self._store.neighbours
        if neighbours is not None:
            neighbours.about = lambda: msgspec.json.encode(self.about()).decode()

    def about(self) -> About:
        numbers = self._numbers
        return About(
            host=socket.gethostname(),
            pid=os.getpid(),
            version=self.version,
            started_at=self._started_at,
            draining=self._draining(),
            workers=len(self._membership.members()),
            streams=self._feed.open_streams,
            loop_lag_p99_seconds=quantile(self._loop_lag.seconds.buckets, 0.99),
            commits=sum(numbers.batch_sizes),
            requests=numbers.batched,
            settings=self.settings,
            recent=_largest(self._tally.recent()),
            last_minute=_largest(self._tally.last_minute()),
        )

    async def look(self) -> None:
        """Learns what the others have said. Raises StoreUnavailable."""
        neighbours = self._store.neighbours
        if neighbours is None:
            return
        since = self._clock.now() - int(SILENT_SECONDS * 1_000_000)
        self._others = [
            Heard(server, seen_at, msgspec.json.decode(about, type=About))
            for server, seen_at, about in await neighbours.servers(since)
            if server != neighbours.server and about is not None
        ]

    async def try_to_look(self) -> None:
        """As `look`; without the database, what was known stays."""
        try:
            await self.look()
        except StoreUnavailable:
            return

    def everyone(self) -> list[Heard]:
        """This server first, as of the last look."""
        return [Heard(self._own_id(), self._clock.now(), self.about()), *self._others]

    def ids(self) -> list[int]:
        return [self._own_id(), *(heard.id for heard in self._others)]

    def recent(self) -> Counts:
        """What has happened of late on all of them."""
        return _sum(self._tally.recent(), (heard.about.recent for heard in self._others))

    def last_minute(self) -> Counts:
        """What has happened in the last minute on all of them."""
        return _sum(self._tally.last_minute(), (heard.about.last_minute for heard in self._others))


def _sum(own: Counts, others: Iterable[list[tuple[str, str, list[int]]]]) -> Counts:
    total = own.copy()
    for listed in others:
        add(total, {(job_type, queue): counts for job_type, queue, counts in listed})
    return total


def _largest(counts: Counts) -> list[tuple[str, str, list[int]]]:
    listed = heapq.nlargest(MOST_LANES, counts.items(), key=lambda item: sum(item[1]))
    if len(listed) < len(counts):
        rest: Counts = {OTHER: [0] * len(Deed)}
        shown = dict(listed)
        for lane, numbers in counts.items():
            if lane not in shown:
                add(rest, {OTHER: numbers})
        listed += rest.items()
    return [(*lane, numbers) for lane, numbers in listed]
