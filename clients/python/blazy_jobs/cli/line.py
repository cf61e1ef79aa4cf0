"""The connections of one command. Streams are the client's own business, but a person who watches wants to know when
the line is broken, and a script wants an end to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import cast

import httpx

from blazy_jobs.errors import ConnectionFailed

LOST_SECONDS = 60.0
"""How long a stream may be lost before the command gives up."""
_PASSING = (429, 502, 503, 504)


class CaughtUp(Exception):
    """A stream that was to be read only as far as it goes has nothing more to say."""


class Line(httpx.BaseTransport):
    """Under the client. `say` gets a sentence when a stream is lost, and when it is back."""

    def __init__(
        self, secure: bool, url: str, socket_path: str | None = None, inner: httpx.BaseTransport | None = None
    ) -> None:
        # Reading all certificates takes 60 ms, and nobody shows one to http://
        self._inner = inner or httpx.HTTPTransport(verify=secure, uds=socket_path)
        self._url = url
        self._lost_at: float | None = None
        self.say: Callable[[str], None] = lambda _: None
        self.silence_seconds: float | None = None
        """A silence as long as this is the end of a stream (CaughtUp). None: there is no end."""
        self.opened_at: datetime | None = None
        """The server's time when the stream was opened, to the second."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.extensions.get("stream"):
            return self._inner.handle_request(request)
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._lost(str(error) or type(error).__name__)
            raise
        if response.status_code in _PASSING:
            self._lost(f"{response.status_code} {response.reason_phrase}")
        elif response.status_code == 200:
            self._opened(request, response)
        return response

    def _opened(self, request: httpx.Request, response: httpx.Response) -> None:
        if self._lost_at is not None:
            self._lost_at = None
            self.say(f"connected to {self._url} again")
        if self.silence_seconds is not None:
            # The limit of each further read of this answer: the headers had the usual one.
            request.extensions["timeout"]["read"] = self.silence_seconds
            response.stream = _UntilSilent(response.stream)
        date = response.headers.get("Date")
        self.opened_at = self.opened_at or (parsedate_to_datetime(date) if date else None)

    def _lost(self, why: str) -> None:
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            self.say(f"lost {self._url} ({why}); trying again")
        elif now - self._lost_at > LOST_SECONDS:
            raise ConnectionFailed(f"{self._url}: lost for {LOST_SECONDS:.0f} s: {why}")

    def close(self) -> None:
        self._inner.close()


class _UntilSilent(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream | httpx.AsyncByteStream) -> None:
        self._inner = cast(httpx.SyncByteStream, inner)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._inner
        except httpx.ReadTimeout:
            raise CaughtUp from None

    def close(self) -> None:
        self._inner.close()
