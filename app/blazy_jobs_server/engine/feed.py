"""The event streams: replayed from the store, then live, with no gap and no repeat at the seam.

Each event is encoded once for all who read it. A reader has a bounded buffer; one that overflows it is served from the
store again, from where it stands, so a slow reader costs neither memory nor events.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Protocol

from blazy_jobs_server.domain.event import Event, EventColumn
from blazy_jobs_server.engine.frames import (
    HEARTBEAT,
    LIVE,
    OPENING,
    Joined,
    Rendered,
    event_json,
    feed_frame,
    place_frame,
    resumed_frame,
    run_frame,
)
from blazy_jobs_server.ports import EventFilter, Store

BUFFER_BYTES = 256 * 1024
PAGE = 500
HEARTBEAT_SECONDS = 15.0


class Buffer:
    """The live end of one stream: frames wait here until the reader takes them."""

    __slots__ = (
        "_beside",
        "_bytes",
        "_endless",
        "_frames",
        "_joined",
        "_wake",
        "at",
        "closed",
        "ended",
        "gapless",
        "overflowed",
        "reveals",
    )

    def __init__(self, joined: Joined, *, gapless: bool, reveals: bool, endless: bool = False) -> None:
        """`gapless`: its frames are numbered one after the other, so that a missing one is seen. `reveals`: its reader
        is shown what is redacted for others. `endless`: the stream goes on after a final event."""
        self._endless = endless
        self._beside: tuple[bytes, bytes] | None = None
        self.reveals = reveals
        self._joined = joined
        self.gapless = gapless
        self.at = 0
        """The reader has all up to here."""
        self._frames: list[tuple[int, bytes]] = []
        self._bytes = 0
        self._wake: asyncio.Future[None] | None = None
        self.overflowed = False
        self.ended = False
        """The final event is among the frames."""
        self.closed = False

    def reset(self) -> None:
        self._frames.clear()
        self._bytes = 0
        self.overflowed = self.ended = False

    def put(self, numbered: tuple[int, bytes], final: bool = False) -> None:
        """A frame with its number, in one object for all that get it."""
        if self.overflowed:
            return
        size = len(numbered[1])
        if self._frames and self._bytes + size > BUFFER_BYTES:
            self.overflow()
            return
        self._frames.append(numbered)
        self._bytes += size
        self.ended = self.ended or (final and not self._endless)
        self._notify()

    def show(self, place: bytes, block: bytes) -> None:
        """A block beside the events, in place of one that was not taken yet. `place` is its id where the events have
        none of their own."""
        self._beside = (place, block)
        self._notify()

    def take_beside(self) -> bytes:
        """What was shown last, with its id: the reader's place among the events, where these have one."""
        if self._beside is None:
            return b""
        (place, block), self._beside = self._beside, None
        return b"id: %b\n%b" % (b"%d" % self.at if self.gapless else place, block)

    def close(self) -> None:
        self.closed = True
        self._notify()

    def _notify(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def take(self, after: int) -> tuple[bytes, int]:
        """All frames with a greater number than `after`, and the greatest number. Where one in between is missing, it
        counts as overflowed: the store has it."""
        if not self._frames:
            return b"", after
        frames, self._frames, self._bytes = self._frames, [], 0
        fresh = frames if frames[0][0] > after else [frame for frame in frames if frame[0] > after]
        last = fresh[-1][0] if fresh else after
        if self.gapless and [number for number, _ in fresh] != list(range(after + 1, after + 1 + len(fresh))):
            self.overflow()
            return b"", after
        return (self._joined.block(fresh) if fresh else b""), last

    def overflow(self) -> None:
        """What is to come is read from the store again, from where the reader stands."""
        self._frames.clear()
        self._bytes = 0
        self.ended = False
        self.overflowed = True
        self._notify()

    async def wait(self, seconds: float) -> bool:
        """Until something is here, or for so long: whether something is here."""
        if self._is_woken():
            return True
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        timer = loop.call_later(seconds, self._notify)
        try:
            await self._wake
        finally:
            timer.cancel()
            self._wake = None
        return self._is_woken()

    def _is_woken(self) -> bool:
        return bool(self._frames) or self._beside is not None or self.overflowed or self.closed


class Source(Protocol):
    """What a stream follows: where its events are stored, and where it gets them live."""

    gapless: bool
    caught_up: bytes
    """What to send when all has been read that was stored as the stream began."""

    async def load(self, at: int) -> tuple[bytes, int, bool]:
        """The next blocks after the place `at`, the place reached, and whether none will follow."""
        ...

    def attach(self, buffer: Buffer) -> None: ...
    def detach(self, buffer: Buffer) -> None: ...
    def idle(self, at: int) -> tuple[bytes, int]:
        """What to send when nothing has happened for a while, and the place reached."""
        ...


class Feed:
    def __init__(self, store: Store, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._store = store
        self._heartbeat = heartbeat_seconds
        self._by_run: dict[int, set[Buffer]] = {}
        self._readers: dict[Buffer, EventFilter] = {}
        self._streams: set[Buffer] = set()
        self._waiters: dict[int, set[asyncio.Future[None]]] = {}
        self._joined = Joined()
        self.newest = 0
        """The key of the newest event published."""
        self.closed = False
        self.overflows = {"run": 0, "all": 0}
        """Streams of one run and of all whose reader fell behind, and was served from the store again."""
        self.shown: Callable[[Event], Event] = lambda event: event
        """An event as those are shown it to whom not all is revealed; the same one where nothing of it is hidden."""

    @property
    def open_streams(self) -> int:
        return len(self._streams)

    def close(self) -> None:
        """All streams end, and nobody waits for a run any more: clients come back to the next server.

        A stream that is asked for from now on says where it begins, and ends. To an EventSource a refusal would be
        final; after an end it comes back, until the next server is there.
        """
        self.closed = True
        for buffer in self._streams:
            buffer.close()
        for futures in self._waiters.values():
            for future in futures:
                _wake(future)

    # -- from the store's commits

    def publish(self, events: list[Event | EventColumn]) -> None:
        """All that this server commits, in the order of commits."""
        to_readers = self._store.neighbours is None
        if events and to_readers:
            self.newest = events[-1].last_id
        if self._by_run or self._waiters or (self._readers and to_readers):
            for event in events:
                if isinstance(event, EventColumn):
                    self._publish_column(event, to_readers)
                else:
                    self._publish(event, to_readers=to_readers)

    def _publish_column(self, column: EventColumn, to_readers: bool) -> None:
        """Of runs that nobody reads or waits for, no event is made."""
        if to_readers and self._readers:
            for event in column.events():
                self._publish(event, to_readers=True)
            return
        followed = self.followed()
        if not followed.isdisjoint(column.run_ids):
            for place, run_id in enumerate(column.run_ids):
                if run_id in followed:
                    self._publish(column.event(place), to_readers=False)

    def publish_feed(self, events: list[Event], reached: int) -> None:
        """What all servers commit, in the order of keys."""
        self.newest = max(self.newest, reached)
        for event in events:
            self._publish_to_readers(event, Rendered(event, self.shown))

    def _publish(self, event: Event, *, to_readers: bool) -> None:
        buffers = self._by_run.get(event.run_id)
        if buffers or (to_readers and self._readers):
            rendered = Rendered(event, self.shown)
            for buffer in buffers or ():
                buffer.put(rendered.seen(buffer.reveals).in_run(), event.final)
            if to_readers:
                self._publish_to_readers(event, rendered)
        if event.final:
            for future in self._waiters.get(event.run_id, ()):
                _wake(future)

    def _publish_to_readers(self, event: Event, rendered: Rendered) -> None:
        for buffer, where in self._readers.items():
            if where.admits(event):
                buffer.put(rendered.seen(buffer.reveals).in_feed())

    # -- from other servers

    def tear_feed(self) -> None:
        """Readers of all runs read from the store again."""
        for buffer in self._readers:
            buffer.overflow()

    def followed(self) -> set[int]:
        """The runs that anybody here reads along or waits for."""
        return self._by_run.keys() | self._waiters.keys()

    def look_again(self, run_ids: Iterable[int]) -> None:
        """These runs may have changed elsewhere."""
        for run_id in run_ids:
            for buffer in self._by_run.get(run_id, ()):
                buffer.overflow()
            for future in self._waiters.get(run_id, ()):
                _wake(future)

    def look_again_at(self, standing: dict[int, tuple[int, bool]], asked: Iterable[int]) -> None:
        """Of the runs asked for, those have so many events, and are final or not; the rest are gone."""
        for run_id in asked:
            last, final = standing.get(run_id, (None, True))
            for buffer in self._by_run.get(run_id, ()):
                if last is None or last > buffer.at:
                    buffer.overflow()
            if final:
                for future in self._waiters.get(run_id, ()):
                    _wake(future)

    # -- waiting for a run

    def wanted(self, run_id: int) -> asyncio.Future[None]:
        """Done when the run may have become final, or at shutdown. Ask for it before reading the run, so that no end
        falls between the two, and give it back with `unwanted`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.closed:
            future.set_result(None)
        self._waiters.setdefault(run_id, set()).add(future)
        return future

    def unwanted(self, run_id: int, future: asyncio.Future[None]) -> None:
        futures = self._waiters.get(run_id)
        if futures is not None:
            futures.discard(future)
            if not futures:
                del self._waiters[run_id]

    # -- the streams

    def follow_run(
        self, run_id: int, after: int, ended: asyncio.Future[None] | None = None, *, reveals: bool = True
    ) -> AsyncGenerator[bytes, None]:
        """Blocks of the run's stream after the event number `after`; ends after the final event, or when `ended` is
        done.

        Who resumes is told its place again: some clients take the block that has the time to reconnect only for one
        with an empty id, and would begin anew after a stream that had no more than that.
        """
        opening = OPENING + resumed_frame(after) if after else OPENING
        return self.follow(self.source_of(run_id, reveals=reveals), after, opening, ended, reveals=reveals)

    def source_of(self, run_id: int, *, reveals: bool) -> Source:
        """The events of a run."""
        return _RunSource(self._store, self._by_run, run_id, self.as_seen(reveals))

    def follow_all(
        self, where: EventFilter, after: int, ended: asyncio.Future[None] | None = None, *, reveals: bool = True
    ) -> AsyncGenerator[bytes, None]:
        """Blocks of the stream of all runs after the event key `after`; ends at shutdown, or when `ended` is done.

        It says its place at once: a reader that is cut before the first event comes back to where it began.
        """
        source = _FeedSource(self._store, self._readers, where, self, self.as_seen(reveals))
        return self.follow(source, after, OPENING + place_frame(after), ended, reveals=reveals)

    def as_seen(self, reveals: bool) -> Callable[[Event], Event]:
        return (lambda event: event) if reveals else self.shown

    async def follow(
        self,
        source: Source,
        at: int,
        opening: bytes,
        ended: asyncio.Future[None] | None,
        *,
        reveals: bool,
        endless: bool = False,
    ) -> AsyncGenerator[bytes, None]:
        """Blocks of what the source has after the place `at`, first of all `opening`. `endless` as of a `Buffer`."""
        buffer = Buffer(self._joined, gapless=source.gapless, reveals=reveals, endless=endless)
        caught_up = source.caught_up
        self._streams.add(buffer)
        close: Callable[[object], None] = lambda _: buffer.close()  # noqa: E731  # to be taken back by its name
        if ended is not None:
            ended.add_done_callback(close)
        try:
            yield opening
            while not (buffer.closed or self.closed):
                # Attached first, then read until nothing more is there: what commits meanwhile is in one or both.
                buffer.reset()
                source.attach(buffer)
                while not (buffer.closed or self.closed):
                    blocks, reached, whole = await source.load(at)
                    if blocks:
                        yield blocks
                    if whole:
                        return
                    if reached == at:
                        break
                    buffer.at = at = reached
                buffer.at = at
                if caught_up and not self.closed:
                    yield caught_up
                    caught_up = b""
                while not buffer.overflowed:
                    woken = await buffer.wait(self._heartbeat)
                    if buffer.overflowed:
                        break
                    blocks, at = buffer.take(at) if woken else source.idle(at)
                    buffer.at = at
                    beside = buffer.take_beside()
                    if blocks or beside:
                        yield blocks + beside if beside else blocks
                    if buffer.ended or buffer.closed:
                        return
                self.overflows["run" if source.gapless else "all"] += 1
        finally:
            if ended is not None:
                ended.remove_done_callback(close)
            source.detach(buffer)
            self._streams.discard(buffer)


class _RunSource:
    gapless = True
    caught_up = b""

    def __init__(
        self, store: Store, by_run: dict[int, set[Buffer]], run_id: int, as_seen: Callable[[Event], Event]
    ) -> None:
        self._as_seen = as_seen
        self._store = store
        self._by_run = by_run
        self._run_id = run_id

    async def load(self, at: int) -> tuple[bytes, int, bool]:
        events = await self._store.events(self._run_id, at, PAGE)
        if not events:
            # Erased, or past its retention, before this reader had read it all: no final event will come.
            return b"", at, await self._store.run(self._run_id) is None
        blocks = b"".join(run_frame(event, event_json(self._as_seen(event))) for event in events)
        return blocks, events[-1].seq, events[-1].final

    def attach(self, buffer: Buffer) -> None:
        self._by_run.setdefault(self._run_id, set()).add(buffer)

    def detach(self, buffer: Buffer) -> None:
        buffers = self._by_run.get(self._run_id)
        if buffers is not None:
            buffers.discard(buffer)
            if not buffers:
                del self._by_run[self._run_id]

    def idle(self, at: int) -> tuple[bytes, int]:
        return HEARTBEAT, at


class _FeedSource:
    gapless = False
    caught_up = LIVE

    def __init__(
        self,
        store: Store,
        readers: dict[Buffer, EventFilter],
        where: EventFilter,
        feed: Feed,
        as_seen: Callable[[Event], Event],
    ) -> None:
        self._as_seen = as_seen
        self._store = store
        self._readers = readers
        self._where = where
        self._feed = feed

    async def load(self, at: int) -> tuple[bytes, int, bool]:
        events, reached = await self._store.feed(at, self._where, PAGE)
        if events:
            frames = [feed_frame(event, event_json(self._as_seen(event))) for event in events]
            return b"".join(frames), reached, False
        return (place_frame(reached) if reached != at else b""), reached, False

    def attach(self, buffer: Buffer) -> None:
        self._readers[buffer] = self._where
        self._follow()

    def detach(self, buffer: Buffer) -> None:
        self._readers.pop(buffer, None)
        self._follow()

    def _follow(self) -> None:
        if self._store.neighbours is not None:
            self._store.neighbours.follow_feed(bool(self._readers))

    def idle(self, at: int) -> tuple[bytes, int]:
        # All that was published up to now was offered to this reader, and not let through.
        reached = max(at, self._feed.newest)
        return place_frame(reached), reached


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
