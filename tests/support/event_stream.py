"""Reads `text/event-stream` as a browser does: by the parsing rules of the WHATWG HTML standard (9.2.6), to the letter.

Lenient readers hide servers' mistakes, so this one keeps every oddity: a byte order mark is dropped once, CR, LF and
CRLF end a line, an id with U+0000 is ignored, an event without data is not dispatched but its id counts, and what is
unfinished at the end of the stream is thrown away.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One dispatched event. `last_event_id` is the stream's at that moment, whether or not this event set it."""

    type: str
    data: str
    last_event_id: str


class EventStreamDecoder:
    """Fed with bytes as they come, cut anywhere. One for each connection; hand `last_event_id` to the next."""

    def __init__(self, last_event_id: str = "") -> None:
        self.last_event_id = last_event_id
        self.retry_milliseconds: int | None = None
        self.comments = 0
        self._id = last_event_id
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True
        self._after_cr = False
        self._line: list[str] = []
        self._data: list[str] = []
        self._type = ""

    def feed(self, chunk: bytes) -> list[Message]:
        text = self._text.decode(chunk)
        if self._at_start and text:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        messages: list[Message] = []
        for line in self._lines(text):
            message = self._line_ends(line)
            if message is not None:
                messages.append(message)
        return messages

    def _lines(self, text: str) -> list[str]:
        if self._after_cr and text:
            self._after_cr = False
            text = text.removeprefix("\n")
        lines: list[str] = []
        start = 0
        while True:
            cr, lf = text.find("\r", start), text.find("\n", start)
            end = lf if cr < 0 else cr if lf < 0 else min(cr, lf)
            if end < 0:
                break
            lines.append("".join([*self._line, text[start:end]]))
            self._line.clear()
            start = end + 1
            if end == cr:
                if start == len(text):
                    self._after_cr = True
                elif text[start] == "\n":
                    start += 1
        if start < len(text):
            self._line.append(text[start:])
        return lines

    def _line_ends(self, line: str) -> Message | None:
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            self.comments += 1
            return None
        name, _, value = line.partition(":")
        self._field(name, value.removeprefix(" "))
        return None

    def _field(self, name: str, value: str) -> None:
        if name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_milliseconds = int(value)

    def _dispatch(self) -> Message | None:
        self.last_event_id = self._id
        # The standard's data buffer is every value plus a line feed, so one empty `data` line is not "no data".
        dispatched = bool(self._data)
        message = Message(self._type or "message", "\n".join(self._data), self._id)
        self._data.clear()
        self._type = ""
        return message if dispatched else None
