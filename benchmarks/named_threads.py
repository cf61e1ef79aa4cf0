"""`python -m benchmarks.named_threads serve ...`: the server's command, with threads whose names the system knows too.

From Python 3.14 on they are known anyway. Without them nobody outside could tell the writer from other threads.
"""

from __future__ import annotations

import ctypes
import runpy
import sys
import threading

PR_SET_NAME = 15


def name_threads() -> None:
    libc = ctypes.CDLL(None)
    run = threading.Thread.run

    def named_run(self: threading.Thread) -> None:
        libc.prctl(PR_SET_NAME, self.name.encode()[:15], 0, 0, 0)
        run(self)

    threading.Thread.run = named_run  # type: ignore[method-assign]


if __name__ == "__main__":
    if sys.platform == "linux":
        name_threads()
    runpy.run_module("blazy_jobs_server.cli", run_name="__main__", alter_sys=True)
