"""audit: who changed what."""

from __future__ import annotations

from typing import Annotated

import typer

from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.session import Session


def add_to(app: typer.Typer) -> None:
    app.command("audit", epilog="Example: blazy-jobs audit --action job_type.update --limit 10")(at_server(audit))


def audit(
    session: Session,
    actor: Annotated[str | None, typer.Option("--actor", metavar="ID", help="Only what this key did.")] = None,
    action: Annotated[
        str | None, typer.Option("--action", metavar="ACTION", help="Only this action: key.revoke.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Only changes of this name or id.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="CODE", help="Only done, or refused with this code.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number of entries.")] = 20,
    all_: Annotated[bool, typer.Option("--all", help="All entries, without a limit.")] = False,
) -> None:
    """List who changed what, and how many requests were refused, newest first."""
    none = True
    where = {"actor": actor, "action": action, "target": target, "outcome": outcome}
    for page in session.pages("/v1/audit", None if all_ else limit, **where):
        if session.out.json:
            for entry in page:
                session.out.record(entry)
        elif page:
            from blazy_jobs.cli import tables

            session.out.show(tables.audit(page, none))
        none = none and not page
    if not session.out.json and (none or session.more):
        session.out.line(("No such entries." if none else "There are more: --limit N, or --all.", "dim"))
