"""Async jobs that start processes."""

import asyncio
import inspect
import subprocess
import sys
from contextlib import suppress
from typing import Any

from blazy_jobs import JobContext, Jobs

jobs = Jobs()
PYTHON = [sys.executable, "-c"]
SLEEP = "import time; time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {SLEEP}"
# It ignores SIGTERM too, and has so much memory to give back that it is still there for a while after SIGKILL.
HEAVY = f"held = bytearray(b'x') * 400_000_000; {DEAF}"
PARENT = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {SLEEP!r}]).pid, flush=True)
time.sleep(600)
"""


@jobs.job(retry=0)
async def starts(payload: str, ctx: JobContext) -> str:
    pids: list[int] = []
    match payload:
        case "exec":
            pids.append((await asyncio.create_subprocess_exec(*PYTHON, SLEEP)).pid)
        case "shell":
            pids.append((await asyncio.create_subprocess_shell("sleep 600; true")).pid)
        case "deaf" | "heavy":
            code = DEAF if payload == "deaf" else HEAVY
            process = await asyncio.create_subprocess_exec(*PYTHON, code, stdout=subprocess.PIPE)
            assert process.stdout is not None
            await process.stdout.readline()
            pids.append(process.pid)
        case "grandchild":
            process = await asyncio.create_subprocess_exec(*PYTHON, PARENT, stdout=subprocess.PIPE)
            assert process.stdout is not None
            pids += [process.pid, int(await process.stdout.readline())]
        case "popen":
            pids.append(subprocess.Popen([*PYTHON, SLEEP]).pid)
        case "thread":
            pids.append(await asyncio.to_thread(lambda: subprocess.Popen([*PYTHON, SLEEP]).pid))
        case "task":
            async with asyncio.TaskGroup() as group:
                pids.append((await group.create_task(asyncio.create_subprocess_exec(*PYTHON, SLEEP))).pid)
        case "session":
            pids.append((await asyncio.create_subprocess_exec(*PYTHON, SLEEP, start_new_session=True)).pid)
    ctx.progress(50, " ".join(map(str, pids)))
    await asyncio.sleep(600)
    return "ended"


@jobs.job(retry=0)
async def leaves_running(payload: Any) -> int:
    return (await asyncio.create_subprocess_exec(*PYTHON, SLEEP)).pid


@jobs.job(retry=0)
async def ends_its_own(payload: Any, ctx: JobContext) -> str:
    process = await asyncio.create_subprocess_exec(*PYTHON, SLEEP)
    ctx.progress(50, str(process.pid))
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        ctx.log(f"ended with {await process.wait()}")
    return "ended"


@jobs.job(retry=0)
async def signature_of_popen(payload: Any) -> list[str]:
    return list(inspect.signature(subprocess.Popen).parameters)
