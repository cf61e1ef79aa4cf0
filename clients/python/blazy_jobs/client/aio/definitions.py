"""`client.job_types`, `client.queues` and `client.schedules` of the asynchronous client."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.aio.run import AsyncRun
from blazy_jobs.client.fields import (
    JobTypeFields,
    JobTypeSecret,
    QueueChanges,
    QueueFields,
    ScheduleChanges,
    ScheduleFields,
)
from blazy_jobs.declared import JobName
from blazy_jobs.options import Seconds
from blazy_jobs.schedule import Schedule


class AsyncJobTypes:
    """`client.job_types`. Definitions are dicts as api.md shows them; their fields are given by the names there."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[dict[str, Any]]:
        """Newest first, page by page."""
        async for job_type in self._client.pages("/v1/job-types", {}):
            yield job_type

    async def get(self, job: JobName) -> dict[str, Any]:
        """Raises ApiError `job_type_not_found`, as all that follow do."""
        return await self._client.ask(calls.get_job_type(job))

    async def register(self, job: JobName, **fields: Unpack[JobTypeFields]) -> dict[str, Any]:
        """A new one: of a `Job`, or of this name, whose runs workers take. Raises ApiError `job_type_exists`."""
        return await self._client.ask(calls.register_job_type(job, fields))

    async def put(self, job: JobName, **fields: Unpack[JobTypeFields]) -> dict[str, Any]:
        """Registers or replaces; what is left out is the server's default."""
        return await self._client.ask(calls.put_job_type(job, fields))

    async def change(self, job: JobName, **fields: Unpack[JobTypeFields]) -> dict[str, Any]:
        """Changes only these fields."""
        return await self._client.ask(calls.change_job_type(job, fields))

    async def pause(self, job: JobName) -> dict[str, Any]:
        """Holds its runs back; those that run go on."""
        return await self._client.ask(calls.pause_job_type(job))

    async def resume(self, job: JobName) -> dict[str, Any]:
        return await self._client.ask(calls.resume_job_type(job))

    async def rotate_secret(self, job: JobName, *, overlap: Seconds | None = None) -> JobTypeSecret:
        """Another secret for its HTTP handler; the one before signs too for `overlap`, a day where nothing is said.
        Raises ApiError `rotation_pending` where two sign already."""
        return await self._client.ask(calls.rotate_job_type_secret(job, overlap))

    async def forget_previous_secret(self, job: JobName) -> None:
        """Only the present secret signs from now on."""
        await self._client.ask(calls.forget_job_type_secret(job))

    async def retire(self, job: JobName) -> None:
        """Its name is free again, its runs stay. Raises ApiError `job_type_in_use` while runs of it are unfinished."""
        await self._client.ask(calls.retire_job_type(job))


class AsyncQueues:
    """`client.queues`. Queues are dicts as api.md shows them, with their counts."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[dict[str, Any]]:
        """Page by page."""
        async for queue in self._client.pages("/v1/queues", {}):
            yield queue

    async def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `queue_not_found`."""
        return await self._client.ask(calls.get_queue(name))

    async def put(self, name: str, **fields: Unpack[QueueFields]) -> dict[str, Any]:
        """Makes it where it is not there, and sets these fields; a limit that is not given ends."""
        return await self._client.ask(calls.put_queue(name, fields))

    async def change(self, name: str, **fields: Unpack[QueueChanges]) -> dict[str, Any]:
        """Changes only these fields. Raises ApiError `queue_not_found`."""
        return await self._client.ask(calls.change_queue(name, fields))

    async def pause(self, name: str) -> dict[str, Any]:
        """Holds the runs in it back; those that run go on."""
        return await self._client.ask(calls.pause_queue(name))

    async def resume(self, name: str) -> dict[str, Any]:
        return await self._client.ask(calls.resume_queue(name))


class AsyncSchedules:
    """`client.schedules`. Schedules are dicts as api.md shows them. When they fire is said by one of
    `blazy_jobs.schedule`, or by the fields `trigger` and `timezone`."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[dict[str, Any]]:
        """Newest first, page by page."""
        async for schedule in self._client.pages("/v1/schedules", {}):
            yield schedule

    async def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `schedule_not_found`, as all that follow do."""
        return await self._client.ask(calls.get_schedule(name))

    async def create(
        self, name: str, job: JobName, schedule: Schedule | None = None, /, **fields: Unpack[ScheduleFields]
    ) -> dict[str, Any]:
        """Raises ApiError `schedule_exists`."""
        return await self._client.ask(calls.create_schedule(name, job, schedule, fields))

    async def put(
        self, name: str, job: JobName, schedule: Schedule | None = None, /, **fields: Unpack[ScheduleFields]
    ) -> dict[str, Any]:
        """Makes or replaces it; what is left out is the server's default."""
        return await self._client.ask(calls.put_schedule(name, job, schedule, fields))

    async def change(
        self, name: str, schedule: Schedule | None = None, /, **fields: Unpack[ScheduleChanges]
    ) -> dict[str, Any]:
        """Changes only what is given."""
        return await self._client.ask(calls.change_schedule(name, schedule, fields))

    async def pause(self, name: str) -> dict[str, Any]:
        """Its times pass without a run."""
        return await self._client.ask(calls.pause_schedule(name))

    async def resume(self, name: str) -> dict[str, Any]:
        """From the next time on; nothing is made up for."""
        return await self._client.ask(calls.resume_schedule(name))

    async def trigger(self, name: str, *, idempotency_key: str | None = None) -> AsyncRun:
        """A run now."""
        return AsyncRun(self._client, await self._client.ask(calls.trigger_schedule(name, idempotency_key)))

    async def next(self, name: str, count: int = 10) -> builtins.list[datetime]:
        """When it fires."""
        return await self._client.ask(calls.next_times(name, count))

    async def preview(self, schedule: Schedule, count: int = 10) -> builtins.list[datetime]:
        """When a schedule would fire; nothing is stored."""
        return await self._client.ask(calls.preview(schedule, count))

    async def delete(self, name: str) -> None:
        """Its runs stay."""
        await self._client.ask(calls.delete_schedule(name))
