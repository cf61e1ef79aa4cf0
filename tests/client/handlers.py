"""The jobs that the worker's tests run in real processes."""

import asyncio
import contextvars
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable, RetryAfter, Snooze

jobs = Jobs()
log = logging.getLogger("shop")
seen: contextvars.ContextVar[Any] = contextvars.ContextVar("seen", default=None)


@dataclass
class Order:
    number: int
    gift: bool = False


@jobs.job
async def echo(payload: Any) -> Any:
    return payload


@jobs.job
def echo_sync(payload: Any) -> Any:
    return payload


@jobs.job
async def typed(payload: Order, ctx: JobContext) -> dict[str, Any]:
    return {"number": payload.number, "gift": payload.gift, "attempt": ctx.attempt, "job": ctx.job_type}


@jobs.job(isolation="thread")
def threaded(payload: Any, ctx: JobContext) -> str:
    ctx.progress(50, "in a thread")
    log.warning("from a thread", extra={"order": 7})
    return "done"


@jobs.job
async def speaks(payload: Any, ctx: JobContext) -> None:
    ctx.progress(10, "begun", data={"bad": float("nan"), "big": 2**60})
    ctx.log("hello", level="warning", who="ada", what={1, 2})
    log.info("number %d", 7)
    print("to stdout")


@jobs.job
def speaks_sync(payload: Any, ctx: JobContext) -> None:
    ctx.progress(10, "begun")
    ctx.log("hello", level="warning", who="ada")
    log.info("number %d", 7)
    print("to stdout")


@jobs.job
async def raises(payload: str) -> None:
    match payload:
        case "retry_after":
            raise RetryAfter(7, "not yet")
        case "snooze":
            raise Snooze(9)
        case "no":
            raise NonRetryable("never")
        case "exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
    raise ValueError("x" * 100_000 + "\ud800\x00")


@jobs.job
def raises_sync(payload: str) -> None:
    if payload == "memory":
        raise MemoryError
    sys.exit(3)


@jobs.job
async def returns(payload: str) -> Any:
    return {
        "object": object(),
        "nan": [1.0, float("nan")],
        "integer": 2**53,
        "keys": {(1, 2): 3},
        "surrogate": "\ud800",
        "nul": "a\x00b",
        "much": "x" * 2_000_000,
        "deep": deep(65),
        "order": Order(1),
        "backslash": "\\u0000",
    }[payload]


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@jobs.job
async def tells(payload: Any, ctx: JobContext) -> dict[str, Any]:
    about = {"run_id": ctx.run_id, "attempt": ctx.attempt, "tags": ctx.tags, "metadata": ctx.metadata}
    return {"payload": payload, "seconds_left": round((ctx.deadline - datetime.now(UTC)).total_seconds()), **about}


@jobs.job
async def naps(payload: float) -> float:
    await asyncio.sleep(payload)
    return payload


@jobs.job
async def remembers(payload: Any) -> Any:
    """What an earlier run has left in this one's context: nothing."""
    before = seen.get()
    seen.set(payload)
    return before


@jobs.job
async def waits(payload: Any, ctx: JobContext) -> str:
    ctx.progress(1, str(os.getpid()))
    await asyncio.sleep(60)
    return "waited"


@jobs.job
async def waits_for_file(payload: str, ctx: JobContext) -> str:
    ctx.progress(1, "waiting")
    while not os.path.exists(payload):  # noqa: ASYNC110  # files set no asyncio.Event
        await asyncio.sleep(0.01)
    return "found"


@jobs.job
def waits_sync(payload: Any, ctx: JobContext) -> str:
    ctx.progress(1, str(os.getpid()))
    try:
        time.sleep(60)
    finally:
        ctx.log("cleaned up")
    return "waited"


@jobs.job
async def speaks_again(payload: str, ctx: JobContext) -> None:
    ctx.log("one")
    while not os.path.exists(payload):  # noqa: ASYNC110  # files set no asyncio.Event
        await asyncio.sleep(0.01)
    ctx.log("two")
    ctx.log("three")


@jobs.job(name="speaks-again-sync")
def speaks_again_sync(payload: str, ctx: JobContext) -> None:
    ctx.log("one")
    while not os.path.exists(payload):
        time.sleep(0.01)  # a file that appears in a folder wakes nobody
    ctx.log("two")
    ctx.log("three")


@jobs.job
async def stubborn(payload: Any, ctx: JobContext) -> None:
    ctx.progress(1, "begun")
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


@jobs.job
def stubborn_sync(payload: Any, ctx: JobContext) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    ctx.progress(1, str(child.pid))
    while True:
        try:
            time.sleep(60)
        except BaseException:  # noqa: BLE001
            continue


@jobs.job
async def blocks(payload: float, ctx: JobContext) -> None:
    ctx.progress(1, "begun")
    await asyncio.sleep(0.1)
    time.sleep(payload)


@jobs.job
async def blocks_in_a_task(payload: float) -> None:
    async def inner() -> None:
        time.sleep(payload)

    await asyncio.gather(inner(), asyncio.sleep(0))


@jobs.job
async def dies(payload: Any) -> None:
    os._exit(7)


@jobs.job
def dies_sync(payload: Any) -> None:
    ctypes.string_at(0)


@jobs.job
def forks(payload: Any) -> str:
    if os.fork() == 0:
        return "from the child that nobody asked for"
    return "from the parent"


@jobs.job
def closes_descriptors(payload: Any, ctx: JobContext) -> str:
    os.closerange(3, 256)
    for number in (0, 1, 2):
        os.close(number)
    ctx.progress(50, "still here")
    return "done"


@jobs.job
async def floods(payload: int, ctx: JobContext) -> None:
    for n in range(payload):
        ctx.progress(100 * n / payload, str(n))
        ctx.log(f"line {n}")


@jobs.job
def floods_sync(payload: int, ctx: JobContext) -> None:
    for n in range(payload):
        ctx.progress(100 * n / payload, str(n))
        ctx.log(f"line {n}")
