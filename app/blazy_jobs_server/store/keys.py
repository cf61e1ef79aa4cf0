"""The verbs of API keys: `save_key` and `note_used`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from msgspec.structs import replace

from blazy_jobs_server.domain.keys import ApiKey, RateLimit, Scope, Within
from blazy_jobs_server.store.transaction import Transaction

KEY_COLUMNS = (
    "id",
    "name",
    "digest",
    "scopes",
    "job_types",
    "queues",
    "rate_limit",
    "created_at",
    "created_by",
    "expires_at",
    "last_used_at",
    "revoked_at",
    "previous_digest",
    "previous_until",
)
KEYS = f"SELECT {', '.join(KEY_COLUMNS)} FROM api_keys ORDER BY created_at DESC, id"
_KEY = f"SELECT {', '.join(KEY_COLUMNS)} FROM api_keys WHERE id = ?"
_INSERT = f"INSERT INTO api_keys ({', '.join(KEY_COLUMNS)}) VALUES ({', '.join('?' * len(KEY_COLUMNS))})"
_UPDATE = f"UPDATE api_keys SET {', '.join(f'{column} = ?' for column in KEY_COLUMNS)} WHERE id = ?"
_CHANGED = "UPDATE shared SET revision = revision + 1"
REVISION = "SELECT revision FROM shared"
_NOTE_USED = "UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?"


class SaveKey(NamedTuple):
    key: ApiKey
    before: ApiKey | None


def to_key(row: Sequence[Any]) -> ApiKey:
    """From the values of KEY_COLUMNS."""
    limit = None if row[6] is None else orjson.loads(row[6])
    return ApiKey(
        id=row[0],
        name=row[1],
        digest=row[2],
        scopes=tuple(Scope(scope) for scope in orjson.loads(row[3])),
        within=Within(_patterns(row[4]), _patterns(row[5])),
        rate_limit=None if limit is None else RateLimit(*limit),
        created_at=row[7],
        created_by=row[8],
        expires_at=row[9],
        last_used_at=row[10],
        revoked_at=row[11],
        previous_digest=row[12],
        previous_until=row[13],
    )


def key_row(key: ApiKey) -> tuple[Any, ...]:
    limit = key.rate_limit
    return (
        key.id,
        key.name,
        key.digest,
        _json(key.scopes),
        None if key.within.job_types is None else _json(key.within.job_types),
        None if key.within.queues is None else _json(key.within.queues),
        None if limit is None else _json((limit.limit, limit.per_seconds)),
        key.created_at,
        key.created_by,
        key.expires_at,
        key.last_used_at,
        key.revoked_at,
        key.previous_digest,
        key.previous_until,
    )


def changed(known: ApiKey | None, argument: SaveKey) -> ApiKey | None:
    """What is to be there in place of what is `known`; None where that is something else than was thought."""
    before = argument.before
    if known is None or before is None:
        return argument.key if known is before else None
    if replace(known, last_used_at=None) != replace(before, last_used_at=None):
        return None
    return replace(argument.key, last_used_at=known.last_used_at)


def save_key(tx: Transaction, arguments: list[SaveKey]) -> list[bool]:
    return [save(tx.cursor, argument) for argument in arguments]


def save(cursor: sqlite3.Cursor, argument: SaveKey) -> bool:
    """Within a transaction. A server finds it by the revision, whoever's transaction it was."""
    row = cursor.execute(_KEY, (argument.key.id,)).fetchone()
    key = changed(None if row is None else to_key(row), argument)
    if key is None:
        return False
    if row is None:
        cursor.execute(_INSERT, key_row(key))
    else:
        cursor.execute(_UPDATE, (*key_row(key), key.id))
    cursor.execute(_CHANGED)
    return True


def note_used(tx: Transaction, arguments: list[Mapping[str, int]]) -> list[None]:
    for used in arguments:
        tx.cursor.executemany(_NOTE_USED, [(at, key_id) for key_id, at in used.items()])
    return [None] * len(arguments)


def _patterns(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(orjson.loads(text))


def _json(values: Sequence[Any]) -> str:
    return orjson.dumps(list(values)).decode()
