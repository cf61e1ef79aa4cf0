"""The real things that the jobs work on: a mail server, a database of a shop, a web server that is busy at first."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

OLD_ROWS, NEW_ROWS = 140_000, 60_000
ORDERS = 100_000
REFUSALS = 2


class MailSink:
    """An SMTP server on a free loopback port that keeps what it is given."""

    def __init__(self) -> None:
        self.port = 0
        self._messages: list[EmailMessage] = []
        self._arrived = threading.Condition()
        self._listening = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._closing: asyncio.Event
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def message(self, message_id: str, *, timeout_seconds: float = 5) -> EmailMessage | None:
        """The message with this Message-ID, as soon as it is there; None when it does not come in time."""

        def found() -> EmailMessage | None:
            return next((message for message in self._messages if message["Message-ID"] == message_id), None)

        with self._arrived:
            return self._arrived.wait_for(found, timeout_seconds)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", EmailMessage, policy=policy.default)
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify_all()
        return "250 Message accepted"

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: SMTP(self, hostname="sink.example.org"), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._closing.wait()
        server.close()
        await asyncio.sleep(0)  # the loop closes the socket in its next round


def fill_log(database: Path) -> None:
    """Makes the log table: OLD_ROWS that are older than 30 days and NEW_ROWS that are not, none near the limit."""
    now = datetime.now(UTC)
    old = ages(timedelta(days=30, hours=1), timedelta(days=90), OLD_ROWS)
    new = ages(timedelta(0), timedelta(days=29, hours=23), NEW_ROWS)
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        with db:
            db.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, at TEXT NOT NULL, message TEXT NOT NULL)")
            rows = (
                ((now - age).isoformat(timespec="seconds"), "GET /basket 200") for part in (old, new) for age in part
            )
            db.executemany("INSERT INTO log (at, message) VALUES (?, ?)", rows)
            db.execute("CREATE INDEX log_at ON log (at)")


def ages(youngest: timedelta, oldest: timedelta, count: int) -> Iterator[timedelta]:
    step = (oldest - youngest) / count
    return (youngest + step * number for number in range(count))


def count_rows(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


class OrdersServer:
    """A web server with one file, /orders.csv, whose first answers are 503 with `Retry-After: 1`."""

    def __init__(self) -> None:
        self.body, self.amount_cents = orders_csv()
        self.refused = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                """Keeps the terminal for the events."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/orders.csv"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if self.refused < REFUSALS:
            self.refused += 1
            request.send_response(503)
            request.send_header("Retry-After", "1")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(200)
        request.send_header("Content-Type", "text/csv; charset=utf-8")
        request.send_header("Content-Length", str(len(self.body)))
        request.end_headers()
        request.wfile.write(self.body)


def orders_csv() -> tuple[bytes, int]:
    """The file, and what its amounts add up to. Some customers need quotes, some have a line end in their name."""
    customers = ["Ada", '"Grace ""Amazing"" Hopper"', '"Lovelace, Ada"', '"Line\nEnd"', "Zoë 🚲"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    amounts = [100 + number * 7919 % 90_000 for number in range(1, ORDERS + 1)]
    lines = [
        f"{number},{customers[number % 5]},{amount},{(start + timedelta(minutes=number)).isoformat()}\n"
        for number, amount in enumerate(amounts, 1)
    ]
    return ("id,customer,amount_cents,ordered_at\n" + "".join(lines)).encode(), sum(amounts)
