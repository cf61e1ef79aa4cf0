"""The SQL of PostgreSQL, in the order of a run's life. Many rows go in as one array a column.

The key of an event is `feed_base + (transaction id << 20) + n`, the n-th of its transaction. So the events of all
transactions before `pg_snapshot_xmin` (PostgreSQL's documentation, 9.28), which have ended, have smaller keys than any
event to come, whichever server writes it, and a reader that goes by the key up to there passes over none that commits
late.

So that the events of one run have keys in their own order, no transaction writes one of a run that a later one (by its
id, as it was the first to end) has written: claims and sweeps pass such a run over, and all else is
begun anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.ledger import WAITING
from blazy_jobs_server.store.rows import BRIEF_COLUMNS, EVENT_COLUMNS, OF_RUN, RUN_COLUMNS, select_list
from blazy_jobs_server.store.statements import (
    CHANGE_COLUMNS,
    COMPLETE_COLUMNS,
    DISPATCH_COLUMNS,
    FAIL_COLUMNS,
    PLAIN_COLUMNS,
    SCHEDULE_COLUMNS,
    START_COLUMNS,
)
from blazy_jobs_server.store.tables import (
    CANCELLING_SQL,
    EXPIRING_SQL,
    SPENT_SQL,
    UNFINISHED_SQL,
    UNRESOLVED_SQL,
    WAITING_SQL,
)

LOCK_CLASS = 1114398821
"""Of our advisory locks. This one, and the numbers below, also stand in migration 0003."""
LOCK_DEFINITIONS = 1
LOCK_MIGRATION = 2
LOCK_SWEEP = 3
LOCK_PRUNE = 4
LOCK_OPENING = 5
LOCK_DEDUPE = 100
"""The first of DEDUPE_STRIPES."""
DEDUPE_STRIPES = 256
LOCK_LIMITED = 1000
"""The first of LIMITED_STRIPES."""
LIMITED_STRIPES = 4096
LOCK_SHARD = 10_000
"""The first of MAX_SHARDS; each is held by a session of the server that counts there."""
MAX_SHARDS = 64
EVENT_BITS = 20

_TYPES = {
    "id": "bigint",
    "lane_id": "int",
    "definition_id": "int",
    "state": "int",
    "rank": "int",
    "due_at": "bigint",
    "created_at": "bigint",
    "seq": "int",
    "attempt": "int",
    "claims": "int",
    "losses": "int",
    "alone": "int",
    "cancel_requested": "int",
    "logs": "int",
    "logs_dropped": "int",
    "started_at": "bigint",
    "finished_at": "bigint",
    "delete_at": "bigint",
    "expires_at": "bigint",
    "keep_until": "bigint",
    "worker_id": "bigint",
    "lease_until": "bigint",
    "deadline_at": "bigint",
    "replay_of": "bigint",
    "fire_at": "bigint",
    "job_added_at": "bigint",
    "followed": "int",
    "followed_lines": "int",
    "run_id": "bigint",
    "type": "int",
    "time": "bigint",
    "resolved_at": "bigint",
}
"""All others are text."""


def _arrays(columns: Sequence[str]) -> str:
    return ", ".join(f"${i}::{_TYPES.get(column, 'text')}[]" for i, column in enumerate(columns, 1))


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({_arrays(columns)})"


def _update(columns: Sequence[str], fixed: str = "") -> str:
    """Of runs, by their keys."""
    changes = [fixed] * bool(fixed) + [f"{column} = j.{column}" for column in columns]
    named = ("id", *columns)
    return (
        f"UPDATE runs SET {', '.join(changes)} FROM unnest({_arrays(named)}) AS j({', '.join(named)}) "
        "WHERE runs.id = j.id"
    )


# -- the transaction

BEGIN = "SELECT revision, feed_base, tx, false, '{}'::bigint[] FROM begin_jobs()"
HORIZON = "SELECT s.feed_base + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 20) FROM shared AS s"
"""Below this key there are all events that there will ever be."""
BEGUN = "SELECT s.feed_base + (pg_snapshot_xmax(pg_current_snapshot())::text::bigint << 20) FROM shared AS s"
"""Below this key are all events of transactions that have begun."""
LOCK = f"SELECT pg_advisory_xact_lock({LOCK_CLASS}, $1)"
TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({LOCK_CLASS}, $1)"
LOCK_ALL = f"SELECT pg_advisory_xact_lock({LOCK_CLASS}, n) FROM unnest($1::int[]) AS n"
"""In the order given."""

# -- dispatch

_WRITTEN = "r.lease_until, r.xmin::text::bigint"
"""The second one is the transaction that wrote the row, by the lower half of its number."""
RUN = f"{select_list(RUN_COLUMNS, 'r')}, {_WRITTEN}"
HEAD = ", ".join("''" if column == "payload" else f"r.{column}" for column in RUN_COLUMNS) + f", {_WRITTEN}"
INSERT_PLAIN_RUNS = _insert("runs", PLAIN_COLUMNS)
INSERT_RUNS = _insert("runs", DISPATCH_COLUMNS)
INSERT_EVENTS = _insert("events", EVENT_COLUMNS)
FIND_DEDUPED = (
    "SELECT w.job_type, w.dedupe_key, r.id FROM unnest($1::text[], $2::text[]) AS w(job_type, dedupe_key) "
    f"JOIN runs AS r ON r.dedupe_key = w.dedupe_key AND r.dedupe_key IS NOT NULL AND r.{UNFINISHED_SQL} "
    "JOIN lanes AS l ON l.id = r.lane_id AND l.job_type = w.job_type"
)
FIND_IDEMPOTENT = (
    "SELECT k.scope, k.key, k.fingerprint, k.run_id, k.answer FROM unnest($1::text[], $2::text[]) AS w(scope, key) "
    "JOIN idempotency_keys AS k ON k.scope = w.scope AND k.key = w.key"
)
INSERT_IDEMPOTENT = (
    "INSERT INTO idempotency_keys (scope, key, fingerprint, created_at, run_id, answer) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[]) "
    "ON CONFLICT DO NOTHING RETURNING scope, key"
)
KEEP = "UPDATE runs SET keep_until = greatest(coalesce(keep_until, 0), $2) WHERE id = ANY($1::bigint[])"
RUNS_BY_ID = f"SELECT {RUN} FROM runs AS r WHERE r.id = ANY($1::bigint[])"
_BRIEF = ", ".join(column if column[:1] in "'N" else f"r.{column}" for column in BRIEF_COLUMNS)
BRIEF_BY_ID = f"SELECT {_BRIEF}, {_WRITTEN} FROM runs AS r WHERE r.id = ANY($1::bigint[])"

# -- claim

READY = (
    f"lane_id = %s AND state = {int(State.QUEUED)} "
    "AND (expires_at IS NULL OR claims > 0 OR expires_at > %s) AND id <> ALL(%s::bigint[]) "
    "ORDER BY rank, due_at, id LIMIT %s"
)
HEAD_OF_LANE = f"SELECT {RUN} FROM runs AS r WHERE {READY % ('$1', '$2', '$3', '$4')} FOR UPDATE SKIP LOCKED"
HEADS_OF_LANES = (
    "SELECT h.rank, h.due_at, h.id, l.id FROM unnest($1::int[]) AS l(id) CROSS JOIN LATERAL ("
    f"SELECT rank, due_at, id FROM runs WHERE {READY % ('l.id', '$2', '$3', '$4')}) AS h ORDER BY 1, 2, 3"
)
HEADS_OF_KNOWN = HEADS_OF_LANES.replace("WHERE lane_id", "WHERE definition_id <> ALL($5::int[]) AND lane_id")
"""Without the runs of some definitions."""
TIME_HAS_COME = (
    f"(EXISTS (SELECT 1 FROM runs WHERE {WAITING_SQL} AND due_at <= %s) "
    f"OR EXISTS (SELECT 1 FROM runs WHERE {EXPIRING_SQL} AND expires_at <= %s))"
)
BEGIN_CLAIMING = (
    f"SELECT revision, feed_base, tx, {TIME_HAS_COME % ('$1', '$1')}, "
    "ARRAY(SELECT id FROM workers WHERE id = ANY($2::bigint[]) FOR KEY SHARE) FROM begin_jobs()"
)
"""The workers are those that are there, and stay until the end of the transaction: who gives one up waits for it before
looking for its runs."""
ANY_READY = (
    "SELECT EXISTS (SELECT 1 FROM unnest($1::int[]) AS l(id) CROSS JOIN LATERAL ("
    f"SELECT 1 FROM runs WHERE lane_id = l.id AND state = {int(State.QUEUED)} LIMIT 1) AS h) "
    f"OR {TIME_HAS_COME % ('$2', '$2')} OR (SELECT revision FROM shared WHERE id = 1) <> $3"
)
TAKE = f"{RUNS_BY_ID} AND r.state = {int(State.QUEUED)} FOR UPDATE SKIP LOCKED"
RUNNING_OF = (
    f"SELECT lane_id, count(*) FROM runs WHERE state = {int(State.RUNNING)} AND lane_id = ANY($1::int[]) GROUP BY 1"
)
RATES = "SELECT scope, name, per_microseconds, starts FROM rates"
RATES_OF = (
    "SELECT r.scope, r.name, r.per_microseconds, r.starts FROM unnest($1::text[], $2::text[]) AS w(scope, name) "
    "JOIN rates AS r ON r.scope = w.scope AND r.name = w.name"
)
SAVE_RATES = (
    "INSERT INTO rates (scope, name, per_microseconds, starts) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) "
    "ON CONFLICT (scope, name) DO UPDATE SET per_microseconds = excluded.per_microseconds, starts = excluded.starts"
)
START = _update((*START_COLUMNS, "lease_until"), f"state = {int(State.RUNNING)}")

# -- report, and every other change

LOCK_RUNS = f"SELECT {HEAD} FROM runs AS r WHERE r.id = ANY($1::bigint[]) ORDER BY r.id FOR UPDATE"
COMPLETE = _update(
    COMPLETE_COLUMNS,
    f"state = {int(State.COMPLETED)}, error = NULL, alone = 0, deadline_at = NULL, lease_until = NULL",
)
CHANGE = _update((*CHANGE_COLUMNS, "lease_until"))
FAIL = _update((*FAIL_COLUMNS, "lease_until"))
RANK = "UPDATE runs SET rank = $1 WHERE id = ANY($2::bigint[])"
RENEW = _update(("lease_until",))

# -- sweep

DUE = (
    f"SELECT {HEAD} FROM runs AS r WHERE r.{WAITING_SQL} AND r.due_at <= $1 ORDER BY r.due_at LIMIT $2 "
    "FOR UPDATE SKIP LOCKED"
)
EXPIRED = (
    f"SELECT {HEAD} FROM runs AS r WHERE {EXPIRING_SQL} AND r.expires_at <= $1 ORDER BY r.expires_at LIMIT $2 "
    "FOR UPDATE SKIP LOCKED"
)
OVERDUE = (
    f"SELECT {HEAD} FROM runs AS r WHERE r.state = {int(State.RUNNING)} "
    "AND (r.lease_until <= $1 OR r.deadline_at <= $1) LIMIT $2 FOR UPDATE SKIP LOCKED"
)
NEXT = (
    f"SELECT least((SELECT due_at FROM runs WHERE {WAITING_SQL} ORDER BY due_at LIMIT 1), "
    f"(SELECT expires_at FROM runs WHERE {EXPIRING_SQL} ORDER BY expires_at LIMIT 1), "
    f"(SELECT min(least(lease_until, deadline_at)) FROM runs WHERE state = {int(State.RUNNING)}))"
)
EXTEND = (
    "UPDATE runs SET lease_until = greatest(coalesce(lease_until, 0), $1), "
    f"deadline_at = greatest(coalesce(deadline_at, 0), $1) WHERE state = {int(State.RUNNING)} "
    "AND worker_id IS NOT NULL AND (lease_until < $1 OR lease_until IS NULL OR deadline_at < $1 OR deadline_at IS NULL)"
)

EXTEND_DETACHED = (
    "UPDATE runs SET lease_until = greatest(runs.lease_until, $1 + (1000000 * "
    "(v.body::json -> 'handler' ->> 'heartbeat_seconds')::float8)::bigint) "
    "FROM lanes AS l JOIN job_types AS t ON t.name = l.job_type JOIN job_type_versions AS v ON v.id = t.definition_id "
    f"WHERE l.id = runs.lane_id AND runs.state = {int(State.RUNNING)} AND runs.worker_id IS NULL "
    "AND runs.followed IS NULL AND runs.lease_until IS NOT NULL"
)

# -- queues of other engines

FIND_JOBS = (
    "SELECT DISTINCT ON (j.job_id, j.queue) j.job_id, j.queue, r.id, r.job_added_at "
    "FROM unnest($1::text[], $2::text[]) AS j(job_id, queue) "
    "JOIN runs AS r ON r.job_id = j.job_id AND r.job_id IS NOT NULL "
    "JOIN lanes AS l ON l.id = r.lane_id AND l.queue = j.queue ORDER BY j.job_id, j.queue, r.id DESC"
)
UNFINISHED_OF_QUEUE = (
    "SELECT h.id FROM lanes AS l CROSS JOIN unnest($2::int[]) AS s(state) CROSS JOIN LATERAL ("
    "SELECT id FROM runs WHERE lane_id = l.id AND state = s.state AND id > $3 ORDER BY id LIMIT $4) AS h "
    "WHERE l.queue = $1 ORDER BY h.id LIMIT $4"
)
PLACE = "SELECT place FROM queues WHERE name = $1"
QUEUED_LANES = (
    "SELECT l.id FROM unnest($1::int[]) AS l(id) WHERE EXISTS ("
    f"SELECT 1 FROM runs WHERE lane_id = l.id AND state = {int(State.QUEUED)})"
)
WAITING_IN = (
    "SELECT l.queue, sum(c.runs)::bigint FROM run_counts AS c JOIN lanes AS l ON l.id = c.lane_id "
    f"WHERE l.queue = ANY($1::text[]) AND c.state IN ({', '.join(str(int(state)) for state in WAITING)}) GROUP BY 1"
)
UNFINISHED_IN = (
    "SELECT coalesce(sum(c.runs), 0)::int FROM run_counts AS c JOIN lanes AS l ON l.id = c.lane_id "
    f"WHERE l.queue = $1 AND c.{UNFINISHED_SQL}"
)

# -- schedules

_SCHEDULES = f"SELECT {', '.join(SCHEDULE_COLUMNS)} FROM schedules"
SCHEDULE = f"{_SCHEDULES} WHERE name = $1"
TAKE_SCHEDULES = f"{_SCHEDULES} WHERE name = ANY($1::text[]) FOR UPDATE SKIP LOCKED"
DUE_SCHEDULES = (
    f"{_SCHEDULES} WHERE wake_at IS NOT NULL AND wake_at BETWEEN $1 AND $2 ORDER BY wake_at, id LIMIT $3 OFFSET $4"
)
NEXT_WAKE = "SELECT wake_at FROM schedules WHERE wake_at IS NOT NULL AND wake_at > $1 ORDER BY wake_at LIMIT 1"
SCHEDULES_OF_APP = f"{_SCHEDULES} WHERE app IS NOT NULL AND app = $1"
SCHEDULES_BY_OLDER_RULES = f'{_SCHEDULES} WHERE next_fire_at IS NOT NULL AND rules COLLATE "C" < $1'
NAMES_OF_SCHEDULES = "SELECT name FROM schedules WHERE job_type = $1"
HOLD_SCHEDULES = f"{_SCHEDULES} WHERE name = ANY($1::text[]) ORDER BY name FOR UPDATE"
SCHEDULES_OF_JOB_TYPE = "SELECT EXISTS (SELECT 1 FROM schedules WHERE job_type = $1)"
SCHEDULES_PAGE = f"SELECT {', '.join(SCHEDULE_COLUMNS)}, id FROM schedules WHERE id < $1 ORDER BY id DESC LIMIT $2"
_PLACES = ", ".join(f"${i}" for i in range(1, len(SCHEDULE_COLUMNS) + 1))
INSERT_SCHEDULE = (
    f"INSERT INTO schedules ({', '.join(SCHEDULE_COLUMNS)}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING RETURNING id"
)
UPDATE_SCHEDULE = (
    f"UPDATE schedules SET {', '.join(f'{c} = ${i}' for i, c in enumerate(SCHEDULE_COLUMNS, 1))} WHERE name = $1"
)
OVERLAPPING = (
    f"SELECT {HEAD} FROM runs AS r WHERE r.schedule IS NOT NULL AND r.{UNFINISHED_SQL} AND r.schedule = $1 "
    "ORDER BY r.id LIMIT $2"
)
FIRED = (
    "SELECT j.schedule, j.fire_at FROM unnest($1::text[], $2::bigint[]) AS j(schedule, fire_at) "
    "JOIN runs AS r ON r.fire_at IS NOT NULL AND r.schedule = j.schedule AND r.fire_at = j.fire_at"
)

# -- workers

WORKER_COLUMNS = (
    "id",
    "name",
    "job_types",
    "queues",
    "concurrency",
    "registered_at",
    "pool",
    "pid",
    "home",
    "seen_at",
    "declares",
    "unknown",
    "key_id",
    "host",
    "version",
    "draining",
    "server",
)
_WORKERS = f"SELECT {', '.join(WORKER_COLUMNS)} FROM workers"
WORKERS = f"{_WORKERS} ORDER BY id"
WORKER = f"{_WORKERS} WHERE id = $1"
INSERT_WORKER = (
    f"INSERT INTO workers ({', '.join(WORKER_COLUMNS)}) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $6, $10, NULL, $12, $13, $14, false, $11)"
)
DELETE_WORKER = "DELETE FROM workers WHERE id = $1"
LEASED_TO = (
    f"SELECT {HEAD} FROM runs AS r WHERE r.worker_id = $1 AND r.state = {int(State.RUNNING)} ORDER BY r.id FOR UPDATE"
)
HEARD = (
    "UPDATE workers SET seen_at = greatest(seen_at, h.at), server = $3 "
    "FROM unnest($1::bigint[], $2::bigint[]) AS h(id, at) WHERE workers.id = h.id RETURNING workers.id"
)
SERVER_IS_THERE = (
    "INSERT INTO servers (id, seen_at, about) VALUES ($1, $2, $3) "
    "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, about = excluded.about"
)
SERVERS = "SELECT id, seen_at, about FROM servers WHERE seen_at >= $1 ORDER BY id"
DUE_OF_FIRST = (
    "SELECT p.state, h.due_at FROM (SELECT DISTINCT lane_id, state FROM run_counts) AS p "
    "CROSS JOIN LATERAL (SELECT r.due_at FROM runs AS r WHERE r.lane_id = p.lane_id AND r.state = p.state "
    "ORDER BY r.id LIMIT 1) AS h"
)
IN_HAND = (
    "SELECT h.worker_id, h.n, h.id, h.lane_id, h.attempt, h.started_at FROM ("
    "SELECT r.worker_id, r.id, r.lane_id, r.attempt, r.started_at, count(*) OVER (PARTITION BY r.worker_id) AS n, "
    "row_number() OVER (PARTITION BY r.worker_id ORDER BY r.started_at, r.id) AS place FROM runs AS r "
    f"WHERE r.worker_id = ANY($1::bigint[]) AND r.state = {int(State.RUNNING)}) AS h WHERE h.place <= $2 "
    "ORDER BY h.worker_id, h.place"
)
FORGET_SERVERS = (
    "DELETE FROM servers AS s WHERE s.seen_at < $1 AND NOT EXISTS (SELECT 1 FROM workers AS w WHERE w.server = s.id)"
)
SILENT = (
    f"SELECT {select_list(WORKER_COLUMNS, 'w')}, coalesce(s.seen_at > $2, false) AS served "
    "FROM workers AS w LEFT JOIN servers AS s ON s.id = w.server WHERE w.seen_at <= $1"
)
CANCELLING = f"SELECT DISTINCT worker_id FROM runs WHERE {CANCELLING_SQL} AND worker_id IS NOT NULL"
HEAR_ALL = "UPDATE workers SET seen_at = $1 WHERE seen_at < $1"

# -- retention

DELETABLE = (
    "SELECT id, lane_id, state, CASE WHEN resolved_at IS NULL THEN error_group END FROM runs "
    "WHERE delete_at IS NOT NULL AND delete_at <= $1 ORDER BY delete_at LIMIT $2 FOR UPDATE SKIP LOCKED"
)
PRUNED = (
    "UPDATE lanes SET pruned_event = greatest(pruned_event, n.newest) FROM ("
    "SELECT j.lane_id, max(e.id) AS newest FROM unnest($1::bigint[], $2::int[]) AS j(id, lane_id) "
    "JOIN events AS e ON e.run_id = j.id GROUP BY 1) AS n WHERE lanes.id = n.lane_id"
)
DELETE_BULKS = (
    "DELETE FROM bulks WHERE id IN (SELECT id FROM bulks WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)"
)
ERASED = "UPDATE shared SET erased_key = greatest(erased_key, $1) WHERE id = 1 AND erased_key < $1"
DELETE_EVENTS = "DELETE FROM events WHERE run_id = ANY($1::bigint[])"
DELETE_RUNS = "DELETE FROM runs WHERE id = ANY($1::bigint[])"
DELETE_KEYS_OF = "DELETE FROM idempotency_keys WHERE run_id = ANY($1::bigint[])"
DELETE_BATCH_KEYS = (
    "DELETE FROM idempotency_keys WHERE (scope, key) IN ("
    "SELECT k.scope, k.key FROM idempotency_keys AS k WHERE k.created_at < $1 AND k.run_id IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM json_array_elements(k.answer::json) AS j "
    f"JOIN runs AS r ON r.id = (j ->> 0)::bigint WHERE r.{UNFINISHED_SQL}) ORDER BY k.created_at LIMIT $2)"
)

# -- counts

COUNT = (
    "INSERT INTO run_counts (lane_id, state, shard, runs) "
    "SELECT lane_id, state, $4, n FROM unnest($1::int[], $2::int[], $3::int[]) AS j(lane_id, state, n) "
    "ON CONFLICT (lane_id, state, shard) DO UPDATE SET runs = run_counts.runs + excluded.runs"
)
COUNT_ERRORS = (
    "INSERT INTO error_counts (error_group, lane_id, state, shard, runs, first_at, last_at) "
    "SELECT error_group, lane_id, state, $7, n, first_at, last_at FROM unnest($1::text[], $2::int[], $3::int[], "
    "$4::int[], $5::bigint[], $6::bigint[]) AS j(error_group, lane_id, state, n, first_at, last_at) "
    "ON CONFLICT (error_group, lane_id, state, shard) DO UPDATE SET runs = error_counts.runs + excluded.runs, "
    "first_at = least(error_counts.first_at, excluded.first_at), "
    "last_at = greatest(error_counts.last_at, excluded.last_at)"
)
HOLD_ERRORS = (
    "SELECT c.error_group, c.lane_id, c.state, c.shard, c.runs, c.first_at, c.last_at FROM error_counts AS c "
    f"JOIN (SELECT DISTINCT error_group, lane_id, state FROM error_counts WHERE {SPENT_SQL} LIMIT $1) AS s "
    "USING (error_group, lane_id, state) ORDER BY 1, 2, 3, 4 FOR UPDATE OF c"
)
KEEP_ERRORS = (
    "UPDATE error_counts AS c SET runs = j.runs, first_at = j.first_at, last_at = j.last_at "
    "FROM unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::int[], $6::bigint[], $7::bigint[]) "
    "AS j(error_group, lane_id, state, shard, runs, first_at, last_at) WHERE c.error_group = j.error_group "
    "AND c.lane_id = j.lane_id AND c.state = j.state AND c.shard = j.shard"
)
DROP_ERRORS = (
    "DELETE FROM error_counts AS c USING unnest($1::text[], $2::int[], $3::int[], $4::int[]) "
    "AS j(error_group, lane_id, state, shard) WHERE c.error_group = j.error_group AND c.lane_id = j.lane_id "
    "AND c.state = j.state AND c.shard = j.shard"
)
COUNTS = "SELECT lane_id, state, sum(runs)::int FROM run_counts GROUP BY 1, 2 HAVING sum(runs) <> 0"
COUNTS_OF = (
    "SELECT coalesce(sum(c.runs), 0)::int FROM run_counts AS c JOIN lanes AS l ON l.id = c.lane_id "
    f"WHERE l.job_type = $1 AND c.{UNFINISHED_SQL}"
)

# -- reads

PLACES = (
    "SELECT c.lane_id, c.state, sum(c.runs)::int FROM run_counts AS c JOIN lanes AS l ON l.id = c.lane_id "
    "WHERE ($1::text IS NULL OR l.job_type = $1) AND ($2::text IS NULL OR l.queue = $2) "
    "GROUP BY 1, 2 HAVING sum(c.runs) > 0"
)

AHEAD = (
    f"SELECT count(*)::int FROM (SELECT 1 FROM runs WHERE lane_id = $1 AND state = {int(State.QUEUED)} "
    "AND (rank, due_at, id) < ($2, $3, $4) ORDER BY rank, due_at, id LIMIT $5) AS h"
)
NEWEST_ERRORS = (
    "SELECT h.last_at, h.error_group FROM unnest($1::int[]) AS l(id) CROSS JOIN LATERAL ("
    "SELECT last_at, error_group FROM error_counts WHERE lane_id = l.id AND state = $2 "
    "AND (last_at, error_group) < ($3, $4) ORDER BY last_at DESC, error_group DESC LIMIT $5) AS h "
    "ORDER BY h.last_at DESC, h.error_group DESC LIMIT $5"
)
ERRORS_COUNTED = (
    "SELECT c.error_group, c.lane_id, sum(c.runs)::int, min(c.first_at), max(c.last_at) "
    "FROM unnest($1::text[]) AS j(error_group) JOIN error_counts AS c ON c.error_group = j.error_group "
    "WHERE c.state = $2 GROUP BY 1, 2"
)
ERROR_SAMPLES = (
    "SELECT j.error_group, h.id FROM unnest($1::text[], $2::int[]) AS j(error_group, lane_id) CROSS JOIN LATERAL ("
    f"SELECT id FROM runs AS r WHERE r.{UNRESOLVED_SQL} AND r.error_group = j.error_group AND r.state = $3 "
    "AND r.lane_id = j.lane_id ORDER BY id DESC LIMIT 1) AS h"
)
ERRORS_OF = "SELECT id, error FROM runs WHERE id = ANY($1::bigint[])"
_EVENT = select_list(EVENT_COLUMNS, "e")
EVENTS_OF_RUN = f"SELECT {_EVENT} FROM events AS e WHERE e.run_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3"
FEED = (
    f"SELECT {_EVENT}, r.lane_id, r.tags, {OF_RUN} FROM events AS e JOIN runs AS r ON r.id = e.run_id "
    "WHERE e.id > $1 AND e.id < $2 ORDER BY e.id LIMIT $3"
)
NEWEST = (
    "SELECT greatest((SELECT coalesce(max(id), 0) FROM events WHERE id < $1), "
    "(SELECT coalesce(max(least(pruned_event, $1 - 1)), 0) FROM lanes))"
)
"""The key of the newest event below the key, also of one that retention has deleted."""
STANDING = "SELECT id, seq, state FROM runs WHERE id = ANY($1::bigint[])"
