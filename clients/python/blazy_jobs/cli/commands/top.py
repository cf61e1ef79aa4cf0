"""top: how everything stands, live in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from blazy_jobs.client.live_fields import Digest


def add_to(app: typer.Typer) -> None:
    app.command("top", epilog="Example: blazy-jobs top --json | jq .rates")(at_server(top))


def top(session: Session) -> None:
    """Show live how everything stands: runs, rates, late queues and workers. Ctrl-C ends it.

    In a pipe, each digest is a line of JSON: at once, and then at most one a second when something has changed.
    """
    line = session.line
    line.say = session.out.note
    digests = session.client.live()
    if session.out.json:
        for digest in digests:
            session.out.record(digest)
            session.out.flush()
        return
    _watch(session, digests)


def _watch(session: Session, digests: Iterator[Digest]) -> None:
    from rich.live import Live

    from blazy_jobs.cli import board

    console = session.out.console
    with Live(console=console, screen=False, auto_refresh=False, transient=True) as live:
        for digest in digests:
            live.update(_whole(board.whole(digest, console.width, console.height)), refresh=True)


def _whole(parts: list[Any]) -> RenderableType:
    from rich.console import Group

    return Group(*parts)
