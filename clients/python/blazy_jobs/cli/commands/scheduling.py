"""schedules create: a schedule of a job type, made from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from blazy_jobs.cli import completion
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.options import duration, identifier, instant
from blazy_jobs.cli.payload import read_payload
from blazy_jobs.cli.safe import safe
from blazy_jobs.cli.session import Session
from blazy_jobs.cli.times import relative

if TYPE_CHECKING:
    from blazy_jobs.schedule import Schedule


def create_schedule(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    job_type: Annotated[
        str, typer.Argument(metavar="JOB_TYPE", autocompletion=completion.job_type_names, show_default=False)
    ],
    payload: Annotated[
        str | None, typer.Argument(metavar="[JSON]", help="JSON, - for standard input, or @FILE. Default: null.")
    ] = None,
    cron: Annotated[
        str | None, typer.Option(metavar="EXPRESSION", help="Cron expression with five fields, or @daily etc.")
    ] = None,
    every: Annotated[
        float | None, typer.Option(parser=duration, metavar="SECONDS", help="Interval: 90, 30s, 10m, 2h, 1d.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Once: 2027-01-31T09:00:00+01:00.")] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Time zone of the cron expression, such as Europe/Berlin.")
    ] = "UTC",
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Do not fire before this time.")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="Do not fire after this time.")] = None,
    overlap: Annotated[
        str | None, typer.Option(metavar="RULE", help="If an earlier run is unfinished: allow, skip or cancel_running.")
    ] = None,
    catch_up: Annotated[
        str | None, typer.Option(metavar="RULE", help="Fire times missed without a server: none, latest or all.")
    ] = None,
    jitter: Annotated[
        float | None,
        typer.Option(
            parser=duration, metavar="SECONDS", help="Maximum delay of each fire; constant for each schedule."
        ),
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Default: that of the job type.", autocompletion=completion.queue_names),
    ] = None,
    priority: Annotated[
        int | None, typer.Option(min=-100, max=100, metavar="N", help="From -100 to 100; higher starts first.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Repeatable.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing schedule of this name.")] = False,
) -> None:
    """Create a schedule: runs of a job type by --cron, --every or --at."""
    from blazy_jobs.errors import DefinitionError

    identifier(name, "the name of a schedule")
    identifier(job_type, "the name of a job type")
    fields = {
        "payload": read_payload(payload),
        "overlap": overlap,
        "catch_up": catch_up,
        "jitter_seconds": jitter,
        "start_at": instant(start, "--start"),
        "end_at": instant(end, "--end"),
        "queue": queue,
        "priority": priority,
        "tags": tag,
    }
    given = {field: value for field, value in fields.items() if value is not None}
    try:
        when = _when(cron, every, at, timezone)
    except DefinitionError as error:
        raise Unusable(str(error)) from None
    schedules = session.client.schedules
    made = (schedules.put if replace else schedules.create)(name, job_type, when, **given)
    if session.out.json:
        session.out.record(made)
    else:
        session.out.line(safe(made["name"]), (f"  next {relative(made['next_fire_at']) or 'never'}", "green"))


def _when(cron: str | None, every: float | None, at: str | None, timezone: str) -> Schedule:
    from datetime import datetime

    from blazy_jobs import schedule

    if sum(given is not None for given in (cron, every, at)) != 1:
        raise Unusable("say when: one of --cron EXPRESSION, --every SECONDS and --at TIME")
    if cron is not None:
        return schedule.cron(cron, timezone=timezone)
    if every is not None:
        return schedule.every(seconds=every, timezone=timezone)
    return schedule.once(datetime.fromisoformat(instant(at, "--at") or ""), timezone=timezone)
