"""webhooks: made, listed, changed, tested, and what was not received sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.options import duration, identifier, instant
from blazy_jobs.cli.safe import safe
from blazy_jobs.cli.session import Session

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Out = Annotated[
    str | None,
    typer.Option("--out", metavar="FILE", help="Write the secret into this file (mode 0600), not to standard output."),
]
EXAMPLES = {
    "create": "webhooks create shop https://shop.example/hooks/jobs --event run.failed",
    "list": "webhooks list",
    "show": "webhooks show shop",
    "enable": "webhooks enable shop",
    "disable": "webhooks disable shop",
    "delete": "webhooks delete shop",
    "rotate": "webhooks rotate shop --overlap 1h --out /run/secrets/shop-hook",
    "deliveries": "webhooks deliveries shop --state failed",
    "retry": "webhooks retry shop evt_1i9lna4ic0001",
    "recover": "webhooks recover shop --since 2026-11-28T10:00:00+01:00",
    "test": "webhooks test shop",
}
NAME = "the name of a webhook"


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True, epilog=f"Example: blazy-jobs {EXAMPLES['create']}")(at_server(webhooks))
    for verb, work in COMMANDS.items():
        group.command(verb, epilog=f"Example: blazy-jobs {EXAMPLES[verb]}")(at_server(work))
    app.add_typer(group, name="webhooks")


def webhooks(session: Session) -> None:
    """List the webhooks, or create, test, change or delete one, or send again what was not received."""
    list_webhooks(session)


def create_webhook(
    session: Session,
    name: Name,
    endpoint: Annotated[str, typer.Argument(metavar="URL", help="Where messages are POSTed.", show_default=False)],
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="TYPE",
            help="run.completed, run.failed, run.cancelled or run.retrying. Repeatable. Default: all.",
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
    result: Annotated[bool, typer.Option("--result", help="Include the results of completed runs.")] = False,
    out: Out = None,
) -> None:
    """Create a webhook and print the secret that signs its messages; it is not shown again."""
    identifier(name, NAME)
    fields: dict[str, Any] = {
        "events": event,
        "job_types": job_type,
        "queues": queue,
        "include": ["result"] if result else None,
    }
    given = {field: value for field, value in fields.items() if value is not None}
    from blazy_jobs.cli.secret_file import SecretFile

    with SecretFile(out) as file:
        _show_once(session, session.client.webhooks.create(name, endpoint, **given), "created", file)


def list_webhooks(session: Session) -> None:
    """List the webhooks, newest first."""
    found = session.client.webhooks.list()
    if session.out.json:
        for webhook in found:
            session.out.record(webhook)
        return
    page = list(found)
    if not page:
        session.out.line(("No webhooks: `webhooks create NAME URL` makes one.", "dim"))
        return
    from blazy_jobs.cli import tables

    session.out.show(tables.webhooks(page))


def show_webhook(session: Session, name: Name) -> None:
    """Show a webhook, and since when its endpoint has been failing."""
    identifier(name, NAME)
    _show(session, session.client.webhooks.get(name))


def enable_webhook(session: Session, name: Name) -> None:
    """Send messages again; what happened meanwhile is sent too, as far as it is still kept."""
    identifier(name, NAME)
    _show(session, session.client.webhooks.change(name, enabled=True))


def disable_webhook(session: Session, name: Name) -> None:
    """Send nothing until it is enabled again."""
    identifier(name, NAME)
    _show(session, session.client.webhooks.change(name, enabled=False))


def delete_webhook(session: Session, name: Name) -> None:
    """Delete a webhook and its deliveries."""
    identifier(name, NAME)
    session.client.webhooks.delete(name)
    if session.out.json:
        session.out.record({"name": name, "deleted": True})
    else:
        session.out.line(safe(name), ("  deleted", "yellow"))


def rotate_secret(
    session: Session,
    name: Name,
    overlap: Annotated[
        float | None,
        typer.Option(
            parser=duration, metavar="SECONDS", help="How long the old secret signs too: 0, 30s, 10m, 1d (default)."
        ),
    ] = None,
    out: Out = None,
) -> None:
    """Give a webhook another secret and print it."""
    identifier(name, NAME)
    from blazy_jobs.cli.secret_file import SecretFile

    with SecretFile(out) as file:
        _show_once(session, session.client.webhooks.rotate_secret(name, overlap=overlap), "rotated", file)


def list_deliveries(
    session: Session,
    name: Name,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="pending or failed.")] = None,
    event: Annotated[str | None, typer.Option("--event", metavar="TYPE", help="Only messages of this type.")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN_ID", help="Only messages about this run.")] = None,
) -> None:
    """List what the endpoint has not received yet, newest first."""
    identifier(name, NAME)
    filters: dict[str, Any] = {"state": state, "type": event, "run_id": run}
    found = session.client.webhooks.deliveries(name, **filters)
    if session.out.json:
        for delivery in found:
            session.out.record(delivery)
        return
    page = list(found)
    if not page:
        session.out.line(("Nothing is left to deliver again.", "dim"))
        return
    from blazy_jobs.cli import tables

    session.out.show(tables.deliveries(page))


def retry_delivery(
    session: Session, name: Name, delivery: Annotated[str, typer.Argument(metavar="ID", show_default=False)]
) -> None:
    """Send one message again now."""
    identifier(name, NAME)
    identifier(delivery, "the id of a delivery")
    retried = session.client.webhooks.retry(name, delivery)
    if session.out.json:
        session.out.record(retried)
    else:
        session.out.line(safe(retried["id"]), ("  is sent again", "green"))


def recover(
    session: Session,
    name: Name,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="What first failed since: 2h ago (2h), or 2027-01-31T09:00:00+01:00.")
    ],
) -> None:
    """Send everything again now that the endpoint has not received since a time."""
    identifier(name, NAME)
    number = session.client.webhooks.recover(name, _since(since))
    if session.out.json:
        session.out.record({"deliveries": number})
    else:
        session.out.line(f"{number} messages are sent again")


def test_webhook(session: Session, name: Name) -> None:
    """Send a test message, and show what came of it."""
    identifier(name, NAME)
    tried = session.client.webhooks.test(name)
    if session.out.json:
        session.out.record(tried)
    elif tried["delivered"]:
        session.out.line(("received", "green"), f"  status {tried['status']} in {tried['duration_seconds']:.3f} s")
    else:
        error = tried["error"] or {"code": "?", "message": ""}
        session.out.line(("not received", "red"), f"  {safe(error['code'])}: {safe(error['message'])}")
    if not tried["delivered"]:
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {
    "create": create_webhook,
    "list": list_webhooks,
    "show": show_webhook,
    "enable": enable_webhook,
    "disable": disable_webhook,
    "delete": delete_webhook,
    "rotate": rotate_secret,
    "deliveries": list_deliveries,
    "retry": retry_delivery,
    "recover": recover,
    "test": test_webhook,
}


def _show(session: Session, webhook: Mapping[str, Any]) -> None:
    if session.out.json:
        session.out.record(webhook)
        return
    from blazy_jobs.cli import describe

    session.out.line(
        (safe(webhook["name"]), "bold"), f"  {safe(webhook['url'])}", (describe.webhook(webhook), "yellow")
    )
    session.out.line(("  events       ", "dim"), ", ".join(safe(one) for one in webhook["events"]))
    for what, names in (("job types", webhook["job_types"]), ("queues", webhook["queues"])):
        session.out.line((f"  {what:<13}", "dim"), "all" if names is None else ", ".join(safe(one) for one in names))
    for what, at in (("failing since", webhook["failing_since"]), ("last success", webhook["last_success_at"])):
        session.out.line((f"  {what:<13}", "dim"), "-" if at is None else safe(at))


def _show_once(session: Session, webhook: Mapping[str, Any], done: str, file: Any) -> None:
    """For a script the secret alone, unless it asked for JSON."""
    file.put(webhook["secret"])
    where = f" to {file.path}" if file.path else "; it is not shown again"
    until = webhook["previous_secret_until"]
    old = "" if until is None else f" The old secret signs too until {until}."
    if session.given.as_json:
        session.out.record({name: value for name, value in webhook.items() if name != "secret" or not file.path})
    elif not file.path:
        session.out.line(webhook["secret"])
    session.out.note(f"{done}: the secret of the webhook {webhook['name']}{where}.{old}")


def _since(text: str) -> str:
    """So long ago, or at a time. Raises Unusable."""
    if text[-1:] not in ("s", "m", "h", "d"):
        found = instant(text, "--since")
        assert found is not None
        return found
    from datetime import UTC, datetime, timedelta

    try:
        return (datetime.now(UTC) - timedelta(seconds=duration(text))).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise Unusable(f"--since: {text!r} is before all times") from None
