"""Fixtures of the in-process tests."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.app.clock import HandClock
from tests.app.server import Server
from tests.support.postgres import Postgres

FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing here waits for real time, so what takes long hangs."""
    for item in items:
        here = item.path.is_relative_to(FOLDER) and "server" in getattr(item, "fixturenames", ())
        if here and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(60))


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Lines with plain tracebacks: a pretty one of a bug that a test makes on purpose takes seconds."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(["event"])]
    )


@pytest.fixture
def data(tmp_path: Path, empty_database: Path) -> Path:
    """A data folder, migrated."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(empty_database, folder / "jobs.db")
    return folder


@pytest.fixture
async def clock() -> AsyncIterator[HandClock]:
    clock = HandClock()
    loop = asyncio.get_running_loop()
    clock.drive(loop)
    yield clock
    clock.let_go(loop)


@pytest.fixture
def store_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """`TEST_STORE=postgres` runs every test here on PostgreSQL."""
    if os.environ.get("TEST_STORE") != "postgres":
        return {}
    postgres: Postgres = request.getfixturevalue("postgres")
    return {"database_url": postgres.url(postgres.borrow(request.getfixturevalue("empty_postgres")))}


@pytest.fixture
async def server(
    data: Path, clock: HandClock, store_settings: dict[str, Any], request: pytest.FixtureRequest
) -> AsyncIterator[Server]:
    """Settings by `@pytest.mark.parametrize("server", [{...}], indirect=True)`."""
    async with Server(data, clock, **store_settings, **getattr(request, "param", {})) as server:
        yield server


@pytest.fixture
def serve(data: Path, clock: HandClock, store_settings: dict[str, Any]) -> Callable[..., Server]:
    """Makes a server with other settings, for `async with`."""

    def make(**settings: Any) -> Server:
        return Server(data, clock, **store_settings, **settings)

    return make
