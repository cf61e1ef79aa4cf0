"""The eight demonstrations. Each dispatches a run, prints its events as they stream in, and checks what came of it."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from blazy_jobs import ApiError, Client, Event, JobsError, Run, schedule

from examples.demo.material import NEW_ROWS, OLD_ROWS, ORDERS, REFUSALS, MailSink, OrdersServer, count_rows
from examples.demo.screen import Screen
from examples.demo.web_app import WebApp

FINAL = {"completed", "failed", "cancelled"}
FOLLOW_SECONDS = 60
STILL_SECONDS = 0.6
SCHEDULE = "demo-report"
TICKS = 3
INVOICES = "render-invoice"
"""The job type whose handler is a web app, and the webhook to it."""


@dataclass
class Stage:
    """What the demonstrations share."""

    client: Client
    screen: Screen
    mail: MailSink
    orders: OrdersServer
    app: WebApp
    database: Path
    reports: Path
    invoice: Run | None = None
    failures: list[str] = field(default_factory=list)

    def expect(self, holds: bool, what: str) -> None:
        self.screen.check(holds, what)
        if not holds:
            self.failures.append(what)

    def perform(self, act: Callable[["Stage"], None]) -> None:
        """A demonstration that breaks off is a failure like any other; the next one has its turn."""
        try:
            act(self)
        except (JobsError, TimeoutError, OSError) as error:
            self.expect(False, f"{act.__name__}: {type(error).__name__}: {error}")

    def end_leftovers(self) -> None:
        """Cancels what an earlier demonstration on the same data left unfinished."""
        for state in ("scheduled", "queued", "running", "retrying"):
            for run in self.client.runs.list(tag="demo", state=state):
                run.cancel(reason="left over")
                run.wait(timeout=FOLLOW_SECONDS)

    def play(
        self, job: str, payload: dict[str, Any], on_event: Callable[[Run, Event], None] | None = None, **settings: Any
    ) -> tuple[Run, list[Event]]:
        """Dispatches a run and follows it to its end."""
        run = self.client.dispatch(job, payload, tags=["demo"], **settings)
        events = []
        with self.screen.following(job) as lines:
            for event in run.events(timeout=FOLLOW_SECONDS):
                lines.show(event)
                events.append(event)
                if on_event:
                    on_event(run, event)
        run.refresh()
        types = [event.type for event in events]
        self.expect(
            [event.seq for event in events] == list(range(1, len(events) + 1))
            and [kind for kind in types if kind in FINAL] == types[-1:] == [run.state],
            f"{len(events)} events without a gap, the last one final",
        )
        return run, events


def send_a_welcome_email(stage: Stage) -> None:
    stage.screen.heading(1, "send-welcome-email", "renders a message and sends it over SMTP")
    run, _ = stage.play("send-welcome-email", {"to": "ada@example.org", "name": "Ada Lovelace"})
    stage.expect(run.state == "completed", "the run completed")
    message = stage.mail.message(result_of(run).get("message_id", "none"))
    arrived = message is not None and message["To"] == "ada@example.org" and "Welcome, Ada" in message["Subject"]
    stage.expect(arrived, "the mail server was given this message:")
    if message is not None:
        stage.screen.mail(message)


def clean_up_old_data(stage: Stage) -> None:
    rows = f"{OLD_ROWS + NEW_ROWS:,} rows"
    stage.screen.heading(2, "cleanup-old-data", f"deletes what is older than 30 days from a log table of {rows}")
    run, events = stage.play("cleanup-old-data", {"older_than_days": 30})
    stage.expect(run.state == "completed", "the run completed")
    stage.expect(any(event.type == "progress" for event in events), "it told its progress")
    left = count_rows(stage.database, "log")
    stage.expect(left == NEW_ROWS, f"{NEW_ROWS:,} rows are left in the table ({left:,} are)")
    stage.expect(result_of(run) == {"deleted": OLD_ROWS, "kept": NEW_ROWS}, f"the result says {OLD_ROWS:,} deleted")


def import_a_csv(stage: Stage) -> None:
    stage.screen.heading(3, "import-csv", f"{ORDERS:,} rows from a web server that answers 503 at first")
    run, events = stage.play("import-csv", {"url": stage.orders.url})
    stage.expect(run.state == "completed", "the run completed")
    retries = [event.type for event in events].count("retrying")
    stage.expect(retries == REFUSALS and run.attempt == REFUSALS + 1, f"it was tried {REFUSALS} times more, as asked")
    rows = count_rows(stage.database, "orders") if run.state == "completed" else 0
    stage.expect(rows == ORDERS, f"{ORDERS:,} orders are in the table ({rows:,} are)")
    amount = result_of(run).get("amount_cents")
    stage.expect(amount == stage.orders.amount_cents, "the amounts in the result add up")


def cancel_in_the_middle(stage: Stage) -> None:
    stage.screen.heading(4, "write-report", "an async handler; cancelled when it says 30 %")

    def cancel_at_30(run: Run, event: Event) -> None:
        if event.type == "progress" and event.data["percent"] >= 30 and not cancelled:
            cancelled.append(event.seq)
            run.cancel(reason="seen enough")

    cancelled: list[int] = []
    run, events = stage.play("write-report", {"pages": 40, "seconds_a_page": 0.05}, on_event=cancel_at_30)
    stage.expect(run.state == "cancelled", "the run was cancelled")
    stage.expect(any(event.type == "cancelling" for event in events), "the handler was told first")
    pages = still_lines(stage.reports / f"{run.id}.txt")
    stage.expect(pages is not None and 0 < pages < 40, f"it wrote {pages} of 40 pages, and no more since")


def time_out(stage: Stage) -> None:
    stage.screen.heading(5, "find-primes", "a sync handler that never pauses; its time is 2 seconds")
    run, _ = stage.play("find-primes", {"below": 3_000_000}, timeout_seconds=2, retry=0)
    code = (run.error or {}).get("code")
    stage.expect(run.state == "failed" and code == "timeout", f"the run failed, with the code timeout ({code})")
    path = stage.reports / f"{run.id}.txt"
    lines = still_lines(path)
    stage.expect(lines is not None and lines > 1, f"it wrote {lines} lines, and no more since")
    pid = int(path.read_text().split("process ", 1)[1].split()[0]) if lines else 0
    stage.expect(not process_exists(pid), f"its process, {pid}, is gone")


def fire_a_schedule(stage: Stage) -> None:
    stage.screen.heading(6, "write-report, every two seconds", "a schedule that makes its runs by itself")
    made = stage.client.schedules.put(
        SCHEDULE, "write-report", schedule.every(seconds=2, payload={"pages": 1, "seconds_a_page": 0.05}, tags=["demo"])
    )
    stage.screen.line(f"     made; it fires next at {made['next_fire_at']}")
    seen: list[Event] = []
    try:
        for event in stage.client.events(type=["completed"], tag="demo", timeout=FOLLOW_SECONDS):
            run = stage.client.runs.get(event.run_id)
            if run.data["schedule"] == SCHEDULE:
                seen.append(event)
                stage.screen.line(f"     {event.run_id} of {run.data['due_at']}: {event.type}")
            if len(seen) == TICKS:
                break
    finally:
        stage.client.schedules.delete(SCHEDULE)
    due = [datetime.fromisoformat(stage.client.runs.get(event.run_id).data["due_at"]) for event in seen]
    gaps = {(later - earlier).total_seconds() for earlier, later in pairwise(sorted(due))}
    stage.expect(gaps == {2.0}, f"{TICKS} times made {len(seen)} runs, two seconds apart to the microsecond")


def call_a_web_app(stage: Stage) -> None:
    stage.screen.heading(
        7, INVOICES, "an HTTP handler: the server calls a web app, which speaks by the run's own token"
    )
    stage.app.start(announce(stage))
    items = [{"name": f"Lamp no. {number}", "cents": 4900 + number} for number in range(20)]
    run, events = stage.play(INVOICES, {"number": "2026-117", "items": items})
    stage.invoice = run
    stage.expect(run.state == "completed", "the run completed: the app's answer is its result")
    kinds = {event.type for event in events}
    stage.expect({"progress", "log"} <= kinds, "the app told its progress, and wrote to the run's log")
    total = result_of(run).get("total_cents")
    stage.expect(total == sum(int(str(item["cents"])) for item in items), "the total in the result adds up")
    path = stage.app.folder / "invoice-2026-117.html"
    stage.expect(path.exists() and path.read_text().count("<tr>") == len(items), "the invoice has all items")


def announce(stage: Stage) -> list[str]:
    """Registers the handler and the webhook, and gives their signing secrets, which are shown this once. Those of an
    earlier demonstration had another address."""
    for forget in (stage.client.job_types.retire, stage.client.webhooks.delete):
        try:
            forget(INVOICES)
        except ApiError as error:
            if error.status != 404:
                raise
    url = stage.app.url
    handler = stage.client.job_types.register(
        INVOICES, handler={"kind": "http", "url": f"{url}/jobs/render-invoice"}, timeout_seconds=30, retry=3
    )
    webhook = stage.client.webhooks.create(INVOICES, f"{url}/hooks/jobs", job_types=[INVOICES])
    return [handler["secret"], webhook["secret"]]


def tell_by_webhook(stage: Stage) -> None:
    stage.screen.heading(8, "a webhook", "tells the same app what became of the run, signed")
    assert stage.invoice is not None
    told = stage.app.told_of(stage.invoice.id, FOLLOW_SECONDS)
    stage.screen.line(f"     {stage.invoice.id}: {', '.join(told)}")
    stage.expect(told == [f"run.{stage.invoice.state}"], "the app verified the event, and wrote it down once")


ACTS = [
    send_a_welcome_email,
    clean_up_old_data,
    import_a_csv,
    cancel_in_the_middle,
    time_out,
    fire_a_schedule,
    call_a_web_app,
    tell_by_webhook,
]


def result_of(run: Run) -> dict[str, Any]:
    return dict(run.data["result"] or {})


def still_lines(path: Path) -> int | None:
    """How many lines the file has, if it has stopped growing; None if it grows, or is not there."""
    if not path.exists():
        return None
    before = path.read_text().count("\n")
    time.sleep(STILL_SECONDS)
    return before if path.read_text().count("\n") == before else None


def process_exists(pid: int) -> bool:
    if pid <= 0:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
