"""The history's rows: written over those of the same place, read by job type and queue."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from blazy_jobs_server.domain.history import ALL, OTHER, Durations, Row
from blazy_jobs_server.ports.history import HistoryFilter
from blazy_jobs_server.store.ledger import Lane
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction

KEY_COLUMNS = ("step", "job_type", "queue", "at", "server")
VALUE_COLUMNS = (
    "started",
    "completed",
    "failed",
    "cancelled",
    "retried",
    "lost",
    "deepest",
    "oldest",
    "waited",
    "ran",
)
HISTORY_COLUMNS = (*KEY_COLUMNS, *VALUE_COLUMNS)
OVERWRITE = (
    f"ON CONFLICT ({', '.join(KEY_COLUMNS)}) DO UPDATE SET "
    f"{', '.join(f'{column} = excluded.{column}' for column in VALUE_COLUMNS)}"
)
PAIRS = (
    "SELECT job_type, queue FROM lanes UNION ALL SELECT '', name FROM queues "
    f"UNION ALL SELECT '', '' UNION ALL SELECT '{OTHER}', '{OTHER}' UNION ALL SELECT '', '{OTHER}'"
)
"""All places of which there may be rows. By them rows are found by their key, with no index on the time."""
_SELECT = f"SELECT {', '.join(f'h.{column}' for column in HISTORY_COLUMNS)} FROM"

SAVE = (
    f"INSERT INTO history ({', '.join(HISTORY_COLUMNS)}) "
    f"SELECT {', '.join(f'value ->> {place}' for place in range(len(HISTORY_COLUMNS)))} FROM json_each(?) "
    f"WHERE true {OVERWRITE}"
)
OF_PAIRS = (
    f"{_SELECT} json_each(?) AS p CROSS JOIN history AS h ON h.step = ? AND h.job_type = p.value ->> 0 "
    "AND h.queue = p.value ->> 1 AND h.at >= ? AND h.at < ?"
)
OF_ALL = (
    f"{_SELECT} ({PAIRS}) AS p CROSS JOIN history AS h ON h.step = ? AND h.job_type = p.job_type "
    "AND h.queue = p.queue AND h.at >= ? AND h.at < ?"
)
ENDS = "SELECT min(at), max(at) FROM history WHERE step = ? AND job_type = '' AND queue = ''"
PRUNE = "DELETE FROM history WHERE step = ? AND job_type = ? AND queue = ? AND at < ?"


class PruneHistory(NamedTuple):
    step: int
    before: int


def history_row(row: Row) -> tuple[Any, ...]:
    """The values of HISTORY_COLUMNS."""
    return (
        row.step,
        row.job_type,
        row.queue,
        row.at,
        row.server,
        *row.counts,
        row.deepest,
        row.oldest,
        _text(row.waited),
        _text(row.ran),
    )


def _text(durations: Durations | None) -> str | None:
    return None if durations is None else orjson.dumps([durations.total_seconds, *durations.buckets]).decode()


def to_row(values: Sequence[Any]) -> Row:
    """From the values of HISTORY_COLUMNS."""
    return Row(
        step=values[0],
        job_type=values[1],
        queue=values[2],
        at=values[3],
        server=values[4],
        counts=tuple(values[5:11]),
        deepest=values[11],
        oldest=values[12],
        waited=_durations(values[13]),
        ran=_durations(values[14]),
    )


def _durations(text: str | None) -> Durations | None:
    if text is None:
        return None
    total, *buckets = orjson.loads(text)
    return Durations(buckets, total)


def pairs_of(where: HistoryFilter, lanes: Iterable[Lane]) -> list[tuple[str, str]]:
    """The places whose rows answer it, first that of all together."""
    whole = [(ALL, ALL)]
    if where.is_whole:
        return whole
    if not where.within.is_everything or where.job_type is not None:
        found = [lane.pair for lane in lanes if where.admits(*lane.pair)]
        if where.job_type == OTHER and where.admits(OTHER, OTHER):
            found.append((OTHER, OTHER))
        return whole + found
    return [*whole, (ALL, str(where.queue))]


# -- SQLite


def save_history(tx: Transaction, arguments: list[Sequence[Row]]) -> list[None]:
    for rows in arguments:
        tx.cursor.execute(SAVE, (pack([history_row(row) for row in rows]),))
    return [None] * len(arguments)


def prune_history(tx: Transaction, arguments: list[PruneHistory]) -> list[None]:
    for step, before in arguments:
        places = tx.cursor.execute(PAIRS).fetchall()
        tx.cursor.executemany(PRUNE, [(step, job_type, queue, before) for job_type, queue in places])
    return [None] * len(arguments)


def read_history(
    cursor: sqlite3.Cursor, lanes: Iterable[Lane], step: int, where: HistoryFilter, start: int, end: int
) -> list[Row]:
    pairs = pairs_of(where, lanes)
    return [to_row(values) for values in cursor.execute(OF_PAIRS, (pack(pairs), step, start, end)).fetchall()]


def read_history_of_all(cursor: sqlite3.Cursor, step: int, start: int, end: int) -> list[Row]:
    return [to_row(values) for values in cursor.execute(OF_ALL, (step, start, end)).fetchall()]
