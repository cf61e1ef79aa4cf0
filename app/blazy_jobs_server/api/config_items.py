"""Job types, queues, schedules and webhooks as a configuration has them, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from msgspec import to_builtins
from msgspec.structs import replace

from blazy_jobs_server.api import render
from blazy_jobs_server.api.requests import canonical
from blazy_jobs_server.api.schedules import schedule_json
from blazy_jobs_server.api.webhooks import webhook_json
from blazy_jobs_server.domain.config import Step, Thing
from blazy_jobs_server.domain.job_type import Definition, JobType, Queue
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.domain.webhook import Webhook

_STATE = (
    "version",
    "source",
    "created_at",
    "updated_at",
    "orphaned",
    "next_fire_at",
    "last_fire_at",
    "last_run_id",
    "last_skipped_at",
    "missed",
)
"""What is answered of them beside, and nobody configures."""
_WHOLE = ("payload", "payload_schema", "result_schema", "handler")
"""Fields that are compared as one value, however deep."""
_REQUIRED = ("handler", "job_type", "trigger", "url")


def job_type(found: JobType) -> dict[str, Any]:
    return _without_state(render.job_type_json(found))


def queue(found: Queue) -> dict[str, Any]:
    return {
        "name": found.name,
        "engine": found.engine,
        **render.limits_json(found.limits),
        "bullmq": None if found.bullmq is None else to_builtins(found.bullmq),
        "paused": found.paused,
    }


def schedule(found: Schedule) -> dict[str, Any]:
    return _without_state(orjson.loads(schedule_json(found)))


def webhook(found: Webhook) -> dict[str, Any]:
    answer = webhook_json(found)
    return {name: answer[name] for name in ("name", "url", "events", "job_types", "queues", "include", "enabled")}


def _without_state(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in _STATE}


def exported(found: Thing) -> dict[str, Any]:
    """`paused` is there only where it is so: a document that does not say it leaves a pause to those who made it."""
    item = _item(found)
    if isinstance(found, Webhook):
        if found.enabled or found.disabled_reason is not None:
            del item["enabled"]  # what the server has disabled is no configuration
        return item | {"source": found.source, "owner": found.owner}
    if not item["paused"] or (isinstance(found, Queue) and found.bullmq is not None):
        del item["paused"]  # the pause of a queue in Redis is there, for all who use it
    if isinstance(found, Queue):
        return item
    return item | {"source": found.source, "owner": found.owner}


def _item(found: Thing) -> dict[str, Any]:
    if isinstance(found, JobType):
        return job_type(found)
    if isinstance(found, Webhook):
        return webhook(found)
    return queue(found) if isinstance(found, Queue) else schedule(found)


def changes(step: Step) -> list[dict[str, Any]]:
    """The fields in which the two differ; of a new one those that are not the default."""
    if step.after is None:
        return []
    after = _item(step.after)
    if step.before is None:
        before = {name: value for name, value in _item(_plain(step.after)).items() if name not in _REQUIRED}
    else:
        before = _item(step.before)
    return list(_differences(before, after, ""))


def _plain(found: Thing) -> Thing:
    """The same, as it would be if nothing but what must be was said of it."""
    definition: Any
    if isinstance(found, Queue):
        return Queue(name=found.name)
    if isinstance(found, Webhook):
        return Webhook(name=found.name, url=found.url)
    if isinstance(found, JobType):
        definition = Definition(name=found.name, handler=found.definition.handler)
        return replace(found, definition=definition, paused=False)
    trigger = replace(found.definition.plan, timezone="UTC", start_at=None, end_at=None)
    definition = ScheduleDefinition(name=found.name, job_type=found.definition.job_type, plan=trigger)
    return replace(found, definition=definition, paused=False)


def _differences(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    for name in {**before, **after}:
        was, now = before.get(name), after.get(name)
        if name in before and canonical(was) == canonical(now):
            continue
        if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys() and name not in _WHOLE:
            yield from _differences(was, now, f"{path}/{name}")
        else:
            yield {"path": f"{path}/{name}", "before": was, "after": now}
