"""For all tests: a real PostgreSQL, started where one asks for it, and the environment of what they start."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_timeout
from hypothesis import HealthCheck, settings

from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.sqlite import SqliteStore
from tests.app.clock import HandClock
from tests.support.postgres import Postgres
from tests.support.speed import stretched

# What tests start by the hundred compiles each module once, not each time: a third of a server's start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# A shell ignores it for what it starts in the background, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Hypothesis measures how long an example takes, and on a busy machine any takes long.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# What is imported and collected stays to the end: no garbage collection need look through it, now or later.
gc.disable()

_started: list[Postgres] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of a release run where they are asked for, by `-m release` or the name of their file."""
    if "release" in config.option.markexpr:
        return
    named = {(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args}
    left_out = [item for item in items if item.get_closest_marker("release") and item.path not in named]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: pytest_timeout.Settings) -> object:
    """What takes two minutes hangs, but not where others want the processors too."""
    return pytest_timeout.pytest_timeout_set_timer(item, settings._replace(timeout=stretched(settings.timeout)))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # A vacuum's transaction holds the events of all runs back for a moment, and tests read them at once.
    server = Postgres(settings=("autovacuum=off",))
    _started.append(server)
    yield server
    _started.remove(server)
    server.close()


@pytest.fixture(autouse=True)
def _databases_are_given_back() -> Iterator[None]:
    """After all other fixtures of the test."""
    yield
    for server in _started:
        server.take_back()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without a row, to be copied: migrating each test's own would be most of its time."""
    path = tmp_path_factory.mktemp("empty") / "jobs.db"

    async def make() -> None:
        store = SqliteStore(path, HandClock(), lease_seconds=15)
        await store.open()
        await store.close()

    asyncio.run(make())
    return path


@pytest.fixture(scope="session")
def empty_postgres(postgres: Postgres) -> str:
    """The name of a migrated database without a row."""
    name = postgres.new_database()

    async def make() -> None:
        store = PostgresStore(postgres.url(name), HandClock(), lease_seconds=15)
        await store.open()
        await store.close()

    asyncio.run(make())
    return name
