"""`client.webhooks` asks the same of both clients, and nothing is asked twice that gives out a secret."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from blazy_jobs import AsyncClient, Client
from blazy_jobs.errors import ApiError

Use = Callable[[Any], Any]
URL = "https://shop.example/hook"
USES: list[tuple[Use, str, Any]] = [
    (lambda w: w.list(), "GET /v1/webhooks", None),
    (lambda w: w.get("sh/op"), "GET /v1/webhooks/sh%2Fop", None),
    (
        lambda w: w.create("shop", URL, events=["run.failed"], job_types=["mail*"], include=["result"]),
        "POST /v1/webhooks",
        {"name": "shop", "url": URL, "events": ["run.failed"], "job_types": ["mail*"], "include": ["result"]},
    ),
    (
        lambda w: w.put("shop", URL, enabled=False),
        "PUT /v1/webhooks/shop",
        {"name": "shop", "url": URL, "enabled": False},
    ),
    (lambda w: w.change("shop", queues=None), "PATCH /v1/webhooks/shop", {"queues": None}),
    (lambda w: w.delete("shop"), "DELETE /v1/webhooks/shop", None),
    (lambda w: w.rotate_secret("shop"), "POST /v1/webhooks/shop/secret/rotate", {}),
    (lambda w: w.rotate_secret("shop", overlap=5), "POST /v1/webhooks/shop/secret/rotate", {"overlap_seconds": 5}),
    (lambda w: w.forget_previous_secret("shop"), "DELETE /v1/webhooks/shop/secret/previous", None),
    (
        lambda w: w.deliveries("shop", state="failed", run_id="run_1"),
        "GET /v1/webhooks/shop/deliveries?state=failed&run_id=run_1",
        None,
    ),
    (lambda w: w.retry("shop", "evt_1"), "POST /v1/webhooks/shop/deliveries/evt_1/retry", None),
    (
        lambda w: w.recover("shop", datetime(2026, 1, 1, tzinfo=UTC)),
        "POST /v1/webhooks/shop/recover",
        {"since": "2026-01-01T00:00:00Z"},
    ),
    (lambda w: w.test("shop"), "POST /v1/webhooks/shop/test", None),
]


class Server(httpx.MockTransport):
    def __init__(self, status: int = 200) -> None:
        super().__init__(self._answer)
        self.status = status
        self.asked: list[tuple[str, Any]] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        url = (
            request.url.raw_path.decode().replace("limit=200&", "").replace("&limit=200", "").replace("?limit=200", "")
        )
        self.asked.append((f"{request.method} {url}", json.loads(request.content) if request.content else None))
        body = {"data": [{"name": "one"}], "next_cursor": None, "deliveries": 3, "name": "shop"}
        if self.status != 200:
            body = {"status": self.status, "code": "store_unavailable", "title": "t", "detail": "d", "type": "x"}
        return httpx.Response(self.status, json=body)


def answered(given: Any) -> Any:
    return list(given) if isinstance(given, Iterator) else given


async def answered_in_time(given: Any) -> Any:
    if isinstance(given, AsyncIterator):
        return [item async for item in given]
    return await given if inspect.isawaitable(given) else given


@pytest.mark.parametrize(("use", "asked", "body"), USES)
def test_both_ask_the_same(use: Use, asked: str, body: Any) -> None:
    one, other = Server(), Server()
    with Client("http://jobs", transport=one) as client:
        found = answered(use(client.webhooks))

    async def ask() -> Any:
        async with AsyncClient("http://jobs", transport=other) as client:
            return await answered_in_time(use(client.webhooks))

    assert asyncio.run(ask()) == found
    assert one.asked == other.asked == [(asked, body)]


def test_the_number_of_what_is_sent_again_is_told() -> None:
    with Client("http://jobs", transport=Server()) as client:
        assert client.webhooks.recover("shop", "2026-01-01T00:00:00Z") == 3
        with pytest.raises(ValueError, match="time zone"):
            client.webhooks.recover("shop", datetime(2026, 1, 1))  # noqa: DTZ001  # which is what is wrong


@pytest.mark.parametrize(
    "use",
    [
        lambda w: w.create("shop", URL),
        lambda w: w.rotate_secret("shop"),
        lambda w: w.test("shop"),
    ],
)
def test_what_gives_out_a_secret_or_sends_something_is_asked_once(use: Use) -> None:
    server = Server(503)
    with Client("http://jobs", transport=server) as client, pytest.raises(ApiError):
        use(client.webhooks)
    assert len(server.asked) == 1
