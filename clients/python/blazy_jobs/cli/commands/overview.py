"""workers and stats: who works, and how the server stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from blazy_jobs.cli import times
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.safe import json_line, safe
from blazy_jobs.cli.session import Session


def add_to(app: typer.Typer) -> None:
    for work in (workers, stats):
        app.command(work.__name__, epilog=f"Example: blazy-jobs {work.__name__}")(at_server(work))


def workers(session: Session) -> None:
    """List the connected workers, newest first."""
    none = True
    for page in session.pages("/v1/workers", None):
        if session.out.json:
            for item in page:
                session.out.record(item)
        elif page:
            from blazy_jobs.cli import tables

            session.out.show(tables.workers(page, none))
        none = none and not page
    if none and not session.out.json:
        session.out.line(("No workers: nothing runs until one is there.", "dim"))


def stats(session: Session) -> None:
    """Show the number of runs by state, throughput, latencies and the size of the database."""
    found: dict[str, Any] = session.ask("GET", "/v1/stats")
    if session.out.json:
        session.out.record(found)
        return
    for name, value in found.items():
        session.out.line((f"{safe(name):<22}", "dim"), safe(_shown(name, value)))


def _shown(name: str, value: Any) -> str:
    """As a person reads it; what a newer server adds is shown as it is."""
    if name.endswith("_bytes") and isinstance(value, int):
        return _size(value)
    if name == "oldest" and isinstance(value, Mapping):
        return "  ".join(f"{key} {_instant(one)}" for key, one in value.items())
    if isinstance(value, Mapping):
        return "  ".join(f"{key} {_number(key, one)}" for key, one in value.items())
    return value if isinstance(value, str) else json_line(value)


def _number(name: str, value: Any) -> str:
    return (
        times.span(value)
        if name.endswith("_seconds") and isinstance(value, int | float)
        else "-"
        if value is None
        else json_line(value)
    )


def _instant(value: Any) -> str:
    return times.relative(value) if isinstance(value, str) else "none" if value is None else json_line(value)


def _size(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
