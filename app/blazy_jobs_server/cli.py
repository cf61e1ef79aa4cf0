"""The server's commands: `serve`, `migrate`, `copy`, `backup`, `restore`, `keyring` and `openapi`.

The command itself, `blazy-jobs`, is the client package's.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from blazy_jobs_server.settings import Settings, messages

if TYPE_CHECKING:
    from blazy_jobs_server.store.replacing import Restored


def _settings(flags: dict[str, Any]) -> Settings:
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        for message in messages(error, flags):
            typer.echo(message, err=True)
        raise typer.Exit(2) from None


def serve(
    modules: Annotated[
        list[str] | None, typer.Argument(help="Modules of jobs: MODULE, MODULE:jobs or FILE.py", metavar="MODULE...")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (JOBS_HOST)", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 for any free one (JOBS_PORT)", show_default="8000")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the database (JOBS_DATA)", show_default="data")] = None,
    role: Annotated[
        str | None,
        typer.Option(
            "--role", help="all, api (no workers) or worker (no API; JOBS_ROLE)", metavar="ROLE", show_default="all"
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; 0 for none (JOBS_WORKERS)", show_default="2")
    ] = None,
    app: Annotated[
        str | None, typer.Option(help="The app that the modules belong to (JOBS_APP)", show_default="default")
    ] = None,
    build: Annotated[
        str | None, typer.Option(help="Version of the code, to order rolling deploys (JOBS_BUILD)")
    ] = None,
    ready_fd: Annotated[
        int | None, typer.Option(help="Descriptor that gets the URL and a newline once the server is ready")
    ] = None,
) -> None:
    """Run the server and its local worker processes."""
    # What is made by importing stays; looking through it for garbage was a quarter of the start. main enables it again.
    gc.disable()
    # Imported late: the command line answers --help without loading the server.
    from blazy_jobs_server import logs, main
    from blazy_jobs_server.listening import StartFailed
    from blazy_jobs_server.store.unusable import DatabaseUnusable

    flags = {
        "modules": modules or None,
        "host": host,
        "port": port,
        "data": data,
        "workers": workers,
        "role": role,
        "app": app,
        "build": build,
    }
    settings = _settings(flags)
    logs.configure(settings)
    if unknown := Settings.unknown(os.environ):
        typer.echo(f"blazy-jobs: no such settings: {', '.join(unknown)}", err=True)
    if workers and not settings.modules:
        typer.echo("blazy-jobs: --workers without a MODULE starts none: they would have no jobs to run.", err=True)
    try:
        code = main.serve(settings, ready_fd=ready_fd)
    except (StartFailed, DatabaseUnusable) as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(code)


def migrate(
    data: Annotated[Path | None, typer.Option(help="Folder of the database (JOBS_DATA)")] = None,
) -> None:
    """Migrate the database to this version, as a server does at startup. JOBS_DATABASE_URL for PostgreSQL."""
    from blazy_jobs_server import maintenance
    from blazy_jobs_server.store.unusable import DatabaseUnusable

    try:
        changed = maintenance.upgrade(_settings({"data": data}))
    except DatabaseUnusable as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("The database is up to date now." if changed else "The database was up to date.")


def copy(
    data: Annotated[Path | None, typer.Option(help="Folder of the SQLite database (JOBS_DATA)")] = None,
) -> None:
    """Copy everything from the SQLite file in --data into the empty PostgreSQL database of JOBS_DATABASE_URL.

    Stop the server of the file first. Either everything is copied or nothing.
    """
    from blazy_jobs_server import maintenance
    from blazy_jobs_server.store.unusable import DatabaseUnusable

    settings = _settings({"data": data})
    if settings.database_url is None:
        typer.echo("blazy-jobs: JOBS_DATABASE_URL must name the PostgreSQL database to copy into.", err=True)
        raise typer.Exit(2)
    try:
        maintenance.copy(settings, lambda table, rows: typer.echo(f"{table}: {rows}"))
    except DatabaseUnusable as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("Copied. Start a server with JOBS_DATABASE_URL; the file is left as it is.")


keyring = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@keyring.callback()
def _keyring() -> None:
    """The keys by which secrets are sealed in the database (JOBS_KEYRING_FILE)."""


@keyring.command("rotate")
def keyring_rotate(
    data: Annotated[Path | None, typer.Option(help="Folder of the database (JOBS_DATA)")] = None,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only add the new key, for the files of other servers to have it first")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="Take all earlier keys out of the file as well; stop all servers first")
    ] = False,
) -> None:
    """Seal by a new key from now on, and seal anew what is stored. Servers may run meanwhile.

    Interrupted, it is made good by running it again. Earlier keys stay in the file, since backups need them.
    """
    from blazy_jobs_server import maintenance
    from blazy_jobs_server.store.unusable import DatabaseUnusable
    from blazy_jobs_server.trust import rotation
    from blazy_jobs_server.trust.keyring_file import KeyringUnusable

    if prepare and retire:
        typer.echo("blazy-jobs: --prepare and --retire do not go together.", err=True)
        raise typer.Exit(2)
    settings = _settings({"data": data})
    if (path := settings.keyring) is None:
        typer.echo("blazy-jobs: JOBS_KEYRING_FILE must name the file, since servers share the database.", err=True)
        raise typer.Exit(2)
    try:
        if prepare:
            key = rotation.prepare(path)
            typer.echo(f"The key {key.id} is in {path}. Copy the file to every server, then rotate.")
            return
        reseal_all = maintenance.reseal_all(settings, alone=retire)
        if retire:
            reseal_all(lambda sealed, purpose: sealed)  # refuses before the file has a key more
        key, count = rotation.rotate(path, reseal_all)
        typer.echo(f"The key {key.id} seals from now on; {count} sealed anew.")
        if retire:
            retired, _ = rotation.retire(path, reseal_all)
            typer.echo(f"Retired: {', '.join(key.id for key in retired) or 'none'}.")
    except (KeyringUnusable, DatabaseUnusable) as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(1) from None


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; an older one is replaced")],
    data: Annotated[Path | None, typer.Option(help="Folder of the database (JOBS_DATA)")] = None,
) -> None:
    """Copy the SQLite database into FILE while the server runs. The copy is consistent, checked, and private."""
    from blazy_jobs_server import maintenance

    settings = _settings({"data": data})
    if settings.database_url is not None:
        typer.echo("blazy-jobs: back PostgreSQL up with its own tools (pg_dump); see docs/operating.md.", err=True)
        raise typer.Exit(2)
    with _database():
        made = maintenance.back_up(settings, file)
    typer.echo(f"Backed up {settings.database} into {made.path} ({made.size_bytes} bytes, schema {made.revision}).")
    typer.echo("Secrets in it are sealed: keep a copy of the keyring file (JOBS_KEYRING_FILE), in another place.")


def restore(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A backup; none for PostgreSQL, after its own tools did it")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the database (JOBS_DATA)")] = None,
) -> None:
    """Put a backup in place of the SQLite database. Stop the server first.

    Runs that were running at the time of the backup are lost, and run again. With JOBS_DATABASE_URL and without FILE:
    the same for a PostgreSQL database that its own tools have restored.
    """
    from blazy_jobs_server import maintenance
    from blazy_jobs_server.offline import by_command
    from blazy_jobs_server.ports.audit import acting

    settings = _settings({"data": data})
    if (settings.database_url is None) == (file is None):
        hint = "restore PostgreSQL with its own tools, then run this without FILE; see docs/operating.md."
        typer.echo(f"blazy-jobs: {'name the backup to restore.' if file is None else hint}", err=True)
        raise typer.Exit(2)
    acting.set(by_command())
    with _database():
        if file is None:
            voided, restored = maintenance.end_history(settings), None
        else:
            restored = maintenance.restore(settings, file)
            voided = restored.voided
    typer.echo(f"Restored. {voided.runs} runs were running: they are lost, and run again as their job types say.")
    typer.echo("What happened after the backup is forgotten: runs made since are gone, runs erased since are back.")
    _tell_keys(restored)
    if restored is not None and restored.kept is not None:
        typer.echo(f"The database before is kept as {restored.kept}. Delete it when you no longer need it.")


def _tell_keys(restored: Restored | None) -> None:
    warn = "WARNING: API keys that were revoked or rotated after the backup are valid again"
    if restored is None or restored.before is None:
        typer.echo(
            f"{warn}. Look at `blazy-jobs keys list --offline`, and revoke them before the server starts.", err=True
        )
        return
    if restored.revived:
        typer.echo(f"{warn}. Revoke them before the server starts:", err=True)
        for key in restored.revived:
            typer.echo(f"  blazy-jobs keys revoke {key.id} --offline   # {key.name!r}", err=True)
    for key in restored.gone:
        typer.echo(f"WARNING: the API key {key.id} ({key.name!r}) was made after the backup, and is no more.", err=True)


@contextmanager
def _database() -> Iterator[None]:
    """Ends the command where it cannot be used."""
    from blazy_jobs_server.store.unusable import DatabaseUnusable

    try:
        yield
    except DatabaseUnusable as error:
        typer.echo(f"blazy-jobs: {error}", err=True)
        raise typer.Exit(1) from None


def openapi(
    path: Annotated[Path | None, typer.Argument(help="File to write; standard output when left out")] = None,
) -> None:
    """Write the OpenAPI document."""
    from blazy_jobs_server.openapi import text

    if path is None:
        sys.stdout.write(text())
    else:
        path.write_text(text())


def main() -> None:
    """`python -m blazy_jobs_server.cli`: the server's commands without the client's."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    app.command()(serve)
    app.command()(migrate)
    app.command()(copy)
    app.command()(backup)
    app.command()(restore)
    app.command()(openapi)
    app.add_typer(keyring, name="keyring")
    app()


if __name__ == "__main__":
    main()
