"""`python -m benchmarks`: every figure, as one table in Markdown.

`--quick`: one short iteration of each. `--rounds 3`: all of them three times, one after the other, and the medians.
`--json FILE` keeps the figures.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from benchmarks import (
    accept,
    api_under_streams,
    batch,
    big_file,
    bulk,
    bullmq,
    client,
    completed,
    dashboard,
    drain,
    idle,
    keys,
    latency,
    outbound,
    peers,
    postgres,
    schedules,
    streams,
    typical,
    webhooks,
)
from benchmarks.table import Row, Scale, keep, machine, medians, options, scale_of, show

BENCHMARKS = [
    accept,
    keys,
    completed,
    batch,
    drain,
    typical,
    latency,
    schedules,
    streams,
    big_file,
    bulk,
    api_under_streams,
    client,
    outbound,
    webhooks,
    dashboard,
    idle,
    postgres,
    bullmq,
    peers,
]
MODULES = {module.__name__.rpartition(".")[2]: module for module in BENCHMARKS}


def measured(name: str, scale: Scale) -> list[Row] | None:
    """None where the benchmark broke: the others are measured all the same, and the exit code says so."""
    began = time.monotonic()
    try:
        return MODULES[name].measure(scale)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return None
    finally:
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options(parser)
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}; all when left out")
    given = parser.parse_args()
    if unknown := set(given.only) - set(MODULES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    names = [name for name in MODULES if not given.only or name in given.only]
    rounds, broken, before = list[list[Row]](), 0, machine()
    for _ in range(given.rounds):
        rounds.append([])
        for name in names:
            rows = measured(name, scale_of(given))
            rounds[-1] += rows or []
            broken += rows is None
            if given.json:  # what is there, should the rest be interrupted
                keep(given.json, rounds, before)
    print(show(medians(rounds), before))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
