"""The SQL of SQLite's hot path, in the order of a run's life. See rows.py for how many rows go in and out at once."""

from __future__ import annotations

from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.rows import (
    EVENT_COLUMNS,
    OF_RUN,
    RUN_COLUMNS,
    Bulk,
    gathered,
    insert,
    select_list,
    update,
    update_runs,
)
from blazy_jobs_server.store.tables import EXPIRING_SQL, UNFINISHED_SQL, UNRESOLVED_SQL, WAITING_SQL

# -- dispatch

PLAIN_COLUMNS = (
    "id",
    "lane_id",
    "definition_id",
    "state",
    "rank",
    "due_at",
    "created_at",
    "seq",
    "payload",
    "created_by",
)
"""What every run may have; most have no more."""
DISPATCH_COLUMNS = (
    *PLAIN_COLUMNS,
    "tags",
    "meta",
    "overrides",
    "expires_at",
    "keep_until",
    "dedupe_key",
    "replay_of",
    "schedule",
    "fire_at",
    "job_id",
    "job_added_at",
    "followed",
)
insert_plain_runs = insert("runs", PLAIN_COLUMNS)
insert_runs = insert("runs", DISPATCH_COLUMNS)
insert_events = insert("events", EVENT_COLUMNS)
INSERT_TAGS = (
    "INSERT OR IGNORE INTO run_tags (tag, run_id) SELECT t.value, j.value ->> 0 "
    "FROM json_each(?) AS j, json_each(j.value ->> 1) AS t"
)
FIND_DEDUPED = (
    f"SELECT r.id FROM runs AS r JOIN lanes AS l ON l.id = r.lane_id "
    f"WHERE r.dedupe_key = ? AND r.dedupe_key IS NOT NULL AND r.{UNFINISHED_SQL} AND l.job_type = ?"
)
FIND_IDEMPOTENT = "SELECT fingerprint, run_id, answer FROM idempotency_keys WHERE scope = ? AND key = ?"
INSERT_IDEMPOTENT = (
    "INSERT INTO idempotency_keys (scope, key, fingerprint, created_at, run_id, answer) VALUES (?, ?, ?, ?, ?, ?)"
)

# -- claim

READY = (
    "SELECT json_group_array(json_array(r.rank, r.due_at, r.id)) FROM ("
    f"SELECT rank, due_at, id FROM runs WHERE lane_id = ? AND state = {int(State.QUEUED)} "
    "ORDER BY rank, due_at, id LIMIT ?) AS r"
)
READY_OF_KNOWN = READY.replace("ORDER BY", "AND definition_id NOT IN (SELECT value FROM json_each(?)) ORDER BY")
"""Without the runs of some definitions."""
HEAD_OF_LANE = gathered(
    RUN_COLUMNS,
    f"(SELECT * FROM runs WHERE lane_id = ? AND state = {int(State.QUEUED)} ORDER BY rank, due_at, id LIMIT ?) AS r",
)
RUN = f"SELECT {', '.join(RUN_COLUMNS)} FROM runs WHERE id = ?"
RUNS_BY_ID = gathered(RUN_COLUMNS, "json_each(?) AS j CROSS JOIN runs AS r ON r.id = j.value")
START_COLUMNS = ("seq", "attempt", "claims", "started_at", "worker_id", "lease_token", "deadline_at")
start_runs = update_runs(f"state = {int(State.RUNNING)}", START_COLUMNS)

SAVE_RATE = (
    "INSERT INTO rates (scope, name, per_microseconds, starts) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (scope, name) DO UPDATE SET per_microseconds = excluded.per_microseconds, starts = excluded.starts"
)
RATES = "SELECT scope, name, per_microseconds, starts FROM rates"

# -- many plain runs at once

_MANY = "id, payload, lane_id, definition_id, state, rank, due_at, created_at, seq, keep_until, created_by"
make_many = Bulk(f"INSERT INTO runs ({_MANY}) SELECT column1, column2, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM {{rows}}", 2)
make_many_by_several = Bulk(
    f"INSERT INTO runs ({_MANY}) SELECT column1, column2, ?, ?, ?, ?, ?, ?, ?, ?, column3 FROM {{rows}}", 3
)

PLAIN = (
    "(r.seq = 1 AND r.claims = 0 AND r.definition_id = ?1 AND r.overrides IS NULL AND r.followed IS NULL "
    "AND r.cancel_requested = 0 AND r.replay_of IS NULL)"
)
"""`lifecycle.is_plain` of a run that is queued, and of this definition."""
_PLAIN_COLUMNS = (
    "SELECT json_group_array(h.id) FILTER (WHERE h.plain), json_group_array(h.due_at) FILTER (WHERE h.plain), "
    "group_concat(h.payload, ',') FILTER (WHERE h.plain), json_group_array(h.id) FILTER (WHERE NOT h.plain), "
    "json_group_object(h.id, h.tags) FILTER (WHERE h.plain AND h.tags IS NOT NULL), "
    "json_group_object(h.id, h.meta) FILTER (WHERE h.plain AND h.meta IS NOT NULL) FROM "
)
_PLAIN_ROW = f"SELECT r.id, r.due_at, r.payload, r.tags, r.meta, {PLAIN} AS plain"
_PLAIN_HEAD = f"WHERE r.lane_id = ?2 AND r.state = {int(State.QUEUED)} ORDER BY r.rank, r.due_at, r.id LIMIT ?3"
PLAIN_HEAD_OF_LANE = f"{_PLAIN_COLUMNS} ({_PLAIN_ROW} FROM runs AS r {_PLAIN_HEAD}) AS h"
PLAIN_BY_ID = f"{_PLAIN_COLUMNS} ({_PLAIN_ROW} FROM json_each(?2) AS j CROSS JOIN runs AS r ON r.id = j.value) AS h"
HEAD_BYTES = (
    "SELECT count(*) FROM (SELECT sum(length(payload)) OVER (ROWS UNBOUNDED PRECEDING) - length(payload) AS before "
    f"FROM (SELECT r.payload FROM runs AS r {_PLAIN_HEAD.replace('?2', '?1').replace('?3', '?2')})) WHERE before < ?3"
)
"""How many of the first runs of a lane have so many bytes of payload in all; the last of them may go beyond."""
START_MANY = (
    "UPDATE runs SET state = ?, seq = ?, attempt = ?, claims = ?, started_at = ?, worker_id = ?, lease_token = ?, "
    "deadline_at = ? WHERE id IN (SELECT value FROM json_each(?))"
)
say_many = Bulk(
    "UPDATE runs SET seq = j.column2, logs = j.column3, progress = coalesce(j.column4, progress) "
    "FROM {rows} AS j WHERE runs.id = j.column1",
    4,
)
_COMPLETE_MANY = (
    "UPDATE runs SET state = ?, finished_at = ?, delete_at = max(?, coalesce(keep_until, 0)), deadline_at = NULL, "
    "error = NULL, alone = 0, "
)
COMPLETE_MANY = f"{_COMPLETE_MANY} seq = ?, result = ? WHERE id IN (SELECT value FROM json_each(?))"
complete_each = Bulk(
    f"{_COMPLETE_MANY} seq = j.column2, result = j.column3 FROM {{rows}} AS j WHERE runs.id = j.column1", 3
)
complete_speakers = Bulk(
    f"{_COMPLETE_MANY} seq = j.column2, result = j.column3, logs = j.column4, "
    "progress = coalesce(j.column5, progress) FROM {rows} AS j WHERE runs.id = j.column1",
    5,
)
_MANY_EVENTS = f"INSERT INTO events ({', '.join(EVENT_COLUMNS)}) SELECT "
EVENT_OF_MANY = f"{_MANY_EVENTS} ?1 + key, value, ?2, ?3, ?4, ?5, ?6, ?7 FROM json_each(?8)"
"""The same event of many runs, whose keys follow on the first."""
event_of_each = Bulk(f"{_MANY_EVENTS} column1, column2, column3, ?, ?, ?, ?, ? FROM {{rows}}", 3)
words = Bulk(f"{_MANY_EVENTS} column1, column2, column3, column4, ?, ?, ?, column5 FROM {{rows}}", 5)

# -- report, and every other change

COMPLETE_COLUMNS = ("seq", "finished_at", "delete_at", "result")
complete_runs = update_runs(
    f"state = {int(State.COMPLETED)}, error = NULL, alone = 0, deadline_at = NULL", COMPLETE_COLUMNS
)
CHANGE_COLUMNS = (
    "state",
    "due_at",
    "seq",
    "attempt",
    "claims",
    "losses",
    "alone",
    "cancel_requested",
    "logs",
    "logs_dropped",
    "started_at",
    "finished_at",
    "delete_at",
    "worker_id",
    "lease_token",
    "deadline_at",
    "cancel_reason",
    "error",
    "progress",
    "result",
    "followed",
    "followed_lines",
)
change_runs = update_runs("", CHANGE_COLUMNS)
FAIL_COLUMNS = (*CHANGE_COLUMNS, "error_group", "error_code", "resolved_at")
fail_runs = update_runs("", FAIL_COLUMNS)
HEADS_BY_ID = (
    "SELECT json_group_array(json_array("
    + ", ".join("''" if column == "payload" else f"r.{column}" for column in RUN_COLUMNS)
    + ")) FROM json_each(?) AS j CROSS JOIN runs AS r ON r.id = j.value"
)
WAITING_ALIKE = (
    "SELECT json_group_array(json_array(r.lane_id, r.state, r.definition_id, r.attempt, r.id, r.seq, r.tags)) "
    "FROM json_each(?) AS j CROSS JOIN runs AS r ON r.id = j.value "
    f"WHERE r.state IN ({int(State.SCHEDULED)}, {int(State.QUEUED)}, {int(State.RETRYING)}) AND r.logs_dropped = 0 "
    "AND r.followed IS NULL AND r.error_group IS NULL AND r.lease_token IS NULL"
)
"""Of those named: what waits, and has not failed, nor been leased out."""
CANCEL_MANY = (
    "UPDATE runs SET state = ?, cancel_requested = 1, seq = seq + 1, finished_at = ?, "
    "delete_at = max(?, coalesce(keep_until, 0)) WHERE id IN (SELECT value FROM json_each(?))"
)
RANK = "UPDATE runs SET rank = ? WHERE id IN (SELECT value FROM json_each(?))"
RUNNING = f"SELECT id FROM runs WHERE lane_id = ? AND state = {int(State.RUNNING)}"

# -- follow

FIND_JOB = (
    "SELECT r.id, r.job_added_at FROM runs AS r CROSS JOIN lanes AS l ON l.id = r.lane_id "
    "WHERE r.job_id = ? AND r.job_id IS NOT NULL AND l.queue = ? ORDER BY r.id DESC LIMIT 1"
)
UNFINISHED_OF_LANE = "SELECT id FROM runs WHERE lane_id = ? AND state = ? AND id > ? ORDER BY id LIMIT ?"
PLACE = "SELECT place FROM queues WHERE name = ?"
SAVE_PLACE = "UPDATE queues SET place = ? WHERE name = ?"

# -- sweep

DUE = f"SELECT id FROM runs WHERE {WAITING_SQL} AND due_at <= ? ORDER BY due_at LIMIT ?"
NEXT_DUE = f"SELECT due_at FROM runs WHERE {WAITING_SQL} ORDER BY due_at LIMIT 1"
EXPIRED = f"SELECT id FROM runs WHERE {EXPIRING_SQL} AND expires_at <= ? ORDER BY expires_at LIMIT ?"
NEXT_EXPIRY = f"SELECT expires_at FROM runs WHERE {EXPIRING_SQL} ORDER BY expires_at LIMIT 1"

# -- schedules

SCHEDULE_COLUMNS = (
    "name",
    "job_type",
    "body",
    "source",
    "app",
    "paused",
    "orphaned",
    "revision",
    "created_at",
    "updated_at",
    "next_fire_at",
    "wake_at",
    "last_fire_at",
    "last_run_id",
    "last_skipped_at",
    "missed",
    "declaration",
    "wall",
    "rules",
    "owner",
)
_SCHEDULES = f"SELECT {', '.join(SCHEDULE_COLUMNS)} FROM schedules"
SCHEDULE = f"{_SCHEDULES} WHERE name = ?"
DUE_SCHEDULES = (
    f"{_SCHEDULES} WHERE wake_at IS NOT NULL AND wake_at BETWEEN ? AND ? ORDER BY wake_at, id LIMIT ? OFFSET ?"
)
NEXT_WAKE = "SELECT min(wake_at) FROM schedules WHERE wake_at IS NOT NULL AND wake_at > ?"
SCHEDULES_OF_APP = f"{_SCHEDULES} WHERE app IS NOT NULL AND app = ?"
SCHEDULES_BY_OLDER_RULES = f"{_SCHEDULES} WHERE next_fire_at IS NOT NULL AND rules < ?"
NAMES_OF_SCHEDULES = "SELECT name FROM schedules WHERE job_type = ?"
SCHEDULES_OF_JOB_TYPE = "SELECT 1 FROM schedules WHERE job_type = ? LIMIT 1"
SCHEDULES_PAGE = f"SELECT {', '.join(SCHEDULE_COLUMNS)}, id FROM schedules WHERE id < ? ORDER BY id DESC LIMIT ?"
INSERT_SCHEDULE = (
    f"INSERT INTO schedules ({', '.join(SCHEDULE_COLUMNS)}) VALUES ({', '.join('?' * len(SCHEDULE_COLUMNS))})"
)
UPDATE_SCHEDULE = f"UPDATE schedules SET {', '.join(f'{c} = ?' for c in SCHEDULE_COLUMNS)} WHERE name = ?"
OVERLAPPING = f"SELECT id FROM runs WHERE schedule IS NOT NULL AND {UNFINISHED_SQL} AND schedule = ? LIMIT ?"
SCHEDULES_STAND = gathered(
    ("name", "revision", "created_at", "next_fire_at"),
    "json_each(?) AS j CROSS JOIN schedules AS r ON r.name = j.value",
)
FIRED = gathered(
    ("schedule", "fire_at"),
    "json_each(?) AS j CROSS JOIN runs AS r ON r.fire_at IS NOT NULL "
    "AND r.schedule = json_extract(j.value, '$[0]') AND r.fire_at = json_extract(j.value, '$[1]')",
)
FIRE_COLUMNS = (
    "revision",
    "next_fire_at",
    "wake_at",
    "last_fire_at",
    "last_run_id",
    "last_skipped_at",
    "missed",
    "wall",
    "rules",
)
fire_schedules = update("schedules", "name", FIRE_COLUMNS)

# -- retention

DUE_OF_FIRST = "SELECT due_at FROM runs WHERE lane_id = ? AND state = ? ORDER BY id LIMIT 1"
DUE_NEXT = f"SELECT state, due_at FROM runs WHERE {WAITING_SQL} ORDER BY due_at LIMIT 1000"
"""Of what waits for its time, whose comes first, by state. For both stores."""
OLDEST_DUE = (
    # min() of one column after a fixed prefix of `runs_ready` is one step into it, so this takes one for each lane and
    # priority of which runs wait, however many these are.
    "WITH RECURSIVE heads(lane_id, rank) AS ("
    "SELECT p.lane_id, (SELECT min(r.rank) FROM runs AS r WHERE r.lane_id = p.lane_id AND r.{queued}) "
    "FROM (SELECT lane_id FROM run_counts WHERE {queued} GROUP BY lane_id HAVING sum(runs) > 0) AS p UNION ALL "
    "SELECT h.lane_id, (SELECT min(r.rank) FROM runs AS r WHERE r.lane_id = h.lane_id AND r.{queued} "
    "AND r.rank > h.rank) FROM heads AS h WHERE h.rank IS NOT NULL) "
    "SELECT h.lane_id, (SELECT min(r.due_at) FROM runs AS r WHERE r.lane_id = h.lane_id AND r.{queued} "
    "AND r.rank = h.rank) FROM heads AS h WHERE h.rank IS NOT NULL"
).format(queued=f"state = {int(State.QUEUED)}")
"""By lane and priority. For both stores."""
NEXT_DELETABLE = "SELECT delete_at FROM runs WHERE delete_at IS NOT NULL ORDER BY delete_at LIMIT 1"
DELETABLE = (
    "SELECT id, lane_id, state, CASE WHEN resolved_at IS NULL THEN error_group END FROM runs "
    "WHERE delete_at IS NOT NULL AND delete_at <= ? ORDER BY delete_at LIMIT ?"
)
NEWEST_EVENT_OF = "SELECT max(e.id) FROM json_each(?) AS j CROSS JOIN events AS e ON e.run_id = j.value"
DELETE_EVENTS = "DELETE FROM events WHERE run_id IN (SELECT value FROM json_each(?))"
DELETE_TAGS = (
    "DELETE FROM run_tags WHERE (tag, run_id) IN (SELECT t.value, r.id FROM json_each(?) AS j "
    "CROSS JOIN runs AS r ON r.id = j.value CROSS JOIN json_each(r.tags) AS t WHERE r.tags IS NOT NULL)"
)
DELETE_RUNS = "DELETE FROM runs WHERE id IN (SELECT value FROM json_each(?))"
DELETE_KEYS_OF = "DELETE FROM idempotency_keys WHERE run_id IN (SELECT value FROM json_each(?))"
DELETE_BATCH_KEYS = (
    "DELETE FROM idempotency_keys WHERE (scope, key) IN ("
    "SELECT k.scope, k.key FROM idempotency_keys AS k WHERE k.created_at < ? AND k.run_id IS NULL AND NOT EXISTS ("
    f"SELECT 1 FROM json_each(k.answer) AS j JOIN runs AS r ON r.id = j.value ->> 0 WHERE r.{UNFINISHED_SQL}) "
    "ORDER BY k.created_at LIMIT ?)"
)
DELETE_BULKS = "DELETE FROM bulks WHERE id IN (SELECT id FROM bulks WHERE finished_at < ? ORDER BY finished_at LIMIT ?)"
ERASED = "UPDATE shared SET erased_key = max(erased_key, ?) WHERE id = 1"
PRUNED = "UPDATE lanes SET pruned_event = max(pruned_event, ?) WHERE id = ?"

# -- counts

COUNT = (
    "INSERT INTO run_counts (lane_id, state, runs) "
    "SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true "
    "ON CONFLICT (lane_id, state, shard) DO UPDATE SET runs = runs + excluded.runs"
)

COUNT_ERRORS = (
    "INSERT INTO error_counts (error_group, lane_id, state, runs, first_at, last_at) "
    "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true "
    "ON CONFLICT (error_group, lane_id, state, shard) DO UPDATE "
    "SET runs = runs + excluded.runs, last_at = max(last_at, excluded.last_at)"
)
FORGET_ERRORS = (
    "DELETE FROM error_counts WHERE runs = 0 AND (error_group, lane_id, state) IN "
    "(SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))"
)

# -- reads

AHEAD = (
    f"SELECT count(*) FROM (SELECT 1 FROM runs WHERE lane_id = ? AND state = {int(State.QUEUED)} "
    "AND (rank, due_at, id) < (?, ?, ?) LIMIT ?)"
)
NEWEST_ERRORS = (
    "SELECT last_at, error_group FROM error_counts WHERE lane_id = ? AND state = ? "
    "AND (last_at, error_group) < (?, ?) ORDER BY last_at DESC, error_group DESC LIMIT ?"
)
ERRORS_COUNTED = (
    "SELECT c.error_group, c.lane_id, c.runs, c.first_at, c.last_at FROM json_each(?) AS j "
    "CROSS JOIN error_counts AS c ON c.error_group = j.value WHERE c.state = ?"
)
ERROR_SAMPLES = (
    f"SELECT j.value ->> 0, (SELECT id FROM runs INDEXED BY runs_unresolved WHERE {UNRESOLVED_SQL} "
    "AND error_group = j.value ->> 0 AND state = ? AND lane_id = j.value ->> 1 ORDER BY id DESC LIMIT 1) "
    "FROM json_each(?) AS j"
)
ERRORS_OF = "SELECT r.id, r.error FROM json_each(?) AS j CROSS JOIN runs AS r ON r.id = j.value"
EVENTS_OF_RUN = (
    f"SELECT {select_list(EVENT_COLUMNS, 'e')} FROM events AS e WHERE e.run_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?"
)
"""Index events_of_run."""
FEED = (
    f"SELECT {select_list(EVENT_COLUMNS, 'e')}, r.lane_id, r.tags, {OF_RUN} FROM events AS e "
    "JOIN runs AS r ON r.id = e.run_id WHERE e.id > ? ORDER BY e.id LIMIT ?"
)
