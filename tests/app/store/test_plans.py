"""How SQLite finds the rows of each statement: by an index, however many finished runs there are.

SQLite chooses its plans by statistics where it has them (`ANALYZE`), so all is asked of a file without and of one with
them, both full of finished runs. A plan that walks a large table was many times slower, and only in production.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import EventFilter, RunFilter
from blazy_jobs_server.store import statements as sql
from tests.app.clock import HandClock
from tests.contract.stage import SqlitePlace, Stage, says

FINISHED = 3000
LARGE = ("runs", "events", "idempotency_keys")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A database whose runs have nearly all finished."""
    folder = tmp_path_factory.mktemp("full")
    asyncio.run(fill(folder, empty_database))
    return folder / "data" / "jobs.db"


async def fill(folder: Path, empty_database: Path) -> None:
    async with Stage(SqlitePlace(folder / "data", empty_database), HandClock()) as stage:
        await stage.define("greet")
        await stage.define("other", queue="mail")
        for n in range(0, FINISHED, 500):
            orders = [stage.order("greet" if m % 3 else "other", tags='["x"]') for m in range(500)]
            await stage.dispatch(*orders, key=f"batch-{n}")
            leases = await stage.take(limit=500)
            await stage.report(7, *(says(lease, "completed", data="1") for lease in leases))
        for n in range(200):
            await stage.dispatch(stage.order(delay_seconds=1 + n % 5), key=f"one-{n}")
        await stage.dispatch(*(stage.order(dedupe_key=f"d-{n}", expires_seconds=50) for n in range(30)))
        for lease in (await stage.take(limit=12))[:6]:
            await stage.fail(lease, retry_after_seconds=5)


@pytest.fixture(scope="module", params=["plain", "analyzed"])
def database(full: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    path = tmp_path_factory.mktemp("planned") / "jobs.db"
    shutil.copy(full, path)
    if request.param == "analyzed":
        with sqlite3.connect(path) as connection:
            connection.execute("ANALYZE")
        connection.close()
    return path


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(database)
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    values = [None] * statement.count("?")
    return [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement, values)]


PINS = {
    "FIND_DEDUPED": "SEARCH r USING INDEX runs_dedupe (dedupe_key=?)",
    "FIND_IDEMPOTENT": "SEARCH idempotency_keys USING PRIMARY KEY (scope=? AND key=?)",
    "READY": "SEARCH runs USING INDEX runs_ready (lane_id=?)",
    "READY_OF_KNOWN": "SEARCH runs USING INDEX runs_ready (lane_id=?)",
    "HEAD_OF_LANE": "SEARCH runs USING INDEX runs_ready (lane_id=?)",
    "PLAIN_HEAD_OF_LANE": "SEARCH r USING INDEX runs_ready (lane_id=?)",
    "PLAIN_BY_ID": "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)",
    "HEAD_BYTES": "SEARCH r USING INDEX runs_ready (lane_id=?)",
    "START_MANY": "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
    "COMPLETE_MANY": "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
    "EVENT_OF_MANY": "SCAN json_each VIRTUAL TABLE INDEX 1:",
    "RUN": "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
    "RUNS_BY_ID": "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)",
    "HEADS_BY_ID": "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)",
    "WAITING_ALIKE": "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)",
    "CANCEL_MANY": "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
    "RANK": "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
    "RUNNING": "SEARCH runs USING COVERING INDEX runs_listed (lane_id=? AND state=?)",
    "FIND_JOB": "SEARCH r USING INDEX runs_of_job (job_id=?)",
    "UNFINISHED_OF_LANE": "SEARCH runs USING COVERING INDEX runs_listed (lane_id=? AND state=? AND id>?)",
    "DUE": "SEARCH runs USING INDEX runs_due (due_at<?)",
    "NEXT_DUE": "SCAN runs USING INDEX runs_due",
    "EXPIRED": "SEARCH runs USING INDEX runs_expiring (expires_at>? AND expires_at<?)",
    "OLDEST_DUE": "SEARCH r USING INDEX runs_ready (lane_id=? AND rank=?)",
    "DUE_OF_FIRST": "SEARCH runs USING INDEX runs_listed (lane_id=? AND state=?)",
    "DUE_NEXT": "SCAN runs USING INDEX runs_due",
    "NEXT_EXPIRY": "SEARCH runs USING INDEX runs_expiring (expires_at>?)",
    "NEXT_DELETABLE": "SEARCH runs USING COVERING INDEX runs_deletable (delete_at>?)",
    "DELETABLE": "SEARCH runs USING INDEX runs_deletable (delete_at>? AND delete_at<?)",
    "NEWEST_EVENT_OF": "SEARCH e USING COVERING INDEX events_of_run (run_id=?)",
    "INSERT_TAGS": "SCAN j VIRTUAL TABLE INDEX 1:",
    "DELETE_TAGS": "SEARCH run_tags USING PRIMARY KEY (tag=? AND run_id=?)",
    "DELETE_EVENTS": "SEARCH events USING INDEX events_of_run (run_id=?)",
    "DELETE_RUNS": "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
    "DELETE_KEYS_OF": "SEARCH idempotency_keys USING COVERING INDEX idempotency_of_run (run_id=?)",
    "DELETE_BATCH_KEYS": "SEARCH k USING INDEX idempotency_age (created_at<?)",
    "FORGET_ERRORS": "SEARCH error_counts USING PRIMARY KEY (error_group=?)",
    "AHEAD": "SEARCH runs USING INDEX runs_ready (lane_id=? AND (rank,due_at)<(?,?))",
    "NEWEST_ERRORS": "SEARCH error_counts USING COVERING INDEX error_counts_newest "
    "(lane_id=? AND state=? AND (last_at,error_group)<(?,?))",
    "ERRORS_COUNTED": "SEARCH c USING PRIMARY KEY (error_group=?)",
    "ERROR_SAMPLES": "SEARCH runs USING INDEX runs_unresolved (error_group=? AND state=? AND lane_id=?)",
    "ERRORS_OF": "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)",
    "EVENTS_OF_RUN": "SEARCH e USING INDEX events_of_run (run_id=? AND seq>?)",
    "FEED": "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)",
    "OVERLAPPING": "SEARCH runs USING INDEX runs_overlapping (schedule=?)",
    "FIRED": "SEARCH r USING COVERING INDEX runs_fired (schedule=? AND fire_at=?)",
    "SCHEDULES_STAND": "SEARCH r USING INDEX schedules_name (name=?)",
    "SCHEDULE": "SEARCH schedules USING INDEX schedules_name (name=?)",
    "DUE_SCHEDULES": "SEARCH schedules USING INDEX schedules_due (wake_at>? AND wake_at<?)",
    "NEXT_WAKE": "SEARCH schedules USING COVERING INDEX schedules_due (wake_at>?)",
    "UPDATE_SCHEDULE": "SEARCH schedules USING INDEX schedules_name (name=?)",
    "SCHEDULES_OF_APP": "SEARCH schedules USING INDEX schedules_of_app (app=?)",
    "SCHEDULES_OF_JOB_TYPE": "SEARCH schedules USING COVERING INDEX schedules_of_job_type (job_type=?)",
    "NAMES_OF_SCHEDULES": "SEARCH schedules USING INDEX schedules_of_job_type (job_type=?)",
    "SCHEDULES_PAGE": "SEARCH schedules USING INTEGER PRIMARY KEY (rowid<?)",
}


@pytest.mark.parametrize("name", PINS)
def test_a_hot_statement_goes_by_its_index(connection: sqlite3.Connection, name: str) -> None:
    found = plan(connection, getattr(sql, name))
    assert PINS[name] in found, found
    assert not [step for step in found if "TEMP B-TREE" in step], "the index gives the order too"


def test_every_statement_that_reads_is_pinned() -> None:
    reads = {
        name
        for name, text in vars(sql).items()
        if name.isupper()
        and isinstance(text, str)
        and re.search(r"\b(FROM|UPDATE) (runs|events|error_counts|idem|schedules|.*json_each)", text)
    }
    # The last is asked once a minute, where several servers are there, and there are few schedules.
    assert reads - {"COUNT", "COUNT_ERRORS", "_SCHEDULES", "_COMPLETE_MANY", "SCHEDULES_BY_OLDER_RULES"} == set(PINS)


# -- whatever the store sends, in a life that uses every verb


def walks(steps: list[str]) -> list[str]:
    """The steps that go through a large table from one end to the other, or sort."""
    within = {step.removeprefix("CO-ROUTINE ") for step in steps}
    names = "|".join(name for name in (*LARGE, "r", "e", "k") if name not in within)
    return [s for s in steps if re.match(rf"SCAN ({names})\b", s) or "TEMP B-TREE" in s]


@pytest.fixture
async def sent(database: Path, tmp_path: Path) -> set[str]:
    """Every statement, with its values, of a life that uses every verb."""
    statements: set[str] = set()

    def listen(connection: sqlite3.Connection, _: Any) -> None:
        connection.set_trace_callback(statements.add)

    event.listen(Engine, "connect", listen)
    try:
        clock = HandClock()
        clock.move(10)
        stage = Stage(SqlitePlace(tmp_path / "data", database), clock)
        await stage._open()
        await every_verb(stage)
        await stage.store.close()
    finally:
        event.remove(Engine, "connect", listen)
    return statements


async def every_verb(stage: Stage) -> None:
    store = stage.store
    for job_type in await store.job_types():
        stage.types[job_type.name] = job_type
    await stage.define("other", queue="mail", concurrency=1)
    await store.save_queue("mail", True)
    await store.save_queue("mail", False)
    await stage.worker()
    await stage.dispatch(stage.order(dedupe_key="d-3"), stage.order(), key="k")
    await stage.dispatch(stage.order(), key="one-3")
    await stage.dispatch(stage.order(), key="batch-500")
    await store.sweep()
    await stage.claim(stage.asks(7, limit=5), stage.asks(8, "greet", limit=3))
    leases = await stage.take(7, "greet", limit=60)
    await stage.report(
        7,
        says(leases[0], "progress"),
        says(leases[1], "log"),
        says(leases[2], "failed"),
        says(leases[3], "snoozed", delay_seconds=1),
        says(leases[4], "released"),
        *(says(lease, "completed") for lease in leases[5:40]),
        holding=(leases[41].id,),
    )
    await store.cancel(leases[42].id, None)
    await store.give_up_worker(8, lost=True)
    await store.erase(leases[5].id)
    await store.counts()
    await store.sizes()
    await store.workers()
    await store.run(leases[6].id)
    await store.events(leases[6].id, 1, 10)
    await store.attempt_events(leases[6].id)
    newest, _ = await store.feed_bounds(EventFilter(queue="mail"))
    await store.feed(newest - 5_000_000, EventFilter(types=frozenset({int(EventType.FAILED)})), 100)
    for where in (
        RunFilter(job_type="greet"),
        RunFilter(queue="mail"),
        RunFilter(states=frozenset({State.FAILED, State.QUEUED})),
        RunFilter(job_type="other", queue="mail", states=frozenset({State.COMPLETED}), tag="x"),
        RunFilter(job_type="greet", created_after=stage.clock.now() - 5, created_before=stage.clock.now()),
    ):
        await store.runs(where, None, 50)
        await store.runs(where, leases[7].id, 50)
    await store.runs(RunFilter(), leases[7].id, 50)
    await store.runs(RunFilter(created_after=stage.clock.now() - 5), None, 50)
    stage.clock.move(1_000_000)
    await store.sweep()
    assert await store.prune(200) == 200
    assert await store.retire_job_type("missing")


def test_nothing_that_the_store_sends_walks_a_large_table(sent: set[str], connection: sqlite3.Connection) -> None:
    planned = [s for s in sent if re.match(r"(SELECT|INSERT|UPDATE|DELETE|WITH)\b", s.lstrip())]
    kinds = {re.sub(r"'[^']*'|\d+|NULL", "?", statement)[:120] for statement in planned}
    assert len(kinds) > 40, "the life was to use every verb"
    walking: dict[str, list[str]] = {}
    for statement in planned:
        steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement)]
        found = [step for step in walks(steps) if step != PINS["NEXT_DUE"] and "sqlite_master" not in statement]
        if found:
            walking[statement[:300]] = found
    assert walking == {}


def test_a_change_of_runs_finds_them_by_their_key(sent: set[str], connection: sqlite3.Connection) -> None:
    updates = [s for s in sent if s.startswith("UPDATE runs")]
    assert len({statement.split("FROM")[0] for statement in updates}) >= 3, "starts, completions and other changes"
    for statement in updates:
        steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement)]
        assert "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)" in steps, (statement[:200], steps)


def test_the_list_of_all_runs_reads_no_more_than_its_page(connection: sqlite3.Connection) -> None:
    """It walks the rows newest first, which the limit ends: no other index, no sorting."""
    assert plan(connection, "SELECT runs.id FROM runs ORDER BY runs.id DESC LIMIT 51") == ["SCAN runs"]


def test_the_check_finds_a_statement_that_walks(connection: sqlite3.Connection) -> None:
    for statement in (
        "SELECT id FROM runs WHERE worker_id = 7",
        "SELECT id FROM events ORDER BY time LIMIT 5",
        "DELETE FROM idempotency_keys WHERE fingerprint = 'x'",
        "SELECT id FROM runs WHERE delete_at IS NULL ORDER BY finished_at LIMIT 5",
    ):
        assert walks(plan(connection, statement)), statement
