"""cancel, resolve and erase: of one run or of several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from blazy_jobs.cli import completion, failures
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.options import identifier
from blazy_jobs.cli.safe import safe
from blazy_jobs.cli.session import Session

RunIds = Annotated[
    list[str], typer.Argument(metavar="RUN_ID...", autocompletion=completion.run_ids, show_default=False)
]


def add_to(app: typer.Typer) -> None:
    for work, epilog in (
        (cancel, 'Example: blazy-jobs cancel run_01k9zt6c4q7xw run_01k9zt6c4q7xx --reason "wrong file"'),
        (resolve, "Example: blazy-jobs resolve run_01k9zt6c4q7xw"),
        (erase, "Example: blazy-jobs erase run_01k9zt6c4q7xw"),
    ):
        app.command(work.__name__, epilog=epilog)(at_server(work))


def cancel(
    session: Session,
    run_ids: RunIds,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The reason, recorded in the run's events.")
    ] = None,
) -> int:
    """Cancel runs: immediately if they are not running; otherwise their handlers are told to stop.

    What is refused for one of them keeps none of the others back; the exit code is 1 then.
    """

    def one(run_id: str) -> None:
        found = session.client.runs.get(run_id).cancel(reason)
        if session.out.json:
            session.out.record(found.data)
        elif found.finished:
            session.out.line(safe(found.id), "  ", (safe(found.state), "yellow"))
        else:
            session.out.line(safe(found.id), ("  its handler is told to stop", "yellow"))
            session.out.line((session.command("watch", safe(found.id)), "dim"))

    return _each(session, run_ids, one)


def resolve(session: Session, run_ids: RunIds) -> int:
    """Take failed runs off the list of errors: nothing is left to be done about them.

    What is refused for one of them keeps none of the others back; the exit code is 1 then.
    """

    def one(run_id: str) -> None:
        run = session.ask("POST", f"/v1/runs/{run_id}/resolve")
        if session.out.json:
            session.out.record(run)
        else:
            session.out.line(safe(run_id), ("  resolved", "green"))

    return _each(session, run_ids, one)


def erase(session: Session, run_ids: RunIds) -> int:
    """Permanently delete finished runs, with their payloads, results, attempts and events.

    What is refused for one of them keeps none of the others back; the exit code is 1 then.
    """

    def one(run_id: str) -> None:
        session.ask("DELETE", f"/v1/runs/{run_id}")
        if session.out.json:
            session.out.record({"id": run_id, "erased": True})
        else:
            session.out.line(safe(run_id), ("  erased", "yellow"))

    return _each(session, run_ids, one)


def _each(session: Session, run_ids: list[str], work: Callable[[str], None]) -> int:
    """All that were given are looked at before the first is touched."""
    from blazy_jobs.errors import ApiError

    code = failures.DONE
    for run_id in [identifier(run_id, "the id of a run") for run_id in run_ids]:
        try:
            work(run_id)
        except ApiError as error:
            if len(run_ids) == 1 or error.status == 401:
                raise
            code, text = failures.explain(error, session.url)
            failures.complain(f"{run_id}: {text}")
        session.out.flush()
    return code
