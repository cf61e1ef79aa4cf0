from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from blazy_jobs.testing import Clock, run_job
from hypothesis import given
from hypothesis import strategies as st

from examples import csv_import
from examples.csv_import import import_csv, retry_after_seconds, split_records, whole_records
from examples.demo.material import ORDERS, OrdersServer, count_rows

HEADER = "id,customer,amount_cents,ordered_at\n"


class Web:
    """Answers every GET with what the test has put here. `length` is the Content-Length, None the true one."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, dict[str, str](), b""
        self.length: int | None = None
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(web.status)
                for name, value in web.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(web.body) if web.length is None else web.length))
                self.end_headers()
                self.wfile.write(web.body)

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.payload = {"url": f"http://127.0.0.1:{self.http.server_port}/orders.csv"}


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    thread = Thread(target=web.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield web
    web.http.shutdown()
    thread.join()
    web.http.server_close()


def orders(database: Path) -> list[tuple[int, str, int, str]]:
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT * FROM orders ORDER BY id").fetchall()


def test_two_refusals_then_the_whole_file(shop_database: Path) -> None:
    with OrdersServer() as server:
        outcome = run_job(import_csv, {"url": server.url}, clock=Clock(), retries=True)

    assert [attempt.retry_after_seconds for attempt in outcome.attempts] == [1, 1, None]
    whole = {"rows": ORDERS, "skipped": 0, "amount_cents": server.amount_cents, "bytes": len(server.body)}
    assert outcome.result == whole
    assert outcome.percents == sorted(outcome.percents)
    assert outcome.percents[-1] == 100
    assert [order[1] for order in orders(shop_database)[:5]] == [
        'Grace "Amazing" Hopper',
        "Lovelace, Ada",
        "Line\nEnd",
        "Zoë 🚲",
        "Ada",
    ]


def test_an_attempt_that_breaks_off_is_repeated_without_doubles(web: Web, shop_database: Path) -> None:
    web.body = (HEADER + "1,Ada,100,t\n2,Bob,200,t\n").encode()
    web.length = len(web.body) + 50
    outcome = run_job(import_csv, web.payload)
    assert outcome.state == "retrying"
    assert isinstance(outcome.exception, httpx.RemoteProtocolError)

    web.body += b"3,Eve,300,t\n"
    web.length = None
    assert run_job(import_csv, web.payload, attempt=2).result["rows"] == 3
    assert orders(shop_database) == [(1, "Ada", 100, "t"), (2, "Bob", 200, "t"), (3, "Eve", 300, "t")]


def test_rows_that_are_no_orders_are_skipped_and_logged(web: Web, shop_database: Path) -> None:
    web.body = ("\ufeff" + HEADER.replace("\n", "\r\n") + "1,Ada,100,t\r\nx,Bob,1,t\r\n2,Bob\r\n3,Eve,300,t").encode()
    outcome = run_job(import_csv, web.payload)
    assert (outcome.result["rows"], outcome.result["skipped"]) == (2, 2)
    assert [order[0] for order in orders(shop_database)] == [1, 3]
    skipped = [(line["level"], line["fields"]["row"]) for line in outcome.logs if line["message"] == "skipped a row"]
    assert skipped == [("warning", ["x", "Bob", "1", "t"]), ("warning", ["2", "Bob"])]


@pytest.mark.parametrize(("status", "state"), [(404, "failed"), (301, "failed"), (500, "retrying")])
def test_only_what_may_pass_is_tried_again(web: Web, shop_database: Path, status: int, state: str) -> None:
    web.status = status
    assert run_job(import_csv, web.payload).state == state


def test_another_file_is_refused(web: Web, shop_database: Path) -> None:
    web.body = b"a,b\n1,2\n"
    outcome = run_job(import_csv, web.payload)
    assert outcome.state == "failed"
    assert "the columns are" in str(outcome.exception)


def test_a_quote_that_never_ends_is_refused_before_memory_is(
    web: Web, shop_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_import, "MAX_RECORD_CHARS", 1_000)
    web.body = HEADER.encode() + b'1,"Ada' + b"\nx" * 40_000
    outcome = run_job(import_csv, web.payload)
    assert outcome.state == "failed"
    assert "longer than" in str(outcome.exception)


def test_a_cancelled_import_lets_go_of_everything(web: Web, shop_database: Path) -> None:
    web.body, web.length = HEADER.encode() + b"1,Ada,100,t\n" * 20_000, 10**9
    outcome = run_job(import_csv, web.payload, cancel_when=lambda progress: True)
    assert outcome.state == "cancelled"
    # Nobody holds a lock: another writer gets the database.
    with closing(sqlite3.connect(shop_database, timeout=5)) as db, db:
        db.execute("BEGIN EXCLUSIVE")
    assert count_rows(shop_database, "orders") == 1


@given(
    st.lists(st.lists(st.text('a,"\n\r', max_size=3), min_size=1, max_size=3), max_size=6),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
async def test_records_are_whole_wherever_the_chunks_are_cut(rows: list[list[str]], sizes: list[int]) -> None:
    quoted = [",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in rows]
    text = HEADER + "".join(quoted)

    async def chunks() -> AsyncIterator[str]:
        place = 0
        while place < len(text):
            size = sizes[place % len(sizes)]
            yield text[place : place + size]
            place += size

    found = [record async for batch in whole_records(chunks()) for record in batch]
    assert found == quoted


def test_a_line_end_outside_quotes_ends_a_record() -> None:
    assert split_records('1,"a\nb"\n2,c\n3,"d') == (['1,"a\nb"\n', "2,c\n"], '3,"d')


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after_seconds("120") == 120
    assert 50 < retry_after_seconds(format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)) <= 60
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
