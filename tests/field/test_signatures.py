"""Which parameter is the payload and which the context is said by annotations and names; what cannot be is an error
where it is written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Optional

import pytest
from blazy_jobs import CallNext, DefinitionError, Job, JobContext, Jobs, MiddlewareRun
from blazy_jobs.testing import run_job
from pydantic import BaseModel


class Order(BaseModel):
    number: int


def seen(*values: Any) -> list[str]:
    return ["context" if isinstance(value, JobContext) else str(value) for value in values]


class Holder:
    def method(self, payload: Any, ctx: JobContext) -> list[str]:
        return seen(payload, ctx)

    @staticmethod
    def static(ctx: JobContext, payload: Any) -> list[str]:
        return seen(payload, ctx)

    @classmethod
    def of_class(cls, payload: Any) -> list[str]:
        return seen(payload)

    def __call__(self, ctx: JobContext) -> list[str]:
        return seen(ctx)


def a_flag(payload: Any, dry_run: bool = False) -> list[str]:
    return seen(payload, dry_run)


def context_first(ctx, payload):  # type: ignore[no-untyped-def]
    return seen(payload, ctx)


def annotated_first(job: JobContext, order: Any) -> list[str]:
    return seen(order, job)


def as_text(order: Any, job: Any) -> list[str]:
    return seen(order, job)


as_text.__annotations__["job"] = "context.JobContext"  # of an import for types only


def optional(order: Any, job: Optional[JobContext] = None) -> list[str]:  # noqa: UP045
    return seen(order, job)


def united(order: Any, job: JobContext | None = None) -> list[str]:
    return seen(order, job)


def by_keyword(payload: Any, *, ctx: JobContext, limit: int = 3) -> list[str]:
    return seen(payload, ctx, limit)


def only_keywords(*, ctx: Any, payload: Any) -> list[str]:
    return seen(payload, ctx)


def over_a_gap(payload: Any, limit: int = 3, ctx: Any = None) -> list[str]:
    return seen(payload, limit, ctx)


def anything(*args: Any, **kwargs: Any) -> list[str]:
    return seen(*args)


def the_rest(payload: Any, *args: Any) -> list[str]:
    return seen(payload, *args)


def unused(payload: Any, _) -> list[str]:  # type: ignore[no-untyped-def]
    return seen(payload, _)


def bound_flag(limit: int, payload: Any, ctx: JobContext) -> list[str]:
    return seen(limit, payload, ctx)


def nothing() -> list[str]:
    return []


def only_context(context) -> list[str]:  # type: ignore[no-untyped-def]
    return seen(context)


def named_like_it(ctx: dict[str, int]) -> list[str]:
    return seen(ctx)


GOOD: list[tuple[Callable[..., Any], list[str]]] = [
    (a_flag, ["{'n': 1}", "False"]),
    (context_first, ["{'n': 1}", "context"]),
    (annotated_first, ["{'n': 1}", "context"]),
    (as_text, ["{'n': 1}", "context"]),
    (optional, ["{'n': 1}", "context"]),
    (united, ["{'n': 1}", "context"]),
    (by_keyword, ["{'n': 1}", "context", "3"]),
    (only_keywords, ["{'n': 1}", "context"]),
    (over_a_gap, ["{'n': 1}", "3", "context"]),
    (anything, ["{'n': 1}", "context"]),
    (the_rest, ["{'n': 1}", "context"]),
    (unused, ["{'n': 1}", "context"]),
    (functools.partial(bound_flag, 7), ["7", "{'n': 1}", "context"]),
    (functools.partial(a_flag, dry_run=True), ["{'n': 1}", "True"]),
    (Holder().method, ["{'n': 1}", "context"]),
    (Holder.static, ["{'n': 1}", "context"]),
    (Holder.of_class, ["{'n': 1}"]),
    (Holder(), ["context"]),
    (nothing, []),
    (only_context, ["context"]),
    (named_like_it, ["{'n': 1}"]),
]


@pytest.mark.parametrize(("handler", "expected"), GOOD)
@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_each_parameter_gets_what_it_says(handler: Callable[..., Any], expected: list[str], isolation: Any) -> None:
    outcome = run_job(Job("seen", handler, isolation=isolation), {"n": 1})
    assert outcome.result == expected, outcome.error


def test_the_payloads_annotation_is_its_own_wherever_it_stands() -> None:
    def typed(ctx: JobContext, order: Order) -> int:
        return order.number

    job = Job("typed", typed)
    assert job.payload_schema is not None
    assert job.payload_schema["required"] == ["number"]
    assert run_job(job, {"number": 4}).result == 4


def needs_more(payload: Any, ctx: JobContext, days: int) -> None: ...
def two_payloads(order: Any, customer: Any) -> None: ...
def two_contexts(one: JobContext, other: JobContext) -> None: ...
def a_keyword_too_much(payload: Any, *, days: int) -> None: ...
def a_gap_by_position(payload: Any, days: int = 1, ctx: Any = None, /) -> None: ...


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (needs_more, "'days'.*give it a default, or make it a field of the payload"),
        (two_payloads, "'customer'.*annotated `JobContext`, or called `ctx`"),
        (two_contexts, "'one' and 'other'"),
        (a_keyword_too_much, "'days'"),
        (a_gap_by_position, "'ctx' can only be given by position"),
        (Holder.method, "Holder.method is a method without its object"),
        (Order, "a class is no handler"),
    ],
)
def test_what_cannot_be_called_is_an_error_where_it_is_written(handler: Any, told: str) -> None:
    with pytest.raises(DefinitionError, match=told) as refused:
        Job("impossible", handler)
    assert "job 'impossible'" in str(refused.value)


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def polite(function: Callable[..., Any]) -> Callable[..., Any]:
    return functools.wraps(function)(plain(function))


async def adds(payload: Any, ctx: JobContext) -> int:
    ctx.progress(50)
    return int(payload["n"]) + 1


async def adds_alone(payload: dict[str, int]) -> int:
    return payload["n"] + 1


@pytest.mark.parametrize("decorator", [plain, polite])
@pytest.mark.parametrize("isolation", ["process", "thread", None])
def test_a_decorated_handler_gets_what_the_one_within_takes(decorator: Any, isolation: Any) -> None:
    job = Job("adds", decorator(adds_alone), isolation=isolation)
    assert run_job(job, {"n": 1}).result == 2
    assert job.payload_schema is not None
    assert run_job(Job("nothing", decorator(nothing), isolation=isolation), {"n": 1}).result == []
    refused = run_job(Job("flag", decorator(a_flag), isolation=isolation), {"n": 1})
    assert refused.result == ["{'n': 1}", "False"]


@pytest.mark.parametrize("decorator", [plain, polite])
@pytest.mark.parametrize("isolation", ["process", "thread", None])
def test_a_decorated_async_handler_is_awaited(decorator: Any, isolation: Any) -> None:
    outcome = run_job(Job("adds", decorator(adds), isolation=isolation), {"n": 1})
    assert (outcome.result, outcome.percents) == (2, [50]), outcome.error


def test_a_decorated_async_handler_may_run_beside_others() -> None:
    assert run_job(Job("adds", polite(adds), isolation="async"), {"n": 1}).result == 2
    with pytest.raises(DefinitionError, match="needs an `async def` handler"):
        Job("nothing", nothing, isolation="async")


@pytest.mark.parametrize("kind", ["async", "process", "thread"])
def test_middleware_goes_on_with_the_same_run_without_an_argument(kind: Any) -> None:
    jobs = Jobs()

    @jobs.middleware
    async def renames(run: MiddlewareRun, call_next: CallNext) -> Any:
        run.payload = {"n": 2}
        return [await call_next()]

    @jobs.use
    async def passes(run: Any, proceed: Any) -> Any:
        return await proceed()

    async def gets_async(payload: Any) -> Any:
        return payload

    def gets(payload: Any) -> Any:
        return payload

    job = jobs.add(Job("gets", gets_async if kind == "async" else gets, isolation=kind))
    assert run_job(job, {"n": 1}).result == [{"n": 2}]


async def takes_one(call_next: Any) -> Any: ...
async def takes_three(run: Any, call_next: Any, extra: Any) -> Any: ...
async def takes_keywords(*, run: Any, call_next: Any) -> Any: ...
async def yields(run: Any, call_next: Any) -> Any:
    yield


@pytest.mark.parametrize("middleware", [takes_one, takes_three, takes_keywords, yields, 7])
def test_middleware_that_cannot_be_called_is_an_error_where_it_is_written(middleware: Any) -> None:
    with pytest.raises(DefinitionError, match="middleware"):
        Jobs().use(middleware)


def test_a_name_may_be_given_by_its_name() -> None:
    jobs = Jobs()

    @jobs.job(name="said", retry=1)
    def handler() -> None: ...

    assert jobs["said"] is handler


def test_an_unknown_option_is_named_with_its_likely_meaning() -> None:
    options: dict[str, Any] = {"rety": 3}
    likely = "job 'nothing': there is no option 'rety'; is 'retry' meant"
    for define in (Jobs().job, Jobs().queue("emails").process):
        with pytest.raises(DefinitionError, match=likely):
            define(**options)(nothing)
    with pytest.raises(DefinitionError, match=likely):
        Job("nothing", nothing, **options)
    with pytest.raises(DefinitionError, match="there is no option 'zzz'; there are queue, "):
        Job("nothing", nothing, zzz=1)  # type: ignore[arg-type]
