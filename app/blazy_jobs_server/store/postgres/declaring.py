"""How declarations are kept on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from blazy_jobs_server.domain.declaration import Declaration
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.store.declaring import KEPT, STARTED, row_of
from blazy_jobs_server.store.postgres.transaction import Transaction

_DECLARED = "SELECT jsonb_array_elements_text(declares::jsonb)::bigint FROM workers WHERE declares IS NOT NULL"
STARTED_BY_WORKERS = f"{STARTED} WHERE d.id IN ({_DECLARED}) ORDER BY d.id"
DECLARATIONS = f"{STARTED.replace(' FROM', ', d.body FROM')} WHERE d.id = ANY($1::bigint[])"
BUILD = "INSERT INTO builds (app, build) VALUES ($1, $2) ON CONFLICT DO NOTHING"
DECLARE = (
    "INSERT INTO declarations (app, start, digest, build, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING "
    "RETURNING id"
)
DECLARED = "SELECT id FROM declarations WHERE app = $1 AND start = $2 AND digest = $3"
FORGET = (
    "DELETE FROM declarations WHERE app = $1 AND id < (SELECT id FROM declarations WHERE app = $1 ORDER BY id DESC "
    f"LIMIT 1 OFFSET {KEPT - 1}) AND id NOT IN (SELECT declaration FROM job_types WHERE declaration IS NOT NULL) "
    f"AND id NOT IN (SELECT declaration FROM schedules WHERE declaration IS NOT NULL) AND id NOT IN ({_DECLARED})"
)


async def declare(tx: Transaction, declares: Sequence[Declaration], worker: WorkerRecord) -> tuple[int, ...]:
    numbers = []
    for declaration in declares:
        app, start, digest, build, body = row_of(declaration, worker)
        number = await tx.value(DECLARED, app, start, digest)
        if number is None:
            if build is not None:
                await tx.execute(BUILD, app, build)
            number = await tx.value(DECLARE, app, start, digest, build, body)
            if number is None:  # by another server, just now
                number = await tx.value(DECLARED, app, start, digest)
            await tx.execute(FORGET, app)
        assert number is not None
        numbers.append(number)
    return tuple(numbers)
