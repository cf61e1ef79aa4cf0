"""How declarations are kept: numbered when a start first makes them, and forgotten when nothing refers to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from blazy_jobs_server.domain.declaration import Declaration, Started
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction

KEPT = 1000
"""So many of the newest declarations of an app stay in any case: a worker that was thought lost may come back."""

STARTED = (
    "SELECT d.id, d.app, d.digest, d.build, b.id FROM declarations AS d "
    "LEFT JOIN builds AS b ON b.app = d.app AND b.build = d.build"
)
STARTED_BY_WORKERS = (
    f"{STARTED} WHERE d.id IN (SELECT j.value FROM workers AS w, json_each(w.declares) AS j "
    "WHERE w.declares IS NOT NULL) ORDER BY d.id"
)
DECLARATIONS = f"{STARTED.replace(' FROM', ', d.body FROM')} WHERE d.id IN (SELECT value FROM json_each(?))"
FORGET = (
    "DELETE FROM declarations WHERE app = ? AND id < (SELECT id FROM declarations WHERE app = ? ORDER BY id DESC "
    f"LIMIT 1 OFFSET {KEPT - 1}) AND id NOT IN (SELECT declaration FROM job_types WHERE declaration IS NOT NULL) "
    "AND id NOT IN (SELECT declaration FROM schedules WHERE declaration IS NOT NULL) "
    "AND id NOT IN (SELECT j.value FROM workers AS w, json_each(w.declares) AS j WHERE w.declares IS NOT NULL)"
)

_decode = msgspec.json.Decoder(Declaration).decode


def row_of(declaration: Declaration, worker: WorkerRecord) -> tuple[str, str, str, str | None, str]:
    """App, start, digest, build and body."""
    said = msgspec.structs.replace(
        declaration,
        start=None,
        build=None,
        job_types=tuple(sorted(declaration.job_types, key=lambda definition: definition.name)),
        schedules=tuple(sorted(declaration.schedules, key=lambda declared: declared.definition.name)),
    )
    digest = hashlib.blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()
    start = f"worker {worker.id}" if declaration.start is None else f"start {declaration.start}"
    return declaration.app, start, digest, declaration.build, msgspec.json.encode(declaration).decode()


def to_started(row: Sequence[Any]) -> Started:
    """From the values of STARTED."""
    return Started(id=row[0], app=row[1], digest=row[2], build=row[3], build_order=row[4])


def to_declarations(rows: Iterable[Sequence[Any]]) -> dict[int, tuple[Started, Declaration]]:
    """From those values, and the body."""
    return {row[0]: (to_started(row), _decode(row[5])) for row in rows}


def declare(tx: Transaction, declares: Sequence[Declaration], worker: WorkerRecord) -> tuple[int, ...]:
    numbers = []
    for declaration in declares:
        app, start, digest, build, body = row_of(declaration, worker)
        key = (app, start, digest)
        found = tx.cursor.execute(
            "SELECT id FROM declarations WHERE app = ? AND start = ? AND digest = ?", key
        ).fetchone()
        if found is None:
            if build is not None:
                tx.cursor.execute("INSERT OR IGNORE INTO builds (app, build) VALUES (?, ?)", (app, build))
            found = tx.cursor.execute(
                "INSERT INTO declarations (app, start, digest, build, body) VALUES (?, ?, ?, ?, ?) RETURNING id",
                (*key, build, body),
            ).fetchone()
            tx.cursor.execute(FORGET, (app, app))
        numbers.append(found[0])
    return tuple(numbers)


def declares_text(worker: WorkerRecord) -> str | None:
    return pack(worker.declares) if worker.declares else None
