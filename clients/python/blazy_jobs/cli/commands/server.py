"""The server's commands, which come from its own distribution where that is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from blazy_jobs.cli import failures

GROUP = "blazy_jobs.commands"

#: By name, for the list of commands, which loads none of them.
SERVER_COMMANDS = {
    "serve": "Run the server and its local worker processes.",
    "openapi": "Write the OpenAPI document.",
    "migrate": "Bring a database up to date.",
    "copy": "Copy one database to another.",
    "keyring": "Rotate the keys that seal stored secrets.",
    "backup": "Copy the database into a file, while the server runs.",
    "restore": "Put a backup in place of the database.",
}
_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def installed() -> set[str]:
    from importlib.metadata import entry_points

    return {entry.name for entry in entry_points(group=GROUP)}


def load(name: str) -> Any:
    """The command as the server's distribution has it, or one that says what is to be installed."""
    from importlib.metadata import entry_points

    app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
    entry = next(iter(entry_points(group=GROUP, name=name)), None)
    if entry is None:
        app.command(name, context_settings=_ANYTHING)(_absent(name))
    else:
        loaded = entry.load()
        if isinstance(loaded, typer.Typer):
            app.add_typer(loaded, name=name)
            app.callback()(lambda: None)
            return getattr(typer.main.get_command(app), "commands")[name]  # noqa: B009
        app.command(name)(loaded)
    return typer.main.get_command(app)


def stub(about: str) -> Callable[[], None]:
    """Stands in the list of commands."""

    def listed() -> None: ...

    listed.__doc__ = about
    return listed


def _absent(name: str) -> Callable[[], None]:
    def refuse() -> None:
        if "serve" in installed():
            failures.complain(f"the installed {failures.SERVER_DISTRIBUTION} has no command '{name}'")
        else:
            failures.complain(failures.missing(f"'{name}'"))
        raise typer.Exit(failures.USAGE)

    return refuse
