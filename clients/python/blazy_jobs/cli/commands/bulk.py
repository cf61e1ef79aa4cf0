"""bulk, count: many runs at once."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from blazy_jobs.cli import completion
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.options import State, past
from blazy_jobs.cli.session import Session

PROGRESS_SECONDS = 0.5


class Action(StrEnum):
    cancel = "cancel"
    replay = "replay"
    erase = "erase"
    reprioritise = "reprioritise"
    run_now = "run_now"
    resolve = "resolve"


FILTERS: dict[str, Any] = {
    "state": Annotated[list[State] | None, typer.Option(help="Repeatable.")],
    "job_type": Annotated[
        str | None,
        typer.Option(
            "--job-type", metavar="NAME", autocompletion=completion.job_type_names, help="Only of this job type."
        ),
    ],
    "queue": Annotated[
        str | None,
        typer.Option("--queue", metavar="NAME", autocompletion=completion.queue_names, help="Only in this queue."),
    ],
    "tag": Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Only with this tag.")],
    "schedule": Annotated[
        str | None,
        typer.Option(
            "--schedule", metavar="NAME", autocompletion=completion.schedule_names, help="Only of this schedule."
        ),
    ],
    "error_code": Annotated[str | None, typer.Option(metavar="CODE", help="Only with this error.")],
    "error_group": Annotated[
        str | None, typer.Option(metavar="GROUP", help="Only of this group of errors; see the command errors.")
    ],
    "unresolved": Annotated[bool, typer.Option("--unresolved", help="Only those that are not resolved.")],
    "worker": Annotated[str | None, typer.Option("--worker", metavar="WORKER_ID", help="Only of this worker.")],
    "attempts": Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Only those that were started at least so many times.")
    ],
    "search": Annotated[
        str | None,
        typer.Option("--search", "-q", metavar="TEXT", help="Text in payload, result, error, tags or metadata."),
    ],
    "since": Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Created after this time: 2027-01-31T09:00:00Z, or 30m, 2h, 7d ago."),
    ],
    "until": Annotated[str | None, typer.Option(metavar="TIME", help="Created before this time.")],
    "finished_since": Annotated[str | None, typer.Option(metavar="TIME", help="Finished after this time.")],
    "finished_until": Annotated[str | None, typer.Option(metavar="TIME", help="Finished before this time.")],
}
"""The options that say which runs, of each command that takes them."""


def with_filters(work: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the options of FILTERS, given to it as `where`, with the names of the API."""
    own = inspect.signature(work, eval_str=True)
    kept = [parameter for parameter in own.parameters.values() if parameter.name != "where"]
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False if name == "unresolved" else None, annotation=shape
        )
        for name, shape in FILTERS.items()
    ]

    def filtered(*arguments: Any, **given: Any) -> Any:
        where = _where(**{name: given.pop(name) for name in FILTERS})
        return work(*arguments, **given, where=where)

    filtered.__name__, filtered.__doc__, filtered.__module__ = work.__name__, work.__doc__, work.__module__
    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in kept[1:]]
    filtered.__signature__ = own.replace(parameters=[kept[0], *keywords, *added])  # type: ignore[attr-defined]  # read by Typer
    return filtered


def _where(
    *,
    state: list[State] | None,
    unresolved: bool,
    worker: str | None,
    attempts: int | None,
    search: str | None,
    since: str | None,
    until: str | None,
    finished_since: str | None,
    finished_until: str | None,
    **plain: str | None,
) -> dict[str, Any]:
    where = {
        **plain,
        "state": [one.value for one in state] if state else None,
        "resolved": False if unresolved else None,
        "worker_id": worker,
        "attempt_min": attempts,
        "q": search,
        "created_after": past(since, "--since"),
        "created_before": past(until, "--until"),
        "finished_after": past(finished_since, "--finished-since"),
        "finished_before": past(finished_until, "--finished-until"),
    }
    return {name: value for name, value in where.items() if value is not None}


def query_of(where: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in where.items()}


def add_to(app: typer.Typer) -> None:
    for work, epilog in (
        (bulk, "Example: blazy-jobs bulk replay --state failed --error-code timeout --finished-since 1h"),
        (count, "Example: blazy-jobs count --state failed --since 1d"),
    ):
        app.command(work.__name__, epilog=epilog)(at_server(with_filters(work)))


def count(session: Session, where: dict[str, Any]) -> None:
    """Count runs: exactly by state, job type and queue, otherwise up to 10,000."""
    found = session.client.runs.count(**where)
    if session.out.json:
        session.out.record({"count": found.count, "at_least": found.at_least})
    else:
        session.out.line(f"{'at least ' if found.at_least else ''}{found.count:,}")


def bulk(
    session: Session,
    action: Annotated[Action, typer.Argument(metavar="ACTION", help=", ".join(Action), show_default=False)],
    where: dict[str, Any],
    all_: Annotated[bool, typer.Option("--all", help="All runs, where no filter is given.")] = False,
    priority: Annotated[int | None, typer.Option(min=-100, max=100, metavar="N", help="For reprioritise.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Do something with all runs that match. It asks before it acts, and shows how far it is.

    Ctrl-C leaves it to the server, which goes on.
    """
    runs = session.client.runs
    if (action is Action.reprioritise) is not (priority is not None):
        raise Unusable("--priority is for reprioritise, which needs it")
    found = runs.bulk(action.value, dry_run=True, all=all_, priority=priority, **where)
    if dry_run and session.out.json:
        session.out.record(found.data)
        return 0
    number = f"{'at least ' if found.at_least else ''}{found.matched:,} {'run' if found.matched == 1 else 'runs'}"
    if dry_run or not yes:
        states = ", ".join(f"{number:,} {state}" for state, number in found.by_state.items())
        session.out.note(f"{action.value}: {number}{f' ({states})' if states else ''}")
    if dry_run:
        return 0
    if not yes and not found.matched and not found.at_least:
        return 0
    if not yes and not _agreed():
        return 1
    # As many as were seen: what came since then is not meant.
    expected = None if found.at_least or yes else found.matched
    return _follow(session, runs.bulk(action.value, all=all_, priority=priority, expect_at_most=expected, **where))


def _agreed() -> bool:
    try:
        return typer.confirm("Go on?", err=True)
    except typer.Abort as error:
        if isinstance(error.__context__, EOFError) and not sys.stdin.isatty():
            raise Unusable("nobody is there to answer: --yes goes on without a question") from None
        raise


def _follow(session: Session, started: Any) -> int:
    import time

    told = -1
    while not started.finished:
        if started.done != told and not session.out.json:
            told = started.done
            session.out.note(f"{started.id}: {started.done:,} of {started.matched:,}")
        time.sleep(PROGRESS_SECONDS)  # a bulk operation has no stream
        started.refresh()
    if session.out.json:
        session.out.record(started.data)
    else:
        numbers = f"{started.done:,} done, {started.skipped:,} skipped, {started.failed:,} failed"
        session.out.line(f"{started.id} {started.state}: {numbers}")
    return 0 if started.state == "completed" and not started.failed else 1
