"""events: what happens to all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from blazy_jobs.cli import completion, describe, times
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.options import EventType
from blazy_jobs.cli.safe import event_record, safe
from blazy_jobs.cli.session import Session

if TYPE_CHECKING:
    from blazy_jobs.client.event import Event


def add_to(app: typer.Typer) -> None:
    app.command("events", epilog="Example: blazy-jobs events --follow --type failed")(at_server(events))


def events(
    session: Session,
    follow: Annotated[bool, typer.Option("--follow", help="Show new events instead, until interrupted.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="With --follow: show the stored events first.")
    ] = False,
    type: Annotated[list[EventType] | None, typer.Option(help="Repeatable.")] = None,
    job_type: Annotated[
        str | None,
        typer.Option(
            "--job-type", metavar="NAME", autocompletion=completion.job_type_names, help="Only of this job type."
        ),
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option("--queue", metavar="NAME", autocompletion=completion.queue_names, help="Only in this queue."),
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Only with this tag.")] = None,
) -> None:
    """Show the events of all runs: the stored ones, or with --follow new ones."""
    from blazy_jobs.cli.line import CaughtUp

    line = session.line
    line.say = session.out.note
    line.until_live = not follow
    stream = session.client.events(
        type=[one.value for one in type or []],
        job_type=job_type,
        queue=queue,
        tag=tag,
        from_start=from_start or not follow,
    )
    try:
        for event in stream:
            _show(session, event)
            session.out.flush()
    except CaughtUp:
        pass


def _show(session: Session, event: Event) -> None:
    if session.out.json:
        session.out.record(event_record(event))
        return
    session.out.line(
        (f"{times.local(event.time)}  ", "dim"),
        f"{safe(event.run_id)}  {safe(event.job_type):<20}  ",
        *describe.event_parts(event),
    )
