"""`client.job_types`, `client.queues` and `client.schedules`."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.fields import (
    JobTypeFields,
    JobTypeSecret,
    QueueChanges,
    QueueFields,
    ScheduleChanges,
    ScheduleFields,
)
from blazy_jobs.client.sync.connection import Connection
from blazy_jobs.client.sync.run import Run
from blazy_jobs.declared import JobName
from blazy_jobs.options import Seconds
from blazy_jobs.schedule import Schedule


class JobTypes:
    """`client.job_types`. Definitions are dicts as api.md shows them; their fields are given by the names there."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/job-types", {})

    def get(self, job: JobName) -> dict[str, Any]:
        """Raises ApiError `job_type_not_found`, as all that follow do."""
        return self._client.ask(calls.get_job_type(job))

    def register(self, job: JobName, **fields: Unpack[JobTypeFields]) -> dict[str, Any]:
        """A new one: of a `Job`, or of this name, whose runs workers take. Raises ApiError `job_type_exists`."""
        return self._client.ask(calls.register_job_type(job, fields))

    def put(self, job: JobName, **fields: Unpack[JobTypeFields]) -> dict[str, Any]:
        """Registers or replaces; what is left out is the server's default."""
        return self._client.ask(calls.put_job_type(job, fields))

    def change(self, job: JobName, **fields: Unpack[JobTypeFields]) -> dict[str, Any]:
        """Changes only these fields."""
        return self._client.ask(calls.change_job_type(job, fields))

    def pause(self, job: JobName) -> dict[str, Any]:
        """Holds its runs back; those that run go on."""
        return self._client.ask(calls.pause_job_type(job))

    def resume(self, job: JobName) -> dict[str, Any]:
        return self._client.ask(calls.resume_job_type(job))

    def rotate_secret(self, job: JobName, *, overlap: Seconds | None = None) -> JobTypeSecret:
        """Another secret for its HTTP handler; the one before signs too for `overlap`, a day where nothing is said.
        Raises ApiError `rotation_pending` where two sign already."""
        return self._client.ask(calls.rotate_job_type_secret(job, overlap))

    def forget_previous_secret(self, job: JobName) -> None:
        """Only the present secret signs from now on."""
        self._client.ask(calls.forget_job_type_secret(job))

    def retire(self, job: JobName) -> None:
        """Its name is free again, its runs stay. Raises ApiError `job_type_in_use` while runs of it are unfinished."""
        self._client.ask(calls.retire_job_type(job))


class Queues:
    """`client.queues`. Queues are dicts as api.md shows them, with their counts."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Page by page."""
        yield from self._client.pages("/v1/queues", {})

    def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `queue_not_found`."""
        return self._client.ask(calls.get_queue(name))

    def put(self, name: str, **fields: Unpack[QueueFields]) -> dict[str, Any]:
        """Makes it where it is not there, and sets these fields; a limit that is not given ends."""
        return self._client.ask(calls.put_queue(name, fields))

    def change(self, name: str, **fields: Unpack[QueueChanges]) -> dict[str, Any]:
        """Changes only these fields. Raises ApiError `queue_not_found`."""
        return self._client.ask(calls.change_queue(name, fields))

    def pause(self, name: str) -> dict[str, Any]:
        """Holds the runs in it back; those that run go on."""
        return self._client.ask(calls.pause_queue(name))

    def resume(self, name: str) -> dict[str, Any]:
        return self._client.ask(calls.resume_queue(name))


class Schedules:
    """`client.schedules`. Schedules are dicts as api.md shows them. When they fire is said by one of
    `blazy_jobs.schedule`, or by the fields `trigger` and `timezone`."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/schedules", {})

    def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `schedule_not_found`, as all that follow do."""
        return self._client.ask(calls.get_schedule(name))

    def create(
        self, name: str, job: JobName, schedule: Schedule | None = None, /, **fields: Unpack[ScheduleFields]
    ) -> dict[str, Any]:
        """Raises ApiError `schedule_exists`."""
        return self._client.ask(calls.create_schedule(name, job, schedule, fields))

    def put(
        self, name: str, job: JobName, schedule: Schedule | None = None, /, **fields: Unpack[ScheduleFields]
    ) -> dict[str, Any]:
        """Makes or replaces it; what is left out is the server's default."""
        return self._client.ask(calls.put_schedule(name, job, schedule, fields))

    def change(
        self, name: str, schedule: Schedule | None = None, /, **fields: Unpack[ScheduleChanges]
    ) -> dict[str, Any]:
        """Changes only what is given."""
        return self._client.ask(calls.change_schedule(name, schedule, fields))

    def pause(self, name: str) -> dict[str, Any]:
        """Its times pass without a run."""
        return self._client.ask(calls.pause_schedule(name))

    def resume(self, name: str) -> dict[str, Any]:
        """From the next time on; nothing is made up for."""
        return self._client.ask(calls.resume_schedule(name))

    def trigger(self, name: str, *, idempotency_key: str | None = None) -> Run:
        """A run now."""
        return Run(self._client, self._client.ask(calls.trigger_schedule(name, idempotency_key)))

    def next(self, name: str, count: int = 10) -> builtins.list[datetime]:
        """When it fires."""
        return self._client.ask(calls.next_times(name, count))

    def preview(self, schedule: Schedule, count: int = 10) -> builtins.list[datetime]:
        """When a schedule would fire; nothing is stored."""
        return self._client.ask(calls.preview(schedule, count))

    def delete(self, name: str) -> None:
        """Its runs stay."""
        self._client.ask(calls.delete_schedule(name))
