"""The connections of one command. Streams are the client's own business, but a person who watches wants to know when
the line is broken, and a script wants an end to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast

import httpx

from blazy_jobs.errors import ConnectionFailed

LOST_SECONDS = 60.0
"""How long a stream may be lost before the command gives up."""
LIVE = b"\n: live\n"
"""The comment that the server sends where what is stored ends."""
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
        self.until_live = False
        """Whether a stream ends (CaughtUp) where all that is stored has been read."""

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
            self._opened(response)
        return response

    def _opened(self, response: httpx.Response) -> None:
        if self._lost_at is not None:
            self._lost_at = None
            self.say(f"connected to {self._url} again")
        if self.until_live:
            response.stream = _UntilLive(response.stream)

    def _lost(self, why: str) -> None:
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            self.say(f"lost {self._url} ({why}); trying again")
        elif now - self._lost_at > LOST_SECONDS:
            raise ConnectionFailed(f"{self._url}: lost for {LOST_SECONDS:.0f} s: {why}")

    def close(self) -> None:
        self._inner.close()


class _UntilLive(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream | httpx.AsyncByteStream) -> None:
        self._inner = cast(httpx.SyncByteStream, inner)

    def __iter__(self) -> Iterator[bytes]:
        last = b"\n"
        for chunk in self._inner:
            before, live, _ = (last + chunk).partition(LIVE)
            if live:
                yield before[len(last) :] + b"\n"
                raise CaughtUp
            yield chunk
            last = (last + chunk)[-len(LIVE) :]

    def close(self) -> None:
        self._inner.close()
