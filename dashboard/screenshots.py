"""Pictures of every page with real data: `make screenshots`.

Starts a server with the examples, a mail server that refuses some and an endpoint that fails, dispatches thousands of
runs, and writes each page at 1440, 768 and 360 px, light and dark, into a folder (build/screenshots). With `--readme`
also those that README.md shows, into docs/images. With `--serve` it goes on serving, to look around.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session
from PIL import Image
from playwright.sync_api import Browser, Page

from blazy_jobs_server.domain.durations import BOUNDS
from examples.demo.material import MailSink, OrdersServer, fill_log
from tests.support.browser import MISSING, executable, launched, log_in, open_context, shown
from tests.support.server import REPO, Server, wait_until

MODULES = [f"examples.{name}" for name in ("welcome_email", "cleanup", "csv_import", "long_running")]
UI = REPO / "app" / "blazy_jobs_server" / "api" / "static" / "ui"
SIZES = {1440: 900, 768: 1024, 360: 740}
SCHEMES = ("light", "dark")
TALLEST = 2600
BUSY = ("mail", "numbers", "imports")
README = {"overview": "light", "runs": "dark", "errors": "light"}
NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Ken", "Radia", "Hedy", "Katherine")
KEY = "a-root-key-for-the-pictures"
AS_ROOT = {"authorization": f"Bearer {KEY}"}
CAMPAIGNS = ("spring", "launch", "win-back")
COLOURS = 256
HOURS_OF_HISTORY = 26


class Mail(MailSink):
    """Refuses who is unknown for good, and whose mailbox is full for now."""

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, *_: Any) -> str:
        if address.startswith("nobody"):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if address.startswith("full"):
            return f"452 4.2.2 <{address}>: Mailbox is full, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"


class Orders(OrdersServer):
    """Has one file."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/orders.csv":
            super().answer(request)
        else:
            request.send_error(404)


class Shop:
    """What is dispatched."""

    def __init__(self, http: httpx.Client, orders: str) -> None:
        self.http = http
        self.orders = orders
        self.random = random.Random(7)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def batch(self, runs: list[dict[str, Any]]) -> list[str]:
        made: list[str] = []
        for begin in range(0, len(runs), 500):
            answer = self.ask("POST", "/v1/runs/batch", {"runs": runs[begin : begin + 500]})
            made += [one["id"] for one in answer["data"]]
        return made

    def mail(self, number: int, *, to: str = "") -> dict[str, Any]:
        name = self.random.choice(NAMES)
        return {
            "job_type": "send-welcome-email",
            "queue": "mail",
            "payload": {"to": to or f"{name.lower()}.{number}@example.org", "name": name},
            "tags": [f"campaign:{self.random.choice(CAMPAIGNS)}"],
            "metadata": {"customer": f"c_{1000 + number}"},
        }

    def configure(self, hook: str) -> None:
        worker = {"kind": "worker"}
        resize = {"name": "resize-photo", "queue": "photos", "handler": worker, "description": "Makes thumbnails."}
        self.ask("PUT", "/v1/job-types/resize-photo", resize)
        cron = {"kind": "cron", "expression": "0 9 * * mon"}
        berlin = {"timezone": "Europe/Berlin", "queue": "reports"}
        report = {"job_type": "write-report", "payload": {"pages": 40, "seconds_a_page": 0.2}}
        self.ask("PUT", "/v1/schedules/weekly-report", {**report, **berlin, "trigger": cron})
        every = {"kind": "interval", "every_seconds": 900}
        self.ask(
            "PUT",
            "/v1/schedules/import-orders",
            {"job_type": "import-csv", "payload": {"url": self.orders}, "trigger": every},
        )
        yearly = {"kind": "cron", "expression": "30 2 31 12 *"}
        self.ask("PUT", "/v1/schedules/year-end-report", {**report, **berlin, "trigger": yearly, "paused": True})
        self.ask(
            "PUT",
            "/v1/webhooks/crm",
            {"url": f"{hook}/crm", "events": ["run.completed"], "job_types": ["import-csv"], "enabled": False},
        )
        self.ask("PUT", "/v1/webhooks/pager", {"url": "http://127.0.0.1:9/alerts", "events": ["run.failed"]})
        keys: list[dict[str, Any]] = [
            {"name": "web shop", "scopes": ["runs:write", "runs:read"], "job_types": ["send-welcome-email"]},
            {"name": "team dashboard", "scopes": ["runs:read"]},
            {"name": "deploys", "scopes": ["config"]},
            {"name": "prometheus", "scopes": ["metrics"]},
        ]
        for key in keys:
            self.ask("POST", "/v1/keys", key)

    def fill(self, thousands: int) -> None:
        pick = self.random
        mails = [self.mail(number) for number in range(thousands * 800)]
        mails += [self.mail(number, to=f"nobody.{number}@example.org") for number in range(60)]
        primes = [
            {"job_type": "find-primes", "queue": "numbers", "payload": {"below": pick.randrange(500, 30_000)}}
            for _ in range(thousands * 150)
        ]
        imports = [
            {"job_type": "import-csv", "queue": "imports", "payload": {"url": self.orders.replace("orders", name)}}
            for name in ["orders"] * 6 + ["missing"] * 14
        ]
        others = [*mails, *primes, *imports]
        pick.shuffle(others)
        self.batch(others)
        self.batch([self.mail(number, to=f"full.{number}@example.org") for number in range(25)])
        self.batch([{"job_type": "resize-photo", "payload": {"photo": f"p_{n}.jpg"}} for n in range(24)])
        self.batch([self.mail(n) | {"delay_seconds": pick.randrange(600, 86_400)} for n in range(120)])
        self.ask("PUT", "/v1/queues/newsletter", {"paused": True})
        waiting = self.batch([self.mail(n) | {"queue": "newsletter"} for n in range(180)])
        for run in waiting[:25]:
            self.ask("POST", f"/v1/runs/{run}/cancel", {"reason": "The campaign was called off."})
        wait_until(self.is_quiet, "the runs end", 300, 0.5)

    def is_quiet(self) -> bool:
        queues = {one["name"]: one["counts"] for one in self.ask("GET", "/v1/queues?limit=200")["data"]}
        return not any(queues[name][state] for name in BUSY for state in ("queued", "running"))

    def go_on(self) -> dict[str, str]:
        """What is still under way in the pictures. Returns runs by what they show."""
        self.batch([self.mail(number) for number in range(400)])
        full = self.batch([self.mail(number, to=f"full.{number}@example.org") for number in range(8)])
        slow = [("write-report", {"pages": 900 + 150 * n, "seconds_a_page": 0.4}) for n in range(5)]
        running = self.batch([{"job_type": name, "queue": "reports", "payload": payload} for name, payload in slow])
        failed = self.ask("GET", "/v1/runs?state=failed&job_type=import-csv&limit=5")["data"]
        for run in failed[1:4]:
            self.ask("POST", f"/v1/runs/{run['id']}/replay")
        completed = self.ask("GET", "/v1/runs?state=completed&job_type=import-csv&limit=1")["data"]
        wait_until(lambda: self.ask("GET", f"/v1/runs/{running[0]}")["progress"], "a report has pages")
        return {"retrying": full[0], "running": running[0], "failed": failed[0]["id"], "completed": completed[0]["id"]}


def short_waits(started: int, pick: random.Random) -> str:
    """As the history keeps them: most start at once, some wait a second or two. All at a time was no day's wait."""
    counts = [0] * (len(BOUNDS) + 1)
    common = pick.choice((6, 6, 6, 7))
    for bucket, share in ((common - 1, 0.3), (common, 0.6), (common + pick.choice((2, 3, 4)), 0.1)):
        counts[bucket] += int(started * share)
    return json.dumps([round(started * BOUNDS[common], 3), *counts])


def spread_history(data: Path) -> None:
    """The minutes of now as those of the day before, more at noon than at night: nobody waits a day for a picture."""
    connection = sqlite3.connect(data / "jobs.db")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(history)")]
    numbers = ("started", "completed", "failed", "cancelled", "retried", "lost", "deepest")
    found = connection.execute(f"SELECT {', '.join(columns)} FROM history").fetchall()
    rows = [dict(zip(columns, values, strict=True)) for values in found]
    pick = random.Random(11)
    for step in sorted({row["step"] for row in rows}):
        of_step = [row for row in rows if row["step"] == step]
        latest = max(row["at"] for row in of_step)
        busiest = {(row["job_type"], row["queue"]): row for row in sorted(of_step, key=lambda row: row["completed"])}
        model = list(busiest.values())
        for back in range(1, int(HOURS_OF_HISTORY * 3600 / step) + 1):
            share = 0.15 + 0.5 * abs((back * step / 43_200) % 2 - 1) + 0.2 * pick.random()
            for row in model:
                scaled: dict[str, Any] = {name: int(row[name] * share) for name in numbers}
                if back * step % 21_600 < 1200:
                    scaled["failed"] += int(row["completed"] * 0.05)
                scaled["waited"] = short_waits(scaled["started"], pick) if row["waited"] else None
                made = row | scaled | {"at": latest - back * (step if latest > 1e8 else 1)}
                marks = ", ".join("?" for _ in columns)
                connection.execute(f"INSERT OR IGNORE INTO history VALUES ({marks})", [made[name] for name in columns])
    connection.commit()
    connection.close()


@contextlib.contextmanager
def shop(folder: Path, thousands: int) -> Iterator[tuple[Server, dict[str, str]]]:
    fill_log(folder / "shop.db")
    with Mail() as mail, Orders() as orders:
        env = {
            "JOBS_API_KEY": KEY,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "SHOP_DATABASE": str(folder / "shop.db"),
            "REPORTS_DIR": str(folder),
            "JOBS_HTTP_ALLOW": "127.0.0.0/8",
        }
        server = Server(folder / "data", MODULES, workers=3, env=env)
        with contextlib.ExitStack() as last:
            last.callback(server.close)
            server.start()
            with server.client(headers=AS_ROOT) as http:
                of_shop = Shop(http, orders.url)
                wait_until(lambda: of_shop.ask("GET", "/v1/workers")["data"], "workers have registered")
                of_shop.configure(orders.url.rsplit("/", 1)[0])
                of_shop.fill(thousands)
            server.stop()
            spread_history(folder / "data")
            server.start()
            with server.client(headers=AS_ROOT) as http:
                runs = Shop(http, orders.url).go_on()
            yield server, runs


def addresses(http: httpx.Client, runs: dict[str, str]) -> dict[str, str]:
    """Each page's address by the name of its picture."""
    patterns = re.findall(r'pattern: "([^"]*)"', (UI / "core" / "routes.js").read_text())
    found = {pattern or "overview": pattern for pattern in patterns if ":" not in pattern and pattern != "compare"}
    found |= {"run": f"runs/{runs['failed']}", "run-running": f"runs/{runs['running']}"}
    found |= {"run-retrying": f"runs/{runs['retrying']}", "runs-failed": "runs?state=failed"}
    found["compare"] = f"compare?a={runs['failed']}&b={runs['completed']}"
    first = {"queues": "mail", "job-types": "send-welcome-email", "schedules": "weekly-report", "webhooks": "pager"}
    for pattern in patterns:
        page, _, parameter = pattern.partition("/:")
        if parameter and page in first:
            found[page.removesuffix("s")] = f"{page}/{first[page]}"
        elif parameter and page != "runs":
            rows = http.get(f"/v1/{page}").json()["data"]
            if rows:
                found[page.removesuffix("s")] = f"{page}/{rows[0].get('id') or rows[0]['group']}"
    return found


def take(page: Page, width: int, path: Path) -> None:
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(TALLEST, max(height, SIZES[width]))})
    page.screenshot(path=path, animations="disabled")


def small(picture: bytes, path: Path) -> None:
    image = (
        Image.open(io.BytesIO(picture))
        .convert("RGB")
        .quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    )
    image.save(path, optimize=True)


def take_all(browser: Browser, server: Server, runs: dict[str, str], folder: Path, only: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with server.client(headers=AS_ROOT) as http:
        pages = addresses(http, runs)
    for scheme in SCHEMES:
        context, watch = open_context(browser, server.url, color_scheme=scheme, reduced_motion="reduce")
        log_in(context, server.url, KEY)
        page = context.new_page()
        for name, address in pages.items():
            if only and name not in only:
                continue
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(f"{server.url}/ui/{address}")
            shown(page)
            page.get_by_role("button", name="Live: pause").wait_for()
            for width in SIZES:
                take(page, width, folder / f"{name}-{width}-{scheme}.png")
            sys.stderr.write(f"{name} {scheme}\n")
        context.close()
        watch.check()


def take_for_readme(browser: Browser, server: Server, runs: dict[str, str]) -> None:
    images = REPO / "docs" / "images"
    images.mkdir(exist_ok=True)
    with server.client(headers=AS_ROOT) as http:
        pages = addresses(http, runs)
    for name, scheme in README.items():
        size = {"width": 1440, "height": 900}
        context, watch = open_context(browser, server.url, color_scheme=scheme, viewport=size, reduced_motion="reduce")
        log_in(context, server.url, KEY)
        page = context.new_page()
        page.goto(f"{server.url}/ui/{pages[name]}")
        shown(page)
        page.get_by_role("button", name="Live: pause").wait_for()
        small(page.screenshot(animations="disabled"), images / f"{name}.png")
        context.close()
        watch.check()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=REPO / "build" / "screenshots", help="the folder")
    parser.add_argument("--thousands", type=int, default=3, help="of runs, about")
    parser.add_argument("--readme", action="store_true", help="also write docs/images")
    parser.add_argument("--serve", action="store_true", help="go on serving until Ctrl-C")
    parser.add_argument("only", nargs="*", help="names of pages; all when left out")
    given = parser.parse_args()
    path = executable()
    if path is None:
        sys.exit(MISSING)
    with (
        tempfile.TemporaryDirectory(prefix="blazy-shop-") as folder,
        shop(Path(folder), given.thousands) as (server, runs),
    ):
        with launched(path) as browser:
            if given.readme:
                take_for_readme(browser, server, runs)
            take_all(browser, server, runs, given.into, set(given.only))
        sys.stderr.write(f"written to {given.into}\n")
        if given.serve:
            sys.stderr.write(f"{server.url}/ui/ until Ctrl-C\n")
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)  # until it is interrupted
    return 0


if __name__ == "__main__":
    sys.exit(main())
