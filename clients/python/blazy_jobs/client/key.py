"""The key in a request's header."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator

import httpx

from blazy_jobs.address import ApiKey

PATIENT_SECONDS = 5.0
"""How long a key that was good is waited for to be another one in its file: a server ends the old one before somebody
can have written the new one there."""
LOOK_SECONDS = 0.1


class KeyAuth(httpx.Auth):
    """With each request the key of that moment; a refused request is sent again where the key is another one now, or
    soon is in its file."""

    def __init__(self, key: ApiKey) -> None:
        self._key = key
        self._was_good = False

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sent = self._attach(request)
        until = self._refused_until((yield request), sent)
        while until is not None:
            if self._attach(request) != sent:
                yield request
                return
            if time.monotonic() >= until:
                return
            time.sleep(LOOK_SECONDS)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        sent = self._attach(request)
        until = self._refused_until((yield request), sent)
        while until is not None:
            if self._attach(request) != sent:
                yield request
                return
            if time.monotonic() >= until:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _attach(self, request: httpx.Request) -> str | None:
        """The key that goes with it; None where it has one of its own, or there is none."""
        if "Authorization" in request.headers and "blazy_jobs.key" not in request.extensions:
            return None
        key = self._key.text()
        if key is not None:
            request.headers["Authorization"] = f"Bearer {key}"
            request.extensions["blazy_jobs.key"] = True
        return key

    def _refused_until(self, response: httpx.Response, sent: str | None) -> float | None:
        """Until when another key is looked for; None: no longer."""
        if response.status_code != 401 or sent is None:
            self._was_good = self._was_good or sent is not None
            return None
        return time.monotonic() + (PATIENT_SECONDS if self._was_good and self._key.in_file else 0.0)
