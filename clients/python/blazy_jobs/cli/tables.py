"""Lists as tables: as wide as the terminal, a row a line, ids never cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from blazy_jobs.cli import describe, times
from blazy_jobs.cli.output import STATE_STYLES
from blazy_jobs.cli.safe import safe

Row = Mapping[str, Any]
ID_CHARS = 17
WIDE_CHARS = 100


def _table(heads: Sequence[str], header: bool) -> Table:
    table = Table(box=None, show_header=header, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(head, no_wrap=place == 0, overflow="ignore" if place == 0 else "ellipsis")
    return table


def _cell(text: object, style: str = "") -> Text:
    return Text(safe(text), style=style, no_wrap=True, overflow="ellipsis")


def _state(state: str) -> Text:
    return _cell(state, STATE_STYLES.get(state, ""))


def runs(page: Sequence[Row], width: int, header: bool = True) -> Table:
    wide = width >= WIDE_CHARS
    table = _table(["RUN", "STATE", "JOB TYPE", *(["QUEUE"] if wide else []), "ATTEMPT", "CREATED", ""], header)
    table.columns[0].min_width = ID_CHARS
    table.columns[1].min_width = 9
    for run in page:
        queue = [_cell(run["queue"])] if wide else []
        attempt = f"{run['attempt']}/{run['max_attempts']}"
        created = _cell(times.relative(run["created_at"]), "dim")
        about = _cell(describe.brief(run))
        table.add_row(safe(run["id"]), _state(run["state"]), _cell(run["job_type"]), *queue, attempt, created, about)
    return table


def attempts(page: Sequence[Row]) -> Table:
    table = _table(["#", "ATTEMPT", "OUTCOME", "STARTED", "TOOK", "WORKER", ""], True)
    for item in page:
        outcome = item["outcome"] or "running"
        table.add_row(
            str(item["number"]),
            str(item["attempt"]),
            _state(outcome),
            _cell(times.relative(item["started_at"]), "dim"),
            _cell(times.length(item["started_at"], item["finished_at"])),
            _cell(item["worker_id"] or ""),
            _cell(describe.error_line(item["error"]), "red"),
        )
    return table


def job_types(page: Sequence[Row], header: bool = True) -> Table:
    table = _table(["JOB TYPE", "QUEUE", "ATTEMPTS", "TIMEOUT", "VERSION", "CHANGED", ""], header)
    for item in page:
        table.add_row(
            safe(item["name"]),
            _cell(item["queue"]),
            str(item["retry"]["max_attempts"]),
            _cell(times.span(item["timeout_seconds"]) if item["timeout_seconds"] else "none"),
            f"{item['version']} ({safe(item['source'])})",
            _cell(times.relative(item["updated_at"]), "dim"),
            _cell("paused", "yellow") if item["paused"] else _cell(item["description"] or ""),
        )
    return table


COUNTS = ("scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled")


def queues(page: Sequence[Row], header: bool = True) -> Table:
    table = _table(["QUEUE", *(name.upper() for name in COUNTS), ""], header)
    for item in page:
        counts = [str(item["counts"].get(name, 0)) for name in COUNTS]
        table.add_row(safe(item["name"]), *counts, _cell("paused", "yellow") if item["paused"] else "")
    return table


def schedules(page: Sequence[Row], header: bool = True) -> Table:
    table = _table(["SCHEDULE", "JOB TYPE", "TRIGGER", "NEXT", "LAST", ""], header)
    for item in page:
        when = describe.trigger(item["trigger"], item["timezone"])
        shown = [("" if at is None else times.relative(at)) for at in (item["next_fire_at"], item["last_fire_at"])]
        state = "orphaned" if item["orphaned"] else "paused" if item["paused"] else ""
        table.add_row(safe(item["name"]), safe(item["job_type"]), safe(when), *shown, _cell(state, "yellow"))
    return table


def workers(page: Sequence[Row], header: bool = True) -> Table:
    table = _table(["WORKER", "NAME", "BUSY", "HOST", "QUEUES", "SEEN", "JOB TYPES"], header)
    for item in page:
        busy = f"{item.get('busy', '?')}/{item['concurrency']}"
        table.add_row(
            safe(item["id"]),
            _cell(item["name"]),
            _cell(f"{busy} drains", "yellow") if item.get("draining") else _cell(busy),
            _cell(item.get("host") or ""),
            _cell("all" if item["queues"] is None else ", ".join(item["queues"])),
            _cell(times.relative(item["seen_at"]), "dim"),
            _cell(", ".join(item["job_types"])),
        )
    return table


SERIES = {"started": "STARTED", "completed": "DONE", "failed": "FAILED", "retried": "RETRIED"}
MORE_SERIES = {"cancelled": "CANCELLED", "lost": "LOST"}


def series(points: Sequence[Row], total: Row, width: int) -> Table:
    """The history; a gap is a line without numbers."""
    wide = width >= WIDE_CHARS
    counts = SERIES | MORE_SERIES if wide else SERIES
    shares = {"p50_seconds": "P50", "p99_seconds": "P99"} if wide else {"p99_seconds": "P99"}
    spans = [(key, share) for key in ("waited", "ran") for share in shares]
    heads = [f"{'WAIT' if key == 'waited' else 'RUN'} {shares[share]}" for key, share in spans]
    table = _table(["FROM", *counts.values(), *heads, "DEEPEST"], True)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for name, point in [*((times.minute(point["at"]), point) for point in points), ("all", total)]:
        numbers = ["" if point[key] is None else f"{point[key]:,}" for key in counts]
        deepest = "" if point["deepest"] is None else f"{point['deepest']:,}"
        table.add_row(name, *numbers, *(_span(point, key, share) for key, share in spans), deepest)
    return table


def _span(point: Row, key: str, share: str) -> str:
    seconds = None if point[key] is None else point[key][share]
    return "" if seconds is None else times.span(seconds)


def audit(page: Sequence[Row], header: bool = True) -> Table:
    table = _table(["WHEN", "WHO", "ACTION", "TARGET", "CHANGED", "FROM"], header)
    for item in page:
        actor, refused = item["actor"], item["outcome"] != "done"
        what = f"{item['outcome']} ({item['count']})" if refused else ", ".join(item["changed"])
        table.add_row(
            _cell(times.relative(item["time"]), "dim"),
            _cell("-" if actor is None else actor["name"]),
            safe(item["action"]),
            _cell(item["target"] or ""),
            _cell(what, "yellow" if refused else ""),
            _cell(item["address"] or "", "dim"),
        )
    return table


def errors(page: Sequence[Row], width: int, header: bool = True) -> Table:
    wide = width >= WIDE_CHARS
    heads = ["GROUP", "RUNS", "LAST", *(["FIRST"] if wide else []), "JOB TYPES", *(["NEWEST RUN"] if wide else []), ""]
    table = _table(heads, header)
    table.columns[1].justify = "right"
    for item in page:
        more = len(item["job_types"]) - 1
        first = [_cell(times.relative(item["first_at"]), "dim")] if wide else []
        newest = [Text(safe(item["sample_run_id"]))] if wide else []
        table.add_row(
            safe(item["group"]),
            str(item["count"]),
            _cell(times.relative(item["last_at"]), "dim"),
            *first,
            _cell(item["job_types"][0] + (f" +{more}" if more else "")),
            *newest,
            _cell(describe.error_line(item), "red"),
        )
    return table


def keys(page: Sequence[Row]) -> Table:
    table = _table(["KEY", "NAME", "SCOPES", "USED", ""], True)
    for item in page:
        used = "never" if item["last_used_at"] is None else times.relative(item["last_used_at"])
        scopes = _cell(", ".join(item["scopes"]))
        table.add_row(
            safe(item["id"]), _cell(item["name"]), scopes, _cell(used, "dim"), _cell(describe.key(item), "yellow")
        )
    return table


def webhooks(page: Sequence[Row]) -> Table:
    table = _table(["WEBHOOK", "URL", "EVENTS", "RECEIVED", ""], True)
    for item in page:
        received = "never" if item["last_success_at"] is None else times.relative(item["last_success_at"])
        events = ", ".join(name.removeprefix("run.") for name in item["events"])
        state = _cell(describe.webhook(item), "yellow")
        table.add_row(safe(item["name"]), _cell(item["url"]), _cell(events), _cell(received, "dim"), state)
    return table


def deliveries(page: Sequence[Row]) -> Table:
    table = _table(["DELIVERY", "TYPE", "RUN", "ATTEMPTS", "NEXT", "ERROR"], True)
    for item in page:
        following = "-" if item["next_attempt_at"] is None else times.relative(item["next_attempt_at"])
        error = f"{item['error']['code']}: {item['error']['message']}"
        names = (safe(item["id"]), safe(item["type"]), safe(item["run_id"]))
        table.add_row(*names, str(item["attempts"]), _cell(following, "dim"), _cell(error, "yellow"))
    return table
