"""config: everything that is defined, as one file that is kept beside the code."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazy_jobs.cli import failures
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.options import identifier
from blazy_jobs.cli.safe import json_line, safe
from blazy_jobs.cli.session import Session

if TYPE_CHECKING:
    from blazy_jobs.client.config_fields import ConfigChange, ConfigDifference

DIFFERENT = 1
TROUBLE = 2
LONG_CHARS = 60
SIGNS = {"create": ("+ ", "green"), "update": ("~ ", "yellow"), "delete": ("- ", "red")}
EXAMPLES = {
    "export": "config export > jobs.yaml",
    "diff": "config diff jobs.yaml",
    "apply": "config apply jobs.yaml --owner shop",
}


class Format(StrEnum):
    YAML = "yaml"
    JSON = "json"


File = Annotated[
    str, typer.Argument(metavar="FILE", help="YAML, or JSON if it ends with .json; - for stdin.", show_default=False)
]
Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="NAME", help="Who applies it, in place of the file's owner.", show_default=False),
]
Prune = Annotated[bool, typer.Option("--prune", help="Remove what the owner has and the file lacks.")]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True, epilog=f"Example: blazy-jobs {EXAMPLES['diff']}")(at_server(config))
    for verb, work in (("export", export_config), ("diff", diff_config), ("apply", apply_config)):
        group.command(verb, epilog=f"Example: blazy-jobs {EXAMPLES[verb]}")(at_server(work))
    app.add_typer(group, name="config")


def config(session: Session) -> None:
    """Export the configuration as one document, or compare or apply one."""
    export_config(session)


def export_config(
    session: Session,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="NAME", help="Only what this owner has applied.", show_default=False),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="The format of the output.")] = Format.YAML,
) -> None:
    """Print job types, queues, schedules and webhooks as one document, without secrets."""
    document = session.client.config.export(owner=_owner(owner))
    if session.given.as_json or format is Format.JSON:
        session.out.record(document)
        return
    from blazy_jobs.cli.config_file import yaml_text

    session.out.text(yaml_text(document))


def diff_config(session: Session, file: File, owner: Owner = None, prune: Prune = False) -> int:
    """Show what applying the file would change. Exit codes: 0 nothing, 1 something, 2 not comparable."""
    from blazy_jobs.cli.config_file import read_document
    from blazy_jobs.errors import ApiError

    document = read_document(file)
    try:
        found = session.client.config.diff(document, owner=_owner(owner), prune=prune or None)
    except ApiError as error:
        code, text = failures.explain(error, session.url)
        failures.complain(text)
        return max(code, TROUBLE)
    _show(session, found)
    return DIFFERENT if found["changes"] else failures.DONE


def apply_config(
    session: Session,
    file: File,
    owner: Owner = None,
    prune: Prune = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, without applying it.")] = False,
) -> None:
    """Apply the file in one transaction, all or nothing, and show what changed."""
    from blazy_jobs.cli.config_file import read_document

    document = read_document(file)
    at = session.client.config
    work = at.diff if dry_run else at.apply
    _show(session, work(document, owner=_owner(owner), prune=prune or None))


def _owner(name: str | None) -> str | None:
    return None if name is None else identifier(name, "the name of an owner")


def _show(session: Session, found: ConfigDifference) -> None:
    if session.out.json:
        session.out.record(found)
        return
    for change in found["changes"]:
        _show_change(session, change)
    count = len(found["changes"])
    about = f"{found['unchanged']} unchanged, owner {safe(found['owner'])}"
    verb = "to be changed" if found["dry_run"] else "changed"
    session.out.line((f"{count} {verb}, {about}", "dim"))


def _show_change(session: Session, change: ConfigChange) -> None:
    kind = change["kind"].replace("_", " ")
    session.out.line(SIGNS[change["action"]], f"{safe(kind)} ", (safe(change["name"]), "bold"))
    for field in change["fields"]:
        before, after = _short(field["before"]), _short(field["after"])
        session.out.line((f"    {safe(field['path'])}", "dim"), f"  {before} → {after}")
    if "secret" in change:
        session.out.line(("    secret  ", "dim"), safe(change["secret"]), ("  (shown only now)", "dim"))


def _short(value: Any) -> str:
    line = json_line(value)
    return line if len(line) <= LONG_CHARS else f"{line[:LONG_CHARS]}…"
