"""JOBS_API_KEY_FILE: the key in it goes with each request, also after it was replaced under a running client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from blazy_jobs import ApiError, AsyncClient, Client
from blazy_jobs.client import key

Ask = Callable[[], object]


class Guard:
    """Answers whoever brings the key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.refused = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") == f"Bearer {self.key}":
            return httpx.Response(200, json={"name": "greet"})
        self.refused += 1
        return httpx.Response(401, json={"code": "unauthorized", "detail": "no"})


def asks(kind: str, guard: Guard) -> Ask:
    transport = httpx.MockTransport(guard)
    if kind == "sync":
        client = Client("http://jobs", transport=transport)
        return lambda: client.job_types.get("greet")["name"]
    other = AsyncClient("http://jobs", transport=transport)

    async def ask() -> object:
        return (await other.job_types.get("greet"))["name"]

    return lambda: asyncio.run(ask())


def put(path: Path, text: str) -> None:
    """In one step, as a mounted secret is replaced."""
    path.with_suffix(".new").write_text(text)
    os.replace(path.with_suffix(".new"), path)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_replaced_key_is_used_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = tmp_path / "key"
    put(path, "old\n")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(path))
    guard = Guard("old")
    ask = asks(kind, guard)
    assert ask() == "greet"
    guard.key = "new"
    monkeypatch.setattr(key, "PATIENT_SECONDS", 0.0)
    with pytest.raises(ApiError, match="unauthorized"):
        ask()
    put(path, "new\n")
    refused = guard.refused
    assert ask() == "greet"
    assert guard.refused == refused
    put(path, "")
    assert ask() == "greet", "a file that is empty for a moment does not take the key away"


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_key_that_is_replaced_while_the_request_is_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "key"
    put(path, "old")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(path))

    class Rotating(Guard):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            answer = super().__call__(request)
            put(path, "new")
            return answer

    guard = Rotating("new")
    assert asks(kind, guard)() == "greet"
    assert guard.refused == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_good_key_that_ends_before_its_file_has_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "key"
    put(path, "old")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(path))
    looks = []

    def look(sleep: Callable[[float], object], seconds: float) -> object:
        looks.append(seconds)
        if len(looks) == 3:
            put(path, "new")
        return sleep(0)

    monkeypatch.setattr(key.time, "sleep", partial(look, lambda seconds: None))
    monkeypatch.setattr(key.asyncio, "sleep", partial(look, asyncio.sleep))
    guard = Guard("old")
    ask = asks(kind, guard)
    assert ask() == "greet"
    guard.key = "new"
    assert ask() == "greet"
    assert (guard.refused, len(looks)) == (1, 3)
    monkeypatch.setattr(key, "PATIENT_SECONDS", 0.0)
    guard.key = "gone"
    with pytest.raises(ApiError, match="unauthorized"):
        ask()


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize("text", [None, " \n"])
def test_a_file_without_a_key_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], object], text: str | None
) -> None:
    path = tmp_path / "no-key"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(path))
    with pytest.raises(ValueError, match=r"JOBS_API_KEY_FILE.*no-key"):
        make()


def test_the_key_itself_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("JOBS_API_KEY", "secret")
    guard = Guard("secret")
    assert asks("sync", guard)() == "greet"
