"""The verbs of API keys on PostgreSQL. A change is told to the other servers as one of definitions is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from blazy_jobs_server.store.keys import KEY_COLUMNS, SaveKey, changed, key_row, to_key
from blazy_jobs_server.store.postgres.definitions import CHANGED
from blazy_jobs_server.store.postgres.transaction import Transaction

_KEY = f"SELECT {', '.join(KEY_COLUMNS)} FROM api_keys WHERE id = $1 FOR UPDATE"
_PLACES = ", ".join(f"${i}" for i in range(1, len(KEY_COLUMNS) + 1))
_INSERT = f"INSERT INTO api_keys ({', '.join(KEY_COLUMNS)}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING"
_UPDATE = (
    f"UPDATE api_keys SET {', '.join(f'{column} = ${i}' for i, column in enumerate(KEY_COLUMNS, 1))} WHERE id = $1"
)
_NOTE_USED = (
    "UPDATE api_keys AS k SET last_used_at = greatest(coalesce(last_used_at, 0), u.at) "
    "FROM unnest($1::text[], $2::bigint[]) AS u(id, at) WHERE k.id = u.id"
)


class Writes(Protocol):
    """A transaction."""

    async def rows(self, statement: str, *parameters: Any) -> list[Any]: ...
    async def execute(self, statement: str, *parameters: Any) -> int: ...


async def save_key(tx: Transaction, arguments: list[SaveKey]) -> list[bool]:
    saved = [await save(tx, argument) for argument in arguments]
    tx.definitions = tx.definitions or any(saved)
    return saved


async def save(tx: Writes, argument: SaveKey) -> bool:
    """Servers find it by the revision, within a second also without a hint."""
    rows = await tx.rows(_KEY, argument.key.id)
    key = changed(to_key(rows[0]) if rows else None, argument)
    if key is None:
        return False
    saved = await tx.execute(_UPDATE if rows else _INSERT, *key_row(key)) > 0
    if saved:
        await tx.execute(CHANGED)
    return saved


async def note_used(tx: Transaction, arguments: list[Mapping[str, int]]) -> list[None]:
    for used in arguments:
        # In one order, so that two servers do not wait for each other.
        ids = sorted(used)
        await tx.execute(_NOTE_USED, ids, [used[key_id] for key_id in ids])
    return [None] * len(arguments)
