"""A user's code as their type checkers see it: read by mypy and pyright in strict mode, and never run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from blazy_jobs import (
    ApiError,
    AsyncClient,
    CallNext,
    Client,
    Event,
    Job,
    JobContext,
    Jobs,
    MiddlewareRun,
    NonRetryable,
    Retry,
    RunFailed,
)

jobs = Jobs()


@dataclass
class Order:
    number: int


@jobs.job(retry=3, timeout=30)
async def ship(payload: Order, ctx: JobContext) -> dict[str, int]:
    ctx.progress(50, "packed")
    ctx.log("shipped", number=payload.number)
    ctx.raise_if_cancelled()
    if ctx.attempt > 2:
        raise NonRetryable("never")
    return {"number": payload.number}


@jobs.job("bill", retry=Retry(max_attempts=2, backoff="fixed"), timeout=timedelta(minutes=5))
def bill(payload: Order) -> int:
    return payload.number


@jobs.job
async def bare() -> None: ...


@jobs.middleware
async def around(run: MiddlewareRun, call_next: CallNext) -> object:
    return await call_next(run)


shipped: Job = ship
jobs.add(Job("again", handler=bill))
emails = jobs.queue("emails")


@emails.process("newsletter")
async def newsletter(payload: Order) -> None: ...


def blocking() -> None:
    with Client("http://127.0.0.1:8000", api_key="k") as client:
        run = client.dispatch("ship", {"number": 1}, idempotency_key="k", tags=["a"], delay=timedelta(seconds=1))
        run.on("progress", heard).on("*", heard)
        state: str = run.wait(10).state
        for event in run.events():
            seq: int = event.seq
            print(seq, state)
        ids: list[str] = client.dispatch_many([("ship", {"number": n}) for n in range(3)])
        for found in client.runs.list(state="failed", limit=10):
            print(found.id, found.replay().id, ids)
        for job_type in client.job_types.list():
            print(job_type["name"])
        try:
            run.result(timeout=5)
        except RunFailed as failed:
            print(failed.code)
        except ApiError as refused:
            print(refused.code, refused.errors)


def heard(event: Event) -> None:
    print(event.type)


async def awaiting() -> None:
    async with AsyncClient() as client:
        run = await client.dispatch(ship, {"number": 1})
        run.on("completed", heard)
        async for event in run.events():
            print(event.time)
        await run.cancel("enough")
        await client.queues.pause("emails")
    again = await ship.dispatch({"number": 2})
    await emails.add("newsletter", {"number": 3})
    print(await again.result())
