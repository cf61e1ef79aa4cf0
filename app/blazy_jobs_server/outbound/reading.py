"""An answer, read as it comes. llhttp, in its strict mode, says what is HTTP; here is what of that is accepted.

What two readers might take in two ways is refused: no length and chunks together, no second length, no transfer coding
but chunked, no folded line, no line that ends without CR LF.
"""

from __future__ import annotations

import httptools

from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    HeadTooLarge,
    ProtocolBroken,
    SendFailed,
)

MAX_HEAD_BYTES = 64 * 1024
"""Of all that is not body: the head, those of interim answers before it (1xx), chunk extensions and trailers."""
MAX_CHUNKS = 65_536
CHUNK_BYTES = 16
"""What each chunk may add to that: its size, and two ends of lines."""
BROKEN = "The connection ended before the answer did, or the answer is not HTTP."
_BEGINNING = b"HTTP/1."
_WITHOUT_BODY = (204, 304)


class _Enough(Exception):
    """Stops the parser."""


class AnswerReader:
    """Until there is an `answer`, or SendFailed. Of a 2xx alone a body that is too large or encoded is a failure: of
    others the status is what counts, and their body is left out then.

    `keep`: the connection is in a state in which the next answer can follow. A reader is for one answer: the parser
    would tell of the last trailer among the headers of the next.
    """

    __slots__ = (
        *("_beginning", "_body", "_chunked", "_chunks", "_failure", "_fields", "_headers", "_in_head", "_most"),
        *("_not_body", "_parser", "_self_delimited", "_status", "answer", "keep"),
    )

    def __init__(self, most: int) -> None:
        """`most`: bytes of the body."""
        self.answer: Answer | None = None
        self.keep = False
        self._most = most
        self._in_head = True
        self._beginning = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._chunks = 0
        self._chunked = False
        self._self_delimited = False
        self._not_body = 0
        self._failure: SendFailed | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    @property
    def is_costly(self) -> bool:
        """What comes now may cost a lot for each byte."""
        return self._in_head or self._chunked

    def feed(self, data: bytes) -> None:
        """Raises SendFailed."""
        if self._in_head:
            if len(self._beginning) < len(_BEGINNING):
                self._begin(data)
            room = MAX_HEAD_BYTES - self._not_body
            if len(data) > room:
                self._parse(data[:room])
                data = data[room:]
        self._parse(data)

    def end(self, *, cleanly: bool) -> None:
        """The connection has ended; `cleanly` where the peer said so, which over TLS takes a closure alert (RFC 9112,
        9.8). Raises SendFailed."""
        if not cleanly or self._in_head or self._self_delimited:
            raise ProtocolBroken(BROKEN)
        self._conclude(bytes(self._body))

    def _begin(self, data: bytes) -> None:
        """llhttp knows two more protocols by their first letters, and passes over empty lines."""
        self._beginning += data[: len(_BEGINNING) - len(self._beginning)]
        if not _BEGINNING.startswith(self._beginning):
            raise ProtocolBroken(BROKEN)

    def _parse(self, data: bytes) -> None:
        if self._parser is None:  # the answer is there
            self.keep = False
            return
        self._not_body += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._failure is not None:
                raise self._failure from None
            if self.answer is None:
                raise ProtocolBroken(BROKEN) from None
            self.keep = False  # it is about what came after the answer
        if self.answer is None:
            self._check_size()
        if self.answer is not None:
            self._parser = None

    def _check_size(self) -> None:
        if self._in_head:
            if self._not_body >= MAX_HEAD_BYTES:
                raise HeadTooLarge(f"The head of the answer has more than {MAX_HEAD_BYTES} bytes.")
        elif self._not_body > MAX_HEAD_BYTES + CHUNK_BYTES * self._chunks:
            self._leave_out(AnswerTooLarge(f"The answer has more than {MAX_HEAD_BYTES} bytes beside its body."))
            if self._failure is not None:
                raise self._failure

    def _conclude(self, body: bytes) -> None:
        self.answer = Answer(self._status, self._headers, body)

    def _leave_out(self, failure: AnswerEncoded | AnswerTooLarge) -> None:
        """The rest of the body is not read."""
        self.keep = False
        if 200 <= self._status < 300:
            self._failure = failure
        else:
            self._conclude(b"")

    def _refuse(self, failure: SendFailed) -> _Enough:
        self._failure = failure
        return _Enough()

    # -- from the parser

    def on_message_begin(self) -> None:
        if self.answer is not None:
            raise _Enough

    def on_status(self, reason: bytes) -> None:
        if b"\0" in reason:  # the one control character that llhttp lets through
            raise self._refuse(ProtocolBroken(BROKEN))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status, version = self._parser.get_status_code(), self._parser.get_http_version()
        headers = _joined(self._fields)
        framed = "transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != ""
        if status < 100 or status == 101 or version not in ("1.1", "1.0") or (status < 200 and framed):
            raise self._refuse(ProtocolBroken(BROKEN))
        if status < 200:
            self._fields.clear()
            return
        self._status, self._headers = status, headers
        self._in_head = False
        self._head_read(version, framed=framed)

    def _head_read(self, version: str, *, framed: bool) -> None:
        assert self._parser is not None
        headers = self._headers
        coding = headers.get("transfer-encoding")
        if coding is not None and (coding.lower() != "chunked" or version == "1.0"):
            raise self._refuse(ProtocolBroken(BROKEN))
        without_body = self._status in _WITHOUT_BODY
        self._chunked = coding is not None and not without_body
        self._self_delimited = coding is not None or "content-length" in headers or without_body
        self.keep = self._parser.should_keep_alive() and not (without_body and framed)
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            self._leave_out(AnswerEncoded("The answer has a content coding, though none was accepted."))
        elif not without_body and int(headers.get("content-length", "0")) > self._most:
            self._leave_out(self._too_large())
        if self._failure is not None or self.answer is not None:
            raise _Enough

    def _too_large(self) -> AnswerTooLarge:
        return AnswerTooLarge(f"The answer's body has more than {self._most} bytes.")

    def on_chunk_header(self) -> None:
        self._chunks += 1
        if self._chunks > MAX_CHUNKS:
            self._stop_reading()

    def on_body(self, data: bytes) -> None:
        self._not_body -= len(data)
        self._body += data
        if len(self._body) > self._most:
            self._stop_reading()

    def _stop_reading(self) -> None:
        self._leave_out(self._too_large())
        raise _Enough

    def on_message_complete(self) -> None:
        if not self._in_head and self.answer is None:  # else it is an interim answer, or one that is left out
            self._conclude(bytes(self._body))


class TunnelReader(AnswerReader):
    """Of what a proxy says to CONNECT: a head, and nothing after it, whatever that says of a body (RFC 9110, 9.3.6)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0)

    def feed(self, data: bytes) -> None:
        for index in range(len(data)):  # so that it is known where the head ends
            if self.answer is not None:
                self.keep = False
                return
            super().feed(data[index : index + 1])

    def _head_read(self, version: str, *, framed: bool) -> None:
        self._conclude(b"")
        self.keep = 200 <= self._status < 300


def _joined(fields: list[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        if name in found:
            repeated.setdefault(name, [found[name]]).append(value)
        else:
            found[name] = value
    for name, values in repeated.items():
        found[name] = ", ".join(values)
    return found
