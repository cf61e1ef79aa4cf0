"""A job: a name, a handler, and how its runs are carried out."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Unpack, get_args, overload

from typing_extensions import ParamSpec, TypeVar

from blazy_jobs import limits
from blazy_jobs.context import JobContext, Middleware
from blazy_jobs.declared import Declared, PayloadT, ResultT
from blazy_jobs.errors import DefinitionError
from blazy_jobs.limits import checked_name
from blazy_jobs.options import DispatchOptions, Isolation, JobOptions
from blazy_jobs.payload import Intake, InvalidPayload
from blazy_jobs.results import Outlet
from blazy_jobs.retry import RetryOption, check_retry, retry_settings
from blazy_jobs.schedule import Schedule
from blazy_jobs.text import clean

if TYPE_CHECKING:
    from blazy_jobs.client.aio.run import AsyncRun
    from blazy_jobs.client.sync.run import Run

Handler = Callable[..., Any]

MAX_DESCRIPTION_CHARS = 4096

P = ParamSpec("P", default=...)
ReturnT = TypeVar("ReturnT", covariant=True, default=Any)
GivenT = TypeVar("GivenT")
MadeT = TypeVar("MadeT")
BackT = TypeVar("BackT")
TakenP = ParamSpec("TakenP")

if TYPE_CHECKING:
    AsyncHandler = Callable[P, Coroutine[Any, Any, ResultT]]
    SyncHandler = Callable[P, ResultT]


class Job(Declared[PayloadT, ResultT], Generic[PayloadT, ResultT, P, ReturnT]):
    """`timeout`, `expires`, `retention` and `retention_failed` are seconds or a timedelta. What is left out is the
    server's default.

    To type checkers it is a `Job[Payload, Result]`, which is called as its handler is (`P` and `ReturnT`).

    Calling a job calls its handler, in this process and without middleware. Raises DefinitionError.
    """

    @overload
    def __init__(
        self: Job[GivenT, MadeT, TakenP, BackT],
        name: str,
        handler: Job[GivenT, MadeT, TakenP, BackT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: AsyncJob[None, MadeT, []], name: str, handler: AsyncHandler[[], MadeT], **options: Unpack[JobOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: AsyncJob[None, MadeT, [JobContext]],
        name: str,
        handler: AsyncHandler[[JobContext], MadeT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: AsyncJob[GivenT, MadeT, [JobContext, GivenT]],
        name: str,
        handler: AsyncHandler[[JobContext, GivenT], MadeT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: AsyncJob[GivenT, MadeT, Concatenate[GivenT, TakenP]],
        name: str,
        handler: AsyncHandler[Concatenate[GivenT, TakenP], MadeT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: SyncJob[None, MadeT, []], name: str, handler: SyncHandler[[], MadeT], **options: Unpack[JobOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: SyncJob[None, MadeT, [JobContext]],
        name: str,
        handler: SyncHandler[[JobContext], MadeT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: SyncJob[GivenT, MadeT, [JobContext, GivenT]],
        name: str,
        handler: SyncHandler[[JobContext, GivenT], MadeT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: SyncJob[GivenT, MadeT, Concatenate[GivenT, TakenP]],
        name: str,
        handler: SyncHandler[Concatenate[GivenT, TakenP], MadeT],
        **options: Unpack[JobOptions],
    ) -> None: ...
    def __init__(
        self,
        name: str,
        handler: Handler,
        *,
        queue: str | None = None,
        priority: int | None = None,
        retry: RetryOption = None,
        timeout: float | timedelta | None = None,
        expires: float | timedelta | None = None,
        payload_schema: Mapping[str, Any] | None = None,
        result_schema: Mapping[str, Any] | None = None,
        retention: float | timedelta | None = None,
        retention_failed: float | timedelta | None = None,
        concurrency: int | None = None,
        schedule: Schedule | Mapping[str, Schedule] | None = None,
        tags: Sequence[str] = (),
        redact: Sequence[str] = (),
        description: str | None = None,
        isolation: Isolation | None = None,
        **unknown: Any,
    ) -> None:
        self.name = checked_name(name, "job")
        _refuse_unknown(unknown, f"job {name!r}:")
        if not callable(handler):
            raise DefinitionError(f"job {name!r}: the handler is not callable: {handler!r}")
        self.handler = handler
        self.is_async = _is_async(handler, name)
        self.isolation: Isolation = _isolation(isolation, self.is_async, name, handler)
        self.intake = Intake(handler, name)
        self.outlet = Outlet(handler)
        self.queue = None if queue is None else checked_name(queue, "queue")
        about = f"job {name!r}:"
        self.priority = None if priority is None else limits.whole(priority, -100, 100, f"{about} priority")
        check_retry(retry, about)
        self.retry = retry
        self.timeout_seconds = _seconds(timeout, 30 * limits.DAY_SECONDS, f"{about} timeout", zero=False)
        self.expires_seconds = _seconds(expires, limits.YEAR_SECONDS, f"{about} expires", zero=False)
        self.retention_seconds = _seconds(retention, 10 * limits.YEAR_SECONDS, f"{about} retention")
        self.retention_failed_seconds = _seconds(
            retention_failed, 10 * limits.YEAR_SECONDS, f"{about} retention_failed"
        )
        given = _schema(payload_schema, f"{about} payload_schema")
        self.payload_schema = self.intake.schema if given is None else given
        self.result_schema = _schema(result_schema, f"{about} result_schema")
        self.concurrency = None if concurrency is None else limits.whole(concurrency, 1, 10**6, f"{about} concurrency")
        self.schedules = _schedules(schedule, self.name)
        """By name: one is named after the job, several `job.key`."""
        for key, one in self.schedules.items():
            _check_payload(self.intake, one, f"{about} the payload of the schedule {key!r}")
        self.tags = limits.tags(tags, f"{about} tags")
        self.redact = limits.pointers(redact, f"{about} redact")
        self.middlewares: list[list[Middleware]] = []
        """Those of each `Jobs` that has taken it in."""
        if description is not None:
            limits.text(description, MAX_DESCRIPTION_CHARS, f"{about} description")
        self.description = _first_paragraph(handler) if description is None else description
        functools.update_wrapper(self, handler, updated=())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> ReturnT:
        value: ReturnT = self.handler(*args, **kwargs)
        return value

    def __repr__(self) -> str:
        return f"Job({self.name!r}, isolation={self.isolation!r})"

    def definition(self) -> dict[str, Any]:
        """The job type as the server registers it."""
        given: dict[str, Any] = {
            "queue": self.queue,
            "priority": self.priority,
            "retry": retry_settings(self.retry),
            "timeout_seconds": self.timeout_seconds,
            "expires_seconds": self.expires_seconds,
            "payload_schema": self.payload_schema,
            "result_schema": self.result_schema,
            "retention_seconds": self.retention_seconds,
            "retention_failed_seconds": self.retention_failed_seconds,
            "concurrency": self.concurrency,
            "tags": self.tags or None,
            "redact": self.redact or None,
            "description": self.description,
        }
        known = {key: value for key, value in given.items() if value is not None}
        return {"name": self.name, "handler": {"kind": "worker"}, **known}

    def read_result(self, result: Any) -> ResultT:
        """Raises ValueError where it is not what the handler's annotation says."""
        read: ResultT = self.outlet.read(result)
        return read

    @overload
    async def dispatch(
        self: Job[None, ResultT, ..., Any], payload: None = None, **options: Unpack[DispatchOptions]
    ) -> AsyncRun[ResultT]: ...
    @overload
    async def dispatch(
        self: Job[GivenT, ResultT, ..., Any], payload: GivenT | Mapping[str, Any], **options: Unpack[DispatchOptions]
    ) -> AsyncRun[ResultT]: ...
    async def dispatch(self, payload: Any = None, **options: Unpack[DispatchOptions]) -> AsyncRun[Any]:
        """Dispatches a run, as `AsyncClient.dispatch` does: in a handler to the server that its own run is from,
        else to that of JOBS_URL."""
        from blazy_jobs.client.aio.client import default_client

        return await default_client().dispatch(self, payload, **options)

    @overload
    def dispatch_sync(
        self: Job[None, ResultT, ..., Any], payload: None = None, **options: Unpack[DispatchOptions]
    ) -> Run[ResultT]: ...
    @overload
    def dispatch_sync(
        self: Job[GivenT, ResultT, ..., Any], payload: GivenT | Mapping[str, Any], **options: Unpack[DispatchOptions]
    ) -> Run[ResultT]: ...
    def dispatch_sync(self, payload: Any = None, **options: Unpack[DispatchOptions]) -> Run[Any]:
        """As `dispatch`, for `def` handlers and other code without an event loop."""
        from blazy_jobs.client.sync.client import default_client

        return default_client().dispatch(self, payload, **options)


def _schedules(schedule: Schedule | Mapping[str, Schedule] | None, job: str) -> dict[str, Schedule]:
    if schedule is None:
        return {}
    named: dict[str, Schedule] = {}
    if isinstance(schedule, Mapping):
        named.update((f"{job}.{key}", one) for key, one in schedule.items())
    else:
        named[job] = schedule
    for name, one in named.items():
        checked_name(name, "schedule")
        if not isinstance(one, Schedule):
            raise DefinitionError(f"job {job!r}: a schedule must be created with blazy_jobs.schedule, not {one!r}")
    return named


def _check_payload(intake: Intake, schedule: Schedule, what: str) -> None:
    try:
        intake.read(schedule.fields.get("payload"))
    except InvalidPayload as error:
        given = "" if "payload" in schedule.fields else ", which is null as none is given,"
        raise DefinitionError(f"{what}{given} does not fit the handler's annotation: {error}") from None


def _refuse_unknown(options: Mapping[str, Any], about: str) -> None:
    for name in options:
        known = list(JobOptions.__annotations__)
        likely = difflib.get_close_matches(name, known, 1)
        hint = f"; is {likely[0]!r} meant?" if likely else f"; there are {', '.join(known)}"
        raise DefinitionError(f"{about} there is no option {name!r}{hint}")


def name_of(handler: Handler) -> str:
    """`send_welcome_email` → `send-welcome-email`."""
    name = getattr(handler, "__name__", None)
    if not name or name == "<lambda>":
        raise DefinitionError(f"a job needs a name: {handler!r} has none")
    return str(name).strip("_").replace("_", "-")


def _is_async(handler: Handler, name: str) -> bool:
    function: Any = handler
    while isinstance(function, functools.partial):
        function = function.func
    call = function if inspect.isroutine(function) else type(function).__call__
    if any(check(call) for check in (inspect.isasyncgenfunction, inspect.isgeneratorfunction)):
        raise DefinitionError(f"job {name!r}: a handler returns its result; it cannot be a generator")
    return inspect.iscoroutinefunction(call)


def _isolation(isolation: Isolation | None, is_async: bool, name: str, handler: Handler) -> Isolation:
    if isolation is None:
        return "async" if is_async else "process"
    if isolation not in get_args(Isolation):
        raise DefinitionError(f"job {name!r}: isolation must be 'async', 'process' or 'thread', not {isolation!r}")
    if isolation == "async" and not is_async and not inspect.iscoroutinefunction(inspect.unwrap(handler)):
        raise DefinitionError(f"job {name!r}: isolation 'async' needs an `async def` handler")
    if isolation == "thread" and is_async:
        raise DefinitionError(f"job {name!r}: an `async def` handler cannot run in a thread")
    return isolation


def _seconds(value: float | timedelta | None, high: int, what: str, *, zero: bool = True) -> float | None:
    return None if value is None else limits.seconds(value, high, what, zero=zero)


def _schema(schema: Mapping[str, Any] | None, what: str) -> dict[str, Any] | None:
    if schema is None:
        return None
    if not isinstance(schema, Mapping):
        raise DefinitionError(f"{what} must be a JSON Schema, not {schema!r:.200}")
    found: dict[str, Any] = limits.json_value(dict(schema), what)
    return found


def _first_paragraph(handler: Handler) -> str | None:
    doc = inspect.getdoc(handler) if inspect.isroutine(handler) else None
    return clean(" ".join(doc.split("\n\n")[0].split()))[:MAX_DESCRIPTION_CHARS] or None if doc else None


if TYPE_CHECKING:
    AsyncJob = Job[PayloadT, ResultT, P, Coroutine[Any, Any, ResultT]]
    SyncJob = Job[PayloadT, ResultT, P, ResultT]
