"""A user's code as their type checkers see it: read by mypy and pyright in strict mode, and never run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
    schedule,
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


@jobs.job
async def tidy(ctx: JobContext) -> None: ...


@jobs.job
async def told_first(ctx: JobContext, payload: Order) -> str:
    return f"{ctx.run_id} {payload.number}"


@jobs.job(isolation="thread")
def weigh(payload: dict[str, float] | None = None) -> float:
    return sum((payload or {}).values())


shipped: Job = ship
exactly: Job[Order, dict[str, int]] = ship
jobs.add(Job("again", handler=bill))
greet = Job("greet", told_first.handler, retry=3)
made = Job("made", handler=weigh.handler, tags=["a"])
several: list[Job] = [ship, bill, bare, tidy, told_first, weigh, greet]
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
        since = datetime.now(UTC) - timedelta(hours=1)
        for found in client.runs.list(state=["failed", "cancelled"], job_type=ship, created_after=since):
            print(found.finished)
        number: int = client.dispatch(bill, Order(1), priority=5).result(timeout=5)
        label: str = client.dispatch(told_first, Order(2)).result()
        weight: float = client.dispatch(weigh).result() + client.dispatch(weigh, {"a": 1.5}).result()
        nothing: None = client.dispatch(bare).replay().result()
        print(number, label, weight, nothing, client.run(run.id).state, client.dispatch(tidy).id)
        for event in client.events(type=["failed", "completed"], job_type=ship):
            print(event.type)
        for job_type in client.job_types.list():
            print(job_type["name"])
        client.job_types.register(
            "remote", handler={"kind": "http", "url": "https://example.com/"}, retry=Retry(max_attempts=3)
        )
        client.job_types.put(bill, timeout_seconds=timedelta(minutes=2), expires_seconds=None, tags=["money"])
        client.job_types.change("remote", retry={"max_attempts": 5}, payload_schema={"type": "object"}, paused=True)
        client.queues.put("bulk", rate_limit={"limit": 5, "per_seconds": 1.5}, max_queued=None)
        client.queues.put("shared", engine="bullmq", bullmq={"consume": False})
        client.schedules.create("a", bill, schedule.every(hours=1), payload={"number": 1}, start_at=since)
        client.schedules.put("b", "bill", trigger={"kind": "cron", "expression": "0 3 * * *"}, timezone="Asia/Tokyo")
        client.schedules.put("c", "bill", trigger={"kind": "calendar", "every": {"months": 1}, "hour": 3})
        client.schedules.change("b", job_type=ship, overlap="skip", catch_up="none", end_at=None, queue=None)
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
        await client.queues.put("emails", concurrency=3, paused=False)
        await client.job_types.put("ship", concurrency=None)
        await client.schedules.put("d", ship, trigger={"kind": "interval", "every_seconds": 60}, jitter_seconds=5)
    again = await ship.dispatch({"number": 2})
    counted: dict[str, int] = await (await ship.dispatch(Order(4), delay=3)).result()
    billed: int = bill.dispatch_sync(Order(5), tags=["now"]).result()
    direct: int = bill(Order(6))
    print(counted, billed, direct)
    await emails.add("newsletter", {"number": 3})
    print(await again.result())
