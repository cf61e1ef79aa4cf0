"""The table of metrics in docs/monitoring.md has those that a live server gives, with their labels and kinds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.clock import HandClock
from tests.app.server import Server
from tests.docs.pages import MONITORING, rows
from tests.support.metrics import collected, some_of_everything
from tests.support.redis import free_port


@pytest.fixture
async def server(data: Path, clock: HandClock) -> AsyncIterator[Server]:
    """With a Redis, as far as it knows."""
    async with Server(data, clock, redis_url=f"redis://127.0.0.1:{free_port()}/0") as server:
        yield server


async def test_the_table_is_what_the_server_gives(server: Server) -> None:
    table = {}
    for name, kind, servers, text in rows(MONITORING, "Metric"):
        parts = re.fullmatch(r"`(\w+)(?:\{([\w,]+)\})?`", name)
        assert parts is not None, name
        table[parts[1]] = (kind, set(parts[2].split(",")) if parts[2] else set())
        assert servers in (("sum",) if kind != "gauge" else ("sum", "max", "min")), name
        assert text
    await some_of_everything(server)
    assert table == await collected(server)
