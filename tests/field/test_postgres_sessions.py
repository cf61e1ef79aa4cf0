"""Sessions on PostgreSQL are as the store needs them, whatever its role, its database or a pooler has as defaults."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from blazy_jobs_server.ports import RunFilter
from blazy_jobs_server.store import copying
from blazy_jobs_server.store.postgres import PostgresStore, connecting, surveying
from blazy_jobs_server.store.sqlite import upgrade
from blazy_jobs_server.store.unusable import DatabaseUnusable
from tests.app.clock import HandClock
from tests.app.store.pair import Pair, limit_stripe
from tests.contract.stage import LEASE_SECONDS, PostgresPlace, Stage
from tests.support.pgbouncer import PgBouncer, needs_pgbouncer
from tests.support.postgres import Postgres

pytestmark = pytest.mark.system

ODD = {
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "synchronous_commit": "off",
    "statement_timeout": "1s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "1s",
    "idle_session_timeout": "1s",
    "transaction_timeout": "1s",
    "timezone": "Asia/Kathmandu",
    "datestyle": "German",
    "intervalstyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "plan_cache_mode": "force_custom_plan",
    "gin_fuzzy_search_limit": "1",
    "jit": "on",
    "enable_seqscan": "on",
}
ALLOWED = {
    "default_transaction_isolation": {"read committed"},
    "default_transaction_read_only": {"off"},
    "default_transaction_deferrable": {"off"},
    "synchronous_commit": {"on"},
    "statement_timeout": {"10s", "30s", "0"},
    "lock_timeout": {"3s", "0"},
    "idle_in_transaction_session_timeout": {"3s", "0"},
    "idle_session_timeout": {"0"},
    "transaction_timeout": {"0"},
    "timezone": {"UTC"},
    "datestyle": {"ISO, MDY"},
    "intervalstyle": {"postgres"},
    "bytea_output": {"hex"},
    "extra_float_digits": {"1"},
    "standard_conforming_strings": {"on"},
    "array_nulls": {"on"},
    "transform_null_equals": {"off"},
    "plan_cache_mode": {"auto"},
    "gin_fuzzy_search_limit": {"0"},
    "jit": {"off"},
    "enable_seqscan": {"on", "off"},
}
_roles = count(1)


class AsRole:
    """The cluster as a role of its own sees it, with these defaults."""

    def __init__(self, server: Postgres, defaults: dict[str, str], where: str = "ROLE {role}") -> None:
        self._server = server
        self.role = f"odd{next(_roles)}"
        server.psql(f"CREATE ROLE {self.role} SUPERUSER LOGIN")
        for name, value in defaults.items():
            server.psql(f"ALTER {where.format(role=self.role)} SET {name} TO '{value}'")

    def url(self, database: str = "postgres", *, tcp: bool = False) -> str:
        return self._server.url(database, tcp=tcp).replace("jobs@", f"{self.role}@")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)


def store(url: str) -> PostgresStore:
    return PostgresStore(url, HandClock(), lease_seconds=LEASE_SECONDS)


class There:
    """A place of the contract's stage that is at an address, with whatever is there."""

    columns = False

    def __init__(self, url: str) -> None:
        self._url = url

    def store(self, clock: Any) -> PostgresStore:
        return PostgresStore(self._url, clock, lease_seconds=LEASE_SECONDS, draw=lambda: 0.5)

    def as_after_a_crash(self) -> Any:
        raise NotImplementedError


async def a_life(stage: Stage) -> None:
    """A run from its dispatch to its end, and all that is read of it."""
    await stage.define()
    lease = await stage.started()
    assert (await stage.say(lease, "progress", data='{"n":1}')).status == "accepted"
    await stage.complete(lease)
    assert await stage.state(lease) == "completed"
    assert [run.id for run in await stage.all_runs()] == [lease.id]
    assert await stage.log(lease) == ["queued", "started", "progress", "completed"]
    assert await stage.store.prune(10) == 0


# -- the defaults of a role, and of a database


@pytest.fixture
def odd(postgres: Postgres) -> AsRole:
    """Of every setting that it knows another value than ours."""
    return AsRole(postgres, known(postgres, ODD))


def known(postgres: Postgres, settings: dict[str, str]) -> dict[str, str]:
    """Those of them that this version of PostgreSQL has."""
    names = set(postgres.psql("SELECT lower(name) FROM pg_settings").splitlines())
    return {name: value for name, value in settings.items() if name in names}


async def settings_of(connection: Any) -> dict[str, str]:
    there = {row[0] for row in await connection.fetch("SELECT lower(name) FROM pg_settings")}
    names = [name for name in ALLOWED if name in there]
    return {name: await connection.fetchval(f"SHOW {name}") for name in names}


def as_ours(settings: dict[str, str]) -> bool:
    return len(settings) >= 19 and all(value in ALLOWED[name] for name, value in settings.items())


async def test_each_session_of_a_server_has_our_settings_also_when_it_is_used_again(
    odd: AsRole, empty_postgres: str
) -> None:
    opened = PostgresPlace(odd, empty_postgres).store(HandClock())  # type: ignore[arg-type]
    await opened.open()
    assert isinstance(opened, PostgresStore)
    await opened.ping()
    sessions = {
        "hot": await opened._hot._session._connected(),
        "rest": await opened._rest._session._connected(),
        "listening": opened._others._connection,
    }
    found = {name: await settings_of(connection) for name, connection in sessions.items()}
    for time in ("first", "again"):
        async with opened._reader.connection() as reading:
            found[f"reading, {time}"] = await settings_of(reading)
    await opened.close()
    assert {name: settings for name, settings in found.items() if not as_ours(settings)} == {}


async def test_migrations_have_our_settings(odd: AsRole, postgres: Postgres) -> None:
    engine = connecting.Database(odd.url(postgres.new_database())).migrating_engine()
    async with engine.begin() as connection:
        shown = {name: (await connection.exec_driver_sql(f"SHOW {name}")).scalar() for name in list(ALLOWED)[:8]}
    await engine.dispose()
    assert all(value in ALLOWED[name] for name, value in shown.items()), shown


def test_every_connection_is_made_in_one_place() -> None:
    sources = Path(connecting.__file__).parents[2].rglob("*.py")
    makes = re.compile(r"asyncpg\.(connect|create_pool)\(|create_async_engine\(|create_pool\(")
    assert {path.name for path in sources if makes.search(path.read_text())} == {"connecting.py"}


@pytest.mark.parametrize("where", ["ROLE {role}", "DATABASE {name}", "ROLE {role} IN DATABASE {name}"])
async def test_a_server_begins_from_an_empty_database_and_works_under_odd_defaults(
    postgres: Postgres, tmp_path: Path, where: str
) -> None:
    name = postgres.new_database()
    role = AsRole(postgres, known(postgres, ODD), where.replace("{name}", name))
    async with Stage(There(role.url(name))) as stage:
        await a_life(stage)
    copied = postgres.new_database()
    if "DATABASE" in where:
        postgres.psql(f"ALTER DATABASE {copied} SET default_transaction_read_only = on")
        postgres.psql(f"ALTER DATABASE {copied} SET statement_timeout = '100ms'")
    upgrade(tmp_path / "jobs.db")
    await store(role.url(copied)).upgrade()
    await copying.copy(tmp_path / "jobs.db", role.url(copied))


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
async def test_a_limit_holds_over_two_servers_whatever_isolation_is_the_default(
    postgres: Postgres, empty_postgres: str, isolation: str
) -> None:
    role = AsRole(postgres, {"default_transaction_isolation": isolation})
    async with Pair(role, empty_postgres) as pair:  # type: ignore[arg-type]
        await pair.one.define(concurrency=2)
        queues = {"left": pair.one, "right": pair.other}
        await pair.one.dispatch(*(pair.one.order(queue=queue) for queue in queues for _ in range(5)))
        await pair.lock(limit_stripe("greet"))
        claims = [asyncio.ensure_future(site.take(queues={queue})) for queue, site in queues.items()]
        await pair.waiting(2)
        await pair.unlock(limit_stripe("greet"))
        assert len([run for taken in await asyncio.gather(*claims) for run in taken]) == 2


async def test_a_write_waits_for_a_lock_longer_than_the_default_lets_it(
    postgres: Postgres, empty_postgres: str
) -> None:
    role = AsRole(postgres, {"statement_timeout": "300ms", "lock_timeout": "300ms"})
    async with Pair(role, empty_postgres) as pair:  # type: ignore[arg-type]
        await pair.one.define()
        await pair.raw.execute("SET statement_timeout TO 0; BEGIN; LOCK TABLE runs")
        dispatched = asyncio.ensure_future(pair.one.run_of())
        await asyncio.sleep(0.6)  # longer than the default, so this is what is shown
        await pair.raw.execute("COMMIT")
        assert await pair.one.state(await dispatched) == "queued"


async def test_a_server_whose_sessions_are_idle_keeps_them(postgres: Postgres, empty_postgres: str) -> None:
    role = AsRole(postgres, {"idle_session_timeout": "200ms"})
    opened = PostgresPlace(role, empty_postgres).store(HandClock())  # type: ignore[arg-type]
    await opened.open()
    assert isinstance(opened, PostgresStore)
    await opened.ping()
    session = await opened._rest._session._connected()
    await asyncio.sleep(0.5)  # longer than the default, so this is what is shown
    assert await session.fetchval("SELECT 1") == 1
    await opened.close()


# -- where the tables are


async def test_tables_are_found_when_the_search_path_moves_elsewhere(postgres: Postgres, empty_postgres: str) -> None:
    role = AsRole(postgres, {})
    name = postgres.new_database(empty_postgres)
    place = There(role.url(name))
    async with Stage(place) as stage:
        await a_life(stage)
    postgres.psql("CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.runs (n int)", name)
    postgres.psql(f"ALTER ROLE {role.role} SET search_path TO elsewhere")
    again = place.store(HandClock())
    await again.open()
    assert len((await again.runs(RunFilter(), None, 10))[0]) == 1
    await again.close()
    assert postgres.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'elsewhere'", name) == "1"


@pytest.mark.parametrize(
    ("schemas", "search_path", "where"),
    [
        ((), "nowhere", "public"),
        (("own",), "own", "own"),
        (("own",), "nowhere, own, public", "own"),
        (('"Odd ""name"',), '"Odd ""name"', 'Odd "name'),
    ],
)
async def test_tables_are_made_in_the_first_schema_of_the_search_path_or_in_public(
    postgres: Postgres, schemas: tuple[str, ...], search_path: str, where: str
) -> None:
    name = postgres.new_database()
    for schema in schemas:
        postgres.psql(f"CREATE SCHEMA {schema}", name)
    role = AsRole(postgres, {})
    postgres.psql(f"ALTER ROLE {role.role} SET search_path TO {search_path}")
    async with Stage(There(role.url(name))) as stage:
        await a_life(stage)
    assert postgres.psql("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'runs'", name) == where
    postgres.psql(f"ALTER ROLE {role.role} RESET search_path")
    assert not await store(role.url(name)).upgrade(), "they are found where they are"


async def test_an_address_that_names_a_schema_is_taken_at_its_word(postgres: Postgres, empty_postgres: str) -> None:
    name = postgres.new_database(empty_postgres)
    url = f"{postgres.url(name)}&options=-csearch_path%3Dtheirs"
    with pytest.raises(DatabaseUnusable, match="no schema of its search_path is there"):
        await store(url).upgrade()
    postgres.psql("CREATE SCHEMA theirs", name)
    assert await store(url).upgrade()
    assert not await store(url).upgrade()
    assert not await store(postgres.url(name)).upgrade(), "without it, those in the search path"


async def test_of_several_schemas_with_our_tables_none_is_guessed(postgres: Postgres) -> None:
    name = postgres.new_database()
    for schema in ("a", "b"):
        postgres.psql(f"CREATE SCHEMA {schema}", name)
        assert await store(f"{postgres.url(name)}&options=-csearch_path%3D{schema}").upgrade()
    with pytest.raises(DatabaseUnusable, match=r"several schemas have tables of Blazy Jobs \(a, b\)"):
        await store(postgres.url(name)).upgrade()


# -- poolers


class Lending:
    """Sessions of PostgreSQL, as a pooler lends them: one for a statement or a transaction, the last one that came back
    first."""

    def __init__(self, sessions: list[asyncpg.Connection]) -> None:
        self.free = sessions


class Borrower:
    """A client's connection to it."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending
        self._held: asyncpg.Connection | None = None

    async def execute(self, statement: str) -> None:
        session = self._held or self._lending.free.pop()
        await session.execute(statement)
        if statement == "BEGIN":
            self._held = session
        elif statement == "COMMIT" or self._held is None:
            self._held = None
            self._lending.free.append(session)

    async def fetchrow(self, statement: str) -> Any:
        session = self._held or self._lending.free.pop()
        try:
            return await session.fetchrow(statement)
        finally:
            if self._held is None:
                self._lending.free.append(session)


@pytest.fixture
async def sessions(postgres: Postgres, empty_postgres: str) -> AsyncIterator[list[asyncpg.Connection]]:
    database = connecting.Database(postgres.url(postgres.borrow(empty_postgres)))
    sessions = [await database.connect() for _ in range(3)]
    yield sessions
    for session in sessions:
        await session.close()


async def test_sessions_of_their_own_are_told_from_those_that_a_pooler_lends(
    sessions: list[asyncpg.Connection],
) -> None:
    assert await surveying._keep_their_sessions(sessions[0], sessions[1])
    lending = Lending(sessions)
    one, other = Borrower(lending), Borrower(lending)
    assert not await surveying._keep_their_sessions(one, other)  # type: ignore[arg-type]


async def test_lent_sessions_are_noticed_also_where_others_mix_them_up(sessions: list[asyncpg.Connection]) -> None:
    class Shuffled(Lending):
        """Another client takes a turn after each one: the last that came back is never the first that goes."""

        def __init__(self, sessions: list[asyncpg.Connection]) -> None:
            super().__init__(sessions)

            class Turning(list[asyncpg.Connection]):
                def pop(self, *_: Any) -> asyncpg.Connection:  # type: ignore[override]
                    return super().pop(0)

            self.free = Turning(sessions)

    lending = Shuffled(sessions)
    one, other = Borrower(lending), Borrower(lending)
    assert not await surveying._keep_their_sessions(one, other)  # type: ignore[arg-type]


@pytest.fixture
def role(postgres: Postgres) -> AsRole:
    return AsRole(postgres, known(postgres, ODD))


@needs_pgbouncer
async def test_a_server_works_behind_pgbouncer_in_session_mode(role: AsRole, postgres: Postgres) -> None:
    name = postgres.new_database()
    with PgBouncer(postgres, "session", role.role) as pooler:
        async with Stage(There(pooler.url(name))) as stage:
            await a_life(stage)
        # Sessions that a server has left are cleared, and set up anew by the next one.
        opened = store(pooler.url(name))
        await opened.open()
        await opened.ping()
        assert as_ours(await settings_of(await opened._rest._session._connected()))
        await opened.close()


@pytest.fixture(params=["transaction", "statement"])
def lending_pooler(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[PgBouncer]:
    with PgBouncer(postgres, request.param) as pooler:
        yield pooler


@needs_pgbouncer
async def test_a_pooler_that_lends_sessions_is_refused_with_the_reason(
    lending_pooler: PgBouncer, postgres: Postgres, tmp_path: Path, empty_postgres: str
) -> None:
    url = lending_pooler.url(postgres.new_database(empty_postgres))
    upgrade(tmp_path / "jobs.db")
    for use in (store(url).open, store(url).upgrade, lambda: copying.copy(tmp_path / "jobs.db", url)):
        with pytest.raises(DatabaseUnusable, match=r"a pooler between .* must be in session mode"):
            await use()  # type: ignore[operator]


@needs_pgbouncer
async def test_a_pooler_with_one_session_is_refused_with_the_reason(postgres: Postgres, empty_postgres: str) -> None:
    with (
        PgBouncer(postgres, "session", default_pool_size=1) as pooler,
        pytest.raises(DatabaseUnusable, match="no second one, and a server needs a dozen"),
    ):
        await store(pooler.url(postgres.new_database(empty_postgres))).open()
