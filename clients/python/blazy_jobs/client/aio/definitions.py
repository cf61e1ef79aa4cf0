"""`client.job_types`, `client.queues` and `client.schedules` of the asynchronous client."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from blazy_jobs.client import bodies, calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.aio.run import AsyncRun
from blazy_jobs.client.calls import Call
from blazy_jobs.declared import Declared
from blazy_jobs.schedule import Schedule


class AsyncJobTypes:
    """`client.job_types`. Definitions are dicts as api.md shows them; their fields are given by the names there."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[dict[str, Any]]:
        """Newest first, page by page."""
        async for job_type in self._client.pages("/v1/job-types", {}):
            yield job_type

    async def get(self, job: str | Declared) -> dict[str, Any]:
        """Raises ApiError `job_type_not_found`, as all that follow do."""
        return await self._ask(Call("GET", calls.path_of_job_type(job)))

    async def register(self, job: str | Declared, **fields: Any) -> dict[str, Any]:
        """A new one: of a `Job`, or of this name, whose runs workers take. Raises ApiError `job_type_exists`."""
        return await self._ask(calls.register_job_type(job, fields))

    async def put(self, job: str | Declared, **fields: Any) -> dict[str, Any]:
        """Registers or replaces; what is left out is the server's default."""
        return await self._ask(calls.put_job_type(job, fields))

    async def change(self, job: str | Declared, **fields: Any) -> dict[str, Any]:
        """Changes only these fields."""
        return await self._ask(calls.change_job_type(job, fields))

    async def pause(self, job: str | Declared) -> dict[str, Any]:
        """Holds its runs back; those that run go on."""
        return await self._ask(Call("POST", calls.path_of_job_type(job, "/pause")))

    async def resume(self, job: str | Declared) -> dict[str, Any]:
        return await self._ask(Call("POST", calls.path_of_job_type(job, "/resume")))

    async def retire(self, job: str | Declared) -> None:
        """Its name is free again, its runs stay. Raises ApiError `job_type_in_use` while runs of it are unfinished."""
        await self._ask(Call("DELETE", calls.path_of_job_type(job)))

    async def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = await self._client.request(call.method, call.path, **call.options())
        return answer


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
        return await self._ask(Call("GET", calls.path_of_queue(name)))

    async def put(self, name: str, **fields: Any) -> dict[str, Any]:
        """Makes it where it is not there, and sets these fields."""
        return await self._ask(calls.put_queue(name, fields))

    async def pause(self, name: str) -> dict[str, Any]:
        """Holds the runs in it back; those that run go on."""
        return await self._ask(Call("POST", calls.path_of_queue(name, "/pause")))

    async def resume(self, name: str) -> dict[str, Any]:
        return await self._ask(Call("POST", calls.path_of_queue(name, "/resume")))

    async def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = await self._client.request(call.method, call.path, **call.options())
        return answer


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
        return await self._ask(Call("GET", calls.path_of_schedule(name)))

    async def create(
        self, name: str, job: str | Declared, schedule: Schedule | None = None, /, **fields: Any
    ) -> dict[str, Any]:
        """Raises ApiError `schedule_exists`."""
        return await self._ask(calls.create_schedule(name, job, schedule, fields))

    async def put(
        self, name: str, job: str | Declared, schedule: Schedule | None = None, /, **fields: Any
    ) -> dict[str, Any]:
        """Makes or replaces it; what is left out is the server's default."""
        return await self._ask(calls.put_schedule(name, job, schedule, fields))

    async def change(self, name: str, schedule: Schedule | None = None, /, **fields: Any) -> dict[str, Any]:
        """Changes only what is given."""
        return await self._ask(calls.change_schedule(name, schedule, fields))

    async def pause(self, name: str) -> dict[str, Any]:
        """Its times pass without a run."""
        return await self._ask(Call("POST", calls.path_of_schedule(name, "/pause")))

    async def resume(self, name: str) -> dict[str, Any]:
        """From the next time on; nothing is made up for."""
        return await self._ask(Call("POST", calls.path_of_schedule(name, "/resume")))

    async def trigger(self, name: str, *, idempotency_key: str | None = None) -> AsyncRun:
        """A run now."""
        headers = bodies.post_headers(idempotency_key)
        path = calls.path_of_schedule(name, "/trigger")
        return AsyncRun(self._client, await self._client.request("POST", path, headers=headers))

    async def next(self, name: str, count: int = 10) -> builtins.list[datetime]:
        """When it fires."""
        return calls.times(await self._ask(Call("GET", calls.path_of_schedule(name, f"/next?count={count}"))))

    async def preview(self, schedule: Schedule, count: int = 10) -> builtins.list[datetime]:
        """When a schedule would fire; nothing is stored."""
        return calls.times(await self._ask(calls.preview(schedule, count)))

    async def delete(self, name: str) -> None:
        """Its runs stay."""
        await self._ask(Call("DELETE", calls.path_of_schedule(name)))

    async def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = await self._client.request(call.method, call.path, **call.options())
        return answer
