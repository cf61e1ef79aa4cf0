"""Jobs whose handlers dispatch others, in every way that there is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from blazy_jobs import ApiError, AsyncClient, Client, JobContext, Jobs

jobs = Jobs()
letters = jobs.queue("letters")


@jobs.job
async def child(payload: int) -> int:
    return payload + 1


@letters.process("letter")
async def letter(payload: int, ctx: JobContext) -> int:
    return payload + 1


@jobs.job
async def awaits(payload: int) -> list[int]:
    run = await child.dispatch(payload)
    events = [event.type async for event in run.events()]
    assert events[-1] == "completed", events
    posted = await letters.add("letter", payload + 10)
    async with AsyncClient() as client:
        named = await client.dispatch("child", payload + 20)
        return [await run.result(30), await posted.result(30), await named.result(30)]


def _blocking(payload: int) -> list[int]:
    run = child.dispatch_sync(payload)
    assert [event.type for event in run.events()][-1] == "completed"
    posted = letters.add_sync("letter", payload + 10)
    with Client() as client:
        named = client.dispatch("child", payload + 20)
        return [run.result(30), posted.result(30), named.result(30)]


jobs.job("blocks")(_blocking)
jobs.job("blocks-in-a-thread", isolation="thread")(_blocking)


@jobs.job
def starts_a_program(payload: int) -> str:
    command = [sys.executable, "-m", "blazy_jobs.cli", "dispatch", "child", str(payload), "--json"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@jobs.job
def defines(payload: Any) -> str:
    with Client() as client:
        assert client.job_types.get("child")["name"] == "child"
        try:
            client.job_types.pause("child")
        except ApiError as refused:
            return refused.code
    return "paused"


@jobs.job
def sees(payload: Any) -> list[str]:
    return sorted(name for name in os.environ if name.startswith("JOBS_") and "KEY" in name)
