"""Text in runs: in their payloads, results, errors, tags and metadata, as they are shown."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from blazy_jobs_server.domain.redaction import redacted

MOST_RUNS = 100_000
SECONDS = 0.2
COLUMNS = ("payload", "result", "error", "tags", "meta")
REDACTED = ("payload", "result")
FIRST_BATCH = 64
"""Runs are looked at in batches, first of so many: each may have megabytes."""
LEAST_BATCH, LARGEST_BATCH = 8, 16_000
BATCH_SECONDS = 0.02
"""That a batch shall take."""
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def columns(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in COLUMNS)


def lowered(text: str) -> str:
    """As far as both databases do it the same: of A to Z."""
    return text.translate(_UPPER)


def needles(q: str) -> tuple[str, ...]:
    """The text as it may stand in a JSON text: as it is, and as it is written within a string."""
    return tuple(dict.fromkeys((lowered(q), lowered(orjson.dumps(q).decode()[1:-1]))))


def is_shown(values: Sequence[str | None], texts: Sequence[str], pointers: tuple[str, ...]) -> bool:
    """Of the values of COLUMNS, whether one has one of the texts where it is not hidden."""
    for column, value in zip(COLUMNS, values, strict=True):
        if value is None:
            continue
        if column in REDACTED and value != "null":
            value = redacted(value, pointers)
        here = lowered(value)
        if any(text in here for text in texts):
            return True
    return False


def next_batch(runs: int, seconds: float) -> int:
    """How many to look at next, after so many took so long."""
    wanted = runs * 4 if seconds * 4 <= BATCH_SECONDS else int(runs * BATCH_SECONDS / seconds)
    return max(LEAST_BATCH, min(wanted, runs * 4, LARGEST_BATCH))
