"""`client.config` asks the same of both clients, and applies once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from blazy_jobs import AsyncClient, Client
from blazy_jobs.errors import ConnectionFailed

DOCUMENT = {"owner": "x", "job_types": [{"name": "a", "handler": {"kind": "worker"}}]}
USES: list[tuple[Callable[[Any], Any], str, Any]] = [
    (lambda config: config.export(), "GET /v1/config", None),
    (lambda config: config.export(owner="x"), "GET /v1/config?owner=x", None),
    (lambda config: config.apply(DOCUMENT), "POST /v1/config/apply", DOCUMENT),
    (
        lambda config: config.apply(DOCUMENT, owner="y", prune=True),
        "POST /v1/config/apply",
        {**DOCUMENT, "owner": "y", "prune": True},
    ),
    (lambda config: config.diff(DOCUMENT), "POST /v1/config/apply?dry_run=true", DOCUMENT),
]


@pytest.mark.parametrize(("use", "wanted", "body"), USES)
def test_both_clients_ask_the_same(use: Callable[[Any], Any], wanted: str, body: Any) -> None:
    asked: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((f"{request.method} {request.url.raw_path.decode()}", json.loads(request.content or "null")))
        return httpx.Response(200, json={"changes": []})

    async def asynchronously() -> Any:
        async with AsyncClient("http://jobs", transport=httpx.MockTransport(answer)) as client:
            return await use(client.config)

    with Client("http://jobs", transport=httpx.MockTransport(answer)) as client:
        assert use(client.config) == {"changes": []}
    assert asyncio.run(asynchronously()) == {"changes": []}
    assert asked == [(wanted, body)] * 2


def test_what_may_have_been_applied_is_not_sent_again() -> None:
    asked: list[str] = []

    def lost(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ReadError("the answer is lost", request=request)

    with Client("http://jobs", transport=httpx.MockTransport(lost)) as client, pytest.raises(ConnectionFailed):
        client.config.apply(DOCUMENT)
    assert len(asked) == 1
