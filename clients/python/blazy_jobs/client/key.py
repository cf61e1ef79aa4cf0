"""The key in a request's header."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from blazy_jobs.address import ApiKey


class KeyAuth(httpx.Auth):
    """With each request the key of that moment; a refused request is sent again where the key is another one now."""

    def __init__(self, key: ApiKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sent = self._key.text()
        if sent is None or "Authorization" in request.headers:
            yield request
            return
        request.headers["Authorization"] = f"Bearer {sent}"
        response = yield request
        now = self._key.text()
        if response.status_code == 401 and now is not None and now != sent:
            request.headers["Authorization"] = f"Bearer {now}"
            yield request
