"""The calls of `client.job_types`, `client.queues` and `client.schedules`, written once for both clients.

All of these are given as the API shows them, in dicts, so that what a newer server adds is there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from blazy_jobs.client import bodies
from blazy_jobs.declared import Declared
from blazy_jobs.schedule import Schedule


class Call(NamedTuple):
    """`body` is JSON text. All of these can be sent twice."""

    method: str
    path: str
    body: bytes | None = None

    def options(self) -> dict[str, Any]:
        """For `Client.request`."""
        if self.body is None:
            return {"repeatable": True}
        return {"repeatable": True, "content": self.body, "headers": {"Content-Type": "application/json"}}


def path_of_job_type(job: str | Declared, verb: str = "") -> str:
    return f"/v1/job-types/{quote(bodies.name_of_job(job), safe='')}{verb}"


def path_of_queue(name: str, verb: str = "") -> str:
    return f"/v1/queues/{quote(name, safe='')}{verb}"


def job_type_fields(job: str | Declared, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A whole definition: that of a `Job`, or a worker's by this name; `fields` as api.md names them win."""
    known = job.definition() if isinstance(job, Declared) else {"name": job, "handler": {"kind": "worker"}}
    return {**known, **fields}


def register_job_type(job: str | Declared, fields: Mapping[str, Any]) -> Call:
    return Call("POST", "/v1/job-types", bodies.content(job_type_fields(job, fields)))


def put_job_type(job: str | Declared, fields: Mapping[str, Any]) -> Call:
    return Call("PUT", path_of_job_type(job), bodies.content(job_type_fields(job, fields)))


def change_job_type(job: str | Declared, fields: Mapping[str, Any]) -> Call:
    return Call("PATCH", path_of_job_type(job), bodies.content(fields))


def put_queue(name: str, fields: Mapping[str, Any]) -> Call:
    return Call("PUT", path_of_queue(name), bodies.content(fields))


def path_of_schedule(name: str, verb: str = "") -> str:
    return f"/v1/schedules/{quote(name, safe='')}{verb}"


def schedule_fields(
    name: str, job: str | Declared, schedule: Schedule | None, fields: Mapping[str, Any]
) -> dict[str, Any]:
    job_type = bodies.name_of_job(job)
    known = {"name": name, "job_type": job_type} if schedule is None else schedule.definition(name, job_type)
    return {**known, **fields}


def create_schedule(name: str, job: str | Declared, schedule: Schedule | None, fields: Mapping[str, Any]) -> Call:
    return Call("POST", "/v1/schedules", bodies.content(schedule_fields(name, job, schedule, fields)))


def put_schedule(name: str, job: str | Declared, schedule: Schedule | None, fields: Mapping[str, Any]) -> Call:
    return Call("PUT", path_of_schedule(name), bodies.content(schedule_fields(name, job, schedule, fields)))


def change_schedule(name: str, schedule: Schedule | None, fields: Mapping[str, Any]) -> Call:
    changes = {**(schedule.fields if schedule is not None else {}), **fields}
    return Call("PATCH", path_of_schedule(name), bodies.content(changes))


def preview(schedule: Schedule, count: int) -> Call:
    known = {
        name: schedule.fields[name] for name in ("trigger", "timezone", "start_at", "end_at") if name in schedule.fields
    }
    return Call("POST", "/v1/schedules/preview", bodies.content({**known, "count": count}))


def times(answer: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(time) for time in answer["data"]]
