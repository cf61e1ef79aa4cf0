"""Handlers that leave something behind: in their process, in threads, tasks and children."""

from __future__ import annotations

import asyncio
import contextvars
import decimal
import faulthandler
import gc
import io
import locale
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from blazy_jobs import CallNext, JobContext, Jobs, MiddlewareRun

jobs = Jobs()
wrapped = Jobs()
log = logging.getLogger(__name__)
user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")
pool = ThreadPoolExecutor(1)
fork = multiprocessing.get_context("fork")


def name_of(handler: Any) -> str:
    return str(getattr(handler, "__qualname__", handler))


def state() -> dict[str, Any]:
    os.umask(mask := os.umask(0o22))
    return {
        "pid": os.getpid(),
        "user": user.get(),
        "precision": decimal.getcontext().prec,
        "folder": os.getcwd(),
        "umask": mask,
        "environment": dict(sorted(os.environ.items())),
        "path": sys.path,
        "filters": [str(entry) for entry in warnings.filters],
        "alarm": [signal.getitimer(timer)[0] > 0 for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF)],
        "handlers": {str(number): name_of(signal.getsignal(number)) for number in sorted(signal.valid_signals())},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "locale": locale.setlocale(locale.LC_ALL),
        "stdout": type(sys.stdout).__name__,
        "recursion": sys.getrecursionlimit(),
        "socket": socket.getdefaulttimeout(),
        "gc": gc.isenabled(),
    }


@jobs.job
def looks() -> dict[str, Any]:
    return state()


@jobs.job
def pollutes(payload: Any = None) -> None:
    user.set("ada")
    decimal.getcontext().prec = 3
    os.chdir("/")
    os.umask(0o777)
    os.environ["LEFT_BEHIND"] = "yes"
    os.environ["PATH"] = "/nowhere"
    os.environ.pop("HOME", None)
    sys.path.insert(0, "/nowhere")
    warnings.simplefilter("error")
    for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.alarm(60)
    signal.setitimer(signal.ITIMER_PROF, 60)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
    resource.setrlimit(resource.RLIMIT_NOFILE, (700, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    sys.stdout = io.StringIO()
    sys.setrecursionlimit(700)
    socket.setdefaulttimeout(1)
    gc.disable()


@jobs.job
def lowers_a_limit_for_good() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(1)


@jobs.job
def leaves_a_thread(payload: str, ctx: JobContext) -> None:
    def speak() -> None:
        _wait_for(Path(payload, "go"))
        log.warning("from a thread left behind")
        ctx.log("from its context")
        ctx.progress(99, "too late")
        Path(payload, "spoke").touch()

    threading.Thread(target=speak, daemon=True).start()


@jobs.job
def wakes_it(payload: str) -> None:
    Path(payload, "go").touch()
    _wait_for(Path(payload, "spoke"))
    log.warning("its own")


@jobs.job
def logs_in_a_pool(payload: str) -> None:
    pool.submit(log.warning, payload).result()


@jobs.job
async def outlived_by_a_task(payload: str, ctx: JobContext) -> None:
    async def speak() -> None:
        while not Path(payload, "go").exists():  # noqa: ASYNC110  # a file tells nobody
            await asyncio.sleep(0.01)
        log.error("from a task that outlived its run")
        ctx.log("from its context", n=1)
        Path(payload, "spoke").touch()

    asyncio.get_running_loop().kept = asyncio.create_task(speak())  # type: ignore[attr-defined]
    log.info("begun")


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.005)


def _speak_in_child(ctx: JobContext) -> None:
    log.error("from a forked child")
    ctx.log("from the child's context")
    ctx.progress(1, "nobody sees it")


def forks(payload: Any, ctx: JobContext) -> int | None:
    child = fork.Process(target=_speak_in_child, args=(ctx,))
    child.start()
    child.join(20)
    return child.exitcode


def terminates(payload: Any) -> list[int | None]:
    """Exit codes of what is told to end in every way there is."""
    asleep = fork.Process(target=time.sleep, args=(60,))
    asleep.start()
    asleep.terminate()
    asleep.join(20)
    interrupted = os.fork()
    if not interrupted:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            os._exit(7)
        os._exit(8)
    with fork.Pool(2) as workers:
        squares = workers.map(abs, [-1, -2])
    time.sleep(0.1)
    os.kill(interrupted, signal.SIGINT)
    _, status = os.waitpid(interrupted, 0)
    return [asleep.exitcode, os.waitstatus_to_exitcode(status), *squares]


async def forks_async(payload: Any, ctx: JobContext) -> int | None:
    return forks(payload, ctx)


async def terminates_async(payload: Any) -> list[int | None]:
    return terminates(payload)


jobs.job(forks)
jobs.job("forks-async")(forks_async)
jobs.job("forks-thread", isolation="thread")(forks)
jobs.job(terminates)
jobs.job("terminates-async")(terminates_async)
jobs.job("terminates-thread", isolation="thread")(terminates)
jobs.job("terminates-alone", isolation="process")(terminates_async)


@wrapped.middleware
async def around(run: MiddlewareRun, call_next: CallNext) -> Any:
    return await call_next(run)


wrapped.job("pollutes-wrapped")(pollutes.handler)
wrapped.job("looks-wrapped")(looks.handler)
faulthandler.enable()
