"""job-types, queues and schedules: lists, and what can be done with one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazy_jobs.cli import completion, failures
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.commands.scheduling import create_schedule
from blazy_jobs.cli.options import duration, identifier, limit, rate_limit
from blazy_jobs.cli.safe import json_line, json_lines, safe
from blazy_jobs.cli.session import Session

if TYPE_CHECKING:
    from rich.table import Table

    from blazy_jobs.client.fields import QueueChanges

JobTypeName = Annotated[str, typer.Argument(metavar="NAME", autocompletion=completion.job_type_names)]
ScheduleName = Annotated[str, typer.Argument(metavar="NAME", autocompletion=completion.schedule_names)]
QueueName = Annotated[str, typer.Argument(metavar="NAME", autocompletion=completion.queue_names)]

CREATE_EXAMPLE = "nightly-cleanup cleanup --cron '0 3 * * *' --timezone Europe/Berlin"
SHORT_CHARS = 80
"""JSON that is no longer stands in one line."""


def add_to(app: typer.Typer) -> None:
    for name, whole, example, parts in (
        ("job-types", job_types, "show send-welcome-email", JOB_TYPE_COMMANDS),
        ("queues", queues, "pause emails", QUEUE_COMMANDS),
        ("schedules", schedules, "next nightly-cleanup", SCHEDULE_COMMANDS),
    ):
        group = typer.Typer(rich_markup_mode=None)
        group.callback(invoke_without_command=True, epilog=f"Example: blazy-jobs {name} {example}")(at_server(whole))
        for verb, work in parts.items():
            words = CREATE_EXAMPLE if work is create_schedule else example.split()[1]
            group.command(verb, epilog=f"Example: blazy-jobs {name} {verb} {words}")(at_server(work))
        app.add_typer(group, name=name)


def job_types(session: Session) -> None:
    """List the job types, or show, pause, resume or retire one."""

    def table(page: list[dict[str, Any]], header: bool) -> Table:
        from blazy_jobs.cli import tables

        return tables.job_types(page, header)

    _list(session, "/v1/job-types", table, "No job types: a worker or an API call registers them.")


def show_job_type(session: Session, name: JobTypeName) -> None:
    """Show a job type's definition."""
    _one(session, _definition(session, "GET", name))


def pause_job_type(session: Session, name: JobTypeName) -> None:
    """Pause it: its runs wait; those in progress continue."""
    _changed(session, _definition(session, "POST", name, "/pause"))


def resume_job_type(session: Session, name: JobTypeName) -> None:
    """Resume it: its runs start again."""
    _changed(session, _definition(session, "POST", name, "/resume"))


def rotate_job_type_secret(
    session: Session,
    name: JobTypeName,
    overlap: Annotated[
        float | None,
        typer.Option(
            parser=duration, metavar="SECONDS", help="How long the old secret signs too: 0, 30s, 10m, 1d (default)."
        ),
    ] = None,
) -> None:
    """Give its HTTP handler another signing secret and print it."""
    found = session.client.job_types.rotate_secret(identifier(name, "the name of a job type"), overlap=overlap)
    if session.out.json:
        session.out.record(dict(found))
    else:
        session.out.line(safe(found["secret"]))


def retire_job_type(session: Session, name: JobTypeName) -> None:
    """Retire a job type; its runs remain readable. Refused while it has unfinished runs."""
    _definition(session, "DELETE", name)
    if session.out.json:
        session.out.record({"name": name, "retired": True})
    else:
        session.out.line(safe(name), ("  retired", "yellow"))


def queues(session: Session) -> None:
    """List the queues with their counts, or show, change, pause or resume one."""

    def table(page: list[dict[str, Any]], header: bool) -> Table:
        from blazy_jobs.cli import tables

        return tables.queues(page, header)

    _list(session, "/v1/queues", table, "No queues: one comes into being when it is first used.")


def show_queue(session: Session, name: QueueName) -> None:
    """Show a queue, its limits and its counts."""
    _one(session, _queue(session, "GET", name))


def pause_queue(session: Session, name: QueueName) -> None:
    """Pause the queue: its runs wait; those in progress continue."""
    _changed(session, _queue(session, "POST", name, "/pause"))


def resume_queue(session: Session, name: QueueName) -> None:
    """Resume the queue: its runs start again."""
    _changed(session, _queue(session, "POST", name, "/resume"))


def set_queue(
    session: Session,
    name: QueueName,
    concurrency: Annotated[
        str | None, typer.Option("--concurrency", metavar="N", help="So many of its runs at a time; `none`: no limit.")
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="RATE", help="So many starts in a time: 100/m, 5/s, 3/10s; `none`: no limit."),
    ] = None,
    max_queued: Annotated[
        str | None, typer.Option("--max-queued", metavar="N", help="So many runs that wait; `none`: no limit.")
    ] = None,
) -> None:
    """Change the limits of a queue; what is left out is not changed."""
    changes: QueueChanges = {}
    if concurrency is not None:
        changes["concurrency"] = limit(concurrency, "--concurrency")
    if rate is not None:
        changes["rate_limit"] = rate_limit(rate, "--rate")
    if max_queued is not None:
        changes["max_queued"] = limit(max_queued, "--max-queued")
    if not changes:
        raise failures.Unusable("say what to change: --concurrency, --rate or --max-queued")
    _one(session, session.client.queues.change(identifier(name, "the name of a queue"), **changes))


def schedules(session: Session) -> None:
    """List the schedules, or create, show, pause, resume, trigger or delete one, or list its next fire times."""

    def table(page: list[dict[str, Any]], header: bool) -> Table:
        from blazy_jobs.cli import tables

        return tables.schedules(page, header)

    _list(session, "/v1/schedules", table, "No schedules: code declares them, or `schedules create` makes one.")


def show_schedule(session: Session, name: ScheduleName) -> None:
    """Show a schedule and its state."""
    _one(session, _schedule(session, "GET", name))


def pause_schedule(session: Session, name: ScheduleName) -> None:
    """Pause it: it does not fire."""
    _changed(session, _schedule(session, "POST", name, "/pause"))


def resume_schedule(session: Session, name: ScheduleName) -> None:
    """Resume it: it fires at its next fire time; missed ones are not caught up."""
    _changed(session, _schedule(session, "POST", name, "/resume"))


def trigger_schedule(session: Session, name: ScheduleName) -> None:
    """Dispatch a run of it now."""
    run = session.client.schedules.trigger(identifier(name, SCHEDULE))
    if session.out.json:
        session.out.record(run.data)
    else:
        session.out.line(safe(run.id), ("  dispatched", "green"))


def next_of_schedule(
    session: Session, name: ScheduleName, count: Annotated[int, typer.Option(min=1, max=1000)] = 10
) -> None:
    """List its next fire times."""
    for time in _schedule(session, "GET", name, f"/next?count={count}")["data"]:
        if session.out.json:
            session.out.record({"at": time})
        else:
            session.out.line(safe(time))


def delete_schedule(session: Session, name: ScheduleName) -> None:
    """Delete it; its runs are kept."""
    _schedule(session, "DELETE", name)
    if session.out.json:
        session.out.record({"name": name, "deleted": True})
    else:
        session.out.line(safe(name), ("  deleted", "yellow"))


JOB_TYPE_COMMANDS: dict[str, Callable[..., None]] = {
    "show": show_job_type,
    "pause": pause_job_type,
    "resume": resume_job_type,
    "rotate": rotate_job_type_secret,
    "retire": retire_job_type,
}
QUEUE_COMMANDS: dict[str, Callable[..., None]] = {
    "show": show_queue,
    "set": set_queue,
    "pause": pause_queue,
    "resume": resume_queue,
}
SCHEDULE_COMMANDS: dict[str, Callable[..., None]] = {
    "create": create_schedule,
    "show": show_schedule,
    "next": next_of_schedule,
    "trigger": trigger_schedule,
    "pause": pause_schedule,
    "resume": resume_schedule,
    "delete": delete_schedule,
}
SCHEDULE = "the name of a schedule"


def _definition(session: Session, method: str, name: str, verb: str = "") -> Any:
    path = f"/v1/job-types/{identifier(name, 'the name of a job type')}{verb}"
    return session.ask(method, path, repeatable=True)


def _queue(session: Session, method: str, name: str, verb: str = "") -> Any:
    return session.ask(method, f"/v1/queues/{identifier(name, 'the name of a queue')}{verb}", repeatable=True)


def _schedule(session: Session, method: str, name: str, verb: str = "") -> Any:
    return session.ask(method, f"/v1/schedules/{identifier(name, SCHEDULE)}{verb}", repeatable=True)


def _list(session: Session, path: str, table: Callable[[list[dict[str, Any]], bool], Table], nothing: str) -> None:
    none = True
    for page in session.pages(path, None):
        if session.out.json:
            for item in page:
                session.out.record(item)
        elif page:
            session.out.show(table(page, none))
        none = none and not page
    if none and not session.out.json:
        session.out.line((nothing, "dim"))


def _one(session: Session, item: dict[str, Any]) -> None:
    if session.out.json:
        session.out.record(item)
        return
    session.out.line((safe(item["name"]), "bold"), ("  paused", "yellow") if item["paused"] else "")
    for name, value in item.items():
        if name not in ("name", "paused") and value not in (None, [], {}):
            first, *rest = _value_lines(value)
            session.out.line((f"  {safe(name):<19}", "dim"), first)
            for text in rest:
                session.out.line(f"{'':21}{text}")


def _value_lines(value: Any) -> list[str]:
    if not isinstance(value, dict | list):
        return [safe(value)]
    line = json_line(value)
    return [line] if len(line) <= SHORT_CHARS else json_lines(value)


def _changed(session: Session, item: dict[str, Any]) -> None:
    if session.out.json:
        session.out.record(item)
    else:
        state = ("  paused", "yellow") if item["paused"] else ("  goes on", "green")
        session.out.line(safe(item["name"]), state)
