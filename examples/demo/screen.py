"""What the person sees: a line for each event, with a live progress bar on a terminal and plain lines in a pipe."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from blazy_jobs import Event
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

STYLES = {
    "queued": "cyan",
    "started": "blue",
    "progress": "magenta",
    "log": "white",
    "retrying": "yellow",
    "interrupted": "yellow",
    "cancelling": "yellow",
    "completed": "bold green",
    "failed": "bold red",
    "cancelled": "bold yellow",
}
BAR_CHARS = 20


class Screen:
    def __init__(self) -> None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ shows a question mark
        self._console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)

    def line(self, text: str = "", style: str = "") -> None:
        self._console.print(Text(text, style=style))

    def heading(self, number: int, name: str, what: str) -> None:
        self.line()
        self._console.print(Text(f"{number}  {name}", "bold"), Text(f" {what}", "dim"))

    def check(self, holds: bool, what: str) -> None:
        self.line(f"   {'✓' if holds else '✗ not so:'} {what}", "green" if holds else "bold red")

    def event(self, where: str, event: Event) -> None:
        self.line(f"   {where}  {event.type:<10}  {describe(event)}".rstrip(), STYLES.get(event.type, ""))

    def mail(self, message: EmailMessage) -> None:
        for name in ("From", "To", "Subject", "Message-ID"):
            self.line(f"   │ {name}: {message[name]}", "dim")
        body = message.get_body(("plain",))
        for text in (body.get_content() if body else "").splitlines():
            self.line(f"   │ {text}".rstrip(), "dim")

    def verdict(self, failures: list[str], seconds: float) -> None:
        self.line()
        if failures:
            self.line(f"{len(failures)} of the checks failed, after {seconds:.1f} s:", "bold red")
            for failure in failures:
                self.line(f"   ✗ {failure}", "red")
        else:
            self.line(f"All went as expected, in {seconds:.1f} s.", "bold green")

    def invite(self, url: str, log_path: Path) -> None:
        """What to do next: each command works as it stands."""
        payload = json.dumps({"payload": {"to": "you@example.org", "name": "You"}})
        dispatch = f"{url}/v1/job-types/send-welcome-email/runs"
        self.line()
        self.line(f"The server goes on at {url}; Ctrl-C ends it. Its log: {log_path}")
        self.line(f"   The API's docs:           {url}/docs")
        self.line("   Dispatch the next run, and wait for its end:")
        self.line(f"      curl -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{payload}' {dispatch}")
        self.line("   Watch all runs from another terminal:")
        self.line(f"      curl -N {url}/v1/events")
        self.line("Events of runs from here on:")

    @contextmanager
    def following(self, name: str) -> Iterator["RunLines"]:
        """Where a run's events go. The bar stays at the bottom of the terminal while the run lasts."""
        columns = [TextColumn("   {task.description}"), BarColumn(30), TextColumn("{task.percentage:>3.0f} %")]
        with Progress(
            *columns, TimeElapsedColumn(), console=self._console, transient=True, disable=not self._console.is_terminal
        ) as bar:
            yield RunLines(self, bar, bar.add_task(name, total=100))


class RunLines:
    """The events of one run, dated by the seconds since it was dispatched."""

    def __init__(self, screen: Screen, bar: Progress, task: TaskID) -> None:
        self._screen, self._bar, self._task = screen, bar, task
        self._dispatched_at: datetime | None = None

    def show(self, event: Event) -> None:
        self._dispatched_at = self._dispatched_at or event.time
        if event.type == "progress":
            self._bar.update(self._task, completed=event.data["percent"] or 0)
        seconds = (event.time - self._dispatched_at).total_seconds()
        self._screen.event(f"{seconds:7.3f} s  {event.seq:>3}", event)


def describe(event: Event) -> str:
    kind, data = event.type, event.data
    match kind:
        case "started":
            return f"attempt {event.attempt} on {data['worker_id']}"
        case "progress":
            return f"{bar_of(data['percent'] or 0)} {data['message'] or ''}"
        case "log":
            fields = " ".join(f"{name}={value}" for name, value in (data["fields"] or {}).items())
            return f"{data['level']}: {data['message']}  {fields}".rstrip()
        case "retrying" | "failed":
            next_attempt = f", again at {data['due_at']}" if kind == "retrying" else ""
            return f"{data['error']['code']}: {data['error']['message']}{next_attempt}"
        case "interrupted":
            return f"{data['reason']}, due at {data['due_at']}"
        case "cancelling" | "cancelled":
            return data["reason"] or ""
        case "completed":
            return json.dumps(data["result"], ensure_ascii=False)
    return ""


def bar_of(percent: float) -> str:
    filled = round(BAR_CHARS * percent / 100)
    return f"{'█' * filled}{'░' * (BAR_CHARS - filled)} {percent:3.0f} %"
