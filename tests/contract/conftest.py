"""The implementations of `ports.Store`, each of which every test here is run against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stage import Place, PostgresPlace, SqlitePlace, Stage
from tests.support.postgres import Postgres

NewPlace = Callable[[Path], Place]
BY_COLUMNS = "by columns"


def _places(*ways: str) -> list[Any]:
    """Parameters, of each of which `place_of` makes a place."""
    names = [f"{name} {way}".strip() for name in ("sqlite", "postgres") for way in ways]
    return [pytest.param(name, marks=[pytest.mark.system] * name.startswith("postgres")) for name in names]


def place_of(request: pytest.FixtureRequest) -> NewPlace:
    """Makes an empty place in a folder that is the test's own."""
    columns = request.param.endswith(BY_COLUMNS)
    if request.param.startswith("postgres"):
        server: Postgres = request.getfixturevalue("postgres")
        database: str = request.getfixturevalue("empty_postgres")
        return lambda folder: PostgresPlace(server, database, columns)
    empty: Path = request.getfixturevalue("empty_database")
    return lambda folder: SqlitePlace(folder / "data", empty, columns)


@pytest.fixture(params=_places("", BY_COLUMNS))
def new_place(request: pytest.FixtureRequest) -> NewPlace:
    return place_of(request)


@pytest.fixture(params=_places(BY_COLUMNS))
def new_place_by_columns(request: pytest.FixtureRequest) -> NewPlace:
    return place_of(request)


@pytest.fixture
async def stage(tmp_path: Path, new_place: NewPlace) -> AsyncIterator[Stage]:
    """A store with one job type, `greet`."""
    async with Stage(new_place(tmp_path)) as stage:
        await stage.define("greet")
        yield stage
