"""Event streams: what a follower has read, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import httpx
import orjson

from blazy_jobs.client.answers import problem_of, retry_after
from blazy_jobs.client.tries import Backoff
from blazy_jobs.client.waiting import Deadline

T = TypeVar("T")
STREAM_SILENCE_SECONDS = 45.0
"""A stream sends at least a comment every 15 seconds."""


class EventLines:
    """Reads `text/event-stream` as browsers do: bytes in, (id, data) of each event out."""

    def __init__(self, last_id: str = "") -> None:
        self._buffer = b""
        self._data: list[bytes] = []
        self.last_id = last_id
        """Of the last block, which need not have been an event."""
        self._id = last_id

    def feed(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        *lines, self._buffer = (self._buffer + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if line:
                self._field(line)
                continue
            self.last_id = self._id
            data, self._data = self._data, []
            if data:
                yield self.last_id, b"\n".join(data)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"id" and b"\x00" not in value:
            self._id = value.decode()


class Following(Generic[T]):
    """Where a follower is: what it asks for next, and which events are new to it. `read` makes an event of its data and
    its cursor."""

    def __init__(
        self,
        path: str,
        params: Mapping[str, Any],
        cursor: str | None,
        what: str,
        seconds: float | None,
        read: Callable[[Any, str], T],
    ) -> None:
        self._read = read
        self.path = path
        self.params = dict(params)
        self.cursor = cursor
        self.deadline = Deadline(seconds, what)
        self.backoff = Backoff()
        self.ended = False
        self._lines = EventLines()

    def headers(self) -> dict[str, str]:
        """For a new connection, which begins after the last event that was read whole."""
        self._lines = EventLines(self.cursor or "")
        resume = {"Last-Event-ID": self.cursor} if self.cursor else {}
        return {"Accept": "text/event-stream", **resume}

    def limits(self) -> dict[str, float]:
        """Of one read, so that a silent connection is given up and the deadline is kept."""
        read = self.deadline.left(STREAM_SILENCE_SECONDS)
        return {"connect": min(read, 5.0), "write": 5.0, "pool": 5.0, "read": read}

    def feed(self, chunk: bytes) -> Iterator[T]:
        for cursor, data in self._lines.feed(chunk):
            event = self._read(orjson.loads(data), cursor)
            self.cursor = cursor
            self.backoff = Backoff()
            yield event
        self.cursor = self._lines.last_id or self.cursor

    def refused(self, response: httpx.Response) -> float | None:
        """Of an answer that is no stream: seconds until the next try; None when all has been read. Raises ApiError."""
        if response.status_code == 204:
            self.ended = True
            return None
        if response.status_code in (429, 502, 503, 504):
            return self.pause(retry_after(response))
        raise problem_of(response)

    def pause(self, asked_seconds: float | None = None) -> float:
        return self.deadline.left(self.backoff.next(asked_seconds))
