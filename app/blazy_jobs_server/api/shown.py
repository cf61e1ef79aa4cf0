"""What a caller is shown of runs and schedules: without the scope `runs:reveal`, not what their job types redact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from msgspec.structs import replace

from blazy_jobs_server.api import render
from blazy_jobs_server.domain.errors import Forbidden, InvalidRequest
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.job_type import Definition
from blazy_jobs_server.domain.keys import Caller, Scope
from blazy_jobs_server.domain.redaction import (
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


def check_definition(jobs: Jobs, caller: Caller, definition: Definition) -> None:
    """Who is not shown something cannot take away that it is hidden. Raises Forbidden."""
    if jobs.catalogue.has_met(definition.name):
        hidden = hidden_from(jobs, caller, definition.name)
        if not covers(definition.redact, hidden):
            raise Forbidden(f"To redact less than before, a key needs the scope {Scope.REVEAL}.")


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
    pointers_of: Callable[[str], tuple[str, ...]] | None = None,
) -> ScheduleDefinition:
    """A schedule to be written, to a job type that redacts what `pointers_of` says (else what it redacts now): a mask
    in its payload stands for what was there before. Raises InvalidRequest where nothing was, and where a payload that
    the caller is not shown would go to a job type that does not hide it."""
    to_be_hidden = (pointers_of or jobs.catalogue.redacts)(asked.job_type)
    try:
        payload = restored(asked.payload, None if known is None else known.payload, to_be_hidden)
    except NothingKept as nothing:
        message = "stands for a value that is not shown, and none is known here: give the value"
        raise InvalidRequest.at(f"{path}/payload{nothing.pointer}", message, "redacted_value") from None
    if known is not None and asked.job_type != known.job_type:
        hidden = hidden_from(jobs, caller, known.job_type)
        moved = redacted(known.payload, hidden) is not known.payload and payload == known.payload
        if moved and not covers(to_be_hidden, hidden):
            message = "must be given anew for another job type: this key is not shown all of it"
            raise InvalidRequest.at(f"{path}/payload", message, "redacted_value")
    return replace(asked, payload=payload)
