"""The digest: how everything stands, told at most once a second to whoever looks, however much happens.

One look a second makes one frame for all readers with the same sight, at a cost of job types times queues. Nothing is
looked at, and commits cost nothing here, while nobody reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import orjson
import structlog

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import ReadTimeout, StoreUnavailable
from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.domain.topics import Topic
from blazy_jobs_server.engine import digest
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.feed import Buffer, Feed, Source
from blazy_jobs_server.engine.frames import HEARTBEAT, OPENING, resumed_frame
from blazy_jobs_server.engine.incidents import Incidents
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import Membership
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.engine.projection import Projection
from blazy_jobs_server.engine.servers import Servers
from blazy_jobs_server.engine.sight import Sight
from blazy_jobs_server.engine.versions import PERSONAL, Personal, Versions, checksum
from blazy_jobs_server.ports import Clock, Commit, Elsewhere, Store
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup

log = structlog.get_logger("live")

SECONDS = 1.0
NEW_SECONDS = 600.0
"""For so long a group of errors is new."""
GROUPS_READ = 50
ALMOST = 0.95
"""Of a second: a look may come a little early."""


class View:
    """What readers with the same sight are shown."""

    __slots__ = ("block", "content", "errors_read", "groups", "number", "personal", "place", "read_at", "readers")

    def __init__(self) -> None:
        self.readers: dict[Buffer, tuple[int, float]] = {}
        """The number of the frame that each was shown, and when, by the loop's time."""
        self.number = 0
        self.content: object = None
        self.place = b""
        self.block = b""
        self.groups: list[ErrorGroup] = []
        """Those that failed last."""
        self.errors_read: tuple[int, int] | None = None
        """The numbers of failed and retrying runs as `groups` was read."""
        self.personal: dict[Topic, int] = {}
        self.read_at: dict[Topic, int] = {}
        """The numbers of the topics as `personal` was read."""


class Live:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        catalogue: Catalogue,
        feed: Feed,
        incidents: Incidents,
        membership: Membership,
        numbers: Numbers,
        projection: Projection,
        servers: Servers,
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._feed = feed
        self._incidents = incidents
        self._membership = membership
        self._numbers = numbers
        self._projection = projection
        self._servers = servers
        self._tasks = Tasks()
        self.versions = Versions(clock)
        self._personal = Personal(store, catalogue, membership)
        self._views: dict[Sight, View] = {}
        self._wake = asyncio.Event()
        self._oldest: dict[tuple[str, str], int] = {}
        self._place = 0
        self._moved_elsewhere = False
        self.server: Callable[[], str] = lambda: ""
        """This server's id."""

    def start(self) -> None:
        self._tasks.keep("digest", self._watch)

    async def stop(self) -> None:
        await self._tasks.stop()

    def on_commit(self, commit: Commit) -> None:
        if self._views:
            self.versions.on_commit(commit)

    def on_elsewhere(self, news: Elsewhere) -> None:
        if self._views:
            self.versions.on_elsewhere(news.topics, news.moved)
            self._moved_elsewhere = self._moved_elsewhere or news.moved != frozenset()

    def touch(self, topic: Topic) -> None:
        """Something of it has changed without a commit."""
        self.versions.touch(topic)

    # -- the streams

    def follow(
        self,
        sight: Sight,
        run_id: int | None = None,
        after: int = 0,
        ended: asyncio.Future[None] | None = None,
        *,
        reveals: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """Blocks of digests, and of the run's events after the number `after`; ends at shutdown, or when `ended` is
        done."""
        of_run = None if run_id is None else self._feed.source_of(run_id, reveals=reveals)
        opening = OPENING + resumed_frame(after) if after else OPENING
        return self._feed.follow(_Source(self, sight, of_run), after, opening, ended, reveals=reveals, endless=True)

    def join(self, sight: Sight, buffer: Buffer) -> None:
        if not self._views:
            self.versions.begin(self._numbers.counts)
        view = self._views.setdefault(sight, View())
        if buffer in view.readers:
            return
        if view.block:
            self._show(view, buffer)
        else:
            view.readers[buffer] = (0, 0.0)
            self._wake.set()

    def leave(self, sight: Sight, buffer: Buffer) -> None:
        view = self._views.get(sight)
        if view is not None:
            view.readers.pop(buffer, None)
            if not view.readers:
                del self._views[sight]

    @staticmethod
    def _show(view: View, buffer: Buffer) -> None:
        view.readers[buffer] = (view.number, asyncio.get_running_loop().time())
        buffer.show(view.place, view.block)

    # -- the look, once a second

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if self._views:
                await self._look()
                timer = loop.call_later(SECONDS, self._wake.set)
                await self._wake.wait()
                timer.cancel()
            else:
                await self._wake.wait()

    async def _look(self) -> None:
        trouble = ["store"] if self._incidents.store_is_failing else []
        try:
            await self._read()
        except StoreUnavailable:
            trouble = ["store"]
        if self._projection.configured and not self._projection.is_up:
            trouble.append("redis")
        self.versions.settle(self._numbers.counts)
        membership = self._membership
        known = digest.Known(
            counts=self._numbers.counts,
            oldest=self._oldest,
            recent=self._servers.recent(),
            members=membership.everyone(),
            versions=self.versions,
            servers=checksum(sorted(self._servers.ids())),
            paused=self._is_paused,
            served=membership.served,
            drains=membership.drains,
            trouble=trouble,
        )
        for sight, view in list(self._views.items()):
            await self._read_personal(sight, view)
            await self._read_errors(sight, view)
            self._make(known, sight, view)
            self._publish(view)

    async def _read(self) -> None:
        if self._moved_elsewhere:
            self._moved_elsewhere = False
            await self._numbers.load()
        await self._servers.look()
        waits = any(n > 0 and state is State.QUEUED for (_, _, state), n in self._numbers.counts.items())
        self._oldest = await self._store.oldest_due() if waits else {}

    def _is_paused(self, queue: str) -> bool:
        return self._catalogue.has_queue(queue) and self._catalogue.queue(queue).paused

    async def _read_personal(self, sight: Sight, view: View) -> None:
        if sight.within.is_everything:
            return
        at = {topic: self.versions.topic(topic) for topic in Topic if topic in PERSONAL}
        fresh = [topic for topic, version in at.items() if view.read_at.get(topic) != version]
        try:
            view.personal = await self._personal.read(sight.within, sum(fresh), view.personal)
        except StoreUnavailable:
            return  # it is read at the next look
        view.read_at = at

    async def _read_errors(self, sight: Sight, view: View) -> None:
        runs = self.versions.runs(sight.within)
        at = runs[State.FAILED], runs[State.RETRYING]
        if at == view.errors_read:
            return
        found: dict[str, ErrorGroup] = {}
        try:
            for state in (State.RETRYING, State.FAILED):
                where = ErrorFilter(state=state, within=sight.within)
                groups, _ = await self._store.error_groups(where, None, GROUPS_READ)
                for group in groups:
                    known = found.get(group.group)
                    found[group.group] = group if known is None or group.first_at < known.first_at else known
        except (StoreUnavailable, ReadTimeout):
            return  # they are read at the next look
        view.groups, view.errors_read = list(found.values()), at

    def _new(self, groups: list[ErrorGroup]) -> list[ErrorGroup]:
        since = self._clock.now() - int(NEW_SECONDS * 1_000_000)
        return sorted((g for g in groups if g.first_at >= since), key=lambda g: (-g.first_at, g.group))

    def _make(self, known: digest.Known, sight: Sight, view: View) -> None:
        found = digest.content(known, sight, view.personal, self._new(view.groups))
        text = orjson.dumps(found)
        if text != view.content:
            view.content = text
            view.number += 1
        now = self._clock.now()
        self._place = max(self._place + 1, now << COUNTER_BITS)
        head = orjson.dumps({"at": rfc3339(now), "server": self.server()})
        view.place = ids.encode(self._place).encode()
        view.block = b"event: digest\ndata: %b,%b\n\n" % (head[:-1], text[1:])

    def _publish(self, view: View) -> None:
        now = asyncio.get_running_loop().time()
        for buffer, (number, shown_at) in list(view.readers.items()):
            if number == 0 or (number != view.number and now - shown_at >= ALMOST * SECONDS):
                self._show(view, buffer)


class _Source:
    """Digests, and the events of one run where one is asked for."""

    caught_up = b""

    def __init__(self, live: Live, sight: Sight, of_run: Source | None) -> None:
        self._live = live
        self._sight = sight
        self._of_run = of_run
        self.gapless = of_run is not None

    async def load(self, at: int) -> tuple[bytes, int, bool]:
        if self._of_run is None:
            return b"", at, False
        blocks, reached, _ = await self._of_run.load(at)
        return blocks, reached, False

    def attach(self, buffer: Buffer) -> None:
        if self._of_run is not None:
            self._of_run.attach(buffer)
        self._live.join(self._sight, buffer)

    def detach(self, buffer: Buffer) -> None:
        if self._of_run is not None:
            self._of_run.detach(buffer)
        self._live.leave(self._sight, buffer)

    def idle(self, at: int) -> tuple[bytes, int]:
        return HEARTBEAT, at
