"""What a caller is shown of runs and schedules: without the scope `runs:reveal`, not what their job types redact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from msgspec.structs import replace

from blazy_jobs_server.api import render
from blazy_jobs_server.api.requests import canonical
from blazy_jobs_server.domain.errors import Forbidden, InvalidRequest
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.job_type import Definition
from blazy_jobs_server.domain.keys import Caller, Scope
from blazy_jobs_server.domain.redaction import (
    EVERYTHING,
    NothingKept,
    covers,
    redacted,
    redacted_event,
    redacted_run,
    restored,
)
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.engine.jobs import Jobs


def run_json(jobs: Jobs, caller: Caller, run: Run, *, brief: bool = False) -> str:
    pointers = hidden_from(jobs, caller, run.job_type)
    return render.run_json(redacted_run(run, pointers) if pointers else run, jobs.wait_reason(run), brief=brief)


def hidden_for(jobs: Jobs, caller: Caller) -> Callable[[str], tuple[str, ...]] | None:
    """`hidden_from` of any job type; None: nothing is hidden."""
    return None if caller.may(Scope.REVEAL) else jobs.catalogue.redacts


def hidden_from(jobs: Jobs, caller: Caller, job_type: str) -> tuple[str, ...]:
    pointers = jobs.catalogue.redacts(job_type)
    return () if not pointers or caller.may(Scope.REVEAL) else pointers


def event_of(jobs: Jobs, caller: Caller, event: Event) -> Event:
    pointers = hidden_from(jobs, caller, event.job_type)
    return redacted_event(event, pointers) if pointers else event


def schedule_of(jobs: Jobs, caller: Caller, schedule: Schedule) -> Schedule:
    return masked(schedule, hidden_from(jobs, caller, schedule.definition.job_type))


def masked(schedule: Schedule, pointers: tuple[str, ...]) -> Schedule:
    definition = schedule.definition
    payload = redacted(definition.payload, pointers)
    if payload is definition.payload:
        return schedule
    return replace(schedule, definition=replace(definition, payload=payload))


# -- writing


def _gives_what_is_hidden(payload: str, pointers: tuple[str, ...]) -> bool:
    """Whether something else than the mask stands at one of the pointers."""
    hidden = redacted(payload, pointers)
    return hidden is not payload and not _are_same(hidden, payload)


def check_definition(jobs: Jobs, caller: Caller, definition: Definition) -> None:
    """Who is not shown something cannot take away that it is hidden, nor ask for it by what schemas accept. Raises
    Forbidden."""
    last = jobs.catalogue.last(definition.name)
    if last is None or caller.may(Scope.REVEAL):
        return
    if not covers(definition.redact, last.redact):
        raise Forbidden(f"To redact less than before, a key needs the scope {Scope.REVEAL}.")
    if last.redact and not _has_schemas_of(definition, last):
        raise Forbidden(f"To change the schemas of a job type that redacts, a key needs the scope {Scope.REVEAL}.")


def _has_schemas_of(one: Definition, other: Definition) -> bool:
    mine, others = ([d.payload_schema, d.result_schema] for d in (one, other))
    return canonical(mine) == canonical(others)


def known_payload(jobs: Jobs, run: Run, payload: Any) -> str:
    """A payload to be given to a run's replay (as JSON text): a mask in it stands for what the run has there. Raises
    InvalidRequest where it has nothing."""
    try:
        return restored(orjson.dumps(payload).decode(), run.payload, jobs.catalogue.redacts(run.job_type))
    except NothingKept as nothing:
        message = "stands for a value that is not shown, and none is known here: give the value"
        raise InvalidRequest.at(f"/payload{nothing.pointer}", message, "redacted_value") from None


def with_known_values(
    jobs: Jobs,
    caller: Caller,
    known: ScheduleDefinition | None,
    asked: ScheduleDefinition,
    path: str = "",
    definition_of: Callable[[str], Definition | None] | None = None,
) -> ScheduleDefinition:
    """A schedule to be written, to a job type as `definition_of` has it (else as it is now): a mask in its payload
    stands for what was there before. A value that the caller gives for one that it is not shown always counts as
    another: else it could guess. Raises InvalidRequest where nothing was there, and where a payload that the caller is
    not shown would go to a job type that does not hide it, or that tells by its schema what it is."""
    definition = (definition_of or jobs.catalogue.last)(asked.job_type)
    to_be_hidden = EVERYTHING if definition is None else definition.redact
    try:
        payload = restored(asked.payload, None if known is None else known.payload, to_be_hidden)
    except NothingKept as nothing:
        message = "stands for a value that is not shown, and none is known here: give the value"
        raise InvalidRequest.at(f"{path}/payload{nothing.pointer}", message, "redacted_value") from None
    if known is None or (payload is known.payload and asked.job_type == known.job_type):
        return replace(asked, payload=payload)
    is_kept = asked.payload is known.payload
    if asked.job_type != known.job_type and (is_kept or payload is not asked.payload):
        hidden = hidden_from(jobs, caller, known.job_type)
        before = jobs.catalogue.last(known.job_type)
        tells = before is None or definition is None or not _has_schemas_of(before, definition)
        shows = is_kept and not covers(to_be_hidden, hidden)
        if (tells or shows) and redacted(known.payload, hidden) is not known.payload:
            message = "must be given anew for another job type: this key is not shown all of it"
            raise InvalidRequest.at(f"{path}/payload", message, "redacted_value")
    if _are_same(payload, known.payload):
        guesses = not (is_kept or caller.may(Scope.REVEAL)) and _gives_what_is_hidden(asked.payload, to_be_hidden)
        payload = _written_otherwise(known.payload) if guesses else known.payload
    return replace(asked, payload=payload)


def _are_same(payload: str, other: str) -> bool:
    return canonical(orjson.loads(payload)) == canonical(orjson.loads(other))


def _written_otherwise(text: str) -> str:
    """The same JSON value, which is not the same text."""
    return text[:-1] if text.endswith(" ") else f"{text} "
