"""Following one run to its end: its events as lines of JSON, as lines with a live bar, or in silence."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Self

from blazy_jobs.cli import describe, failures, times
from blazy_jobs.cli.describe import traceback_lines
from blazy_jobs.cli.output import STATE_STYLES, Output, Part
from blazy_jobs.cli.safe import event_record, json_lines, safe

if TYPE_CHECKING:
    from blazy_jobs.cli.session import Session
    from blazy_jobs.client.event import Event
    from blazy_jobs.client.sync.run import Run

TERMINATED = 143
FINAL = ("completed", "failed", "cancelled")


def watch(session: Session, run: Run, after: int = 0) -> int:
    """Shows its events to the end; the exit code."""
    seen = _follow(session, run, after, lines=True)
    ended = seen is not None and seen.final
    # Without a final event it had been read before, or was erased meanwhile, which is an error then.
    state = seen.state if seen is not None and ended else run.refresh().state
    if session.out.json:
        if state != "completed":
            session.out.flush()
            session.out.note(_ending(run, seen))
    elif not ended:
        session.out.line(*run_parts(run.data))
    return failures.DONE if state == "completed" else failures.FAILED


def wait(session: Session, run: Run) -> int:
    """Waits for its end and shows what came of it; the exit code."""
    _follow(session, run, 0, lines=False)
    run.refresh()
    if session.out.json:
        session.out.record(run.data)
        if run.state != "completed":
            session.out.flush()
            session.out.note(describe.outcome_line(run.data))
    else:
        _show_outcome(session.out, run.data)
    return failures.DONE if run.state == "completed" else failures.FAILED


def _follow(session: Session, run: Run, after: int, *, lines: bool) -> Event | None:
    """The last event that was seen."""
    out = session.out
    session.way_back = f"{run.id} goes on; to watch it again: {session.command('watch', run.id)}"
    session.line.say = out.note
    last: Event | None = None
    with _view(out, run, lines) as view:
        while True:
            for last in run.events(after=after):
                view.show(last)
            if (last is not None and last.final) or run.refresh().finished:
                session.way_back = ""
                return last
            after = last.seq if last is not None else after


def _view(out: Output, run: Run, lines: bool) -> AbstractContextManager[View]:
    if not out.json:
        return Live(out, run, lines)
    return nullcontext(Records(out) if lines else View())


def _ending(run: Run, last: Event | None) -> str:
    if last is None or not last.final:
        return describe.outcome_line(run.data)
    if last.type == "cancelled":
        reason = last.data["reason"]
        return f"{run.id} was cancelled" + (f": {reason}" if reason else "")
    return f"{run.id} failed: {describe.error_line(last.data['error'])}"


class View:
    """Of somebody who only wants the end."""

    def show(self, event: Event) -> None: ...


class Records(View):
    def __init__(self, out: Output) -> None:
        self._out = out

    def show(self, event: Event) -> None:
        self._out.record(event_record(event))
        self._out.flush()


class Live(View):
    """A bar at the bottom of the terminal while the run lasts, and with `lines` its events above."""

    def __init__(self, out: Output, run: Run, lines: bool) -> None:
        from blazy_jobs.cli.bar import progress_bar

        self._out = out
        self._lines = lines
        self._created_at = times.read(run.data["created_at"])
        self._bar = progress_bar(out.console)
        self._task = self._bar.add_task("", total=None, state=safe(run.state), message=_waiting(run.data), percent="")
        self._bar.disable = out.console.is_dumb_terminal
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            # So that the cursor, which the bar hides, comes back.
            self._before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def show(self, event: Event) -> None:
        self._update(event)
        if self._lines and (event.type != "progress" or self._bar.disable):
            seconds = (event.time - self._created_at).total_seconds()
            self._print([(f"{seconds:8.3f} s  ", "dim"), *describe.event_parts(event)])
            if event.type == "failed":
                for text in traceback_lines(event.data["error"]):
                    self._print([(f"    {text}", "dim")])

    def _update(self, event: Event) -> None:
        data = event.data
        if event.type == "progress":
            known: dict[str, Any] = {
                "message": safe(data["message"] or ""),
                "percent": describe.percent(data["percent"]),
            }
            self._bar.update(self._task, total=100, completed=data["percent"] or 0, state=event.state, **known)
        elif event.type == "started":
            self._bar.reset(self._task, total=None, state=safe(event.state), message="", percent="")
        else:
            self._bar.update(self._task, state=safe(event.state))

    def _print(self, parts: list[Part | str]) -> None:
        self._bar.console.print(self._out.parts(parts), soft_wrap=True)


def _waiting(run: Mapping[str, Any]) -> str:
    return safe(run["wait_reason"] or "").replace("_", " ")


def run_parts(run: Mapping[str, Any]) -> list[Part | str]:
    """A run in one line."""
    state = safe(run["state"])
    return [safe(run["id"]), "  ", (f"{state:<9}", STATE_STYLES.get(state, "")), "  ", safe(run["job_type"])]


def _show_outcome(out: Output, run: Mapping[str, Any]) -> None:
    lasted = times.length(run["started_at"], run["finished_at"])
    out.line(*run_parts(run), (f"  {lasted}", "dim"))
    if run["state"] == "completed":
        for text in json_lines(run["result"]):
            out.line(text)
    elif run["error"]:
        out.line((safe(describe.error_line(run["error"])), "red"))
        for text in traceback_lines(run["error"]):
            out.line((text, "dim"))
