"""`python -m benchmarks`: every figure, as one table in Markdown. `--quick`: one short iteration of each."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback

from benchmarks import (
    accept,
    api_under_streams,
    batch,
    big_file,
    bullmq,
    client,
    completed,
    drain,
    idle,
    latency,
    postgres,
    schedules,
    streams,
)
from benchmarks.table import Row, Scale, markdown

BENCHMARKS = [
    accept,
    completed,
    batch,
    drain,
    latency,
    schedules,
    streams,
    big_file,
    api_under_streams,
    client,
    idle,
    postgres,
    bullmq,
]


def main() -> int:
    names = [module.__name__.rpartition(".")[2] for module in BENCHMARKS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short iteration of each")
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all when left out")
    options = parser.parse_args()
    if unknown := set(options.only) - set(names):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    scale, rows, broken = Scale(options.quick), list[Row](), 0
    for name, module in zip(names, BENCHMARKS, strict=True):
        if options.only and name not in options.only:
            continue
        began = time.monotonic()
        try:
            rows += module.measure(scale)
        except Exception:  # noqa: BLE001  # the others are measured all the same, and the exit code says so
            traceback.print_exc()
            broken += 1
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}\n")
    print(markdown(rows))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
