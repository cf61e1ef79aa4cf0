"""A server that may post to this machine, and a web app there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.app.handlers.receiver import Receiver
from tests.app.server import Server


@pytest.fixture
async def server(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(http_allow="127.0.0.0/8") as server:
        yield server


@pytest.fixture
async def app() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver
