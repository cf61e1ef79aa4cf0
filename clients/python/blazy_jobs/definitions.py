"""`client.job_types`, `client.queues` and `client.schedules`, for both clients."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from blazy_jobs import calls, wire
from blazy_jobs.calls import Call
from blazy_jobs.job import Job
from blazy_jobs.schedule import Schedule

if TYPE_CHECKING:
    from blazy_jobs.async_client import AsyncClient, AsyncRun
    from blazy_jobs.client import Client, Run


class JobTypes:
    """`client.job_types`. Definitions are dicts as api.md shows them; their fields are given by the names there."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/job-types", {})

    def get(self, job: str | Job) -> dict[str, Any]:
        """Raises ApiError `job_type_not_found`, as all that follow do."""
        return self._ask(Call("GET", calls.path_of_job_type(job)))

    def register(self, job: str | Job, **fields: Any) -> dict[str, Any]:
        """A new one: of a `Job`, or of this name, whose runs workers take. Raises ApiError `job_type_exists`."""
        return self._ask(calls.register_job_type(job, fields))

    def put(self, job: str | Job, **fields: Any) -> dict[str, Any]:
        """Registers or replaces; what is left out is the server's default."""
        return self._ask(calls.put_job_type(job, fields))

    def change(self, job: str | Job, **fields: Any) -> dict[str, Any]:
        """Changes only these fields."""
        return self._ask(calls.change_job_type(job, fields))

    def pause(self, job: str | Job) -> dict[str, Any]:
        """Holds its runs back; those that run go on."""
        return self._ask(Call("POST", calls.path_of_job_type(job, "/pause")))

    def resume(self, job: str | Job) -> dict[str, Any]:
        return self._ask(Call("POST", calls.path_of_job_type(job, "/resume")))

    def retire(self, job: str | Job) -> None:
        """Its name is free again, its runs stay. Raises ApiError `job_type_in_use` while runs of it are unfinished."""
        self._ask(Call("DELETE", calls.path_of_job_type(job)))

    def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.request(call.method, call.path, **call.options())
        return answer


class Queues:
    """`client.queues`. Queues are dicts as api.md shows them, with their counts."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Page by page."""
        yield from self._client.pages("/v1/queues", {})

    def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `queue_not_found`."""
        return self._ask(Call("GET", calls.path_of_queue(name)))

    def put(self, name: str, **fields: Any) -> dict[str, Any]:
        """Makes it where it is not there, and sets these fields."""
        return self._ask(calls.put_queue(name, fields))

    def pause(self, name: str) -> dict[str, Any]:
        """Holds the runs in it back; those that run go on."""
        return self._ask(Call("POST", calls.path_of_queue(name, "/pause")))

    def resume(self, name: str) -> dict[str, Any]:
        return self._ask(Call("POST", calls.path_of_queue(name, "/resume")))

    def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.request(call.method, call.path, **call.options())
        return answer


class Schedules:
    """`client.schedules`. Schedules are dicts as api.md shows them. When they fire is said by one of
    `blazy_jobs.schedule`, or by the fields `trigger` and `timezone`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/schedules", {})

    def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `schedule_not_found`, as all that follow do."""
        return self._ask(Call("GET", calls.path_of_schedule(name)))

    def create(self, name: str, job: str | Job, schedule: Schedule | None = None, /, **fields: Any) -> dict[str, Any]:
        """Raises ApiError `schedule_exists`."""
        return self._ask(calls.create_schedule(name, job, schedule, fields))

    def put(self, name: str, job: str | Job, schedule: Schedule | None = None, /, **fields: Any) -> dict[str, Any]:
        """Makes or replaces it; what is left out is the server's default."""
        return self._ask(calls.put_schedule(name, job, schedule, fields))

    def change(self, name: str, schedule: Schedule | None = None, /, **fields: Any) -> dict[str, Any]:
        """Changes only what is given."""
        return self._ask(calls.change_schedule(name, schedule, fields))

    def pause(self, name: str) -> dict[str, Any]:
        """Its times pass without a run."""
        return self._ask(Call("POST", calls.path_of_schedule(name, "/pause")))

    def resume(self, name: str) -> dict[str, Any]:
        """From the next time on; nothing is made up for."""
        return self._ask(Call("POST", calls.path_of_schedule(name, "/resume")))

    def trigger(self, name: str, *, idempotency_key: str | None = None) -> Run:
        """A run now."""
        headers = wire.post_headers(idempotency_key)
        path = calls.path_of_schedule(name, "/trigger")
        return self._client.run(self._client.request("POST", path, headers=headers))

    def next(self, name: str, count: int = 10) -> builtins.list[datetime]:
        """When it fires."""
        return _times(self._ask(Call("GET", calls.path_of_schedule(name, f"/next?count={count}"))))

    def preview(self, schedule: Schedule, count: int = 10) -> builtins.list[datetime]:
        """When a schedule would fire; nothing is stored."""
        return _times(self._ask(calls.preview(schedule, count)))

    def delete(self, name: str) -> None:
        """Its runs stay."""
        self._ask(Call("DELETE", calls.path_of_schedule(name)))

    def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.request(call.method, call.path, **call.options())
        return answer


class AsyncJobTypes:
    """`client.job_types`. Definitions are dicts as api.md shows them; their fields are given by the names there."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[dict[str, Any]]:
        """Newest first, page by page."""
        async for job_type in self._client.pages("/v1/job-types", {}):
            yield job_type

    async def get(self, job: str | Job) -> dict[str, Any]:
        """Raises ApiError `job_type_not_found`, as all that follow do."""
        return await self._ask(Call("GET", calls.path_of_job_type(job)))

    async def register(self, job: str | Job, **fields: Any) -> dict[str, Any]:
        """A new one: of a `Job`, or of this name, whose runs workers take. Raises ApiError `job_type_exists`."""
        return await self._ask(calls.register_job_type(job, fields))

    async def put(self, job: str | Job, **fields: Any) -> dict[str, Any]:
        """Registers or replaces; what is left out is the server's default."""
        return await self._ask(calls.put_job_type(job, fields))

    async def change(self, job: str | Job, **fields: Any) -> dict[str, Any]:
        """Changes only these fields."""
        return await self._ask(calls.change_job_type(job, fields))

    async def pause(self, job: str | Job) -> dict[str, Any]:
        """Holds its runs back; those that run go on."""
        return await self._ask(Call("POST", calls.path_of_job_type(job, "/pause")))

    async def resume(self, job: str | Job) -> dict[str, Any]:
        return await self._ask(Call("POST", calls.path_of_job_type(job, "/resume")))

    async def retire(self, job: str | Job) -> None:
        """Its name is free again, its runs stay. Raises ApiError `job_type_in_use` while runs of it are unfinished."""
        await self._ask(Call("DELETE", calls.path_of_job_type(job)))

    async def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = await self._client.request(call.method, call.path, **call.options())
        return answer


class AsyncQueues:
    """`client.queues`. Queues are dicts as api.md shows them, with their counts."""

    def __init__(self, client: AsyncClient) -> None:
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

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[dict[str, Any]]:
        """Newest first, page by page."""
        async for schedule in self._client.pages("/v1/schedules", {}):
            yield schedule

    async def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `schedule_not_found`, as all that follow do."""
        return await self._ask(Call("GET", calls.path_of_schedule(name)))

    async def create(
        self, name: str, job: str | Job, schedule: Schedule | None = None, /, **fields: Any
    ) -> dict[str, Any]:
        """Raises ApiError `schedule_exists`."""
        return await self._ask(calls.create_schedule(name, job, schedule, fields))

    async def put(
        self, name: str, job: str | Job, schedule: Schedule | None = None, /, **fields: Any
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
        headers = wire.post_headers(idempotency_key)
        path = calls.path_of_schedule(name, "/trigger")
        return self._client.run(await self._client.request("POST", path, headers=headers))

    async def next(self, name: str, count: int = 10) -> builtins.list[datetime]:
        """When it fires."""
        return _times(await self._ask(Call("GET", calls.path_of_schedule(name, f"/next?count={count}"))))

    async def preview(self, schedule: Schedule, count: int = 10) -> builtins.list[datetime]:
        """When a schedule would fire; nothing is stored."""
        return _times(await self._ask(calls.preview(schedule, count)))

    async def delete(self, name: str) -> None:
        """Its runs stay."""
        await self._ask(Call("DELETE", calls.path_of_schedule(name)))

    async def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = await self._client.request(call.method, call.path, **call.options())
        return answer


def _times(answer: dict[str, Any]) -> builtins.list[datetime]:
    return [datetime.fromisoformat(time) for time in answer["data"]]
