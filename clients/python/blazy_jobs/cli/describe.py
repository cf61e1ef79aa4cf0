"""Runs and events in words, safe to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from blazy_jobs.cli import times
from blazy_jobs.cli.output import Part
from blazy_jobs.cli.safe import cut, json_line, safe, safe_lines

if TYPE_CHECKING:
    from blazy_jobs.client.event import Event

EVENT_STYLES = {
    "queued": "cyan",
    "started": "blue",
    "progress": "magenta",
    "retrying": "yellow",
    "interrupted": "yellow",
    "cancelling": "yellow",
    "completed": "bold green",
    "failed": "bold red",
    "cancelled": "bold yellow",
}
_LEVEL_STYLES = {"debug": "dim", "warning": "yellow", "error": "red", "critical": "bold red"}


def event_parts(event: Event) -> list[Part | str]:
    """Its type and what is to be said about it."""
    style = EVENT_STYLES.get(event.type, "")
    about = cut(safe(_about(event)))
    return [(f"{safe(event.type):<11}", style), (about, _about_style(event))]


def _about_style(event: Event) -> str:
    if event.type == "log":
        return _LEVEL_STYLES.get(str(event.data.get("level")), "")
    return "red" if event.type == "failed" else ""


def _about(event: Event) -> str:
    data = event.data
    match event.type:
        case "queued":
            later = times.read(data["due_at"]) > event.time
            return f"due {times.relative(data['due_at'], event.time)}" if later else ""
        case "started":
            return f"attempt {event.attempt} on {data['worker_id']}"
        case "progress":
            return f"{percent(data['percent'])}  {data['message'] or ''}".rstrip()
        case "log":
            level = "" if data["level"] == "info" else f"{data['level']}: "
            return f"{level}{data['message']}{fields(data['fields'])}"
        case "retrying":
            return f"{error_line(data['error'])}; again {times.relative(data['due_at'], event.time)}"
        case "failed":
            return error_line(data["error"])
        case "interrupted":
            return str(data["reason"])
        case "cancelling" | "cancelled":
            return data["reason"] or ""
        case "completed":
            return json_line(data["result"])
    return json_line(data)


def fields(values: Mapping[str, Any] | None) -> str:
    said = " ".join(
        f"{name}={value if isinstance(value, str) else json_line(value)}" for name, value in (values or {}).items()
    )
    return f"  {said}" if said else ""


def percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"


def error_line(error: Mapping[str, Any] | None) -> str:
    if not error:
        return ""
    kind = f"{error['type']}: " if error.get("type") else ""
    return f"{error['code']}: {kind}{error['message']}"


def traceback_lines(error: Mapping[str, Any]) -> list[str]:
    text = str(error.get("traceback") or "").rstrip()
    return safe_lines(text) if text else []


def outcome_line(run: Mapping[str, Any]) -> str:
    """How a run ended that did not complete, for stderr."""
    about = error_line(run["error"])
    return f"{run['id']} {'was cancelled' if run['state'] == 'cancelled' else run['state']}" + (
        f": {about}" if about else ""
    )


def brief(run: Mapping[str, Any]) -> str:
    """What is to be said of a run in a list."""
    state = run["state"]
    if state in ("failed", "retrying", "cancelled") and run["error"]:
        return safe(error_line(run["error"]))
    if state == "running" and run["progress"]:
        return safe(f"{percent(run['progress']['percent'])}  {run['progress']['message'] or ''}".rstrip())
    if state == "running" and run["cancel_requested"]:
        return "told to stop"
    if state in ("scheduled", "retrying"):
        return f"due {times.relative(run['due_at'])}"
    return safe(run["wait_reason"] or "").replace("_", " ")


def trigger(said: Mapping[str, Any], timezone: str) -> str:
    """When a schedule fires: `*/5 * * * *`, `every 90 min`, `every 1 months at 03:00 Europe/Berlin`, a date."""
    zone = "" if timezone == "UTC" else f" {timezone}"
    match said["kind"]:
        case "cron":
            return f"{said['expression']}{zone}"
        case "interval":
            return f"every {times.exact(said['every_seconds'])}"
        case "calendar":
            every = ", ".join(f"{number} {unit}" for unit, number in said["every"].items() if number)
            return f"every {every} at {said['hour']:02}:{said['minute']:02}{zone}"
        case "date":
            return str(said["at"])
    return json_line(said)


def key(item: Mapping[str, Any]) -> str:
    """Whether it holds, and where it does."""
    if item["revoked_at"] is not None:
        return "revoked"
    limits = [*(item["job_types"] or ()), *(f"queue {name}" for name in item["queues"] or ())]
    if item["expires_at"] is not None:
        when = times.relative(item["expires_at"])
        limits.append(f"expires {when}" if when.startswith("in ") else f"expired {when}")
    return ", ".join(limits)


def webhook(item: Mapping[str, Any]) -> str:
    """What keeps its messages from arriving, if anything does."""
    if not item["enabled"]:
        return "disabled" if item["disabled_reason"] is None else f"disabled: {item['disabled_reason']}"
    return "" if item["failing_since"] is None else f"failing since {times.relative(item['failing_since'])}"
