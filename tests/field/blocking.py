"""Jobs that hold up the process which they share with others, in the ways that people's code does."""

import asyncio
import contextlib
import ctypes
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from blazy_jobs import JobContext, Jobs

jobs = Jobs()
FOREVER_SECONDS = 10**6
kept: list[Any] = []


@jobs.job(retry=0)
async def quick(payload: Any) -> Any:
    await asyncio.sleep(0.05)
    return payload


@jobs.job(retry=0)
async def takes(payload: float, ctx: JobContext) -> str:
    ctx.progress(1, "begun")
    await asyncio.sleep(payload)
    return "taken"


@jobs.job(retry=0)
async def leaves(payload: str) -> str:
    """Returns at once; what it leaves behind blocks the loop for good."""
    loop = asyncio.get_running_loop()
    match payload:
        case "task":
            kept.append(asyncio.create_task(sleeps()))
        case "spinning task":
            kept.append(asyncio.create_task(spins()))
        case "later task":
            kept.append(asyncio.create_task(sleeps_later()))
        case "timer":
            loop.call_later(0.2, time.sleep, FOREVER_SECONDS)
        case "callback":
            loop.call_soon(time.sleep, FOREVER_SECONDS)
        case "finaliser":
            async for _ in unfinished():
                break
        case "task that keeps the interpreter":
            kept.append(asyncio.create_task(keeps_the_interpreter()))
    return "left"


async def sleeps() -> None:
    time.sleep(FOREVER_SECONDS)


async def spins() -> None:
    while True:
        pass


async def sleeps_later() -> None:
    await asyncio.sleep(1.5)
    time.sleep(FOREVER_SECONDS)


async def unfinished() -> AsyncIterator[int]:
    with contextlib.ExitStack() as stack:
        stack.callback(time.sleep, FOREVER_SECONDS)
        while True:
            yield 1


async def keeps_the_interpreter() -> None:
    await asyncio.sleep(0.2)
    ctypes.PyDLL(None).sleep(FOREVER_SECONDS)


@jobs.job(retry=0)
async def matches(payload: Any) -> bool:
    """Keeps the interpreter's lock: no other thread of the process runs meanwhile."""
    return re.match(r"(a+)+$", "a" * 60 + "b") is not None


@jobs.job(retry=0)
async def sleeps_in_c(payload: float) -> str:
    ctypes.PyDLL(None).usleep(int(payload * 1_000_000))
    return "slept"


@jobs.job(retry=0)
async def sleeps_badly(payload: float, ctx: JobContext) -> str:
    ctx.progress(1, "begun")
    await asyncio.sleep(0.1)
    time.sleep(payload)
    return "slept"
