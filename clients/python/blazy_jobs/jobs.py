"""The collection of jobs that a module defines, its middleware and its queues."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, overload

from blazy_jobs.context import MiddlewareRun
from blazy_jobs.errors import DefinitionError
from blazy_jobs.job import Handler, Job, checked_name, name_of

if TYPE_CHECKING:
    from blazy_jobs.async_client import AsyncRun

CallNext = Callable[[MiddlewareRun], Awaitable[Any]]
Middleware = Callable[[MiddlewareRun, CallNext], Awaitable[Any]]


class Jobs:
    """Jobs by name, and the middleware around each of them, outermost first. A name defined twice is an error."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self.middlewares: list[Middleware] = []

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, name: object) -> bool:
        return name in self._jobs

    def __getitem__(self, name: str) -> Job:
        return self._jobs[name]

    def __bool__(self) -> bool:
        return True

    @overload
    def job(self, name: Handler, /) -> Job: ...
    @overload
    def job(self, name: str | None = None, /, **options: Any) -> Callable[[Handler], Job]: ...
    def job(self, name: Any = None, /, **options: Any) -> Any:
        """Decorator: `@jobs.job`, `@jobs.job("name")`, `@jobs.job(retry=3, ...)`. Options as in `Job`."""
        if callable(name):
            return self.add(Job(name_of(name), name))

        def define(handler: Handler) -> Job:
            return self.add(Job(name_of(handler) if name is None else name, handler, **options))

        return define

    def add(self, job: Job) -> Job:
        """Takes a job in. Raises DefinitionError where its name is taken."""
        if not isinstance(job, Job):
            raise DefinitionError(f"jobs.add takes a Job, not {job!r}")
        if job.name in self._jobs:
            raise DefinitionError(f"a job named {job.name!r} is defined already")
        self._jobs[job.name] = job
        job.collections.append(self)
        return job

    def use(self, middleware: Middleware) -> Middleware:
        """Adds a middleware inside those added before."""
        if not callable(middleware):
            raise DefinitionError(f"middleware must be callable: {middleware!r}")
        self.middlewares.append(middleware)
        return middleware

    middleware = use

    def queue(self, name: str, *, engine: str | None = None) -> JobsQueue:
        """A named queue of these jobs. `engine` is the server's own; another is refused."""
        if engine not in (None, "database"):
            raise DefinitionError(f"queue {name!r}: engine {engine!r} is not supported yet, only 'database'")
        return JobsQueue(self, checked_name(name, "queue"))


class JobsQueue:
    """`process` defines a job whose runs wait in this queue; `add` dispatches into it."""

    def __init__(self, jobs: Jobs, name: str) -> None:
        self._jobs = jobs
        self.name = name

    def process(self, name: str | None = None, /, **options: Any) -> Callable[[Handler], Job]:
        return self._jobs.job(name, **{"queue": self.name, **options})

    async def add(self, name: str, payload: Any = None, **options: Any) -> AsyncRun:
        """Dispatches a run of `name` through the client of JOBS_URL; `options` as in `AsyncClient.dispatch`."""
        from blazy_jobs.async_client import default_client

        return await default_client().dispatch(name, payload, **{"queue": self.name, **options})
