"""keys: made, listed, rotated and revoked, at a server or in its database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.options import duration, identifier, instant
from blazy_jobs.cli.safe import safe
from blazy_jobs.cli.session import Session

if TYPE_CHECKING:
    from blazy_jobs.cli.secret_file import SecretFile
    from blazy_jobs.client.sync.keys import Keys

KeyId = Annotated[str, typer.Argument(metavar="ID", show_default=False)]
Offline = Annotated[
    bool, typer.Option("--offline", help="In the database of JOBS_DATABASE_URL or JOBS_DATA, not at a server.")
]
Data = Annotated[
    str | None, typer.Option("--data", metavar="DIR", help="The same, in this data folder.", show_default=False)
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", metavar="URL", help="The same, in this PostgreSQL database.", show_default=False),
]
Out = Annotated[
    str | None,
    typer.Option("--out", metavar="FILE", help="Write the key into this file (mode 0600), not to standard output."),
]
EXAMPLES = {
    "create": "keys create ci --scope runs:write --expires 90d",
    "list": "keys list",
    "rotate": "keys rotate 7fK2mPq9Xa --out /run/secrets/jobs-key",
    "revoke": "keys revoke 7fK2mPq9Xa",
    "self": "keys self",
}


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True, epilog=f"Example: blazy-jobs {EXAMPLES['create']}")(at_server(keys))
    for verb, work in COMMANDS.items():
        group.command(verb, epilog=f"Example: blazy-jobs {EXAMPLES[verb]}")(at_server(work))
    app.add_typer(group, name="keys")


def keys(session: Session) -> None:
    """List the API keys, or create, rotate or revoke one. --offline works on the database, without a server."""
    list_keys(session)


def create_key(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.", show_default=False)],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="runs:read, runs:write, runs:reveal, workers, config, metrics, admin. Repeatable.",
        ),
    ] = None,
    job_type: Annotated[
        list[str] | None,
        typer.Option("--job-type", metavar="NAME", help="Only these job types; 'mail-*' for a prefix. Repeatable."),
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option("--queue", metavar="NAME", help="Only these queues, or prefixes. Repeatable."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it ends: after 30d, or at 2027-01-31T09:00:00+01:00.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="N/SECONDS", help="Runs that it may make: 100/60, 5/1s, 1000/1h.")
    ] = None,
    out: Out = None,
    offline: Offline = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Create an API key and print it; it is not shown again."""
    fields: dict[str, Any] = {
        "job_types": job_type,
        "queues": queue,
        "expires_at": _until(expires),
        "rate_limit": _rate(rate),
    }
    given = {field: value for field, value in fields.items() if value is not None}
    scopes: list[Any] = list(scope or ())
    with _secret_file(out) as file:
        made = _keys(session, offline, data, database_url).create(name, scopes, **given)
        _show_once(session, made, "created", file)


def list_keys(session: Session, offline: Offline = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List the API keys, newest first; those too that were revoked or have expired."""
    found = _keys(session, offline, data, database_url).list()
    if session.out.json:
        for key in found:
            session.out.record(key)
        return
    page = list(found)
    if not page:
        session.out.line(("No keys: `keys create NAME --scope admin` makes one.", "dim"))
        return
    from blazy_jobs.cli import tables

    session.out.show(tables.keys(page))


def rotate_key(
    session: Session,
    key_id: KeyId,
    overlap: Annotated[
        float | None,
        typer.Option(
            parser=duration, metavar="SECONDS", help="How long the old secret holds: 0, 30s, 10m, 1d (default)."
        ),
    ] = None,
    out: Out = None,
    offline: Offline = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give an API key another secret and print it; its id and what it allows remain."""
    identifier(key_id, KEY)
    with _secret_file(out) as file:
        rotated = _keys(session, offline, data, database_url).rotate(key_id, overlap=overlap)
        _show_once(session, rotated, "rotated", file)


def revoke_key(
    session: Session, key_id: KeyId, offline: Offline = False, data: Data = None, database_url: DatabaseUrl = None
) -> None:
    """Revoke an API key for good: open streams and waiting requests with it end too."""
    identifier(key_id, KEY)
    _keys(session, offline, data, database_url).revoke(key_id)
    if session.out.json:
        session.out.record({"id": key_id, "revoked": True})
    else:
        session.out.line(safe(key_id), ("  revoked", "yellow"))


def own_key(session: Session) -> None:
    """Show what the key of this command allows."""
    found = session.client.keys.own()
    if session.out.json:
        session.out.record(found)
        return
    session.out.line((safe(found["id"]), "bold"), f"  {safe(found['name'])}")
    session.out.line(("  scopes     ", "dim"), ", ".join(safe(one) for one in found["scopes"]))
    for what, names in (("job types", found["job_types"]), ("queues", found["queues"])):
        session.out.line((f"  {what:<11}", "dim"), "all" if names is None else ", ".join(safe(one) for one in names))


COMMANDS: dict[str, Callable[..., None]] = {
    "create": create_key,
    "list": list_keys,
    "rotate": rotate_key,
    "revoke": revoke_key,
    "self": own_key,
}
KEY = "the id of a key"


def _keys(session: Session, offline: bool, data: str | None, database_url: str | None) -> Keys:
    if not (offline or data or database_url):
        return session.client.keys
    from blazy_jobs.cli.offline import Offline as Database
    from blazy_jobs.client.sync.keys import Keys

    return Keys(Database(data, database_url))


def _secret_file(path: str | None) -> SecretFile:
    from blazy_jobs.cli.secret_file import SecretFile

    return SecretFile(path)


def _show_once(session: Session, key: Mapping[str, Any], done: str, file: SecretFile) -> None:
    """For a script the key alone, unless it asked for JSON."""
    file.put(key["key"])
    where = f" to {file.path}" if file.path else "; it is not shown again"
    old = "" if key["previous_until"] is None else f" The old secret holds until {key['previous_until']}."
    if session.given.as_json:
        session.out.record({name: value for name, value in key.items() if name != "key" or not file.path})
    elif not file.path:
        session.out.line(key["key"])
    session.out.note(f"{done} key {key['id']} ({key['name']}){where}.{old}")


def _until(text: str | None) -> str | None:
    """After a duration, or at a time. Raises Unusable."""
    if text is None or text[-1:] not in ("s", "m", "h", "d"):
        return instant(text, "--expires")
    from datetime import UTC, datetime, timedelta

    try:
        return (datetime.now(UTC) + timedelta(seconds=duration(text))).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise Unusable(f"--expires: {text!r} is after all times") from None


def _rate(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    limit, _, seconds = text.partition("/")
    if not limit.isascii() or not limit.isdecimal() or not seconds:
        raise Unusable(f"--rate: {text!r} is not a rate; write runs and seconds like 100/60 or 1000/1h")
    return {"limit": int(limit), "per_seconds": duration(seconds)}
