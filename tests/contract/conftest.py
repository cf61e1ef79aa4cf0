"""The implementations of `ports.Store`, each of which every test here is run against."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.app.clock import HandClock
from tests.contract.stage import Place, PostgresPlace, SqlitePlace, Stage
from tests.support.postgres import Postgres

NewPlace = Callable[[Path], Place]


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without a row."""
    folder = tmp_path_factory.mktemp("empty") / "data"

    async def make() -> None:
        store = SqlitePlace(folder, None).store(HandClock())
        await store.open()
        await store.close()

    asyncio.run(make())
    return folder / "jobs.db"


@pytest.fixture(params=["sqlite", "sqlite by columns", pytest.param("postgres", marks=pytest.mark.system)])
def new_place(request: pytest.FixtureRequest) -> NewPlace:
    """Makes an empty place in a folder that is the test's own."""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        database: str = request.getfixturevalue("empty_postgres")
        return lambda folder: PostgresPlace(server, database)
    empty: Path = request.getfixturevalue("empty_sqlite")
    columns = request.param == "sqlite by columns"
    return lambda folder: SqlitePlace(folder / "data", empty, columns)


@pytest.fixture
async def stage(tmp_path: Path, new_place: NewPlace) -> AsyncIterator[Stage]:
    """A store with one job type, `greet`."""
    async with Stage(new_place(tmp_path)) as stage:
        await stage.define("greet")
        yield stage
