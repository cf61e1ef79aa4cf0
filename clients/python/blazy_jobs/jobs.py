"""The collection of jobs that a module defines, its middleware and its queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, Protocol, Unpack, overload
from urllib.parse import urlsplit, urlunsplit

from blazy_jobs.context import JobContext, Middleware
from blazy_jobs.declared import PayloadT, ResultT
from blazy_jobs.errors import DefinitionError
from blazy_jobs.job import Handler, Job, P, name_of
from blazy_jobs.limits import checked_name
from blazy_jobs.options import DispatchOptions, JobOptions
from blazy_jobs.signature import check_middleware

if TYPE_CHECKING:
    from blazy_jobs.client.aio.run import AsyncRun
    from blazy_jobs.client.sync.run import Run
    from blazy_jobs.job import AsyncHandler, AsyncJob, SyncHandler, SyncJob


class Define(Protocol):
    """Makes a job of a handler."""

    @overload
    def __call__(self, handler: AsyncHandler[[], ResultT], /) -> AsyncJob[None, ResultT, []]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, handler: AsyncHandler[[JobContext], ResultT], /) -> AsyncJob[None, ResultT, [JobContext]]: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(
        self, handler: AsyncHandler[[JobContext, PayloadT], ResultT], /
    ) -> AsyncJob[PayloadT, ResultT, [JobContext, PayloadT]]: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, handler: AsyncHandler[Concatenate[PayloadT, P], ResultT], /
    ) -> AsyncJob[PayloadT, ResultT, Concatenate[PayloadT, P]]: ...
    @overload
    def __call__(self, handler: SyncHandler[[], ResultT], /) -> SyncJob[None, ResultT, []]: ...
    @overload
    def __call__(self, handler: SyncHandler[[JobContext], ResultT], /) -> SyncJob[None, ResultT, [JobContext]]: ...
    @overload
    def __call__(
        self, handler: SyncHandler[[JobContext, PayloadT], ResultT], /
    ) -> SyncJob[PayloadT, ResultT, [JobContext, PayloadT]]: ...
    @overload
    def __call__(
        self, handler: SyncHandler[Concatenate[PayloadT, P], ResultT], /
    ) -> SyncJob[PayloadT, ResultT, Concatenate[PayloadT, P]]: ...
    def __call__(self, handler: Any, /) -> Any: ...


MAX_APP_CHARS = 255


class Jobs:
    """Jobs by name, and the middleware around each of them, outermost first. A name defined twice is an error.

    `app` names the app that they belong to at the server, whatever serves them; left out, it is what the worker is told
    (JOBS_APP, `--app`). Raises DefinitionError where it is no text of 1 to 255 characters.
    """

    def __init__(self, *, app: str | None = None) -> None:
        if app is not None and not (isinstance(app, str) and 1 <= len(app) <= MAX_APP_CHARS):
            raise DefinitionError(
                f"an app's name must be a string of 1 to {MAX_APP_CHARS} characters, not {app!r:.260}"
            )
        self.app = app
        self._jobs: dict[str, Job] = {}
        self.middlewares: list[Middleware] = []
        self.queues: dict[str, dict[str, Any]] = {}
        """Queues that are to live in Redis, as a worker declares them."""

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
    def job(self, handler: AsyncHandler[[], ResultT], /) -> AsyncJob[None, ResultT, []]: ...  # type: ignore[overload-overlap]
    @overload
    def job(self, handler: AsyncHandler[[JobContext], ResultT], /) -> AsyncJob[None, ResultT, [JobContext]]: ...  # type: ignore[overload-overlap]
    @overload
    def job(
        self, handler: AsyncHandler[[JobContext, PayloadT], ResultT], /
    ) -> AsyncJob[PayloadT, ResultT, [JobContext, PayloadT]]: ...
    @overload
    def job(  # type: ignore[overload-overlap]
        self, handler: AsyncHandler[Concatenate[PayloadT, P], ResultT], /
    ) -> AsyncJob[PayloadT, ResultT, Concatenate[PayloadT, P]]: ...
    @overload
    def job(self, handler: SyncHandler[[], ResultT], /) -> SyncJob[None, ResultT, []]: ...
    @overload
    def job(self, handler: SyncHandler[[JobContext], ResultT], /) -> SyncJob[None, ResultT, [JobContext]]: ...
    @overload
    def job(
        self, handler: SyncHandler[[JobContext, PayloadT], ResultT], /
    ) -> SyncJob[PayloadT, ResultT, [JobContext, PayloadT]]: ...
    @overload
    def job(
        self, handler: SyncHandler[Concatenate[PayloadT, P], ResultT], /
    ) -> SyncJob[PayloadT, ResultT, Concatenate[PayloadT, P]]: ...
    @overload
    def job(self, name: str | None = None, **options: Unpack[JobOptions]) -> Define: ...
    def job(self, name: Any = None, **options: Any) -> Any:
        """Decorator: `@jobs.job`, `@jobs.job("name")`, `@jobs.job(retry=3, ...)`. Options as in `Job`."""
        if callable(name):
            return self.add(Job(name_of(name), name))

        def define(handler: Handler) -> Job:
            return self.add(Job(name_of(handler) if name is None else name, handler, **options))

        return define

    def add(self, job: Job) -> Job:
        """Takes a job in. Raises DefinitionError where its name is taken, or that of one of its schedules."""
        if not isinstance(job, Job):
            raise DefinitionError(f"jobs.add takes a Job, not {job!r}")
        if job.name in self._jobs:
            raise DefinitionError(f"a job named {job.name!r} is already defined")
        for other in self:
            for name in other.schedules.keys() & job.schedules.keys():
                raise DefinitionError(f"job {job.name!r}: job {other.name!r} already has a schedule named {name!r}")
        self._jobs[job.name] = job
        job.middlewares.append(self.middlewares)
        return job

    def use(self, middleware: Middleware) -> Middleware:
        """Adds a middleware inside those added before."""
        if not callable(middleware):
            raise DefinitionError(f"middleware must be callable: {middleware!r}")
        check_middleware(middleware)
        self.middlewares.append(middleware)
        return middleware

    middleware = use

    def queue(
        self,
        name: str,
        *,
        engine: str | None = None,
        redis: str | Mapping[str, Any] | None = None,
        prefix: str = "bull",
        consume: bool = True,
    ) -> JobsQueue:
        """A named queue of these jobs.

        With `engine="bullmq"` it lives in the server's Redis in BullMQ's format; `redis` (a URL, or host, port and db)
        says which one that must be, and a server with another one refuses the worker.
        """
        checked_name(name, "queue")
        if engine is None and redis is not None:
            engine = "bullmq"
        if engine not in (None, "database", "bullmq"):
            raise DefinitionError(f"queue {name!r}: engine {engine!r} is neither 'database' nor 'bullmq'")
        if engine != "bullmq" and redis is not None:
            raise DefinitionError(f"queue {name!r}: only a queue with engine 'bullmq' can have a redis")
        if engine == "bullmq":
            declared = {"name": name, "engine": engine, "bullmq": {"prefix": prefix, "consume": consume}}
            if redis is not None:
                declared["redis"] = _redis_url(name, redis)
            if self.queues.setdefault(name, declared) != declared:
                raise DefinitionError(f"queue {name!r} is defined twice, and differently")
        return JobsQueue(self, name)


def _redis_url(queue: str, redis: str | Mapping[str, Any]) -> str:
    """Where it is. Without user and password: they are the server's affair."""
    if isinstance(redis, str):
        parts = urlsplit(redis)
        if parts.scheme not in ("redis", "rediss", "unix"):
            raise DefinitionError(f"queue {queue!r}: {redis.partition('@')[2] or redis!r} is not a Redis URL")
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    known = {"url", "host", "port", "db", "path"}
    if "url" in redis:
        return _redis_url(queue, redis["url"])
    if "path" in redis:
        return f"unix://{redis['path']}?db={redis.get('db', 0)}"
    if unknown := set(redis) - known - {"username", "password"}:
        raise DefinitionError(f"queue {queue!r}: redis takes {sorted(known)}, not {sorted(unknown)}")
    return f"redis://{redis.get('host', 'localhost')}:{redis.get('port', 6379)}/{redis.get('db', 0)}"


class JobsQueue:
    """`process` defines a job whose runs wait in this queue; `add` dispatches into it."""

    def __init__(self, jobs: Jobs, name: str) -> None:
        self._jobs = jobs
        self.name = name

    def process(self, name: str | None = None, **options: Unpack[JobOptions]) -> Define:
        merged: JobOptions = {"queue": self.name, **options}
        return self._jobs.job(name, **merged)

    async def add(self, name: str, payload: Any = None, **options: Unpack[DispatchOptions]) -> AsyncRun:
        """Dispatches a run of `name`, as `Job.dispatch` does, into this queue."""
        from blazy_jobs.client.aio.client import default_client

        merged: DispatchOptions = {"queue": self.name, **options}
        return await default_client().dispatch(name, payload, **merged)

    def add_sync(self, name: str, payload: Any = None, **options: Unpack[DispatchOptions]) -> Run:
        """As `add`, for `def` handlers and other code without an event loop."""
        from blazy_jobs.client.sync.client import default_client

        merged: DispatchOptions = {"queue": self.name, **options}
        return default_client().dispatch(name, payload, **merged)
