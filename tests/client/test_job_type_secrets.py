"""The signing secret of an HTTP handler is rotated by both clients alike."""

from __future__ import annotations

import json

import httpx
import pytest
from blazy_jobs import AsyncClient, Client
from blazy_jobs.errors import ApiError

SECRET = {"secret": "whsec_x", "previous_until": None}


def transport(asked: list[tuple[str, str, object]], status: int = 200) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path, json.loads(request.content or "null")))
        if request.method == "DELETE":
            return httpx.Response(204)
        return httpx.Response(status, json=SECRET if status == 200 else {"code": "too_busy", "detail": "x"})

    return httpx.MockTransport(answer)


def test_a_secret_is_rotated() -> None:
    asked: list[tuple[str, str, object]] = []
    with Client("http://jobs.example", transport=transport(asked)) as client:
        assert client.job_types.rotate_secret("mail", overlap=60) == SECRET
        assert client.job_types.rotate_secret("mail") == SECRET
        client.job_types.forget_previous_secret("mail")
    path = "/v1/job-types/mail/secret"
    rotated = [("POST", f"{path}/rotate", {"overlap_seconds": 60}), ("POST", f"{path}/rotate", {})]
    assert asked == [*rotated, ("DELETE", f"{path}/previous", None)]


async def test_a_secret_is_rotated_by_the_other_client() -> None:
    asked: list[tuple[str, str, object]] = []
    async with AsyncClient("http://jobs.example", transport=transport(asked)) as client:
        assert await client.job_types.rotate_secret("mail", overlap=60) == SECRET
        await client.job_types.forget_previous_secret("mail")
    assert [method for method, _, _ in asked] == ["POST", "DELETE"]


def test_a_rotation_is_sent_once() -> None:
    asked: list[tuple[str, str, object]] = []
    with Client("http://jobs.example", transport=transport(asked, 503)) as client, pytest.raises(ApiError):
        client.job_types.rotate_secret("mail")
    assert len(asked) == 1
