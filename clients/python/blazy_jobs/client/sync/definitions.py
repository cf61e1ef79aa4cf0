"""`client.job_types`, `client.queues` and `client.schedules`."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from blazy_jobs.client import bodies, calls
from blazy_jobs.client.calls import Call
from blazy_jobs.client.sync.connection import Connection
from blazy_jobs.client.sync.run import Run
from blazy_jobs.declared import Declared
from blazy_jobs.schedule import Schedule


class JobTypes:
    """`client.job_types`. Definitions are dicts as api.md shows them; their fields are given by the names there."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/job-types", {})

    def get(self, job: str | Declared) -> dict[str, Any]:
        """Raises ApiError `job_type_not_found`, as all that follow do."""
        return self._ask(Call("GET", calls.path_of_job_type(job)))

    def register(self, job: str | Declared, **fields: Any) -> dict[str, Any]:
        """A new one: of a `Job`, or of this name, whose runs workers take. Raises ApiError `job_type_exists`."""
        return self._ask(calls.register_job_type(job, fields))

    def put(self, job: str | Declared, **fields: Any) -> dict[str, Any]:
        """Registers or replaces; what is left out is the server's default."""
        return self._ask(calls.put_job_type(job, fields))

    def change(self, job: str | Declared, **fields: Any) -> dict[str, Any]:
        """Changes only these fields."""
        return self._ask(calls.change_job_type(job, fields))

    def pause(self, job: str | Declared) -> dict[str, Any]:
        """Holds its runs back; those that run go on."""
        return self._ask(Call("POST", calls.path_of_job_type(job, "/pause")))

    def resume(self, job: str | Declared) -> dict[str, Any]:
        return self._ask(Call("POST", calls.path_of_job_type(job, "/resume")))

    def retire(self, job: str | Declared) -> None:
        """Its name is free again, its runs stay. Raises ApiError `job_type_in_use` while runs of it are unfinished."""
        self._ask(Call("DELETE", calls.path_of_job_type(job)))

    def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.request(call.method, call.path, **call.options())
        return answer


class Queues:
    """`client.queues`. Queues are dicts as api.md shows them, with their counts."""

    def __init__(self, client: Connection) -> None:
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

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self) -> Iterator[dict[str, Any]]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/schedules", {})

    def get(self, name: str) -> dict[str, Any]:
        """Raises ApiError `schedule_not_found`, as all that follow do."""
        return self._ask(Call("GET", calls.path_of_schedule(name)))

    def create(
        self, name: str, job: str | Declared, schedule: Schedule | None = None, /, **fields: Any
    ) -> dict[str, Any]:
        """Raises ApiError `schedule_exists`."""
        return self._ask(calls.create_schedule(name, job, schedule, fields))

    def put(self, name: str, job: str | Declared, schedule: Schedule | None = None, /, **fields: Any) -> dict[str, Any]:
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
        headers = bodies.post_headers(idempotency_key)
        path = calls.path_of_schedule(name, "/trigger")
        return Run(self._client, self._client.request("POST", path, headers=headers))

    def next(self, name: str, count: int = 10) -> builtins.list[datetime]:
        """When it fires."""
        return calls.times(self._ask(Call("GET", calls.path_of_schedule(name, f"/next?count={count}"))))

    def preview(self, schedule: Schedule, count: int = 10) -> builtins.list[datetime]:
        """When a schedule would fire; nothing is stored."""
        return calls.times(self._ask(calls.preview(schedule, count)))

    def delete(self, name: str) -> None:
        """Its runs stay."""
        self._ask(Call("DELETE", calls.path_of_schedule(name)))

    def _ask(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.request(call.method, call.path, **call.options())
        return answer
