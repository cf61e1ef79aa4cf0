"""Addresses of PostgreSQL, as libpq reads them, and databases that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazy_jobs_server.store import copying
from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.postgres.store import described
from blazy_jobs_server.store.sqlite import upgrade
from blazy_jobs_server.store.unusable import DatabaseUnusable
from tests.app.clock import HandClock
from tests.support.postgres import Postgres

pytestmark = pytest.mark.system


def store(url: str) -> PostgresStore:
    return PostgresStore(url, HandClock(), lease_seconds=15)


@pytest.fixture
def fresh(postgres: Postgres) -> str:
    """The name of a database without a table."""
    return postgres.new_database()


@pytest.mark.parametrize(
    "address",
    [
        "{tcp}?sslmode=prefer",
        "{tcp}?sslmode=disable",
        "{tcp}?application_name=ours",
        "{tcp}?options=-c%20work_mem%3D8MB",
        "postgresql://jobs@127.0.0.1:1,127.0.0.1:{port}/{name}?target_session_attrs=read-write",
        "postgres://jobs@/{name}?host={folder}&port={port}",
    ],
)
async def test_whatever_the_address_says_an_empty_database_is_made_ready(
    postgres: Postgres, fresh: str, tmp_path: Path, address: str
) -> None:
    tcp = postgres.url(fresh, tcp=True)
    url = address.format(tcp=tcp, port=postgres.port, name=fresh, folder=postgres.folder)
    assert await store(url).upgrade()
    assert not await store(url).upgrade()
    opened = store(url)
    await opened.open()
    await opened.close()
    upgrade(tmp_path / "jobs.db")
    await copying.copy(tmp_path / "jobs.db", url)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP SCHEMA public", "no schema of its search_path is there"),
        ("ALTER DATABASE {name} SET role = pg_monitor", "permission denied for schema public"),
    ],
)
async def test_an_empty_database_that_cannot_be_made_ready_is_said_to_be_so(
    postgres: Postgres, fresh: str, change: str, reason: str
) -> None:
    postgres.psql(change.format(name=fresh), fresh)
    with pytest.raises(DatabaseUnusable, match=reason):
        await store(postgres.url(fresh)).upgrade()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
async def test_a_database_in_another_encoding_is_refused(postgres: Postgres, encoding: str) -> None:
    name = f"in_{encoding.lower()}"
    postgres.psql(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with pytest.raises(DatabaseUnusable, match=f"its encoding must be UTF8, not {encoding}"):
        await store(postgres.url(name)).open()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://jobs:hunter2@h:5433/d?sslmode=disable", "postgresql://jobs@h:5433/d"),
        (
            "postgresql://h1,h2:5433/d?user=jobs&password=hunter2&sslpassword=hunter2&passfile=/hunter2",
            "postgresql://h1,h2:5433/d?user=jobs",
        ),
        (
            "postgresql://jobs@/d?host=/run/pg&port=1&options=-c%20x.y%3Dhunter2",
            "postgresql://jobs@/d?host=/run/pg&port=1",
        ),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert described(url) == shown
