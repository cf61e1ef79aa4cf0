"""The history's rows on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from blazy_jobs_server.domain.history import Row
from blazy_jobs_server.store.history import HISTORY_COLUMNS, OVERWRITE, PAIRS, PruneHistory, history_row
from blazy_jobs_server.store.postgres.transaction import Transaction

_TYPES = ("int", "text", "text", "bigint", "bigint", *["int"] * 6, "int", "bigint", "text", "text")
_SELECT = f"SELECT {', '.join(f'h.{column}' for column in HISTORY_COLUMNS)} FROM"

SAVE = (
    f"INSERT INTO history ({', '.join(HISTORY_COLUMNS)}) "
    f"SELECT * FROM unnest({', '.join(f'${place}::{kind}[]' for place, kind in enumerate(_TYPES, 1))}) {OVERWRITE}"
)
OF_PAIRS = (
    f"{_SELECT} unnest($1::text[], $2::text[]) AS p(job_type, queue) JOIN history AS h ON h.step = $3 "
    "AND h.job_type = p.job_type AND h.queue = p.queue AND h.at >= $4 AND h.at < $5"
)
OF_ALL = (
    f"{_SELECT} ({PAIRS}) AS p JOIN history AS h ON h.step = $1 AND h.job_type = p.job_type AND h.queue = p.queue "
    "AND h.at >= $2 AND h.at < $3"
)
ENDS = "SELECT min(at), max(at) FROM history WHERE step = $1 AND job_type = '' AND queue = ''"
PRUNE = (
    f"DELETE FROM history AS h USING ({PAIRS}) AS p WHERE h.step = $1 AND h.job_type = p.job_type "
    "AND h.queue = p.queue AND h.at < $2"
)


async def save_history(tx: Transaction, arguments: list[Sequence[Row]]) -> list[None]:
    """In the order of keys, in which all who write lock the rows."""
    for rows in arguments:
        values = sorted((history_row(row) for row in rows), key=lambda row: row[:5])
        if values:
            await tx.execute(SAVE, *(list(column) for column in zip(*values, strict=True)))
    return [None] * len(arguments)


async def prune_history(tx: Transaction, arguments: list[PruneHistory]) -> list[None]:
    for step, before in arguments:
        await tx.execute(PRUNE, step, before)
    return [None] * len(arguments)
