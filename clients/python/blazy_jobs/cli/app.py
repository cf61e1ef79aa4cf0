"""The command line as a whole: which commands there are, and how it begins and ends."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from blazy_jobs.cli import failures
from blazy_jobs.cli.commands import (
    audit,
    bulk,
    config,
    definitions,
    ending,
    errors,
    events,
    keys,
    overview,
    runs,
    server,
    top,
    webhooks,
)
from blazy_jobs.cli.commands import worker as worker_command
from blazy_jobs.cli.commands.worker import worker
from blazy_jobs.cli.options import ApiKey, Given, Json, NoColor, Url

__all__ = ["application", "main", "worker"]


ONE_OF = {"job-type": "job-types", "queue": "queues", "schedule": "schedules", "key": "keys", "webhook": "webhooks"}
"""`schedule pause NAME` reads as well as `schedules pause NAME`."""


class Commands(TyperGroup):
    """Only the server's command that is asked for is loaded, and its distribution is looked for only when needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        there = server.installed()
        ours = [name for name in super().list_commands(ctx) if name not in server.SERVER_COMMANDS]
        return [*ours, *sorted(there | {"serve"})]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        known = super().get_command(ctx, ONE_OF.get(cmd_name, cmd_name))
        return known or (server.load(cmd_name) if cmd_name in server.installed() else None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in server.SERVER_COMMANDS:
            self.commands[args[0]] = server.load(args[0])
        return super().resolve_command(ctx, args)


def application() -> typer.Typer:
    # Help as plain text: rich's takes longer to load than everything else, and is no better in a pipe.
    app = typer.Typer(
        name="blazy-jobs",
        cls=Commands,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback(
        invoke_without_command=True,
        epilog='Example: blazy-jobs dispatch send-welcome-email \'{"userId": "123"}\' --watch',
    )(_begin)
    for part in (
        runs,
        ending,
        bulk,
        errors,
        definitions,
        webhooks,
        keys,
        config,
        audit,
        events,
        overview,
        top,
        worker_command,
    ):
        part.add_to(app)
    for name, about in server.SERVER_COMMANDS.items():
        app.command(name)(server.stub(about))
    return app


def _versions(asked: bool) -> None:
    """Of this package, and of the server where it is installed."""
    if not asked:
        return
    from importlib.metadata import PackageNotFoundError, version

    for name in ("blazy-jobs", failures.SERVER_DISTRIBUTION):
        try:
            typer.echo(f"{name} {version(name)}")
        except PackageNotFoundError:
            typer.echo(f"{name} is not installed")
    raise typer.Exit


def _begin(
    ctx: typer.Context,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,
    no_color: NoColor = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_versions, is_eager=True, help="Say which versions these are, and end."),
    ] = False,
) -> None:
    """Write, run, dispatch and watch jobs.

    Exit codes: 0 done or completed, 1 failed, cancelled or refused, 2 usage, 3 the server cannot be reached,
    130 Ctrl-C.
    """
    ctx.obj = Given(url, api_key, as_json, no_color)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(failures.USAGE)
    if ctx.invoked_subcommand == "worker" or ctx.invoked_subcommand in server.SERVER_COMMANDS:
        _prepare(ctx.obj)


def _prepare(given: Given) -> None:
    """For the commands that read their settings from the environment."""
    if given.url:
        os.environ["JOBS_URL"] = given.url
    if given.api_key:
        os.environ["JOBS_API_KEY"] = given.api_key
        os.environ.pop("JOBS_API_KEY_FILE", None)


def main() -> None:
    """The console script."""
    try:
        code = _run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        failures.pipe_closed()
        code = failures.BROKEN_PIPE
    sys.exit(code)


def _run() -> int:
    try:
        return int(application()(prog_name="blazy-jobs", standalone_mode=False) or failures.DONE)
    except (typer.Abort, KeyboardInterrupt):
        return failures.INTERRUPTED
    except Exception as error:
        # Typer's own errors, by what they all have: their classes are elsewhere in each of its versions.
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context is not None else ""
        failures.complain(f"{message()}{hint}")
        return int(getattr(error, "exit_code", failures.USAGE))
