"""import-csv: streams a CSV file of orders from a URL into a SQLite table.

    blazy-jobs serve examples.csv_import
    {"url": "https://example.org/orders.csv"}

The file has a header line and the columns id, customer, amount_cents, ordered_at; SHOP_DATABASE names the database.
Rows are written by their id, so an attempt that repeats what an earlier one wrote changes nothing.
Whoever may dispatch this job chooses what the worker fetches: where that matters, check the host first.
"""

import asyncio
import csv
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from blazy_jobs import JobContext, Jobs, NonRetryable, Retry, RetryAfter
from pydantic import AnyHttpUrl, BaseModel

jobs = Jobs()

CHUNK_CHARS = 65_536
MAX_RECORD_CHARS = 1_000_000
COLUMNS = ["id", "customer", "amount_cents", "ordered_at"]

Order = tuple[int, str, int, str]


class Import(BaseModel, extra="forbid"):
    url: AnyHttpUrl


@jobs.job(retry=Retry(max_attempts=6, initial_seconds=1, max_seconds=60), timeout=600, tags=["import"])
async def import_csv(payload: Import, ctx: JobContext) -> dict[str, int]:
    """Imports orders; a 503 or a lost connection is tried again, from the start."""
    summary = {"rows": 0, "skipped": 0, "amount_cents": 0, "bytes": 0}
    await asyncio.to_thread(create_table)
    async with httpx.AsyncClient(timeout=10) as client, client.stream("GET", str(payload.url)) as response:
        refuse_unless_ok(response)
        size = int(response.headers.get("Content-Length", 0))
        async for lines in whole_records(response.aiter_text(CHUNK_CHARS)):
            orders = list(parse(lines, ctx))
            # A connection for each batch: the thread that a cancelled task leaves behind closes what it opened.
            await asyncio.to_thread(upsert, orders)
            summary["rows"] += len(orders)
            summary["skipped"] += len(lines) - len(orders)
            summary["amount_cents"] += sum(amount_cents for _, _, amount_cents, _ in orders)
            summary["bytes"] = response.num_bytes_downloaded
            percent = 100 * summary["bytes"] / size if size else 0
            ctx.progress(percent, f"{summary['rows']:,} rows", data=summary)
    ctx.log("imported", rows=summary["rows"], skipped=summary["skipped"])
    return summary


def refuse_unless_ok(response: httpx.Response) -> None:
    """Says for each unwelcome status whether and when another attempt is worth it."""
    status = response.status_code
    if status in (429, 503) and "Retry-After" in response.headers:
        raise RetryAfter(retry_after_seconds(response.headers["Retry-After"]))
    if status not in (408, 425, 429) and 300 <= status < 500:
        raise NonRetryable(f"{response.url.host} answers {status}")
    response.raise_for_status()


def retry_after_seconds(value: str) -> float:
    """The header's two forms: seconds, or a date."""
    if value.isdecimal():
        return float(value)
    return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())


async def whole_records(chunks: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    """The file's records, without its header, wherever the chunks are cut. A line end inside quotes ends no record."""
    rest, header_seen = "", False
    async for chunk in chunks:
        records, rest = split_records(rest + chunk)
        if len(rest) > MAX_RECORD_CHARS:
            raise NonRetryable(f"a record is longer than {MAX_RECORD_CHARS:,} characters")
        if records and not header_seen:
            check_header(records.pop(0))
            header_seen = True
        yield records
    if rest.strip():
        yield [rest]


def split_records(text: str) -> tuple[list[str], str]:
    *lines, rest = text.split("\n")
    records, record = [], ""
    for line in lines:
        record += line + "\n"
        if record.count('"') % 2 == 0:
            records.append(record)
            record = ""
    return records, record + rest


def check_header(record: str) -> None:
    columns = next(csv.reader([record.removeprefix("\ufeff")]))
    if columns != COLUMNS:
        raise NonRetryable(f"the columns are {columns}, not {COLUMNS}")


def parse(records: list[str], ctx: JobContext) -> Iterator[Order]:
    """The orders among the records; what is none is skipped and logged."""
    for row in csv.reader(records):
        try:
            number, customer, amount_cents, ordered_at = row
            yield int(number), customer, int(amount_cents), ordered_at
        except ValueError:
            ctx.log("skipped a row", level="warning", row=row[:10])


def create_table() -> None:
    with closing(connect()) as db, db:
        db.execute(
            "CREATE TABLE IF NOT EXISTS orders"
            " (id INTEGER PRIMARY KEY, customer TEXT, amount_cents INTEGER, ordered_at TEXT)"
        )


def upsert(orders: list[Order]) -> None:
    with closing(connect()) as db, db:
        db.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", orders)


def connect() -> sqlite3.Connection:
    return sqlite3.connect(os.environ.get("SHOP_DATABASE", "shop.db"), timeout=30)
