"""Between rows and the domain's values.

sqlite3 lets go of the interpreter lock at every step, so a statement that steps once for a hundred rows does not fight
the event loop for it a hundred times: hot reads give their rows as one JSON text, hot writes take theirs in one go.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.run import STATE_NAMES, Run, State
from blazy_jobs_server.ports import Hand
from blazy_jobs_server.store.ledger import Lane, Ledger

RUN_COLUMNS = (
    "id",
    "lane_id",
    "definition_id",
    "state",
    "rank",
    "due_at",
    "created_at",
    "payload",
    "tags",
    "meta",
    "overrides",
    "seq",
    "attempt",
    "claims",
    "losses",
    "alone",
    "cancel_requested",
    "cancel_reason",
    "started_at",
    "finished_at",
    "expires_at",
    "keep_until",
    "delete_at",
    "worker_id",
    "lease_token",
    "deadline_at",
    "result",
    "error",
    "progress",
    "dedupe_key",
    "replay_of",
    "logs",
    "logs_dropped",
    "schedule",
    "fire_at",
    "job_id",
    "job_added_at",
    "followed",
    "followed_lines",
    "created_by",
    "error_group",
    "error_code",
    "resolved_at",
)
BRIEF_COLUMNS = tuple(
    {"payload": "'null'", "result": "NULL", "meta": "NULL"}.get(column, column) for column in RUN_COLUMNS
)
"""The same, without what is long: as it is where there is none."""
EVENT_COLUMNS = ("id", "run_id", "seq", "type", "state", "attempt", "time", "data")

PAGE_BYTES = 4 * 1024 * 1024
"""Pages of a list end early there."""

_STATES = tuple(State)
_TYPES = tuple(EventType)


def select_list(columns: Iterable[str], table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


def gathered(columns: Iterable[str], source: str) -> str:
    """A SELECT that gives all rows of `source` (a FROM clause; its rows named `r`) as one JSON text."""
    return f"SELECT json_group_array(json_array({select_list(columns, 'r')})) FROM {source}"


def pack(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()


class Bulk:
    """A statement for many rows at once, in as few steps as can be.

    `template` has the rows in place of `{rows}`: a table whose columns are named column1, column2, …  SQLite compiles a
    statement for a few sizes only; the last rows of the next size stay empty and are cut off by a LIMIT.
    `executemany` steps once a row, and beside a busy event loop it was twenty times slower.
    """

    SIZES = (4, 16, 32, 64, 128, 256, 512, 1024)

    def __init__(self, template: str, columns: int) -> None:
        self._columns = columns
        row = f"({', '.join('?' * columns)})"
        self._statements = {
            size: template.format(rows=f"(SELECT * FROM (VALUES {', '.join([row] * size)}) LIMIT ?)")
            for size in self.SIZES
        }

    def by_columns(self, cursor: sqlite3.Cursor, constants: Sequence[Any], *columns: Sequence[Any]) -> None:
        """The rows given column by column; `constants` are the template's own parameters, which stand before them."""
        for start in range(0, len(columns[0]), self.SIZES[-1]):
            some = min(len(columns[0]) - start, self.SIZES[-1])
            size = self._size(some)
            values: list[Any] = [None] * (size * self._columns)
            for place, column in enumerate(columns):
                values[place : some * self._columns : self._columns] = column[start : start + some]
            cursor.execute(self._statements[size], [*constants, *values, some])

    def __call__(self, cursor: sqlite3.Cursor, rows: Sequence[Sequence[Any]]) -> None:
        most = self.SIZES[-1]
        for start in range(0, len(rows), most):
            self._execute(cursor, rows[start : start + most])

    def _execute(self, cursor: sqlite3.Cursor, rows: Sequence[Sequence[Any]]) -> None:
        size = self._size(len(rows))
        values = [value for row in rows for value in row]
        values += [None] * ((size - len(rows)) * self._columns)
        values.append(len(rows))
        cursor.execute(self._statements[size], values)

    def _size(self, rows: int) -> int:
        return next(size for size in self.SIZES if size >= rows)


def insert(table: str, columns: Sequence[str]) -> Bulk:
    return Bulk(f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM {{rows}}", len(columns))


def update(table: str, key: str, columns: Sequence[str], fixed: str = "") -> Bulk:
    """Rows of a key and the values of `columns`; `fixed` is set in all of them."""
    changes = [fixed] * bool(fixed) + [f"{column} = j.column{i}" for i, column in enumerate(columns, 2)]
    return Bulk(
        f"UPDATE {table} SET {', '.join(changes)} FROM {{rows}} AS j WHERE {table}.{key} = j.column1", len(columns) + 1
    )


def update_runs(fixed: str, columns: Sequence[str]) -> Bulk:
    return update("runs", "id", columns, fixed)


def to_run(row: Sequence[Any], ledger: Ledger) -> Run:
    """From the values of RUN_COLUMNS."""
    lane = ledger.lanes[row[1]]
    known = ledger.versions[row[2]]
    return Run(
        row[0],
        row[1],
        lane.job_type,
        lane.queue,
        row[2],
        known.version,
        known.settings if row[10] is None else ledger.settings(row[2], row[10]),
        _STATES[row[3]],
        -row[4],
        row[5],
        row[6],
        row[7],
        row[8] or "[]",
        row[9] or "{}",
        row[10],
        row[11],
        row[12],
        row[13],
        row[14],
        bool(row[15]),
        bool(row[16]),
        row[17],
        row[18],
        row[19],
        row[20],
        row[21],
        row[22],
        row[23],
        row[24],
        None,
        row[25],
        row[26],
        row[27],
        row[28],
        row[29],
        row[30],
        row[31],
        row[32],
        row[33],
        row[34],
        row[35],
        row[36],
        row[37],
        row[38],
        row[39],
        row[40],
        row[41],
        row[42],
    )


OF_RUN = "CASE WHEN e.data IS NULL THEN r.result END, CASE WHEN e.data IS NULL THEN r.error END"
"""Of the run `r` of an event `e`, what its final event says: for that one only, since it may be long."""


def to_event(row: Sequence[Any], job_type: str, queue: str, tags: str | None, result: Any, error: Any) -> Event:
    """From the values of EVENT_COLUMNS and of its run: what a final event says stands in the run."""
    kind = _TYPES[row[3]]
    data = row[7]
    if data is None:
        data = f'{{"result":{result}}}' if kind is EventType.COMPLETED else f'{{"error":{error}}}'
    return Event(row[1], job_type, queue, tags or "[]", row[2], kind, row[6], _STATES[row[4]], row[5], data, row[0])


def event_row(event: Event) -> tuple[Any, ...]:
    """The values of EVENT_COLUMNS."""
    data = None if event.type is EventType.COMPLETED or event.type is EventType.FAILED else event.data
    return (event.id, event.run_id, event.seq, event.type, event.state, event.attempt, event.time, data)


def to_hands(rows: Sequence[Any], lanes: Mapping[int, Lane]) -> dict[int, Hand]:
    """From the rows of IN_HAND."""
    hands: dict[int, Hand] = {}
    for worker_id, number, run_id, lane_id, attempt, started_at in rows:
        hand = hands.setdefault(worker_id, Hand(number, []))
        hand.runs.append((run_id, *lanes[lane_id].pair, attempt, started_at))
    return hands


def earliest(due: Iterable[Sequence[int]]) -> dict[str, int]:
    """From pairs of a state and when a run in it was due or will be: the first of each, by its name among the sizes."""
    found: dict[str, int] = {}
    for state, due_at in due:
        name = f"oldest_{STATE_NAMES[state]}_at"
        found[name] = min(found.get(name, due_at), due_at)
    return found


def first_due(rows: Iterable[Sequence[int]], lanes: Mapping[int, Lane]) -> dict[tuple[str, str], int]:
    """From the rows of OLDEST_DUE: the earliest of each pair of job type and queue."""
    found: dict[tuple[str, str], int] = {}
    for lane_id, due_at in rows:
        pair = lanes[lane_id].pair
        found[pair] = min(found.get(pair, due_at), due_at)
    return found
