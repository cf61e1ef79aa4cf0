"""errors: failures by what they have in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from blazy_jobs.cli import completion
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.session import Session


class OpenState(StrEnum):
    failed = "failed"
    retrying = "retrying"


def add_to(app: typer.Typer) -> None:
    app.command("errors", epilog="Example: blazy-jobs errors --job-type send-welcome-email")(at_server(errors))


def errors(
    session: Session,
    state: Annotated[
        OpenState, typer.Option(help="Of failed runs that are not resolved, or of those that retry.")
    ] = OpenState.failed,
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
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number of groups.")] = 20,
    all_: Annotated[bool, typer.Option("--all", help="All groups, without a limit.")] = False,
) -> None:
    """List groups of errors, the last failed first: how many runs have each, and the newest of them.

    A run leaves its group when it is resolved or replayed.
    """
    none = True
    where = {"state": state.value, "job_type": job_type, "queue": queue}
    for page in session.pages("/v1/errors", None if all_ else limit, **where):
        if session.out.json:
            for group in page:
                session.out.record(group)
        elif page:
            from blazy_jobs.cli import tables

            session.out.show(tables.errors(page, session.out.console.width, header=none))
        none = none and not page
        session.out.flush()
    if not session.out.json and (none or session.more):
        session.out.line(("No such errors." if none else "There are more: --limit N, or --all.", "dim"))
