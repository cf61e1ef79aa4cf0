"""The SQL of PostgreSQL for many plain runs at once: one statement a verb, which does all of it and says what it did.

`lifecycle` says what a start and a completion of many change. Of the parts of such a statement each sees the tables as
they were before it; what it locks or changes it sees as it is then. `state + 0` keeps the planner from looking for runs
that are named by their keys among all that are in a state.
"""

from __future__ import annotations

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.postgres.statements import READY
from blazy_jobs_server.store.rows import EVENT_COLUMNS

_QUEUED, _RUNNING = int(State.QUEUED), int(State.RUNNING)
_INSERT_EVENTS = f"INSERT INTO events ({', '.join(EVENT_COLUMNS)})"
_OVERTAKEN = "age({row}.xmin) BETWEEN -16777215 AND -1"
"""A later transaction has written the row: see transaction.py, SIDE_BY_SIDE."""

# -- dispatch

_FRESH = "SELECT $1::bigint + (n - 1) * $2::bigint, "
MAKE_MANY = (
    "INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, keep_until, payload) "
    f"{_FRESH} $3::int, $4::int, $5::int, $6::int, $7::bigint, $7::bigint, $8::int, $9::bigint, payload "
    "FROM unnest($10::text[]) WITH ORDINALITY AS j(payload, n)"
)
"""Their keys are as far from each other."""
QUEUED_MANY = (
    f"{_INSERT_EVENTS} SELECT $3::bigint + n - 1, $1::bigint + (n - 1) * $2::bigint, $4::int, "
    f"{int(EventType.QUEUED)}, {_QUEUED}, 0, $5::bigint, $6::text FROM generate_series(1, $7::int) AS n"
)

# -- claim

PLAIN = (
    "(r.seq = 1 AND r.claims = 0 AND r.definition_id = ($5::int[])[{part}] AND r.overrides IS NULL "
    "AND r.followed IS NULL AND r.cancel_requested = 0)"
)
"""`lifecycle.is_plain` of a run that is queued, and of this definition."""
_STARTED = lifecycle.ManyStarted(0, "")


def _start(part: str, source: str) -> str:
    """Locks queued runs, and starts those that are plain. The arrays are those of the parts, each of which is one
    claim's share of one lane; the answer has a row of each."""
    overtaken = _OVERTAKEN.format(row="r")
    return (
        "WITH head AS MATERIALIZED ("
        f"SELECT r.id, {part} AS part, r.rank, r.due_at, r.payload, r.tags, r.meta, {overtaken} AS overtaken, "
        f"{PLAIN.format(part=part)} AS plain FROM {source} FOR UPDATE OF r SKIP LOCKED), "
        "sized AS (SELECT h.*, sum(octet_length(h.payload)) OVER "
        "(PARTITION BY h.part, h.plain ORDER BY h.rank, h.due_at, h.id ROWS UNBOUNDED PRECEDING) "
        "- octet_length(h.payload) < $4::bigint AS fits FROM head AS h WHERE NOT h.overtaken), "
        "ready AS MATERIALIZED (SELECT s.*, s.plain AND s.fits AS taken, row_number() OVER "
        "(PARTITION BY s.plain AND s.fits ORDER BY s.part, s.rank, s.due_at, s.id) AS place FROM sized AS s), "
        f"started AS (UPDATE runs SET state = {int(_STARTED.state)}, seq = {_STARTED.seq}, "
        f"attempt = {_STARTED.attempt}, claims = {_STARTED.claims}, started_at = $2::bigint, "
        "lease_until = $3::bigint, worker_id = ($6::bigint[])[j.part], lease_token = ($7::text[])[j.part], "
        "deadline_at = ($8::bigint[])[j.part] FROM ready AS j WHERE j.taken AND runs.id = j.id), "
        f"told AS ({_INSERT_EVENTS} SELECT $1::bigint + j.place - 1, j.id, {_STARTED.seq}, "
        f"{int(EventType.STARTED)}, {int(_STARTED.state)}, {_STARTED.attempt}, $2::bigint, ($9::text[])[j.part] "
        "FROM ready AS j WHERE j.taken) "
        "SELECT part, array_agg(id ORDER BY place) FILTER (WHERE taken), "
        "array_agg(due_at ORDER BY place) FILTER (WHERE taken), "
        "string_agg(payload, ',' ORDER BY place) FILTER (WHERE taken), "
        "array_agg(id ORDER BY place) FILTER (WHERE NOT plain), "
        "json_object_agg(id, tags) FILTER (WHERE taken AND tags IS NOT NULL)::text, "
        "json_object_agg(id, meta) FILTER (WHERE taken AND meta IS NOT NULL)::text, "
        "bool_or(plain AND NOT fits) FROM ready GROUP BY part ORDER BY part"
    )


_HEAD = READY % ("$10::int", "$2::bigint", "'{}'", "$11::int")
START_HEAD = _start("1", f"runs AS r WHERE {_HEAD}")
START_THESE = _start(
    "j.part",
    f"unnest($10::bigint[], $11::int[]) AS j(id, part) JOIN runs AS r ON r.id = j.id WHERE r.state + 0 = {_QUEUED}",
)

# -- report

LOCK_KEYS = (
    "SELECT count(*) FROM (SELECT 1 FROM runs AS r WHERE r.id = ANY($1::bigint[]) ORDER BY r.id FOR UPDATE) AS locked"
)
_UNTOUCHED = f"runs.state + 0 = {_RUNNING} AND NOT ({_OVERTAKEN.format(row='runs')})"
COMPLETE_MANY = (
    f"WITH ended AS (UPDATE runs SET state = {int(State.COMPLETED)}, seq = runs.seq + 1, finished_at = $2::bigint, "
    "delete_at = greatest(coalesce(($8::jsonb ->> runs.definition_id::text)::bigint, $7::bigint), runs.keep_until), "
    "result = coalesce(j.result, 'null'), error = NULL, alone = 0, deadline_at = NULL, lease_until = NULL "
    "FROM unnest($3::bigint[], $4::int[], $5::text[]) AS j(id, said, result) "
    f"WHERE runs.id = j.id AND {_UNTOUCHED} AND runs.attempt = 1 AND runs.worker_id = ($9::bigint[])[j.said] "
    "AND runs.lease_token = ($10::text[])[j.said] AND runs.cancel_requested = 0 AND runs.logs_dropped = 0 "
    "AND runs.overrides IS NULL AND runs.followed IS NULL AND runs.definition_id <> ALL($6::int[]) "
    "RETURNING runs.id, runs.lane_id, runs.seq, runs.started_at, runs.tags), "
    "placed AS MATERIALIZED (SELECT e.*, row_number() OVER (ORDER BY e.lane_id, e.id) AS place FROM ended AS e), "
    f"told AS ({_INSERT_EVENTS} SELECT $1::bigint + place - 1, id, seq, {int(EventType.COMPLETED)}, "
    f"{int(State.COMPLETED)}, 1, $2::bigint, NULL FROM placed) "
    "SELECT lane_id, array_agg(id ORDER BY place), array_agg(seq ORDER BY place), "
    "array_agg(started_at ORDER BY place), json_object_agg(id, tags) FILTER (WHERE tags IS NOT NULL)::text "
    "FROM placed GROUP BY lane_id ORDER BY lane_id"
)
"""Ends the runs that `said` (a number in the arrays of the workers and tokens) holds, and of which no more is to be
known than their result. The definitions of $6 have a result schema; those of $8 keep their runs until another instant
than $7."""
RENEW_MANY = (
    "UPDATE runs SET lease_until = j.lease_until "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS j(id, worker_id, lease_until) "
    f"WHERE runs.id = j.id AND {_UNTOUCHED} AND runs.worker_id = j.worker_id RETURNING runs.id, runs.cancel_requested"
)
