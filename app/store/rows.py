"""Between rows and the domain's values.

Hot statements take and give their rows as one JSON text: sqlite3 lets go of the interpreter lock at every step, so a
statement that steps once for a hundred rows does not fight the event loop for it a hundred times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from app.domain.event import Event, EventType
from app.domain.run import Run, State
from app.store.ledger import Ledger

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
)
EVENT_COLUMNS = ("id", "run_id", "seq", "type", "state", "attempt", "time", "data")

_STATES = tuple(State)
_TYPES = tuple(EventType)


def select_list(columns: Iterable[str], table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


def gathered(columns: Iterable[str], source: str) -> str:
    """A SELECT that gives all rows of `source` (a FROM clause; its rows named `r`) as one JSON text."""
    return f"SELECT json_group_array(json_array({select_list(columns, 'r')})) FROM {source}"


def scattered(columns: int, *, start: int = 0) -> str:
    """The values of one row of `json_each(?) AS j`, as a SELECT list."""
    return ", ".join(f"j.value ->> {i}" for i in range(start, start + columns))


def pack(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()


class Insert:
    """Inserts many rows in few steps: a thousand by one statement where there are so many, the rest as one JSON text.

    `executemany` steps once a row, and beside a busy event loop it was twenty times slower than either.
    """

    SIZES = (1000, 250)

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        into = f"INSERT INTO {table} ({', '.join(columns)})"
        row = f"({', '.join('?' * len(columns))})"
        self._many = {size: f"{into} VALUES {', '.join([row] * size)}" for size in self.SIZES}
        self._packed = f"{into} SELECT {scattered(len(columns))} FROM json_each(?) AS j"

    def __call__(self, cursor: sqlite3.Cursor, rows: Sequence[Sequence[Any]]) -> None:
        done = 0
        for size in self.SIZES:
            while len(rows) - done >= size:
                cursor.execute(self._many[size], [value for row in rows[done : done + size] for value in row])
                done += size
        if done < len(rows):
            cursor.execute(self._packed, (pack(rows[done:] if done else rows),))


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
    )


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
