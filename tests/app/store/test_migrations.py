"""Each earlier version's database, brought up to date with what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.json import encode
from msgspec.structs import replace
from sqlalchemy import Connection, create_engine, text

from blazy_jobs_server.domain.error_groups import group_of
from blazy_jobs_server.domain.run import Error
from blazy_jobs_server.ports import Store
from blazy_jobs_server.store.migrations import HEAD, VERSIONS, migrate, revision_of
from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.postgres.connecting import Database
from blazy_jobs_server.store.sqlite import SqliteStore
from tests.app.clock import HandClock
from tests.contract.stage import LEASE_SECONDS, Place, Stage
from tests.support.postgres import Postgres

EARLIER = sorted(path.name.partition("_")[0] for path in VERSIONS.glob("0*.py"))[:-1]


def fill(connection: Connection) -> None:
    """A job type with one run that waits and one that is finished, as the first version wrote them."""
    for statement in (
        "INSERT INTO job_type_versions (id, name, version, body) "
        """VALUES (1, 'greet', 1, '{"name":"greet","handler":{"kind":"worker"}}')""",
        "INSERT INTO job_types (name, definition_id, version, source, paused, retired, created_at, updated_at) "
        "VALUES ('greet', 1, 1, 'api', false, false, 1, 1)",
        "INSERT INTO queues (name, paused) VALUES ('default', false)",
        "INSERT INTO lanes (id, job_type, queue) VALUES (1, 'greet', 'default')",
        "INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, payload) "
        "VALUES (1024, 1, 1, 1, 0, 1, 1, 1, '{}')",
        "INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, attempt, claims, "
        "finished_at, result, payload) VALUES (1026, 1, 1, 4, 0, 1, 1, 3, 1, 1, 2, '7', '{}')",
        "INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, attempt, claims, "
        "finished_at, error, payload) VALUES (1032, 1, 1, 5, 0, 1, 1, 1, 1, 1, 2, "
        """'{"code":"handler_error","message":"no user 7","type":null,"traceback":null}', '{}')""",
        "INSERT INTO events (id, run_id, seq, type, state, attempt, time, data) "
        """VALUES (1025, 1024, 1, 0, 1, 0, 1, '{"due_at":"x"}'), (1027, 1026, 1, 0, 1, 0, 1, '{"due_at":"x"}'), """
        "(1028, 1026, 2, 1, 2, 1, 1, '{}'), (1029, 1026, 3, 7, 4, 1, 2, NULL), (1033, 1032, 1, 8, 5, 1, 2, NULL)",
        "INSERT INTO run_counts (lane_id, state, runs) VALUES (1, 1, 1), (1, 4, 1), (1, 5, 1)",
    ):
        connection.execute(text(statement.replace(":", "\\:")))


class Old:
    """Implements `stage.Place` on a database of an earlier version."""

    columns = False

    def __init__(self, store: Store) -> None:
        self._store = store

    def store(self, clock: object) -> Store:
        return self._store

    def as_after_a_crash(self) -> Place:
        raise NotImplementedError  # no test here crashes it


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


GROUPED = "0017"
"""From here on a run is stored with its group, so that there is nothing to bring up to date."""


async def works_on(stage: Stage, version: str) -> None:
    stage.types = {job_type.name: job_type for job_type in await stage.store.job_types()}
    failed, *others = await stage.all_runs()
    assert [(run.id, run.result) for run in others] == [(1026, "7"), (1024, None)]
    if version < GROUPED:
        assert failed.error_code == "handler_error"
        error = Error("handler_error", "no user 7")
        assert failed.error == encode(replace(error, group=group_of(error))).decode()
        assert failed.error_group == group_of(error)
    assert [event.seq for event in await stage.all_events()] == [1, 1, 2, 3, 1]
    [lease] = await stage.take()
    assert lease.id == 1024
    await stage.complete(lease)
    assert (await stage.run_of()).id > 1032
    assert sum((await stage.store.counts()).values()) == 4
    [told] = await stage.store.versions("greet")
    assert (told.created_at, told.created_by) == (stage.types["greet"].updated_at, None)


@pytest.mark.parametrize("version", EARLIER)
async def test_a_file_of_an_earlier_version_works_on(tmp_path: Path, clock: HandClock, version: str) -> None:
    path = tmp_path / "jobs.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, version)
        fill(connection)
    engine.dispose()
    stage = Stage(Old(SqliteStore(path, clock, lease_seconds=LEASE_SECONDS)), clock)
    await stage._open()
    try:
        await works_on(stage, version)
    finally:
        await stage.store.close()


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.url(postgres.new_database())


@pytest.mark.system
@pytest.mark.parametrize("version", EARLIER)
async def test_a_database_of_an_earlier_version_works_on(url: str, clock: HandClock, version: str) -> None:
    engine = Database(url).migrating_engine()
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: migrate(sync, version))
        await connection.run_sync(fill)
    await engine.dispose()
    stage = Stage(Old(PostgresStore(url, clock, lease_seconds=LEASE_SECONDS)), clock)
    await stage._open()
    try:
        await works_on(stage, version)
    finally:
        await stage.store.close()


@pytest.mark.system
async def test_the_last_version_is_the_one_that_is_made(url: str) -> None:
    engine = Database(url).migrating_engine()
    async with engine.begin() as connection:
        assert await connection.run_sync(revision_of) is None
        assert await connection.run_sync(migrate)
        assert not await connection.run_sync(migrate)
        assert await connection.run_sync(revision_of) == HEAD
    await engine.dispose()
