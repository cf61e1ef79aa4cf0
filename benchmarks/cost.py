"""Processor time by activity, from the scheduler's own account of each thread: it says the same on a busy machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.server import Server

PROC = Path("/proc")
LOOP = "server: event loop"
WRITER = "server: writer"
OTHERS = "server: other threads"
CONTROL = "worker: control"
ROLES = {"host": "worker: host", "slot": "worker: slots"}


@dataclass(frozen=True)
class Thread:
    activity: str
    id: int
    seconds: float


Source = Callable[[], Iterator[Thread]]


class Meter:
    """What the threads of its sources use from now on. Those that end meanwhile are not counted."""

    def __init__(self, *sources: Source) -> None:
        self._sources = sources
        self._before = {thread.id: thread.seconds for thread in self._read()}

    def _read(self) -> Iterator[Thread]:
        for source in self._sources:
            yield from source()

    def seconds(self) -> dict[str, float]:
        """By activity; empty where the system keeps no such account."""
        used: dict[str, float] = {}
        for thread in self._read():
            since = thread.seconds - self._before.get(thread.id, 0.0)
            used[thread.activity] = used.get(thread.activity, 0.0) + since
        return used

    def microseconds(self, number: float) -> dict[str, float]:
        """For each of `number`."""
        return {activity: seconds / number * 1e6 for activity, seconds in self.seconds().items()}


def of_server(started: Server) -> Source:
    """The server by its threads, its pool's workers by their processes."""

    def read() -> Iterator[Thread]:
        for id, name, seconds in _threads(started.pid):
            yield Thread(LOOP if id == started.pid else WRITER if name == "writer" else OTHERS, id, seconds)
        for process in started.processes():
            with contextlib.suppress(psutil.Error):
                yield from _all_threads(_role(process.cmdline()), process.pid)

    return read


def of_processes(activity: str, pids: Callable[[], Iterable[int]]) -> Source:
    def read() -> Iterator[Thread]:
        for pid in pids():
            yield from _all_threads(activity, pid)

    return read


def of_family(activity: str, pid: int) -> Source:
    """A process and all that it started."""
    return of_processes(activity, lambda: [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))])


def _role(command: list[str]) -> str:
    """Of a worker's process."""
    if "blazy_jobs.worker.child" in command:
        return ROLES[command[command.index("blazy_jobs.worker.child") + 1]]
    return CONTROL if "blazy_jobs.worker" in command else "worker: what it started"


def _all_threads(activity: str, pid: int) -> Iterator[Thread]:
    for id, _, seconds in _threads(pid):
        yield Thread(activity, id, seconds)


def _threads(pid: int) -> Iterator[tuple[int, str, float]]:
    """Their ids, names and seconds on a processor."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for folder in (PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                nanoseconds = int((folder / "schedstat").read_text().split()[0])
                yield int(folder.name), (folder / "comm").read_text().strip(), nanoseconds / 1e9
