"""A child process of the worker, from its first line on: `python -m blazy_jobs.worker.child ROLE ... MODULE ...`.

It imports the user's modules and says what they declare, or what is wrong with them. Then it is a host or a slot.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import NoReturn

from blazy_jobs.errors import DefinitionError
from blazy_jobs.tracing import setup
from blazy_jobs.worker import forks, host, slot
from blazy_jobs.worker.descriptors import out_of_reach
from blazy_jobs.worker.frames import IMPORT_FAILED, READY, REFUSED, pack
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.modules import CannotLoad, Loaded, load
from blazy_jobs.worker.pulse import PULSE_SECONDS, Page, end_with_leases
from blazy_jobs.worker.shadows import standing_in

log = Log("blazy_jobs.worker")

PR_SET_PDEATHSIG = 1
PACKAGE = str(Path(__file__).parents[1]) + os.sep


def main(arguments: list[str]) -> NoReturn:
    role, channel, page, parent, *targets = arguments
    die_with(int(parent))
    # Own handlers that do nothing: ignored signals would be inherited by what handlers start.
    forks.handle(signal.SIGINT, _do_nothing)
    forks.handle(signal.SIGTERM, _do_nothing)
    forks.give_children_their_signals()
    sock = socket.socket(fileno=out_of_reach(int(channel)))
    os.register_at_fork(after_in_child=sock.close)
    pulse = Page(int(page))
    os.close(int(page))
    pulse.child_beat()
    imported = threading.Event()
    threading.Thread(target=_beat_until, args=(pulse, imported), name="pulse", daemon=True).start()
    loaded, declared = _load(targets, sock)
    if (missing := setup.start("blazy-jobs-worker")) is not None and role == "host":
        log.warning("no spans are recorded", reason=missing)
    imported.set()
    sock.sendall(declared)
    if role == "host":
        host.serve(sock, pulse, loaded)
    else:
        slot.serve(sock, pulse, loaded)


def _load(targets: list[str], sock: socket.socket) -> tuple[Loaded, bytes]:
    """With the frame that says what they declare."""
    try:
        loaded = load(targets)
        return loaded, pack(READY, loaded.describe())
    except (CannotLoad, DefinitionError) as error:
        reason = f"{_written_at(error)}{error}"
        print(f"blazy-jobs: {reason}", file=sys.stderr)  # noqa: T201
    except BaseException as error:  # noqa: BLE001 - whatever a module's import raises: told, and the process ends
        reason = f"{type(error).__name__}: {error}"
        traceback.print_exc()
        if shadows := standing_in():
            told = ", ".join(f"{file} instead of {name!r}" for name, file in shadows)
            reason += f" (imported in the place of a module of Python's standard library: {told}; rename it)"
            print(f"blazy-jobs: {reason}", file=sys.stderr)  # noqa: T201
    sys.stderr.flush()
    sock.sendall(pack(REFUSED, reason))
    os._exit(IMPORT_FAILED)


def _written_at(error: Exception) -> str:
    """`FILE:LINE: ` of the user's code that raised it, where it was any."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(PACKAGE)]
    return f"{theirs[-1].filename}:{theirs[-1].lineno}: " if theirs else ""


def _beat_until(pulse: Page, imported: threading.Event) -> None:
    while not imported.wait(PULSE_SECONDS):
        pulse.child_beat()
        end_with_leases(pulse)


def die_with(parent: int) -> None:
    """This process is killed when its parent dies, also when it died just now."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _do_nothing(number: int, frame: object) -> None:
    pass


if __name__ == "__main__":
    main(sys.argv[1:])
