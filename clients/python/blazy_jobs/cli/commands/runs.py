"""dispatch, watch, runs, run, replay."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazy_jobs.cli import completion, describe
from blazy_jobs.cli.at_server import at_server
from blazy_jobs.cli.commands.bulk import query_of, with_filters
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.options import duration, header_text, identifier, instant
from blazy_jobs.cli.payload import read_payload
from blazy_jobs.cli.safe import json_lines, safe
from blazy_jobs.cli.session import Session

if TYPE_CHECKING:
    from blazy_jobs.client.sync.run import Run
    from blazy_jobs.options import DispatchOptions

LAST_EVENTS = 20

RunId = Annotated[str, typer.Argument(metavar="RUN_ID", autocompletion=completion.run_ids, show_default=False)]
Watch = Annotated[bool, typer.Option("--watch", help="Show its events until it has finished.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it has finished, and show it.")]
IdempotencyKey = Annotated[
    str | None, typer.Option(metavar="KEY", help="A repeated command with this key returns the same run.")
]


def add_to(app: typer.Typer) -> None:
    for work, epilog in (
        (dispatch, 'Example: blazy-jobs dispatch send-welcome-email \'{"userId": "123"}\' --watch'),
        (watch, "Example: blazy-jobs watch run_01k9zt6c4q7xw"),
        (runs, "Example: blazy-jobs runs --state failed --job-type send-welcome-email --limit 10"),
        (run, "Example: blazy-jobs run run_01k9zt6c4q7xw"),
        (explain, "Example: blazy-jobs explain run_01k9zt6c4q7xw"),
        (replay, "Example: blazy-jobs replay run_01k9zt6c4q7xw --wait"),
    ):
        app.command(work.__name__, epilog=epilog)(at_server(with_filters(work) if work is runs else work))


def dispatch(
    session: Session,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The job type.", autocompletion=completion.job_type_names, show_default=False
        ),
    ],
    payload: Annotated[
        str | None,
        typer.Argument(metavar="[JSON]", help="JSON, - for standard input, or @FILE. Default: null."),
    ] = None,
    watch: Watch = False,
    wait: Wait = False,
    queue: Annotated[
        str | None,
        typer.Option(
            "--queue", metavar="NAME", help="Default: that of the job type.", autocompletion=completion.queue_names
        ),
    ] = None,
    priority: Annotated[
        int | None, typer.Option(min=-100, max=100, metavar="N", help="From -100 to 100; higher starts first.")
    ] = None,
    delay: Annotated[
        float | None,
        typer.Option(parser=duration, metavar="SECONDS", help="Start it after this delay: 90, 30s, 10m, 2h, 1d."),
    ] = None,
    run_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Start it at this time: 2027-01-31T09:00:00+01:00, or ...Z.")
    ] = None,
    retry: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Number of retries after a failed attempt.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(parser=duration, metavar="SECONDS", help="Time limit of one attempt.")
    ] = None,
    expires: Annotated[
        float | None,
        typer.Option(parser=duration, metavar="SECONDS", help="The run fails if it has not started within this time."),
    ] = None,
    dedupe_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="If an unfinished run has this key, return that run instead.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Repeatable.")] = None,
    metadata: Annotated[list[str] | None, typer.Option(metavar="K=V", help="Repeatable.")] = None,
    idempotency_key: IdempotencyKey = None,
) -> int:
    """Dispatch a run of a job type, with a payload.

    A payload that begins with a dash goes after --, as in: dispatch count -- -5
    """
    _not_both(watch, wait)
    if delay is not None and run_at is not None:
        raise Unusable("--delay and --run-at both say when; give one")
    options: DispatchOptions = {
        "queue": queue,
        "priority": priority,
        "delay": delay,
        "run_at": instant(run_at, "--run-at"),
        "retry": retry,
        "timeout": timeout,
        "expires": expires,
        "dedupe_key": dedupe_key,
        "tags": tag or None,
        "metadata": _pairs(metadata or []),
        "idempotency_key": None if idempotency_key is None else header_text(idempotency_key, "--idempotency-key"),
    }
    name = identifier(name, "the name of a job type")
    content = read_payload(payload)
    run = session.client.dispatch(name, content, **options)
    return _made(session, run, watch, wait)


def watch(
    session: Session,
    run_id: RunId,
    after: Annotated[int, typer.Option(min=0, metavar="SEQ", help="Only events after this number.")] = 0,
) -> int:
    """Show a run's events until it has finished.

    The exit code is 0 when it completed, and 1 when it failed or was cancelled. Ctrl-C leaves the run alone.
    """
    from blazy_jobs.cli.follow import watch as follow

    return follow(session, _get(session, run_id), after)


def runs(
    session: Session,
    where: dict[str, Any],
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number of runs.")] = 20,
    all_: Annotated[bool, typer.Option("--all", help="All runs, without a limit.")] = False,
    cursor: Annotated[
        str | None, typer.Option("--cursor", metavar="CURSOR", help="Go on where an earlier search has stopped.")
    ] = None,
) -> None:
    """List runs, newest first."""
    searching = "q" in where
    pages = session.pages("/v1/runs", None if all_ else limit, **query_of(where), cursor=cursor)
    none = True
    for page in pages:
        if session.out.json:
            for item in page:
                session.out.record(item)
        elif page:
            from blazy_jobs.cli import tables

            session.out.show(tables.runs(page, session.out.console.width, header=none))
        none = none and not page
        session.out.flush()
        if searching and session.more:
            session.way_back = _searched(session)
    if searching and session.more:
        session.out.note(f"{_searched(session)}, or ask for more with --limit N or --all.")
    elif not session.out.json and (none or session.more):
        session.out.line(("No such runs." if none else "There are more: --limit N, or --all.", "dim"))


def _searched(session: Session) -> str:
    runs = f"{session.searched:,} {'run' if session.searched == 1 else 'runs'}"
    return f"searched the newest {runs}, not all of them: go on with --cursor {safe(session.cursor or '')}"


def run(session: Session, run_id: RunId) -> None:
    """Show a run, with its attempts and its last events."""
    found = _get(session, run_id)
    path = f"/v1/runs/{found.id}"
    attempts = [item for page in session.pages(f"{path}/attempts", None) for item in page]
    events = _last_events(session, path)
    if session.out.json:
        session.out.record({**found.data, "attempts": attempts, "events": events})
    else:
        _show(session, found.data, attempts, events)


def explain(session: Session, run_id: RunId) -> None:
    """Say why a run is where it is, what holds it back, and what can be done."""
    found = session.client.runs.explain(identifier(run_id, "the id of a run"))
    if session.out.json:
        session.out.record(found)
        return
    session.out.line((safe(found["summary"]), "bold"))
    said = {one["detail"] for one in found["blocking"] if one["detail"] in found["summary"]}
    for text in (*(one["detail"] for one in found["blocking"] if one["detail"] not in said), *found["facts"]):
        session.out.line("  ", safe(text))
    if found["next"] is not None:
        session.out.line(("  Next: ", "dim"), safe(found["next"]))
    for text in found["suggestions"]:
        session.out.line(("  → ", "cyan"), safe(text))


def replay(
    session: Session,
    run_id: RunId,
    watch: Watch = False,
    wait: Wait = False,
    idempotency_key: IdempotencyKey = None,
) -> int:
    """Dispatch a new run with the payload of an existing one."""
    _not_both(watch, wait)
    key = None if idempotency_key is None else header_text(idempotency_key, "--idempotency-key")
    return _made(session, _get(session, run_id).replay(idempotency_key=key), watch, wait)


def _made(session: Session, run: Run, watch: bool, wait: bool) -> int:
    from blazy_jobs.cli import follow

    if watch:
        if not session.out.json:
            session.out.line(*follow.run_parts(run.data))
        return follow.watch(session, run)
    if wait:
        return follow.wait(session, run)
    if session.out.json:
        session.out.record(run.data)
    else:
        session.out.line(*follow.run_parts(run.data))
        session.out.line((session.command("watch", safe(run.id)), "dim"))
    return 0


def _get(session: Session, run_id: str) -> Run:
    return session.client.runs.get(identifier(run_id, "the id of a run"))


def _not_both(watch: bool, wait: bool) -> None:
    if watch and wait:
        raise Unusable("--watch shows the events and --wait only the end; give one")


def _pairs(metadata: list[str]) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    for item in metadata:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise Unusable(f"--metadata: {item!r} is not of the form name=value")
        if name in pairs:
            raise Unusable(f"--metadata: {name!r} is there twice")
        pairs[name] = value
    return pairs or None


def _last_events(session: Session, path: str) -> list[dict[str, Any]]:
    """The log is read from its beginning, and its end kept."""
    last: deque[dict[str, Any]] = deque(maxlen=LAST_EVENTS)
    params: dict[str, Any] = {"limit": 200}
    while True:
        answer = session.ask("GET", f"{path}/events", params=params, headers={"Accept": "application/json"})
        if answer is None:  # 204
            return list(last)
        last.extend(answer["data"])
        if answer["next_cursor"] is None:
            return list(last)
        params["cursor"] = answer["next_cursor"]


def _show(session: Session, run: Mapping[str, Any], attempts: list[Any], events: list[Any]) -> None:
    from blazy_jobs.cli import tables, times
    from blazy_jobs.cli.follow import run_parts
    from blazy_jobs.client.event import Event

    out = session.out
    out.line(*run_parts(run), f"  {describe.brief(run)}" if run["state"] != "failed" else "")
    facts = {
        "queue": run["queue"],
        "priority": run["priority"] or "",
        "attempt": f"{run['attempt']} of {run['max_attempts']}" + (f", lost {run['losses']}x" if run["losses"] else ""),
        "created": times.relative(run["created_at"]),
        "due": times.relative(run["due_at"]) if run["state"] in ("scheduled", "retrying") else "",
        "started": times.relative(run["started_at"]),
        "finished": times.relative(run["finished_at"]),
        "took": times.length(run["started_at"], run["finished_at"]),
        "worker": run["worker_id"] or "",
        "schedule": run["schedule"] or "",
        "replay of": run["replay_of"] or "",
        "dedupe key": run["dedupe_key"] or "",
        "tags": ", ".join(run["tags"]),
        "metadata": " ".join(f"{name}={value}" for name, value in run["metadata"].items()),
    }
    for name, value in facts.items():
        if value != "":
            out.line((f"  {name:<11}", "dim"), safe(value))
    _show_value(session, "payload", run["payload"])
    if run["state"] == "completed":
        _show_value(session, "result", run["result"])
    if run["error"]:
        out.line(("error", "bold"))
        out.line("  ", (safe(describe.error_line(run["error"])), "red"))
        for text in describe.traceback_lines(run["error"]):
            out.line((f"  {text}", "dim"))
    if attempts:
        out.line(("attempts", "bold"))
        out.show(tables.attempts(attempts))
    out.line(("events" if len(events) < LAST_EVENTS else "the last events", "bold"))
    for event in (Event.read(item) for item in events):
        out.line((f"  {event.seq:>5}  {times.local(event.time)}  ", "dim"), *describe.event_parts(event))


def _show_value(session: Session, name: str, value: Any) -> None:
    session.out.line((name, "bold"))
    for text in json_lines(value):
        session.out.line(f"  {text}")
