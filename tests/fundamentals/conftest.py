from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.app.conftest import clock, data, server, store_settings
from tests.app.server import Server

__all__ = ["clock", "data", "server", "store_settings"]

PassTime = Callable[[float], Awaitable[None]]


@pytest.fixture
def jobs(server: Server) -> httpx.AsyncClient:
    """Speaks to a server of the test's own."""
    return server.http


@pytest.fixture
def pass_time(server: Server) -> PassTime:
    return server.live
