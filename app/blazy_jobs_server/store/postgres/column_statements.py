"""The SQL of PostgreSQL for many plain runs at once: one statement a verb, which does all of it and says what it did.

`lifecycle` says what a start and a completion of many change. Of the parts of such a statement each sees the tables as
they were before it; what it locks or changes it sees as it is then. `state + 0` keeps the planner from looking for runs
that are named by their keys among all that are in a state.
"""

from __future__ import annotations

from typing import NamedTuple

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.postgres.statements import EVENT_BITS, READY, TIME_HAS_COME
from blazy_jobs_server.store.rows import EVENT_COLUMNS

_QUEUED, _RUNNING = int(State.QUEUED), int(State.RUNNING)
_INSERT_EVENTS = f"INSERT INTO events ({', '.join(EVENT_COLUMNS)})"
_OVERTAKEN = "age({row}.xmin) BETWEEN -16777215 AND -1"
"""A later transaction has written the row: see transaction.py, SIDE_BY_SIDE."""

# -- dispatch

_FRESH = "SELECT $1::bigint + (n - 1) * $2::bigint, "
_MANY = (
    "INSERT INTO runs "
    "(id, lane_id, definition_id, state, rank, due_at, created_at, seq, keep_until, created_by, payload) "
    f"{_FRESH} $3::int, $4::int, $5::int, $6::int, $7::bigint, $7::bigint, $8::int, $9::bigint, "
)
MAKE_MANY = f"{_MANY} $10::text, payload FROM unnest($11::text[]) WITH ORDINALITY AS j(payload, n)"
MAKE_MANY_BY_SEVERAL = (
    f"{_MANY} created_by, payload FROM unnest($10::text[], $11::text[]) WITH ORDINALITY AS j(created_by, payload, n)"
)
"""Their keys are as far from each other."""
QUEUED_MANY = (
    f"{_INSERT_EVENTS} SELECT $3::bigint + n - 1, $1::bigint + (n - 1) * $2::bigint, $4::int, "
    f"{int(EventType.QUEUED)}, {_QUEUED}, 0, $5::bigint, $6::text FROM generate_series(1, $7::int) AS n"
)

# -- claim

PLAIN = (
    "(r.seq = 1 AND r.claims = 0 AND r.definition_id = {definition} AND r.overrides IS NULL "
    "AND r.followed IS NULL AND r.cancel_requested = 0 AND r.replay_of IS NULL)"
)
"""`lifecycle.is_plain` of a run that is queued, and of this definition."""
_STARTED = lifecycle.ManyStarted(0, "")


class _Places(NamedTuple):
    """Where a statement has what a start of many needs: expressions, those of shares with `{part}` in them."""

    first: str
    now: str
    lease_until: str
    max_bytes: str
    definition: str
    worker_id: str
    token: str
    deadline_at: str
    data: str


def _starting(places: _Places, part: str, source: str) -> str:
    """Locks queued runs, and starts those that are plain: `ready` has them, and those that are `taken`."""
    definition = places.definition.format(part=part)
    worker_id, token, deadline_at, data = (text.format(part="j.part") for text in places[5:])
    return (
        "head AS MATERIALIZED ("
        f"SELECT r.id, {part} AS part, r.rank, r.due_at, r.payload, r.tags, r.meta, "
        f"{_OVERTAKEN.format(row='r')} AS overtaken, {PLAIN.format(definition=definition)} AS plain "
        f"FROM {source} FOR UPDATE OF r SKIP LOCKED), "
        "sized AS (SELECT h.*, sum(octet_length(h.payload)) OVER "
        "(PARTITION BY h.part, h.plain ORDER BY h.rank, h.due_at, h.id ROWS UNBOUNDED PRECEDING) "
        f"- octet_length(h.payload) < {places.max_bytes} AS fits FROM head AS h WHERE NOT h.overtaken), "
        "ready AS MATERIALIZED (SELECT s.*, s.plain AND s.fits AS taken, row_number() OVER "
        "(PARTITION BY s.plain AND s.fits ORDER BY s.part, s.rank, s.due_at, s.id) AS place FROM sized AS s), "
        f"started AS (UPDATE runs SET state = {int(_STARTED.state)}, seq = {_STARTED.seq}, "
        f"attempt = {_STARTED.attempt}, claims = {_STARTED.claims}, started_at = {places.now}, "
        f"lease_until = {places.lease_until}, worker_id = {worker_id}, lease_token = {token}, "
        f"deadline_at = {deadline_at} FROM ready AS j WHERE j.taken AND runs.id = j.id), "
        f"told AS ({_INSERT_EVENTS} SELECT {places.first} + j.place - 1, j.id, {_STARTED.seq}, "
        f"{int(EventType.STARTED)}, {int(_STARTED.state)}, {_STARTED.attempt}, {places.now}, {data} "
        "FROM ready AS j WHERE j.taken)"
    )


_STARTED_COLUMNS = (
    "part, array_agg(id ORDER BY place) FILTER (WHERE taken), "
    "array_agg(due_at ORDER BY place) FILTER (WHERE taken), "
    "string_agg(payload, ',' ORDER BY place) FILTER (WHERE taken), "
    "array_agg(id ORDER BY place) FILTER (WHERE NOT plain), "
    "json_object_agg(id, tags) FILTER (WHERE taken AND tags IS NOT NULL)::text, "
    "json_object_agg(id, meta) FILTER (WHERE taken AND meta IS NOT NULL)::text, "
    "bool_or(plain AND NOT fits) FROM ready GROUP BY part"
)
_SHARES = _Places(
    first="$1::bigint",
    now="$2::bigint",
    lease_until="$3::bigint",
    max_bytes="$4::bigint",
    definition="($5::int[])[{part}]",
    worker_id="($6::bigint[])[{part}]",
    token="($7::text[])[{part}]",
    deadline_at="($8::bigint[])[{part}]",
    data="($9::text[])[{part}]",
)
"""The arrays have an element for each part, which is one claim's share of one lane; the answer has a row for each."""
_HEAD = READY % ("$10::int", "$2::bigint", "'{}'", "$11::int")
START_HEAD = f"WITH {_starting(_SHARES, '1', f'runs AS r WHERE {_HEAD}')} SELECT {_STARTED_COLUMNS} ORDER BY part"
_NAMED = f"unnest($10::bigint[], $11::int[]) AS j(id, part) JOIN runs AS r ON r.id = j.id WHERE r.state + 0 = {_QUEUED}"
START_THESE = f"WITH {_starting(_SHARES, 'j.part', _NAMED)} SELECT {_STARTED_COLUMNS} ORDER BY part"

# -- report

LOCK_KEYS = (
    "SELECT count(*) FROM (SELECT 1 FROM runs AS r WHERE r.id = ANY($1::bigint[]) ORDER BY r.id FOR UPDATE) AS locked"
)
_UNTOUCHED = f"runs.state + 0 = {_RUNNING} AND NOT ({_OVERTAKEN.format(row='runs')})"


def _ending(first: str, gate: str = "") -> str:
    """Ends the runs $3 that `said` (a number in the arrays of the workers and tokens) holds, and of which no more is to
    be known than their result. The definitions of $6 have a result schema; those of $8 keep their runs until another
    instant than $7."""
    return (
        f"ended AS (UPDATE runs SET state = {int(State.COMPLETED)}, seq = runs.seq + 1, finished_at = $2::bigint, "
        "delete_at = greatest(coalesce(($8::jsonb ->> runs.definition_id::text)::bigint, $7::bigint), "
        "runs.keep_until), result = coalesce(j.result, 'null'), error = NULL, alone = 0, deadline_at = NULL, "
        "lease_until = NULL FROM unnest($3::bigint[], $4::int[], $5::text[]) AS j(id, said, result) "
        f"WHERE {gate}runs.id = j.id AND {_UNTOUCHED} AND runs.attempt = 1 "
        "AND runs.worker_id = ($9::bigint[])[j.said] AND runs.lease_token = ($10::text[])[j.said] "
        "AND runs.cancel_requested = 0 AND runs.logs_dropped = 0 AND runs.overrides IS NULL "
        "AND runs.followed IS NULL AND runs.definition_id <> ALL($6::int[]) "
        "RETURNING runs.id, runs.lane_id, runs.seq, runs.started_at, runs.tags), "
        "placed AS MATERIALIZED (SELECT e.*, row_number() OVER (ORDER BY e.lane_id, e.id) AS place FROM ended AS e), "
        f"ends_told AS ({_INSERT_EVENTS} SELECT {first} + place - 1, id, seq, {int(EventType.COMPLETED)}, "
        f"{int(State.COMPLETED)}, 1, $2::bigint, NULL FROM placed)"
    )


_ENDED_TAGS = "json_object_agg(id, tags) FILTER (WHERE tags IS NOT NULL)::text"
COMPLETE_MANY = (
    f"WITH {_ending('$1::bigint')} SELECT lane_id, array_agg(id ORDER BY place), "
    f"array_agg(started_at ORDER BY place), array_agg(seq ORDER BY place), {_ENDED_TAGS} "
    "FROM placed GROUP BY lane_id ORDER BY lane_id"
)
RENEW_MANY = (
    "UPDATE runs SET lease_until = j.lease_until "
    "FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS j(id, worker_id, lease_until) "
    f"WHERE runs.id = j.id AND {_UNTOUCHED} AND runs.worker_id = j.worker_id RETURNING runs.id, runs.cancel_requested"
)

# -- cancel

LOCK_ALIKE = (
    "SELECT r.id, r.state, r.state IN "
    f"({int(State.SCHEDULED)}, {int(State.QUEUED)}, {int(State.RETRYING)}) AND r.logs_dropped = 0 "
    "AND r.followed IS NULL AND r.error_group IS NULL AND r.lease_token IS NULL, "
    f"{_OVERTAKEN.format(row='r')} FROM runs AS r WHERE r.id = ANY($1::bigint[]) ORDER BY r.id FOR UPDATE"
)
"""Of those named the state, and whether it waits and has not failed, nor been leased out."""
_CANCELLED = lifecycle.ManyCancelled(0, 0)
CANCEL_MANY = (
    f"WITH cancelled AS (UPDATE runs SET state = {int(_CANCELLED.state)}, cancel_requested = 1, seq = runs.seq + 1, "
    "finished_at = $2::bigint, delete_at = greatest(coalesce(($6::jsonb ->> runs.definition_id::text)::bigint, "
    "$5::bigint), runs.keep_until) FROM unnest($3::bigint[], $4::int[]) AS j(id, before) WHERE runs.id = j.id "
    "RETURNING runs.id, runs.lane_id, j.before, runs.attempt, runs.seq, runs.tags), "
    "placed AS MATERIALIZED (SELECT c.*, row_number() OVER (ORDER BY c.lane_id, c.before, c.attempt, c.id) AS place "
    "FROM cancelled AS c), "
    f"told AS ({_INSERT_EVENTS} SELECT $1::bigint + place - 1, id, seq, {int(EventType.CANCELLED)}, "
    f"{int(_CANCELLED.state)}, attempt, $2::bigint, '{_CANCELLED.data}' FROM placed) "
    "SELECT lane_id, before, attempt, array_agg(id ORDER BY place), array_agg(seq ORDER BY place), "
    f"{_ENDED_TAGS} FROM placed GROUP BY lane_id, before, attempt ORDER BY min(place)"
)
"""Of locked runs that are alike. The definitions of $6 keep their runs until another instant than $5."""

# -- report and claim, as a transaction of its own

_ABLE = "(SELECT first FROM able)"
_CLAIM = _Places(
    first=f"{_ABLE} + (SELECT count(*) FROM placed)",
    now="$2::bigint",
    lease_until="$17::bigint",
    max_bytes="$20::bigint",
    definition="$15::int",
    worker_id="$12::bigint",
    token="$16::text",
    deadline_at="$18::bigint",
    data="$19::text",
)
_OPEN_HEAD = f"{_ABLE} IS NOT NULL AND " + READY % ("$13::int", "$2::bigint", "'{}'", "$14::int")
AT_ONCE = (
    "WITH begun AS MATERIALIZED (SELECT b.revision, b.feed_base + (b.tx << "
    f"{EVENT_BITS}) AS first FROM begin_jobs() AS b), "
    "there AS MATERIALIZED (SELECT w.id FROM workers AS w WHERE (SELECT first FROM begun) IS NOT NULL "
    "AND w.id = $12::bigint FOR KEY SHARE), "
    "able AS MATERIALIZED (SELECT first FROM begun WHERE revision = $1::bigint AND ($12::bigint IS NULL "
    f"OR (EXISTS (SELECT 1 FROM there) AND NOT {TIME_HAS_COME % ('$2::bigint', '$2::bigint')}))), "
    f"{_ending(_ABLE, f'{_ABLE} IS NOT NULL AND ')}, "
    f"{_starting(_CLAIM, '1', f'runs AS r WHERE {_OPEN_HEAD}')}, "
    "counted AS (INSERT INTO run_counts (lane_id, state, shard, runs) "
    "SELECT c.lane_id, c.state, $11::int, sum(c.n) FROM ("
    f"SELECT lane_id, {_RUNNING} AS state, -1 AS n FROM placed "
    f"UNION ALL SELECT lane_id, {int(State.COMPLETED)}, 1 FROM placed "
    f"UNION ALL SELECT $13::int, {_QUEUED}, -1 FROM ready WHERE taken "
    f"UNION ALL SELECT $13::int, {_RUNNING}, 1 FROM ready WHERE taken) AS c GROUP BY 1, 2 HAVING sum(c.n) <> 0 "
    "ORDER BY 1, 2 "
    "ON CONFLICT (lane_id, state, shard) DO UPDATE SET runs = run_counts.runs + excluded.runs) "
    "SELECT 0 AS kind, 0 AS part, ARRAY[first], NULL::bigint[], NULL::text, NULL::bigint[], NULL::text, NULL::text, "
    "NULL::boolean FROM able "
    "UNION ALL SELECT 1, lane_id, array_agg(id ORDER BY place), array_agg(started_at ORDER BY place), NULL, "
    f"array_agg(seq::bigint ORDER BY place), {_ENDED_TAGS}, NULL, NULL FROM placed GROUP BY lane_id "
    f"UNION ALL SELECT 2, {_STARTED_COLUMNS} ORDER BY 1, 2"
)
"""What COMPLETE_MANY and START_HEAD do, begun, counted and committed, where the revision is the one known, the worker
is there and no run's time has come; else nothing, and no row. `begin_jobs` is called first, since all else waits for
it: who changes a definition meanwhile has either done so, or waits."""
