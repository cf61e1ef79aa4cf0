"""Processes that the handlers in a host start: those of a run that was stopped end with it.

A host's handlers share one process group, so that none of them can be ended by it. Who has started what is noted as it
starts: by `subprocess` and by the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from blazy_jobs.worker.standing import current

TERM_SECONDS = 1.0
KILL_SECONDS = 5.0
LOOK_SECONDS = 0.02
_init = subprocess.Popen.__init__


class Started(NamedTuple):
    """`born`: when, in ticks since the machine's start. Another process of the number has another."""

    pid: int
    born: str


def note(pid: int | None) -> None:
    """It was started by the run whose code this is."""
    standing = current.get()
    if standing is not None and pid is not None and (found := _look(pid)) is not None:
        standing.children.append(found)


def note_all() -> None:
    """From now on, also what `subprocess.Popen` starts, in whatever thread."""
    subprocess.Popen.__init__ = _noted_init  # type: ignore[method-assign]


async def end(started: Iterable[Started]) -> None:
    """SIGTERM to them and their descendants, and SIGKILL to what is left a second later. Returns when they are dead, or
    where one does not die of SIGKILL in time: it waits in the kernel, for a disk that does not answer."""
    left = _signal(_living(started), signal.SIGTERM)
    left = _signal(await _wait(left, TERM_SECONDS), signal.SIGKILL)
    await _wait(left, KILL_SECONDS)


async def _wait(processes: list[Started], seconds: float) -> list[Started]:
    """Those that are still there then."""
    until = time.monotonic() + seconds
    while processes and time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
        processes = _living(processes)
    return processes


def _living(started: Iterable[Started]) -> list[Started]:
    """With their descendants, a parent before its children."""
    found: dict[int, Started] = {}
    waiting = [each for each in started if _look(each.pid) == each]
    while waiting:
        process = waiting.pop()
        if process.pid not in found:
            found[process.pid] = process
            waiting.extend(child for pid in _children(process.pid) if (child := _look(pid)) is not None)
    return list(found.values())


def _signal(processes: list[Started], number: signal.Signals) -> list[Started]:
    for process in processes:
        if _look(process.pid) == process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, number)
    return processes


def _look(pid: int) -> Started | None:
    """None where it is dead, also where nobody has waited for it yet."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if words[0] in "ZX" else Started(pid, words[19])


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


@functools.wraps(_init)
def _noted_init(self: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
    _init(self, *arguments, **options)
    note(self.pid)
