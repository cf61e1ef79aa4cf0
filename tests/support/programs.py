"""Other programs than the server that a test starts: none outlives it, whatever becomes of the test."""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

MARK = "BLAZY_TEST_MARK"
"""Children inherit it with their environment: what has outlived its parent is found by it."""


@contextlib.contextmanager
def running(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Takes what Popen takes. Killed at the end of the block with all that it has started, unless it has ended.

    Popen's own `with` waits for the end, which after a failure may never come.
    """
    mark = uuid.uuid4().hex
    options["env"] = {**(options.get("env") or os.environ), MARK: mark}
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            end(marked(mark))


def marked(mark: str) -> list[psutil.Process]:
    """All living processes with this mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes():
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
    return found


def end(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)
