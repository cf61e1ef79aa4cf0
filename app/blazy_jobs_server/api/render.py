"""Answers, written as JSON text: what is stored as JSON is passed through, not parsed and written again."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
from msgspec.json import encode
from msgspec.structs import replace

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.handler_secrets import UNCHANGED
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.job_type import Definition, JobType, Settings
from blazy_jobs_server.domain.keys import Actor
from blazy_jobs_server.domain.limits import Limits
from blazy_jobs_server.domain.run import STATE_NAMES, Run, State


def _instant(value: int | None) -> str:
    return "null" if value is None else f'"{rfc3339(value)}"'


def _text(value: str | None) -> str:
    return "null" if value is None else orjson.dumps(value).decode()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@lru_cache(maxsize=1024)
def _actor(created_by: str) -> str:
    actor = Actor.of(created_by)
    return orjson.dumps({"id": actor.id, "name": actor.name}).decode()


def run_json(run: Run, wait_reason: str | None = None, *, brief: bool = False) -> str:
    """`brief`: without payload, result and metadata."""
    worker = "null" if run.worker_id is None else f'"{ids.worker_id(run.worker_id)}"'
    replay_of = "null" if run.replay_of is None else f'"{ids.run_id(run.replay_of)}"'
    schedule = "null" if run.schedule is None else f'"{run.schedule}"'
    reason = "null" if wait_reason is None else f'"{wait_reason}"'
    created_by = "null" if run.created_by is None else _actor(run.created_by)
    given = "" if brief else f'"payload":{run.payload},"result":{run.result or "null"},'
    metadata = "" if brief else f'"metadata":{run.metadata},'
    return (
        f'{{"id":"{ids.run_id(run.id)}","job_type":"{run.job_type}","job_type_version":{run.version},'
        f'"queue":"{run.queue}","state":"{STATE_NAMES[run.state]}","priority":{run.priority},'
        f'{given}"error":{run.error or "null"},'
        f'"progress":{run.progress or "null"},"attempt":{run.attempt},'
        f'"max_attempts":{run.settings.retry.max_attempts},"losses":{run.losses},'
        f'"timeout_seconds":{_number(run.settings.timeout_seconds)},"due_at":"{rfc3339(run.due_at)}",'
        f'"expires_at":{_instant(run.expires_at)},"created_at":"{rfc3339(run.created_at)}","created_by":{created_by},'
        f'"started_at":{_instant(run.started_at)},"finished_at":{_instant(run.finished_at)},'
        f'"cancel_requested":{"true" if run.cancel_requested else "false"},"worker_id":{worker},"schedule":{schedule},'
        f'"replay_of":{replay_of},"dedupe_key":{_text(run.dedupe_key)},"tags":{run.tags},'
        f'{metadata}"cancel_reason":{_text(run.cancel_reason)},"wait_reason":{reason},'
        f'"resolved":{"false" if run.resolved_at is None else "true"},"resolved_at":{_instant(run.resolved_at)}}}'
    )


def fresh_run(job_type: JobType, settings: Settings, created_by: str | None) -> Run:
    """A run of the job type that says no more than its payload, as it is made, without its key, payload and time."""
    definition = job_type.definition
    return Run(
        0,
        0,
        definition.name,
        definition.queue,
        job_type.definition_id,
        job_type.version,
        settings,
        State.QUEUED,
        definition.priority,
        0,
        0,
        "",
        created_by=created_by,
    )


class FreshRuns:
    """`run_json` of runs that differ from a sample in key, payload and time only."""

    _PAYLOAD = "\0"
    """Which no JSON text has in it."""

    def __init__(self, sample: Run, wait_reason: str | None) -> None:
        blank = replace(sample, id=0, payload=self._PAYLOAD, due_at=0, created_at=0)
        before, after = run_json(blank, wait_reason).split(self._PAYLOAD)
        self._kind = before.removeprefix(f'{{"id":"{ids.run_id(0)}')
        self._settings, self._due, self._rest = after.split(rfc3339(0))

    def json(self, run_id: str, payload: str, at: int) -> str:
        instant = rfc3339(at)
        return f'{{"id":"{run_id}{self._kind}{payload}{self._settings}{instant}{self._due}{instant}{self._rest}'


def lease_json(run: Run) -> str:
    return (
        f'{{"run":{run_json(run)},"attempt":{run.attempt},"claim":{run.claims},"lease_token":"{run.lease_token}",'
        f'"lease_until":{_instant(run.lease_until)},"deadline_at":{_instant(run.deadline_at)},'
        f'"alone":{"true" if run.alone else "false"}}}'
    )


def batch_json(batch: Batch) -> str:
    run_ids = '","'.join(ids.run_ids(batch.run_ids))
    return (
        f'{{"job_type":"{batch.job_type}","job_type_version":{batch.version},"queue":"{batch.queue}","attempt":1,'
        f'"max_attempts":{batch.settings.retry.max_attempts},'
        f'"timeout_seconds":{_number(batch.settings.timeout_seconds)},"lease_token":"{batch.token}",'
        f'"lease_until":{_instant(batch.lease_until)},"deadline_at":{_instant(batch.deadline_at)},'
        f'"run_ids":["{run_ids}"],"payloads":[{batch.payloads}]'
        f"{_column('tags', batch.run_ids, batch.tags, '[]')}"
        f"{_column('metadata', batch.run_ids, batch.metadata, '{}')}}}"
    )


def _column(name: str, run_ids: list[int], texts: dict[int, str], default: str) -> str:
    """Left out where no run has any."""
    if not texts:
        return ""
    return f',"{name}":[{",".join([texts.get(run_id, default) for run_id in run_ids])}]'


def brief_json(run_id: int, state: State) -> str:
    return f'{{"id":"{ids.run_id(run_id)}","state":"{STATE_NAMES[state]}"}}'


def limits_json(limits: Limits) -> dict[str, Any]:
    rate = limits.rate_limit
    return {
        "concurrency": limits.concurrency,
        "rate_limit": None if rate is None else {"limit": rate.limit, "per_seconds": rate.per_seconds},
        "max_queued": limits.max_queued,
    }


def job_type_json(job_type: JobType) -> dict[str, Any]:
    shown = definition_json(job_type.definition)
    last = {name: shown.pop(name) for name in ("tags", "redact")}
    return (
        shown
        | {"paused": job_type.paused}
        | last
        | {
            "version": job_type.version,
            "source": job_type.source,
            "created_at": rfc3339(job_type.created_at),
            "updated_at": rfc3339(job_type.updated_at),
        }
    )


def definition_json(definition: Definition) -> dict[str, Any]:
    handler: dict[str, Any] = {"kind": definition.handler.kind}
    if definition.handler.kind == "http":
        handler |= {
            "url": definition.handler.url,
            "headers": dict.fromkeys(definition.handler.headers, UNCHANGED),
            "completion": definition.handler.completion,
            "heartbeat_seconds": definition.handler.heartbeat_seconds,
        }
    return {
        "name": definition.name,
        "description": definition.description,
        "handler": handler,
        "queue": definition.queue,
        "priority": definition.priority,
        "retry": orjson.loads(encode(definition.retry)),
        "timeout_seconds": definition.timeout_seconds,
        "expires_seconds": definition.expires_seconds,
        "payload_schema": definition.payload_schema,
        "result_schema": definition.result_schema,
        "retention_seconds": definition.retention_seconds,
        "retention_failed_seconds": definition.retention_failed_seconds,
        "concurrency": definition.concurrency,
        "tags": list(definition.tags),
        "redact": list(definition.redact),
    }


def page_json(items: list[str], next_cursor: str | None, searched: str | None = None) -> bytes:
    """`searched`: what a search for text has looked at (JSON text)."""
    cursor = "null" if next_cursor is None else f'"{next_cursor}"'
    search = "" if searched is None else f',"searched":{searched}'
    return f'{{"data":[{",".join(items)}],"next_cursor":{cursor}{search}}}'.encode()
