"""cleanup-old-data: deletes rows of a SQLite log table that are older than 30 days.

    blazy-jobs serve examples.cleanup      (runs it every night at three, too)
    {"older_than_days": 30}

SHOP_DATABASE names the file; its table is `log (id INTEGER PRIMARY KEY, at TEXT, message TEXT)`, `at` in ISO 8601, UTC,
with an index on `at`. Running it again, or half of it twice, deletes nothing more than once.
"""

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from blazy_jobs import JobContext, Jobs, schedule
from pydantic import Field

jobs = Jobs()

CHUNK_ROWS = 2_000
PAUSE_SECONDS = 0.01


@dataclass
class Cleanup:
    older_than_days: Annotated[int, Field(ge=1)] = 30


@jobs.job(
    retry=3,
    timeout=600,
    tags=["maintenance"],
    schedule=schedule.every_day_at(3, 0, timezone="Europe/Berlin", payload={"older_than_days": 30}, overlap="skip"),
)
def cleanup_old_data(payload: Cleanup, ctx: JobContext) -> dict[str, int]:
    """Deletes old rows in chunks, each a short transaction of its own."""
    cutoff = (datetime.now(UTC) - timedelta(days=payload.older_than_days)).isoformat(timespec="seconds")
    with closing(sqlite3.connect(os.environ.get("SHOP_DATABASE", "shop.db"), timeout=30)) as db:
        (total,) = db.execute("SELECT count(*) FROM log WHERE at < ?", (cutoff,)).fetchone()
        deleted = 0
        while rows := delete_chunk(db, cutoff):
            deleted += rows
            ctx.progress(100 * deleted / max(total, deleted), f"{deleted:,} of {total:,} rows")
            ctx.raise_if_cancelled()
            time.sleep(PAUSE_SECONDS)  # the database's other writers get their turn
        (kept,) = db.execute("SELECT count(*) FROM log").fetchone()
    ctx.log("cleaned up", deleted=deleted, kept=kept)
    return {"deleted": deleted, "kept": kept}


def delete_chunk(db: sqlite3.Connection, cutoff: str) -> int:
    with db:
        oldest = "SELECT id FROM log WHERE at < ? ORDER BY at LIMIT ?"
        return db.execute(f"DELETE FROM log WHERE id IN ({oldest})", (cutoff, CHUNK_ROWS)).rowcount
