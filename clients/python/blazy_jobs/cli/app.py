"""The command `blazy-jobs`. The server's commands join it when the server's distribution is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import typer

GROUP = "blazy_jobs.commands"
SERVER_DISTRIBUTION = "blazy-jobs-server"

#: The server's commands by name, for the list of commands, which loads none of them.
SERVER_COMMANDS = {
    "serve": "Run the server and its local worker processes.",
    "openapi": "Write the OpenAPI document.",
    "migrate": "Bring a database up to date.",
    "copy": "Copy one database to another.",
    "keys": "Make and revoke API keys.",
}


def worker(
    modules: Annotated[list[str], typer.Argument(help="MODULE, MODULE:jobs or FILE.py", metavar="MODULE...")],
    url: Annotated[str | None, typer.Option(help="The server's address (JOBS_URL)")] = None,
    name: Annotated[str | None, typer.Option(help="What the server's list of workers shows")] = None,
) -> None:
    """Run a worker process for a server anywhere."""
    from blazy_jobs.worker.__main__ import run
    from blazy_jobs.worker.settings import read_settings

    try:
        settings = read_settings(tuple(modules), url, None, name)
    except ValueError as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(run(settings))


def application(asked: str | None) -> typer.Typer:
    """All commands by name; only the one that is asked for is loaded."""
    app = typer.Typer(
        name="blazy-jobs",
        help="Write, run, dispatch and watch jobs.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.command()(worker)
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    for name in sorted({*SERVER_COMMANDS, *installed}):
        about = SERVER_COMMANDS.get(name)
        entry = installed.get(name)
        if entry is not None and name == asked:
            app.command(name)(entry.load())
        else:
            hidden = entry is None and name != "serve"
            app.command(name, help=about, hidden=hidden, context_settings=_ANYTHING)(_absent(name, entry))
    return app


_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def _absent(name: str, entry: EntryPoint | None) -> Callable[[], None]:
    def refuse() -> None:
        if entry is None and not any(known.name == "serve" for known in entry_points(group=GROUP)):
            about = f"'{name}' belongs to the server; install it with: pip install {SERVER_DISTRIBUTION}"
        else:
            about = f"the installed {SERVER_DISTRIBUTION} has no command '{name}'"
        typer.echo(f"blazy-jobs: {about}", err=True)
        raise typer.Exit(2)

    return refuse


def main() -> None:
    """The console script."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # modules of jobs are named from here, as with `python -m`
    asked = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
    application(asked)(prog_name="blazy-jobs")


if __name__ == "__main__":
    main()
