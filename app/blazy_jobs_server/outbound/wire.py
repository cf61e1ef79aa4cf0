"""One connection: one request at a time, each with a reader for its answer."""

from __future__ import annotations

import asyncio
import select
import ssl
from typing import Any

from blazy_jobs_server.outbound.reading import BROKEN, AnswerReader
from blazy_jobs_server.ports.outbound import Answer, NoConnection, ProtocolBroken, SendFailed

TURN_BYTES = 16 * 1024
"""Of what may cost a lot for each byte, as heads and chunks: between two such pieces others have their turn."""
OTHER_NAME = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH, whose messages quote the name."""


class Wire(asyncio.Protocol):
    """It is read as it comes, and not at all while a piece waits for its turn: a peer that sends without end fills no
    memory. What comes while nothing was asked ends it."""

    def __init__(self) -> None:
        self.ended = False
        self.born_at = self.idle_at = asyncio.get_running_loop().time()
        self._transport: Any = None
        self._poll = select.poll()
        self._reader: AnswerReader | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: SendFailed | TimeoutError | None = None
        self._held = b""
        self._cleanly: bool | None = None
        """How the peer ended it."""

    async def exchange(self, request: bytes, reader: AnswerReader, until: float | None = None) -> Answer:
        """The connection has ended afterwards, unless the next request may follow. Raises SendFailed, and TimeoutError
        at `until`, by the loop's clock."""
        if self.ended:
            raise ProtocolBroken(BROKEN)
        loop = asyncio.get_running_loop()
        self._reader, self._failure = reader, None
        self._waiter = loop.create_future()
        timer = None if until is None else loop.call_at(until, self._fail, TimeoutError())
        done = False
        try:
            self._transport.write(request)
            await self._waiter
            done = reader.keep and not self.ended and not self._transport.get_write_buffer_size()
        finally:
            self._reader = self._waiter = None
            if timer is not None:
                timer.cancel()
            if not done:
                self.close()
        if self._failure is not None:
            raise self._failure
        assert reader.answer is not None
        return reader.answer

    async def encrypt(self, context: ssl.SSLContext, name: str) -> None:
        """Raises NoConnection."""
        loop = asyncio.get_running_loop()
        try:
            self._transport = await loop.start_tls(self._transport, self, context, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            reason = "it is for another name" if error.verify_code in OTHER_NAME else error.verify_message
            raise NoConnection(f"The certificate was not accepted: {reason}.") from None
        except (ssl.SSLError, OSError):
            raise NoConnection("The TLS handshake failed.") from None

    @property
    def is_usable(self) -> bool:
        """Nothing has come, nor its end, not even to the system."""
        return not self.ended and not self._poll.poll(0)

    def close(self) -> None:
        self.ended = True
        self._held = b""
        if self._transport is not None:
            self._transport.abort()

    # -- from the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()
        elif self._held:
            self._held += data
        else:
            self._read(data)

    def eof_received(self) -> bool:
        self._end(cleanly=True)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._end(cleanly=False)

    # -- reading

    def _read(self, data: bytes) -> None:
        reader = self._reader
        assert reader is not None
        rest = b""
        if len(data) > TURN_BYTES and reader.is_costly:
            data, rest = data[:TURN_BYTES], data[TURN_BYTES:]
        try:
            reader.feed(data)
        except SendFailed as failure:
            self._fail(failure)
            return
        was_held, self._held = bool(self._held), b""
        if reader.answer is not None:
            reader.keep = reader.keep and not rest
            self._wake()
        elif rest:
            self._wait_for_turn(rest, paused=was_held)
            return
        elif was_held and self._cleanly is not None:
            self._tell_end()
        if was_held and not self.ended:
            self._transport.resume_reading()

    def _wait_for_turn(self, rest: bytes, *, paused: bool) -> None:
        self._held = rest
        if not paused:
            self._transport.pause_reading()
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._held and self._waiter is not None and not self._waiter.done():
            self._read(self._held)

    def _end(self, *, cleanly: bool) -> None:
        self.ended = True
        if self._cleanly is None:
            self._cleanly = cleanly
            if not self._held:
                self._tell_end()

    def _tell_end(self) -> None:
        if self._reader is None or self._waiter is None or self._waiter.done():
            return
        try:
            self._reader.end(cleanly=bool(self._cleanly))
        except SendFailed as failure:
            self._fail(failure)
        else:
            self._wake()

    def _fail(self, failure: SendFailed | TimeoutError) -> None:
        self._failure = failure
        self.close()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
