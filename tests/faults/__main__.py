"""`python -m tests.faults --kills 1000`: the crash tester at large, in rounds on empty databases."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.campaign import Plan, on_postgres, run_round
from tests.faults.checker import check


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=25, help="over all rounds")
    parser.add_argument("--round", type=int, default=50, help="kills in one round")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier campaign")
    parser.add_argument("--clients", type=int, default=5)
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--replicas", type=int, default=3, help="servers on one PostgreSQL database")
    parser.add_argument("--keep", action="store_true", help="keep the files of faultless rounds too")
    return parser.parse_args()


def make_plan(kills: int, seed: int, options: argparse.Namespace) -> Plan:
    if options.store == "postgres":
        return on_postgres(kills, seed, options.replicas, clients=options.clients)
    return Plan(kills=kills, seed=seed, clients=options.clients)


def main() -> int:
    options = arguments()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}: the same choices again with --seed {seed}", flush=True)
    rng = random.Random(seed)
    left, number, found, killed, runs, began = options.kills, 0, 0, Counter[str](), 0, time.monotonic()
    while left > 0:
        number += 1
        plan = make_plan(min(left, options.round), rng.randrange(2**32), options)
        folder = Path(tempfile.mkdtemp(prefix="blazy-faults-"))
        outcome = asyncio.run(run_round(folder, plan))
        violations = check(outcome.history)
        print(f"round {number}: {outcome.summary()}", flush=True)
        for violation in violations:
            print(f"  VIOLATION {violation}", flush=True)
        if violations or options.keep:
            print(f"  files: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
        left -= plan.kills
        found += len(violations)
        killed.update(outcome.killed)
        runs += len(outcome.history.runs)
    minutes = (time.monotonic() - began) / 60
    print(f"{sum(killed.values())} kills ({dict(killed)}), {runs} runs, {found} violations, {minutes:.1f} minutes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
