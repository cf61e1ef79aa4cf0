"""Jobs with middleware: an async one, and a process handler whose middleware runs in the host."""

import os
import time
from typing import Any

from blazy_jobs import CallNext, HandlerFailed, JobContext, Jobs, MiddlewareRun, Snooze

jobs = Jobs()


@jobs.middleware
async def outer(run: MiddlewareRun, call_next: CallNext) -> Any:
    run.context.log("outer", pid=os.getpid())
    try:
        return {"outer": await call_next(run)}
    except HandlerFailed as error:
        run.context.log("seen", code=error.code, kind=error.type)
        raise


@jobs.use
async def inner(run: MiddlewareRun, call_next: CallNext) -> Any:
    if run.payload == "snooze":
        raise Snooze(5)
    run.payload = {"was": run.payload}
    return await call_next(run)


@jobs.job
async def wrapped(payload: Any) -> Any:
    return {"payload": payload, "pid": os.getpid()}


@jobs.job
def wrapped_sync(payload: Any, ctx: JobContext) -> Any:
    ctx.progress(50, str(os.getpid()))
    match payload["was"]:
        case "raise":
            raise KeyError("lost")
        case "die":
            os._exit(4)
        case "wait":
            time.sleep(60)
    return {"payload": payload, "pid": os.getpid()}
