"""Events as JSON, and as blocks of an event stream (WHATWG HTML, section 9.2).

JSON escapes every control character, so a `data:` line cannot be broken by what a payload says.
"""

from __future__ import annotations

from collections.abc import Callable

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.event import EVENT_NAMES, Event
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.run import STATE_NAMES

OPENING = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"
LIVE = b": live\n\n"
"""What is stored has been sent; from here on events come as they happen."""


SHARED_BYTES = 64 * 1024


class Joined:
    """Frames in one block, which is the same object for all streams that take the same frames one after the other: a
    thousand readers who are some events behind would else have a thousand copies of these at once."""

    def __init__(self) -> None:
        self._frames: list[tuple[int, bytes]] = []
        self._block = b""

    def block(self, frames: list[tuple[int, bytes]]) -> bytes:
        """`frames` with their numbers; the list is kept."""
        if len(frames) == 1:
            return frames[0][1]
        if frames == self._frames:
            return self._block
        block = b"".join(frame for _, frame in frames)
        if len(block) <= SHARED_BYTES:
            self._frames, self._block = frames, block
        return block


def event_json(event: Event) -> str:
    # Names of job types and queues are plain ASCII by their pattern, and need no escaping.
    return (
        f'{{"id":"{ids.event_id(event.id)}","seq":{event.seq},"type":"{EVENT_NAMES[event.type]}",'
        f'"time":"{rfc3339(event.time)}","run_id":"{ids.run_id(event.run_id)}","job_type":"{event.job_type}",'
        f'"queue":"{event.queue}","state":"{STATE_NAMES[event.state]}","attempt":{event.attempt},"data":{event.data}}}'
    )


class Frames:
    """An event's blocks, each made when the first stream asks for it."""

    __slots__ = ("_event", "_in_feed", "_in_run", "_json")

    def __init__(self, event: Event) -> None:
        self._event = event
        self._json: str | None = None
        self._in_run: tuple[int, bytes] | None = None
        self._in_feed: tuple[int, bytes] | None = None

    def in_run(self) -> tuple[int, bytes]:
        """That of the run's stream, with its number there."""
        if self._in_run is None:
            self._in_run = (self._event.seq, run_frame(self._event, self._text()))
        return self._in_run

    def in_feed(self) -> tuple[int, bytes]:
        """That of the stream of all runs, with its number there."""
        if self._in_feed is None:
            self._in_feed = (self._event.id, feed_frame(self._event, self._text()))
        return self._in_feed

    def _text(self) -> str:
        if self._json is None:
            self._json = event_json(self._event)
        return self._json


class Rendered:
    """An event for all its readers: as it is, and, where something of it is hidden, as the others are shown it."""

    __slots__ = ("_event", "_hidden", "_shown", "_whole")

    def __init__(self, event: Event, shown: Callable[[Event], Event]) -> None:
        self._event = event
        self._shown = shown
        self._whole = Frames(event)
        self._hidden: Frames | None = None

    def seen(self, reveals: bool) -> Frames:
        if reveals:
            return self._whole
        if self._hidden is None:
            shown = self._shown(self._event)
            self._hidden = self._whole if shown is self._event else Frames(shown)
        return self._hidden


def run_frame(event: Event, json: str) -> bytes:
    """A block of one run's stream: its id is the event's number."""
    return f"id: {event.seq}\nevent: {EVENT_NAMES[event.type]}\ndata: {json}\n\n".encode()


def resumed_frame(seq: int) -> bytes:
    """The place of a reader of one run's stream; dispatches nothing, for it has no data."""
    return f"id: {seq}\n\n".encode()


def feed_frame(event: Event, json: str) -> bytes:
    """A block of the stream of all runs: its id is the place in the order of commits."""
    return f"id: {ids.encode(event.id)}\nevent: {EVENT_NAMES[event.type]}\ndata: {json}\n\n".encode()


def place_frame(key: int) -> bytes:
    """Moves the reader's place and dispatches nothing, for it has no data."""
    return f": still here\nid: {ids.encode(key)}\n\n".encode()
