"""Endpoints of others that the server posts to, each as the test lets it answer: `ports.outbound.Sender`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import orjson

from blazy_jobs_server.domain import destination
from blazy_jobs_server.ports.outbound import Answer, DestinationBlocked
from tests.app.waiting import until

SOON = 10.0


class Post(NamedTuple):
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_seconds: float

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answering = Callable[[Post], Awaitable[int | Answer]]


class Endpoints:
    """All answer 204 unless `answers` says otherwise, by their URL: with a status, an answer, an exception, or what a
    function makes of the request. `posts` are the requests in the order of their beginnings."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: dict[str, int | Answer | Exception | Answering] = {}
        self.blocked: set[str] = set()

    async def check(self, url: str) -> None:
        destination.parse(url)
        if url in self.blocked:
            raise DestinationBlocked("blocked")

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float, max_body_bytes: int
    ) -> Answer:
        post = Post(url, dict(headers), body, timeout_seconds)
        self.posts.append(post)
        answer = self.answers.get(url, 204)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = await answer(post)
        return Answer(answer, {}, b"") if isinstance(answer, int) else answer

    async def close(self) -> None:
        pass

    async def got(self, number: int, url: str | None = None) -> list[Post]:
        """So many requests, as soon as they are there."""
        found: list[Post] = await until(
            lambda: [post for post in self.posts if url in (None, post.url)], lambda found: len(found) >= number
        )
        return found
