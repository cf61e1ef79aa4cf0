"""Drain of no-ops beside others in the same run: BullMQ's Node worker, and PgQueuer on the same PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.cost import Meter, Source, of_family, of_processes, of_server
from benchmarks.drain import Drained, cost_of, drain, rate_of, warm
from benchmarks.postgres import cluster, replicas
from benchmarks.servers import PAYLOAD, server
from benchmarks.table import Row, Scale, main, not_measured
from clients import node_packages
from tests.support.redis import running
from tests.support.server import REPO, Server

NODE_FOLDER = REPO / "tests" / "bullmq" / "node"
PEERS_PYTHON = REPO / ".venv-peers" / "bin" / "python"
CONCURRENCY = 100
"""Of BullMQ's worker."""
BATCH_SIZE = 500
"""Of PgQueuer's: of 10, 100, 500 and 1000 the one by which it was fastest."""

JOBS = {"noop": "async no-ops, one worker", "noop-sync": "sync no-ops, two slots"}
TARGETS = {("BullMQ", "noop"): 1.2, ("BullMQ", "noop-sync"): 0.6}

Theirs = Callable[[int], Drained]
Found = dict[str, list[Drained]]


def their_drain(command: Sequence[str | Path], number: int, store: Source) -> Drained:
    """Of a worker in a process of its own, which fills its queue first."""
    with subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            _expect_line(worker, "ready")
            meter = Meter(store, of_processes("their worker", lambda: [worker.pid]))
            worker.stdin.write("go\n")
            worker.stdin.flush()
            seconds = float(_expect_line(worker))
            cost = meter.microseconds(number)
            worker.stdin.close()
        except BaseException:
            worker.kill()
            raise
    return Drained(number / seconds, cost)


def _expect_line(worker: subprocess.Popen[str], wanted: str | None = None) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline().strip()
    if not line or (wanted is not None and line != wanted):
        raise RuntimeError(f"the other's worker ended, or said {line!r}")
    return line


@contextlib.contextmanager
def bullmq(folder: Path) -> Iterator[Theirs]:
    """Raises NotInstalled."""
    node_packages.install(NODE_FOLDER)
    with running(folder, durable=False) as redis:
        assert redis.process is not None
        store = of_family("Redis", redis.process.pid)
        script = REPO / "benchmarks" / "bullmq_worker.mjs"

        def theirs(number: int) -> Drained:
            command: list[str | Path] = [
                "node",
                script,
                NODE_FOLDER,
                redis.url,
                str(number),
                json.dumps(PAYLOAD),
                str(CONCURRENCY),
            ]
            drained = their_drain(command, number, store)
            redis.flush()
            return drained

        yield theirs


def compared(started: Server, extra: Sequence[Source], theirs: Theirs, scale: Scale) -> tuple[Found, list[Drained]]:
    """All in turn."""
    number = scale.of(20_000, 200)
    ours: Found = {job: [] for job in JOBS}
    others: list[Drained] = []
    with started.client() as client:
        warm(client, list(JOBS), scale.of(200, 10))
        for _ in scale.times():
            others.append(theirs(number))
            for job, turns in ours.items():
                turns.append(drain(client, job, number, [of_server(started), *extra]))
    return ours, others


def rows_of(where: str, peer: str, what: str, ours: Found, theirs: list[Drained]) -> list[Row]:
    """`where` ours keep their runs, and `what` the other is."""
    rows, theirs_a_second, their_cost = [], rate_of(theirs), cost_of(theirs)
    for job, turns in ours.items():
        figure, rate, cost = f"{where}: drain of 20,000 {JOBS[job]}", rate_of(turns), cost_of(turns)
        costs = {f"{figure}, per run": cost, f"{what}, per job": their_cost}
        target = TARGETS.get((peer, job))
        rows.append(
            Row(figure, rate, "runs/s", theirs_a_second, f"jobs/s, {what}", rate / theirs_a_second, target, costs=costs)
        )
        if cost and their_cost:
            used, used_there = sum(cost.values()), sum(their_cost.values())
            name = f"µs per job, {what}, with its store"
            rows.append(Row(f"{figure}: CPU", used, "µs per run", used_there, name, used / used_there, lower=True))
    return rows


def beside_bullmq(scale: Scale) -> list[Row]:
    if not node_packages.node_is_there():
        return [not_measured("SQLite: drain beside BullMQ", "Node and npm are not installed")]
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder, contextlib.ExitStack() as stack:
        try:
            theirs = stack.enter_context(bullmq(Path(folder)))
        except node_packages.NotInstalled as error:
            return [not_measured("SQLite: drain beside BullMQ", " ".join(str(error).split()))]
        found = compared(stack.enter_context(server(workers=1)), (), theirs, scale)
    version = json.loads((NODE_FOLDER / "node_modules/bullmq/package.json").read_text())["version"]
    return rows_of("SQLite", "BullMQ", f"BullMQ {version} (Node; Redis in memory only)", *found)


def pgqueuer_version() -> str | None:
    """None where its environment is not there."""
    if not PEERS_PYTHON.exists():
        return None
    ask = "from importlib.metadata import version; print(version('pgqueuer'))"
    said = subprocess.run([PEERS_PYTHON, "-c", ask], capture_output=True, text=True, check=False)
    return said.stdout.strip() or None


def beside_pgqueuer(scale: Scale) -> list[Row]:
    version = pgqueuer_version()
    if version is None:
        return [not_measured("PostgreSQL: drain beside PgQueuer", "it is not installed (`make peers`)")]
    script = REPO / "benchmarks" / "pgqueuer_worker.py"
    with cluster() as postgres:
        store = of_family("PostgreSQL", postgres.process.pid)

        def theirs(number: int) -> Drained:
            url = postgres.url(postgres.new_database())
            command: list[str | Path] = [PEERS_PYTHON, script, url, str(number), json.dumps(PAYLOAD), str(BATCH_SIZE)]
            return their_drain(command, number, store)

        with replicas(postgres, 1) as [started]:
            found = compared(started, [store], theirs, scale)
    return rows_of("PostgreSQL", "PgQueuer", f"PgQueuer {version} (durable in the same PostgreSQL)", *found)


def measure(scale: Scale) -> list[Row]:
    return [*beside_bullmq(scale), *beside_pgqueuer(scale)]


if __name__ == "__main__":
    main(measure)
