"""`client.job_types` and `client.queues`, for both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from blazy_jobs import calls
from blazy_jobs.calls import Call
from blazy_jobs.job import Job

if TYPE_CHECKING:
    from blazy_jobs.async_client import AsyncClient
    from blazy_jobs.client import Client


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
