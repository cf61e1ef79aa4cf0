"""Handlers that do what handlers should not. Named by what they do."""

import asyncio
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from blazy_jobs import JobContext, Jobs, Retry

jobs = Jobs()
once = {"retry": 0, "timeout": 1}
patient = {"retry": 0, "timeout": 60}


@jobs.job(**once)
def loops_sync(payload: Any, ctx: JobContext) -> None:
    while True:
        pass


@jobs.job(**once)
async def loops_async(payload: Any, ctx: JobContext) -> None:
    while True:
        pass


@jobs.job(**once)
async def ignores_cancel_async(payload: Any, ctx: JobContext) -> None:
    ctx.progress(1, "begun")
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue


@jobs.job(**once)
def ignores_sigterm_sync(payload: Any, ctx: JobContext) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctx.progress(1, "begun")
    while True:
        try:
            time.sleep(3600)
        except BaseException:  # noqa: BLE001
            continue


@jobs.job("ignores-cancel-long-async", **patient)
async def ignores_cancel_long_async(payload: Any, ctx: JobContext) -> None:
    await ignores_cancel_async.handler(payload, ctx)


@jobs.job("ignores-sigterm-long-sync", **patient)
def ignores_sigterm_long_sync(payload: Any, ctx: JobContext) -> None:
    ignores_sigterm_sync.handler(payload, ctx)


@jobs.job(**patient)
def exits_sync(payload: Any, ctx: JobContext) -> None:
    os._exit(7)


@jobs.job(**patient)
async def exits_async(payload: Any, ctx: JobContext) -> None:
    os._exit(7)


@jobs.job(**patient)
def segfaults_sync(payload: Any, ctx: JobContext) -> None:
    ctypes.string_at(0)


@jobs.job(**patient)
async def segfaults_async(payload: Any, ctx: JobContext) -> None:
    ctypes.string_at(0)


@jobs.job(retry=Retry(max_attempts=3, backoff="fixed", initial_seconds=0.05, jitter=False))
def exits_twice(payload: Any, ctx: JobContext) -> str:
    """Its third attempt is the good one."""
    if ctx.attempt < 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


@jobs.job(**patient)
def eats_memory_sync(payload: Any, ctx: JobContext) -> int:
    limit = 1 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    eaten = []
    while True:
        eaten.append(bytearray(16 << 20))


@jobs.job(**patient)
def forks_and_returns_sync(payload: Any, ctx: JobContext) -> int:
    """The grandchild holds every descriptor that its parent has."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    return child


@jobs.job(**patient)
def forks_and_exits_sync(payload: Any, ctx: JobContext) -> None:
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    ctx.progress(1, str(child))
    time.sleep(0.3)
    os._exit(1)


@jobs.job(**once)
def forks_and_hangs_sync(payload: Any, ctx: JobContext) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    ctx.progress(1, str(child.pid))
    time.sleep(600)


@jobs.job(**patient)
def floods_sync(payload: Any, ctx: JobContext) -> str:
    flood(ctx, payload)
    return "done"


@jobs.job(**patient)
async def floods_async(payload: Any, ctx: JobContext) -> str:
    flood(ctx, payload)
    return "done"


def flood(ctx: JobContext, payload: Any) -> None:
    for n in range(payload["times"]):
        ctx.progress(100 * (n + 1) / payload["times"], f"{n + 1}", {"filler": "x" * 100})
        ctx.log(f"line {n + 1}", filler="y" * 100)


@jobs.job(**patient)
def returns_object_sync(payload: Any, ctx: JobContext) -> Any:
    return object()


@jobs.job(**patient)
async def returns_object_async(payload: Any, ctx: JobContext) -> Any:
    return {1, 2, object()}


@jobs.job(**patient)
async def returns_nan_async(payload: Any, ctx: JobContext) -> Any:
    return {"value": float("nan")}


@jobs.job(**patient)
def returns_much_sync(payload: Any, ctx: JobContext) -> Any:
    return "x" * 50_000_000


@jobs.job(**patient)
async def returns_much_async(payload: Any, ctx: JobContext) -> Any:
    return "x" * 50_000_000


def make_strange() -> type[Exception]:
    class StrangeError(Exception):
        def __init__(self) -> None:
            super().__init__("strange")
            self.lock = threading.Lock()
            self.call = lambda: None

        def __reduce__(self) -> Any:
            raise TypeError("cannot pickle this")

        def __str__(self) -> str:
            raise RuntimeError("nor print it")

    return StrangeError


@jobs.job(**patient)
def raises_strange_sync(payload: Any, ctx: JobContext) -> None:
    raise make_strange()()


@jobs.job(**patient)
async def raises_strange_async(payload: Any, ctx: JobContext) -> None:
    raise make_strange()()


@jobs.job(**patient)
def raises_exit_sync(payload: Any, ctx: JobContext) -> None:
    sys.exit("leaving")


@jobs.job(**patient)
async def raises_exit_async(payload: Any, ctx: JobContext) -> None:
    sys.exit("leaving")


@jobs.job(**patient)
async def raises_cancelled_async(payload: Any, ctx: JobContext) -> None:
    raise asyncio.CancelledError


@jobs.job(**patient)
async def raises_interrupt_async(payload: Any, ctx: JobContext) -> None:
    raise KeyboardInterrupt


@jobs.job(**patient)
def recurses_sync(payload: Any, ctx: JobContext) -> None:
    recurses_sync.handler(payload, ctx)


@jobs.job(**patient)
def raises_huge_sync(payload: Any, ctx: JobContext) -> None:
    raise ValueError("z" * 20_000_000)


def print_much() -> None:
    print("to stdout", "x" * 100_000)
    print("to stderr", file=sys.stderr)
    os.write(1, b'\x00\x00\x00\x05{"a"}\xff\xfe\n')
    sys.stdout.flush()


@jobs.job(**patient)
def prints_sync(payload: Any, ctx: JobContext) -> str:
    print_much()
    return "done"


@jobs.job(**patient)
async def prints_async(payload: Any, ctx: JobContext) -> str:
    print_much()
    return "done"


@jobs.job(**patient)
def closes_descriptors_sync(payload: Any, ctx: JobContext) -> str:
    os.closerange(3, 256)
    ctx.progress(50, "still here")
    return "done"


@jobs.job("closes-descriptors-async", retry=0, timeout=5)
async def closes_descriptors_async(payload: Any, ctx: JobContext) -> str:
    os.closerange(3, 256)
    await asyncio.sleep(0.1)
    return "done"


@jobs.job(**patient)
def closes_stdio_sync(payload: Any, ctx: JobContext) -> str:
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    return "done"


@jobs.job(**patient)
def leaves_threads_sync(payload: Any, ctx: JobContext) -> str:
    """Threads that are no daemons, and never end."""
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(3600,)).start()
    return "done"
