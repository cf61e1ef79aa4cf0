"""The verbs of browsers' sessions: `save_session`, `end_sessions` and `note_sessions`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from blazy_jobs_server.domain.sessions import BrowserSession
from blazy_jobs_server.store.transaction import Transaction

SESSION_COLUMNS = ("id", "key_id", "secret", "created_at", "used_at")
SESSIONS = f"SELECT {', '.join(SESSION_COLUMNS)} FROM sessions"
_SESSION = f"{SESSIONS} WHERE id = ?"
_INSERT = f"INSERT INTO sessions ({', '.join(SESSION_COLUMNS)}) VALUES ({', '.join('?' * len(SESSION_COLUMNS))})"
_DELETE = "DELETE FROM sessions WHERE id = ?"
_NOTE = "UPDATE sessions SET used_at = max(used_at, ?) WHERE id = ?"


def to_session(row: Any) -> BrowserSession:
    """From the values of SESSION_COLUMNS."""
    return BrowserSession(id=row[0], key_id=row[1], secret=row[2], created_at=row[3], used_at=row[4])


def session_row(session: BrowserSession) -> tuple[Any, ...]:
    return session.id, session.key_id, session.secret, session.created_at, session.used_at


def find(cursor: Any, session_id: str | None) -> list[BrowserSession]:
    rows = cursor.execute(SESSIONS) if session_id is None else cursor.execute(_SESSION, (session_id,))
    return [to_session(row) for row in rows.fetchall()]


def save_session(tx: Transaction, arguments: list[BrowserSession]) -> list[None]:
    tx.cursor.executemany(_INSERT, [session_row(session) for session in arguments])
    return [None] * len(arguments)


def end_sessions(tx: Transaction, arguments: list[Collection[str]]) -> list[None]:
    tx.cursor.executemany(_DELETE, [(session_id,) for ended in arguments for session_id in ended])
    return [None] * len(arguments)


def note_sessions(tx: Transaction, arguments: list[Mapping[str, int]]) -> list[None]:
    for used in arguments:
        tx.cursor.executemany(_NOTE, [(at, session_id) for session_id, at in used.items()])
    return [None] * len(arguments)
