"""Events as JSON, and as blocks of an event stream (WHATWG HTML, section 9.2).

JSON escapes every control character, so a `data:` line cannot be broken by what a payload says.
"""

from __future__ import annotations

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
