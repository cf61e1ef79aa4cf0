"""The server's commands: `serve` and `openapi`. The command itself, `blazy-jobs`, is the client package's."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from app.settings import NOT_YET, Settings


def _settings(flags: dict[str, Any]) -> Settings:
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            name = str(item["loc"][0])
            flag = f" (or --{name})" if name in flags and name != "modules" else ""
            typer.echo(f"JOBS_{name.upper()}{flag}: {item['msg']}", err=True)
        raise typer.Exit(2) from None


def serve(
    modules: Annotated[
        list[str] | None, typer.Argument(help="Modules of jobs: MODULE, MODULE:jobs or FILE.py", metavar="MODULE...")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to bind (JOBS_HOST)")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind; 0 for any free one (JOBS_PORT)")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the database (JOBS_DATA)")] = None,
    role: Annotated[
        str | None, typer.Option(help="all, api (no workers) or worker (no API; JOBS_ROLE)", metavar="ROLE")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; 0 for none (JOBS_WORKERS)")] = None,
    ready_fd: Annotated[
        int | None, typer.Option(help="Descriptor that gets the URL and a newline once the server is ready")
    ] = None,
) -> None:
    """Run the server and its local worker processes."""
    # Imported late: the command line answers --help without loading the server.
    from app import logs, main
    from app.store.unusable import DatabaseUnusable

    for name in NOT_YET:
        if os.environ.get(name):
            typer.echo(f"blazy-jobs: {name} is not supported by this version.", err=True)
            raise typer.Exit(2)
    flags = {"modules": modules or None, "host": host, "port": port, "data": data, "workers": workers, "role": role}
    settings = _settings(flags)
    logs.configure(settings)
    if unknown := Settings.unknown(os.environ):
        typer.echo(f"blazy-jobs: no such settings: {', '.join(unknown)}", err=True)
    if workers and not settings.modules:
        typer.echo("blazy-jobs: --workers without a MODULE starts none: they would have no jobs to run.", err=True)
    try:
        code = main.serve(settings, ready_fd=ready_fd)
    except (main.StartFailed, DatabaseUnusable) as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(code)


def openapi(
    path: Annotated[Path | None, typer.Argument(help="File to write; standard output when left out")] = None,
) -> None:
    """Write the OpenAPI document."""
    from app.openapi import text

    if path is None:
        sys.stdout.write(text())
    else:
        path.write_text(text())


def main() -> None:
    """`python -m app.cli`: the server's commands without the client's."""
    app = typer.Typer(add_completion=False, no_args_is_help=True)
    app.command()(serve)
    app.command()(openapi)
    app()


if __name__ == "__main__":
    main()
