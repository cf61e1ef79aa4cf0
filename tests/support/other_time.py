"""`python -m tests.support.other_time SECONDS serve ...`: a server on a machine whose wall clock is off by so much."""

from __future__ import annotations

import sys
import time

from blazy_jobs_server import cli


def shift_wall_clock(seconds: float) -> None:
    real, shift = time.time_ns, int(seconds * 1e9)
    time.time_ns = lambda: real() + shift


if __name__ == "__main__":
    shift_wall_clock(float(sys.argv.pop(1)))
    cli.main()
