"""File descriptors: where this package keeps its own, out of handlers' way, and what is said when they run out."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import time

from blazy_jobs.worker.logs import Log

HIGH_DESCRIPTOR = 512
ROOM = 32
SILENT_SECONDS = 60.0
MAX_CAUSES = 10
RUN_OUT = (errno.EMFILE, errno.ENFILE)

log = Log("blazy_jobs.worker")


def out_of_reach(descriptor: int) -> int:
    """Moves a descriptor to where handlers that close what they did not open (3 to 255) leave it alone."""
    moved = copy_out_of_reach(descriptor)
    os.close(descriptor)
    return moved


def copy_out_of_reach(descriptor: int) -> int:
    """Where the limit is low (`ulimit -n`), as near below it as there is room for several."""
    least = HIGH_DESCRIPTOR if limit() is None else min(HIGH_DESCRIPTOR, max(3, (limit() or 0) - ROOM))
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)


def limit() -> int | None:
    """How many this process may have; None for any number."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


class _Told:
    at = float("-inf")


def say_if_run_out(error: BaseException | None) -> bool:
    """Whether that is why, or a cause of why; said once a minute."""
    if not any(isinstance(cause, OSError) and cause.errno in RUN_OUT for cause in _causes(error)):
        return False
    now = time.monotonic()
    if now - _Told.at > SILENT_SECONDS:
        _Told.at = now
        log.error("file descriptors have run out in this process: raise ulimit -n", limit=limit())
    return True


def _causes(error: BaseException | None) -> list[BaseException]:
    """It, its causes and the members of groups, the first few of them."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < MAX_CAUSES:
        one = waiting.pop(0)
        if one is not None and not any(one is other for other in found):
            found.append(one)
            members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
            waiting += [one.__cause__ or one.__context__, *members]
    return found
