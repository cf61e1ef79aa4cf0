"""No statement walks a table that grows: PostgreSQL says so of each, with the settings that it is sent under."""

from __future__ import annotations

import re

import pytest

from blazy_jobs_server.store.postgres import column_statements, connecting
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.reading import LIST_PLAN
from tests.support.postgres import Postgres

pytestmark = pytest.mark.system

STATEMENTS = {
    name: text
    for name, text in [*vars(sql).items(), *vars(column_statements).items()]
    if re.match("[A-Z_]+$", name) and name[0] != "_" and isinstance(text, str)
    if re.match("(SELECT|INSERT|UPDATE|DELETE|WITH) ", text)
}
WALKS = re.compile(r"Seq Scan on (runs|events|idempotency_keys)\b")
READ = {"RUNS_BY_ID", "EVENTS_OF_RUN", "FEED", "STANDING", "ANY_READY", "DUE_SCHEDULES", "NEXT_WAKE", "CANCELLING"}
"""Sent on connections that read, where the planner is free."""


@pytest.fixture(scope="module")
def filled(postgres: Postgres, empty_postgres: str) -> str:
    """Many finished runs, a few of the others, and two events of each."""
    name = postgres.new_database(empty_postgres)
    postgres.psql(
        """
        INSERT INTO lanes (id, job_type, queue) SELECT n, 'j' || n, 'q' FROM generate_series(1, 20) AS n;
        INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, payload, delete_at,
                          worker_id, lease_until, deadline_at, expires_at, dedupe_key, schedule, fire_at)
        SELECT n * 1024, 1 + n % 20, 1, CASE WHEN n % 1000 < 4 THEN n % 1000 ELSE 4 END, 0, n, n, 2, '{}',
               CASE WHEN n % 1000 < 4 THEN NULL ELSE n END, CASE WHEN n % 1000 = 2 THEN 7 END,
               CASE WHEN n % 1000 = 2 THEN n END, CASE WHEN n % 1000 = 2 THEN n END,
               CASE WHEN n % 500 = 1 THEN n END, CASE WHEN n % 700 = 1 THEN 'd' || n END,
               CASE WHEN n % 300 = 1 THEN 's' END, CASE WHEN n % 300 = 1 THEN n END
        FROM generate_series(1, 50000) AS n;
        INSERT INTO events (id, run_id, seq, type, state, attempt, time)
        SELECT n, (n / 2) * 1024, 1 + n % 2, 0, 1, 0, n FROM generate_series(2, 100001) AS n;
        INSERT INTO idempotency_keys (scope, key, fingerprint, created_at, run_id)
        SELECT 's', 'k' || n, 'f', n, n * 1024 FROM generate_series(1, 20000) AS n;
        ANALYZE
        """,
        name,
    )
    return name


def plan(postgres: Postgres, database: str, statement: str, settings: dict[str, str]) -> str:
    # By psql, because GENERIC_PLAN takes parameters without their values in the simple protocol only.
    named = "; ".join(f"SET {name} = '{value}'" for name, value in settings.items())
    return postgres.psql(f"{named}; EXPLAIN (GENERIC_PLAN) {statement}", database)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_walks_no_large_table(postgres: Postgres, filled: str, name: str) -> None:
    found = plan(postgres, filled, STATEMENTS[name], connecting.LIMITS if name in READ else connecting.WRITING)
    assert not WALKS.search(found), found


@pytest.mark.parametrize("name", ["START_THESE", "COMPLETE_MANY", "RENEW_MANY"])
@pytest.mark.parametrize("size", ["filled", "empty"])
def test_what_names_its_runs_finds_each_by_its_key(
    postgres: Postgres, filled: str, empty_postgres: str, size: str, name: str
) -> None:
    """And not all that are queued or running; it locks them in the order in which they are named."""
    database = filled if size == "filled" else postgres.borrow(empty_postgres)
    found = plan(postgres, database, STATEMENTS[name], connecting.WRITING)
    loops = re.findall(r"Nested Loop.*\n\s*->  (\w+ Scan).*?\n(?:.*Filter.*\n)*\s*->  (Index Scan using \w+)", found)
    assert loops, found
    assert all(outer in ("Function Scan", "CTE Scan") for outer, _ in loops), found
    assert all(inner == "Index Scan using runs_pkey" for _, inner in loops), found


def test_the_head_of_a_lane_is_read_in_the_order_of_starts(postgres: Postgres, filled: str) -> None:
    found = plan(postgres, filled, STATEMENTS["START_HEAD"], connecting.WRITING)
    assert re.search(r"LockRows.*\n\s*->  Index Scan using runs_ready", found), found


GROUPS = {
    "NEWEST_ERRORS": "Index Only Scan Backward using error_counts_newest",
    "ERRORS_COUNTED": "error_counts_pkey",
    "ERROR_SAMPLES": "using runs_unresolved",
    "HOLD_ERRORS": "error_counts_spent",
    "AHEAD": "using runs_ready",
}


@pytest.fixture(scope="module")
def failing(postgres: Postgres, filled: str) -> str:
    """Where most have failed, of a group or two, and most of these are resolved."""
    name = postgres.new_database(filled)
    postgres.psql(
        """
        UPDATE runs SET state = 5, error_group = CASE WHEN id % 3072 = 0 THEN 'a' ELSE 'b' END, error_code = 'x',
                        resolved_at = CASE WHEN id % 100 = 0 THEN NULL ELSE 1 END WHERE state = 4;
        INSERT INTO error_counts (error_group, lane_id, state, shard, runs, first_at, last_at)
        SELECT 'g' || n, 1 + n % 20, 5, n % 3, CASE WHEN n % 1000 = 0 THEN 0 ELSE 1 END, n, n
        FROM generate_series(1, 20000) AS n;
        ANALYZE
        """,
        name,
    )
    return name


@pytest.mark.parametrize("name", GROUPS)
def test_groups_of_errors_are_found_by_their_indexes(postgres: Postgres, failing: str, name: str) -> None:
    found = plan(postgres, failing, STATEMENTS[name], connecting.WRITING if name == "HOLD_ERRORS" else LIST_PLAN)
    assert GROUPS[name] in found, found
    assert "Seq Scan on error_counts" not in found, found


def test_the_check_sees_a_walk(postgres: Postgres, filled: str) -> None:
    found = plan(postgres, filled, "SELECT id FROM runs WHERE payload = $1::text", connecting.LIMITS)
    assert WALKS.search(found)
