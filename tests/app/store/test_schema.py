"""The migrations make what tables.py describes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from blazy_jobs_server.store.tables import metadata


def described(path: Path) -> dict[str, object]:
    """Tables with their columns (type, null, default, key), and indexes with their columns and condition."""
    with closing(sqlite3.connect(path)) as database:
        found: dict[str, object] = {}
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found[table] = {
                name: (kind.replace("VARCHAR", "TEXT"), null, str(default).strip("'"), key)
                for _, name, kind, null, default, key in database.execute(f"PRAGMA table_info({table})")
            }
        for name, table, text in database.execute(
            "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall():
            columns = [row[2] for row in database.execute(f"PRAGMA index_info({name})")]
            condition = re.split(r"\bWHERE\b", text)[1:]
            found[name] = (table, columns, "UNIQUE" in text, [part.strip() for part in condition])
        without = [
            name for name, sql in database.execute("SELECT name, sql FROM sqlite_master") if "WITHOUT" in str(sql)
        ]
        found["without rowid"] = sorted(without)
    return found


def test_a_migrated_file_has_the_tables_and_indexes_that_are_described(tmp_path: Path, empty_database: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'described.db'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated = described(empty_database)
    own = {name: migrated.pop(name) for name in list(migrated) if name.startswith("alembic")}
    assert len(own) == 1
    assert migrated == described(tmp_path / "described.db")
    assert len(migrated) > 15
