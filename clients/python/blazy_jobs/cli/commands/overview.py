"""workers and stats: who works, how the server stands, and how it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer

from blazy_jobs.cli import completion, times
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.options import duration, identifier
from blazy_jobs.cli.safe import json_line, safe
from blazy_jobs.cli.session import Session

HOUR_SECONDS = 3600.0


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True, epilog="Example: blazy-jobs workers drain wrk_1i9ljurb30000")(
        at_server(workers)
    )
    group.command("drain", epilog="Example: blazy-jobs workers drain wrk_1i9ljurb30000")(at_server(drain_worker))
    app.add_typer(group, name="workers")
    app.command("stats", epilog="Example: blazy-jobs stats --since 24h --step 1h --job-type send-welcome-email")(
        at_server(stats)
    )


def drain_worker(session: Session, worker_id: Annotated[str, typer.Argument(metavar="WORKER_ID")]) -> None:
    """Drain a worker: it gets no more runs, finishes those it has, and stops."""
    name = identifier(worker_id, "the id of a worker")
    found = session.ask("POST", f"/v1/workers/{name}/drain", repeatable=True)
    if session.out.json:
        session.out.record(found)
    else:
        left = f"{found['busy']} runs to finish" if found["busy"] else "it has nothing left to do"
        session.out.line(f"{safe(found['id'])} drains: {left}.")


def workers(session: Session) -> None:
    """List the connected workers, newest first, or drain one."""
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


def stats(
    session: Session,
    since: Annotated[
        float | None,
        typer.Option(parser=duration, metavar="SECONDS", help="Show the history since then: 30m, 24h, 7d."),
    ] = None,
    step: Annotated[
        float | None,
        typer.Option(parser=duration, metavar="SECONDS", help="The distance of its points: 1m, 15m, 1h, 1d."),
    ] = None,
    job_type: Annotated[
        str | None,
        typer.Option("--job-type", metavar="NAME", autocompletion=completion.job_type_names, help="Of this job type."),
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option("--queue", metavar="NAME", autocompletion=completion.queue_names, help="Of this queue."),
    ] = None,
) -> None:
    """Show the number of runs by state, throughput, latencies and the size of the database; or the history."""
    if (since, step, job_type, queue) != (None, None, None, None):
        _history(session, since or HOUR_SECONDS, step, job_type, queue)
        return
    found: dict[str, Any] = session.ask("GET", "/v1/stats")
    if session.out.json:
        session.out.record(found)
        return
    for name, value in found.items():
        session.out.line((f"{safe(name):<22}", "dim"), safe(_shown(name, value)))


def _history(session: Session, since: float, step: float | None, job_type: str | None, queue: str | None) -> None:
    found = session.client.stats.series(timedelta(seconds=since), step=step, job_type=job_type, queue=queue)
    if session.out.json:
        session.out.record(found)
        return
    from blazy_jobs.cli import tables

    session.out.show(tables.series(found["data"], found["total"], session.out.console.width))


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
