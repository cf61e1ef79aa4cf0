"""Lists of runs by whatever filter: the right ones, found by indexes, on both stores."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from blazy_jobs_server.domain.errors import ReadTimeout
from blazy_jobs_server.domain.run import Error, Run, State
from blazy_jobs_server.ports import Listed, RunFilter
from blazy_jobs_server.store import copying, listing, searching
from blazy_jobs_server.store.listing import search, tally
from blazy_jobs_server.store.migrations import migrate
from blazy_jobs_server.store.postgres import PostgresStore, reading
from blazy_jobs_server.store.postgres.connecting import Database
from blazy_jobs_server.store.postgres.reading import LISTS as POSTGRES_LISTS
from blazy_jobs_server.store.reading import LISTS as SQLITE_LISTS
from blazy_jobs_server.store.walking import Place, Question
from tests.app.clock import SECOND, HandClock
from tests.app.server import Server
from tests.contract.stage import Stage, ids
from tests.support.postgres import Postgres

DAY = 86_400


# -- the right runs


def shown(run: Run, where: RunFilter) -> bool:
    return (
        (not where.states or run.state in where.states)
        and where.job_type in (None, run.job_type)
        and where.queue in (None, run.queue)
        and (where.tag is None or where.tag in orjson.loads(run.tags))
        and where.schedule in (None, run.schedule)
        and where.worker_id in (None, run.worker_id)
        and where.error_code in (None, run.error_code)
        and where.error_group in (None, run.error_group)
        and where.resolved in (None, run.resolved_at is not None)
        and (where.ids is None or run.id in where.ids)
        and (where.attempt_min is None or run.attempt >= where.attempt_min)
        and (where.finished_after is None or (run.finished_at or -1) >= where.finished_after)
        and (where.finished_before is None or (run.finished_at or 1 << 62) < where.finished_before)
        and (where.q is None or has_text(run, where.q))
        and (where.created_after is None or run.created_at >= where.created_after)
        and (where.created_before is None or run.created_at < where.created_before)
    )


def has_text(run: Run, q: str) -> bool:
    texts = "\n".join((run.payload, run.tags, run.result or "", run.error or "")).lower()
    return q.lower() in texts or orjson.dumps(q).decode()[1:-1].lower() in texts


async def a_past(stage: Stage, draw: random.Random) -> None:
    """Runs of several lanes, states, tags and schedules, from days on which the clock also went back."""
    for name in ("greet", "mail", "report"):
        await stage.define(name, queue="slow" if name == "report" else "default")
    for _ in range(12):
        orders = [
            stage.order(
                draw.choice(list(stage.types)),
                queue=draw.choice(("default", "slow", "quick")),
                tags=orjson.dumps(sorted(draw.sample(("a", "b", "ü", "'\"\\"), draw.choice((0, 0, 1, 2))))).decode(),
                schedule=draw.choice((None, None, "nightly", "hourly")),
                delay_seconds=draw.choice((0, 0, 0, 30 * DAY)),
                payload=draw.choice(('{"to":"anna"}', '{"to":"bert"}', '"a_b%c\\\\"')),
            )
            for _ in range(draw.randint(1, 8))
        ]
        await stage.dispatch(*orders)
        for lease in (await stage.take(limit=draw.randint(0, 4)))[: draw.randint(0, 4)]:
            if draw.random() < 0.5:
                await stage.complete(lease)
            else:
                error = Error("handler_error", draw.choice(("no luck", "no time")))
                await stage.say(lease, "failed", retryable=False, error=error)
                if draw.random() < 0.3:
                    await stage.store.resolve(lease.id)
        stage.clock.move(draw.choice((0, 0, 0.5, 3, 600, DAY, -2 * DAY)))


def a_filter(draw: random.Random, runs: list[Run]) -> RunFilter:
    def now_and_then(choices: list[Any]) -> Any:
        return draw.choice(choices) if draw.random() < 0.35 else None

    times = [run.created_at + offset for run in runs for offset in (-1, 0, 1, SECOND)]
    return RunFilter(
        states=frozenset(draw.sample(list(State), draw.choice((0, 0, 1, 3)))),
        job_type=now_and_then(["greet", "mail", "nothing"]),
        queue=now_and_then(["default", "slow", "nowhere"]),
        tag=now_and_then(["a", "b", "ü", "'\"\\", "c"]),
        schedule=now_and_then(["nightly", "never"]),
        created_after=now_and_then(times),
        created_before=now_and_then(times),
        ids=now_and_then([frozenset(draw.sample([run.id for run in runs], 5)), frozenset()]),
        worker_id=now_and_then([7, 8]),
        error_code=now_and_then(["handler_error", "timeout"]),
        error_group=now_and_then([*{run.error_group for run in runs if run.error_group}, "0123456789abcdef"]),
        resolved=now_and_then([True, False]),
        attempt_min=now_and_then([0, 1]),
        finished_after=now_and_then(times),
        finished_before=now_and_then(times),
        q=now_and_then(["ANNA", "a_b%", "%", "_", "\\", '"to":"b', "ü", "Failed", "nothing"]),
    )


async def listed(stage: Stage, where: RunFilter, limit: int) -> list[int]:
    found: list[int] = []
    before: int | None = None
    for _ in range(1000):
        page, before, looked = await stage.store.runs(where, before, limit)
        assert (looked == 0) >= (where.q is None)
        assert len(page) <= limit
        found += ids(page)
        if before is None:
            return found
    raise AssertionError("the list never ends")


#: (FEW, SOME, FIRST_STEP, LARGEST_STEP, LOOK_SECONDS): as it is; always down the index, in steps of a few; each page
#: given up after one step; and from the index to the places after the first steps.
WAYS = [None, (0, 0, 1, 3, 60.0), (0, 0, 1, 3, -1.0), (0, 10**9, 1, 2, 60.0)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", [3, 4])
async def test_a_list_shows_what_its_filter_says_whichever_way_it_is_found(
    stage: Stage,
    seed: int,
    way: tuple[int, int, int, int, float] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = random.Random(seed)
    await a_past(stage, draw)
    runs = await stage.all_runs()
    assert any(run.id >> 10 > run.created_at + SECOND for run in runs), "the clock went back"
    for name, value in zip(("FEW", "SOME", "FIRST_STEP", "LARGEST_STEP", "LOOK_SECONDS"), way or (), strict=False):
        monkeypatch.setattr(listing, name, value)
    if way is not None:
        monkeypatch.setattr(searching, "SECONDS", way[4])
        monkeypatch.setattr(searching, "FIRST_BATCH", 1)
    for _ in range(120):
        where = a_filter(draw, runs)
        expected = [run for run in runs if shown(run, where)]
        assert await listed(stage, where, draw.choice((1, 3, 50))) == ids(expected), where
        counted = await stage.store.count(where, 10)
        if way is None:
            most = len(expected) if where.is_counted else min(len(expected), 10)
            assert counted == (most, len(expected) > most), where
            tally = await stage.store.tally(where, None, 60.0) if where.q is None else None
            assert tally is None or tally == (Counter(run.state for run in expected), True), where


async def tags_of(stage: Stage, tag: str) -> list[int]:
    return ids((await stage.store.runs(RunFilter(tag=tag), None, 200))[0])


async def test_a_tag_lists_runs_however_they_were_made_until_they_are_deleted(stage: Stage) -> None:
    await stage.define(retention_seconds=60.0)
    made = (await stage.dispatch(*(stage.order(tags='["x","y"]') for _ in range(3)), stage.order(), key="k")).runs
    assert await tags_of(stage, "y") == [made[2].id, made[1].id, made[0].id]
    for lease in await stage.take():
        await stage.complete(lease)
    assert await stage.store.erase(made[1].id)
    assert await tags_of(stage, "x") == [made[2].id, made[0].id]
    stage.clock.move(2 * DAY)
    assert await stage.store.prune(100) == 3
    assert await tags_of(stage, "x") == []
    assert await rows_of_tags(stage) == 0, "nothing is left of them"


async def rows_of_tags(stage: Stage) -> int:
    if isinstance(stage.store, PostgresStore):
        left: int = await stage.store._reader.value("SELECT count(*) FROM run_tags")
        return left
    with stage.store._reader._snapshot() as (_, cursor):  # type: ignore[attr-defined]
        return int(cursor.execute("SELECT count(*) FROM run_tags").fetchone()[0])


@pytest.mark.system
async def test_a_copy_and_a_migration_take_tags_along(tmp_path: Path, postgres: Postgres, empty_postgres: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / 'jobs.db'}")
    with engine.begin() as connection:
        migrate(connection, "0004")
        fill_old(connection.exec_driver_sql)
    engine.dispose()
    name = postgres.new_database(empty_postgres)
    await copying.copy(tmp_path / "jobs.db", postgres.url(name))
    old = postgres.new_database()
    migrating = Database(postgres.url(old)).migrating_engine()
    async with migrating.begin() as asynchronous:
        await asynchronous.run_sync(lambda sync: migrate(sync, "0004"))
        await asynchronous.run_sync(lambda sync: fill_old(sync.exec_driver_sql))
    await migrating.dispose()
    for database in (name, old):
        store = PostgresStore(postgres.url(database), HandClock(), lease_seconds=15)
        await store.open()
        assert ids((await store.runs(RunFilter(tag="x"), None, 10))[0]) == [3072, 1024]
        await store.close()
    assert postgres.psql("SELECT tag, run_id FROM run_tags ORDER BY 1, 2", old) == "x|1024\nx|3072\ny|1024"
    # A server of the version before, which goes on beside the first of this one, knows nothing of tags' index.
    postgres.psql("DELETE FROM runs WHERE id = 1024", old)
    assert postgres.psql("SELECT tag, run_id FROM run_tags", old) == "x|3072"
    with sqlite3.connect(tmp_path / "jobs.db") as file:
        assert file.execute("SELECT tag, run_id FROM run_tags").fetchall() == [("x", 1024), ("x", 3072), ("y", 1024)]
    file.close()


def fill_old(execute: Callable[[str], object]) -> None:
    """What the version before wrote."""
    execute(
        "INSERT INTO job_type_versions (id, name, version, body) "
        """VALUES (1, 'greet', 1, '{"name":"greet","handler":{"kind":"worker"}}')"""
    )
    execute(
        "INSERT INTO job_types (name, definition_id, version, source, paused, retired, created_at, updated_at) "
        "VALUES ('greet', 1, 1, 'api', false, false, 1, 1)"
    )
    execute("INSERT INTO lanes (id, job_type, queue) VALUES (1, 'greet', 'default')")
    for key, tags in ((1024, """'["x","y","x"]'"""), (2048, "NULL"), (3072, """'["x"]'""")):
        execute(
            "INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, payload, tags) "
            f"VALUES ({key}, 1, 1, 4, 0, 1, 1, 1, '{{}}', {tags})"
        )
    execute("INSERT INTO run_counts (lane_id, state, runs) VALUES (1, 4, 3)")


# -- how they are found

FILTERS = {
    name: RunFilter(**fields)
    for name, fields in {
        "all": {},
        "tag": {"tag": "rare"},
        "tag and state": {"tag": "often", "states": frozenset({State.FAILED})},
        "tag and job type": {"tag": "often", "job_type": "j3"},
        "tag, state and time": {"tag": "often", "states": frozenset({State.FAILED}), "created_before": 90_000 * SECOND},
        "schedule": {"schedule": "s"},
        "schedule and tag": {"schedule": "s", "tag": "often"},
        "schedule and state": {"schedule": "s", "states": frozenset({State.FAILED})},
        "before": {"created_before": 100 * SECOND},
        "after": {"created_after": 20_000 * SECOND},
        "between": {"created_after": 100 * SECOND, "created_before": 110 * SECOND},
        "state": {"states": frozenset({State.FAILED, State.COMPLETED})},
        "state and time": {"states": frozenset({State.FAILED}), "created_before": 100 * SECOND},
        "job type, before": {"job_type": "j3", "created_before": 100 * SECOND},
        "queue": {"queue": "q"},
        "group": {"error_group": "g"},
        "group, state and tag": {"error_group": "g", "tag": "often", "states": frozenset({State.FAILED})},
        "group, resolved": {"error_group": "g", "resolved": False},
        "code and state": {"error_code": "c", "states": frozenset({State.FAILED})},
        "worker": {"worker_id": 7},
        "worker and state": {"worker_id": 7, "states": frozenset({State.FAILED})},
        "attempts, tag and schedule": {"attempt_min": 2, "tag": "often", "schedule": "s"},
        "finished": {"finished_after": 100 * SECOND, "states": frozenset({State.FAILED, State.COMPLETED})},
        "ids": {"ids": frozenset(range(1024, 1024 * 900, 1024)), "tag": "often", "q": "x"},
        "text": {"q": "x"},
        "text, tag and state": {"q": "x", "tag": "often", "states": frozenset({State.FAILED})},
        "text and state": {"q": "x", "states": frozenset({State.FAILED})},
    }.items()
}
MANY = 30_000
PLACES = [Place(lane, state, MANY) for lane in (1, 2, 3) for state in (4, 5)]


def questions(dialect: Any, where: RunFilter, *, in_places: bool) -> list[Any]:
    """All that may be asked for that filter; as if each step found its edge and no run, so that it goes on."""
    places = None
    if where.states or where.job_type or where.queue:
        places = [Place(p.lane_id, p.state, 10 if in_places else MANY) for p in PLACES]
    ticks = count()
    hidden = {1: ("",)} if where.q is not None else None
    asked = _all_of(search(dialect, where, None, 51, places, now=lambda: float(next(ticks)), hidden=hidden))
    if where.q is None:
        asked += _all_of(tally(dialect, where, None, places, 3.0, now=lambda: float(next(ticks))))
    return asked


def _all_of(looking: Generator[Question, list[Any], Any]) -> list[Question]:
    asked = []
    try:
        question = next(looking)
        while True:
            asked.append(question)
            steps = re.search(r"OFFSET [1-9]", question.statement)
            found = [(5_000 * SECOND << 10, *[0] * 6)] if steps or "coalesce" in question.statement else []
            if " LIKE " in question.statement or "strpos" in question.statement or "h.id FROM" in question.statement:
                found = [(6_000 * SECOND << 10,)]
            question = looking.send(found)
    except StopIteration:
        return asked


SERIES = """
INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, payload, tags, schedule)
SELECT n * 1024000000, 1 + n % 3, 1, CASE WHEN n % 50 = 1 THEN 5 ELSE 4 END, 0, 1, n * 1000000, 1, '{}',
  CASE WHEN n % 10000 = 7 THEN '["rare"]' WHEN n % 2 = 0 THEN '["often"]' END, CASE WHEN n % 3 = 1 THEN 's' END
FROM
"""
TAGS = "INSERT INTO run_tags SELECT CASE WHEN n % 10000 = 7 THEN 'rare' ELSE 'often' END, n * 1024000000 FROM "
TAGGED = " WHERE n % 10000 = 7 OR n % 2 = 0"


@pytest.fixture(scope="module", params=["plain", "analyzed"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    from blazy_jobs_server.store.sqlite import upgrade

    path = tmp_path_factory.mktemp("lists") / "jobs.db"
    upgrade(path)
    connection = sqlite3.connect(path)
    series = f"(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {MANY}) SELECT n FROM g)"
    connection.execute(SERIES + series)
    connection.execute(TAGS + series + TAGGED)
    if request.param == "analyzed":
        connection.execute("ANALYZE")
    connection.commit()
    yield connection
    connection.close()


@pytest.mark.parametrize("in_places", [False, True])
@pytest.mark.parametrize("name", FILTERS)
def test_a_list_goes_by_indexes_on_sqlite(file: sqlite3.Connection, name: str, in_places: bool) -> None:
    asked = questions(SQLITE_LISTS, FILTERS[name], in_places=in_places)
    assert asked
    for question in asked:
        plan = [row[3] for row in file.execute("EXPLAIN QUERY PLAN " + question.statement, question.parameters)]
        walks = [step for step in plan if re.match(r"SCAN (?!h\b|\d+ CONSTANT ROW)", step) or "TEMP B-TREE" in step]
        assert walks in ([], ["SCAN r USING INDEX runs_ahead"]), (question.statement, plan)


@pytest.fixture(scope="module", params=["plain", "analyzed"])
def tables(request: pytest.FixtureRequest, postgres: Postgres, empty_postgres: str) -> str:
    name = postgres.new_database(empty_postgres)
    postgres.psql(f"{SERIES} generate_series(1::bigint, {MANY}) AS n", name)  # the trigger fills run_tags
    if request.param == "analyzed":
        postgres.psql("ANALYZE", name)
    return name


INDEXES = {
    *("runs_pkey", "run_tags_key", "run_tags_pkey", "runs_listed", "runs_of_schedule", "runs_ahead"),
    *("runs_of_error", "runs_of_error_code"),
}


@pytest.mark.system
@pytest.mark.parametrize("in_places", [False, True])
@pytest.mark.parametrize("name", FILTERS)
async def test_a_list_goes_by_indexes_on_postgres(postgres: Postgres, tables: str, name: str, in_places: bool) -> None:
    connection = await Database(postgres.url(tables)).connect()
    try:
        await connection.execute(reading.BEGIN_LIST)
        for question in questions(POSTGRES_LISTS, FILTERS[name], in_places=in_places):
            rows = await connection.fetch("EXPLAIN " + question.statement, *question.parameters)
            plan = "\n".join(row[0] for row in rows)
            assert not re.search(r"Seq Scan|Hash|Merge Join|Bitmap", plan), (question.statement, plan)
            # A sort is of what was found in each place, and never of what a walk passes.
            for scan in re.findall(r"(Index (?:Only )?Scan.*?(?:Backward )?using (\w+))", plan):
                assert scan[1] in INDEXES, plan
    finally:
        await connection.close()


# -- a slow read is a slow read


@pytest.mark.system
async def test_a_slow_list_is_told_as_such_and_keeps_nobody_else_waiting(
    postgres: Postgres, empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BEGIN_LIST", reading.BEGIN_LIST.replace("'10s'", "'600ms'"))
    url = postgres.url(postgres.new_database(empty_postgres))
    store = PostgresStore(url, HandClock(), lease_seconds=15)
    await store.open()
    blocking = await Database(url).connect()
    await blocking.execute("BEGIN; LOCK TABLE run_tags IN ACCESS EXCLUSIVE MODE")
    slow = [asyncio.ensure_future(store.runs(RunFilter(tag="x"), None, 50)) for _ in range(12)]
    await asyncio.sleep(0)
    assert await store.run(1024) is None
    await store.ping()
    assert not any(one.done() for one in slow), "the others did not wait for them"
    for answer in await asyncio.gather(*slow, return_exceptions=True):
        assert isinstance(answer, ReadTimeout)
    await blocking.execute("COMMIT")
    assert await store.runs(RunFilter(tag="x"), None, 50) == Listed([], None)
    await blocking.close()
    await store.close()


async def test_a_page_that_was_given_up_early_says_where_the_list_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    first = await server.dispatch(tags=["x"])
    for _ in range(6):
        await server.dispatch(tags=["x"], queue="other")
    for name, value in {"FEW": 0, "SOME": 0, "FIRST_STEP": 2, "LARGEST_STEP": 2, "LOOK_SECONDS": -1.0}.items():
        monkeypatch.setattr(listing, name, value)
    pages = []
    parameters: dict[str, Any] = {"tag": "x", "queue": "default"}
    while True:
        answer = await server.get("/v1/runs", **parameters)
        pages.append([run["id"] for run in answer["data"]])
        if answer["next_cursor"] is None:
            break
        parameters["cursor"] = answer["next_cursor"]
    assert pages[0] == []
    assert [run_id for page in pages for run_id in page] == [first["id"]]
