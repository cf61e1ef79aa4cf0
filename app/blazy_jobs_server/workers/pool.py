"""The pool: starts the server's own worker processes, watches them, and replaces those that die.

They speak the worker protocol over a Unix socket, like any worker elsewhere. Each leads a session of its own, so that
nothing sent to the server's terminal reaches it, and so that all of it can be found and ended.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import Membership
from blazy_jobs_server.ports import WorkerRecord

log = structlog.get_logger("pool")

EXIT_BAD_MODULE = 3
EXIT_NO_SERVER = 4
"""It got no answer for a lease's time, and ended its handlers by itself."""
RESTART_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 30.0
MAX_EARLY_ENDS = 3
STRAGGLER_SECONDS = 5.0
STOPPING_SECONDS = 1.5
STORE_SECONDS = 0.5


class ModuleFailed(Exception):
    """A module of jobs cannot be imported, or not be served as it is; its worker has written why to stderr."""


class Pool:
    def __init__(
        self,
        membership: Membership,
        *,
        size: int,
        modules: list[str],
        socket: Path,
        environment: dict[str, str],
        on_fatal: Callable[[Exception], None],
    ) -> None:
        self._membership = membership
        self._size = size
        self._modules = modules
        self._socket = socket
        self._environment = environment
        self._on_fatal = on_fatal
        self._tasks = Tasks()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False
        self._start = secrets.token_hex(16)
        """Whoever replaces one of its processes with the same code is no new start of it."""
        self.declared = asyncio.Event()
        """Set when a worker of this pool has registered, and so declared the modules' job types."""
        if size == 0:
            self.declared.set()
        membership.on_registered = self._registered

    def _registered(self, record: WorkerRecord) -> None:
        if record.pool and record.name.partition("/")[0] in self._processes:
            self.declared.set()

    def start(self) -> None:
        for place in range(1, self._size + 1):
            self._keepers.append(self._tasks.spawn(f"pool worker {place}", self._keep(place)))

    async def _keep(self, place: int) -> None:
        failures = 0
        while not self._stopping:
            started = time.monotonic()
            code = await self._run_once(place)
            failures = 0 if time.monotonic() - started > STEADY_SECONDS else failures + 1
            if failures >= MAX_EARLY_ENDS and code not in (0, EXIT_NO_SERVER) and not self.declared.is_set():
                self._fail(f"its workers end before they are ready, with exit code {code}")
            if not self._stopping:
                await asyncio.sleep(RESTART_SECONDS[min(failures - 1, len(RESTART_SECONDS) - 1)] if failures else 0)

    def _fail(self, reason: str) -> None:
        if not self._stopping:
            self._stopping = True
            self._on_fatal(ModuleFailed(reason))

    async def _run_once(self, place: int) -> int:
        """The exit code of one process."""
        name = f"pool-{place}-{secrets.token_hex(4)}"
        self._membership.pool_names.add(name)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a file of the user's called `queue.py` is not the worker's
            "-m",
            "blazy_jobs.worker",
            *self._modules,
            "--socket",
            str(self._socket),
            "--name",
            name,
            "--start",
            self._start,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=self._environment,
        )
        self._processes[name] = process
        log.info("pool worker started", name=name, pid=process.pid)
        code = await process.wait()
        # Its children die with it; only when all are gone may what they ran begin elsewhere.
        await end_session(process.pid)
        del self._processes[name]
        if code == EXIT_BAD_MODULE:
            self._fail(f"a module of {', '.join(self._modules)} cannot be used")
        level = log.info if code == 0 else log.warning
        level("pool worker ended", name=name, pid=process.pid, code=code)
        await self._give_back(name, lost=code not in (0, EXIT_NO_SERVER) and not self._stopping)
        return code

    async def _give_back(self, name: str, *, lost: bool) -> None:
        """What the ended process had in hand, as soon as the store can be written."""
        told = False
        while True:
            try:
                if lost:
                    await self._membership.pool_process_died(name)
                else:
                    await self._membership.pool_process_stopped(name)
            except StoreUnavailable as error:
                if not told:
                    log.warning("waiting for the store", name=name, reason=error.detail)
                    told = True
                await asyncio.sleep(STORE_SECONDS)
            else:
                return

    async def stop(self, grace_seconds: float) -> None:
        """Workers get the signal to finish. After the grace they stop their handlers by themselves, for which they get
        a moment more; what is left then is ended."""
        self._stopping = True
        for process in list(self._processes.values()):
            _signal(process.pid, signal.SIGTERM)
        if self._keepers:
            await asyncio.wait(self._keepers, timeout=grace_seconds + STOPPING_SECONDS)
        await self.kill()

    async def kill(self) -> None:
        """At once."""
        self._stopping = True
        for process in list(self._processes.values()):
            await end_session(process.pid)
        if self._keepers:
            await asyncio.wait(self._keepers, timeout=STRAGGLER_SECONDS)
        await self._tasks.stop()


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def session_members(session: int) -> list[int]:
    """The living processes of a session (proc(5): the sixth field of stat)."""
    members = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path("/proc", entry, "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = stat.rpartition(")")[2].split()
        if int(fields[3]) == session and fields[0] not in ("Z", "X"):
            members.append(int(entry))
    return members


async def end_session(session: int) -> None:
    """Kills every process of the session and returns when none is left."""
    deadline = time.monotonic() + STRAGGLER_SECONDS
    while members := session_members(session):
        for pid in members:
            _signal(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            log.error("processes cannot be killed", pids=members)
            return
        await asyncio.sleep(0.01)


def alive(record: WorkerRecord) -> bool:
    """Whether the pool worker's process lives: one with its id, and its name among the arguments."""
    if record.pid is None:
        return True  # nobody knows
    try:
        command = Path("/proc", str(record.pid), "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return record.name.partition("/")[0].encode() in command.split(b"\0")
