"""The same figures on PostgreSQL with its default durability, which shares the cores: one server, two and three."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

import asyncpg

from benchmarks.accept import CONNECTIONS
from benchmarks.cost import Meter, of_family, of_server
from benchmarks.drain import cost_of, drain, rate_of, warm
from benchmarks.latency import starts
from benchmarks.load import hammer
from benchmarks.servers import BATCH, batch_request, dispatch_request, register, server, until_completed
from benchmarks.table import Row, Scale, main, median, median_cost, quantile
from tests.support.postgres import Postgres
from tests.support.server import Server

BARE_CONNECTIONS = 8
DRAIN_TARGETS = {1: 12_000, 3: 20_000}


@contextlib.contextmanager
def cluster() -> Iterator[Postgres]:
    postgres = Postgres(durable=True, settings=("shared_buffers=256MB",))
    try:
        yield postgres
    finally:
        postgres.close()


async def _bare_rows(url: str, *, a_commit: int, rows: int, connections: int) -> float:
    """Rows a second that bare PostgreSQL makes durable, `a_commit` in each transaction."""
    first = await asyncpg.connect(url)
    await first.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, state int, payload text)")
    await first.close()
    statement = "INSERT INTO bare (state, payload) SELECT 1, p FROM unnest($1::text[]) AS p"
    payloads = ['{"userId":"u-123456"}'] * a_commit

    async def write(times: int) -> None:
        connection = await asyncpg.connect(url)
        for _ in range(times):
            await connection.execute(statement, payloads)
        await connection.close()

    began = time.perf_counter()
    times = max(1, rows // a_commit // connections)
    await asyncio.gather(*(write(times) for _ in range(connections)))
    return times * connections * a_commit / (time.perf_counter() - began)


def bare_rows(postgres: Postgres, *, a_commit: int, rows: int, connections: int = BARE_CONNECTIONS) -> float:
    url = postgres.url(postgres.new_database())
    return asyncio.run(_bare_rows(url, a_commit=a_commit, rows=rows, connections=connections))


@contextlib.contextmanager
def replicas(postgres: Postgres, number: int, *, workers: int = 1) -> Iterator[list[Server]]:
    url = postgres.url(postgres.new_database())
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server(workers=workers, JOBS_DATABASE_URL=url)) for _ in range(number)]


def accepted(postgres: Postgres, scale: Scale) -> list[Row]:
    total = scale.of(10_000, 300)
    rates, costs = [], []
    with replicas(postgres, 1, workers=0) as [one]:
        with one.client() as client:
            register(client, "noop")
        for _ in scale.times():
            meter = Meter(of_family("PostgreSQL", postgres.process.pid), of_server(one))
            rates.append(hammer(one.url, [dispatch_request()], connections=CONNECTIONS, total=total).expect(202).rate)
            costs.append(meter.microseconds(total))
        posts = scale.of(30, 2)
        batches = [
            hammer(one.url, [batch_request()], connections=4, total=posts).expect(202).rate * BATCH
            for _ in scale.times()
        ]
    single = bare_rows(postgres, a_commit=1, rows=scale.of(10_000, 200))
    many = bare_rows(postgres, a_commit=BATCH, rows=scale.of(200_000, 2000))
    return [
        Row(
            "PostgreSQL: dispatch, one request per run",
            median(rates),
            "runs/s",
            single,
            f"commits/s, bare PostgreSQL, {BARE_CONNECTIONS} connections",
            target=8000,
            costs={"PostgreSQL: dispatch, one request per run, per run": median_cost(costs)},
        ),
        Row(
            "PostgreSQL: dispatch, batches of 1,000",
            median(batches),
            "runs/s",
            many,
            "rows/s, bare PostgreSQL by 1,000",
            target=20_000,
        ),
    ]


def completed(postgres: Postgres, scale: Scale) -> list[Row]:
    total = scale.of(5000, 200)
    rates, done = [], 0
    with replicas(postgres, 1) as [one], one.client() as client:
        for _ in scale.times():
            found = hammer(one.url, [dispatch_request()], connections=CONNECTIONS, total=total).expect(202)
            answered = time.monotonic()
            done += total
            rates.append(total / (until_completed(client, done) - answered + found.seconds))
        latencies = starts(one.url, scale.of(300, 10))
    rows = [Row("PostgreSQL: dispatch to completion, one request per run", median(rates), "runs/s", target=1500)]
    for share, target in ((0.5, 8.0), (0.99, None)):
        label = f"PostgreSQL: idle dispatch → handler start, p{share * 100:g}"
        rows.append(Row(label, quantile(latencies, share), "ms", target=target, lower=True))
    return rows


def drained(postgres: Postgres, scale: Scale, servers: int) -> Row:
    number = scale.of(10_000, 100)
    with replicas(postgres, servers) as found, found[0].client() as client:
        sources = [of_family("PostgreSQL", postgres.process.pid), *map(of_server, found)]
        warm(client, ["noop"], scale.of(200, 10))
        turns = [drain(client, "noop", number, sources) for _ in scale.times()]
    figure = f"PostgreSQL: drain of 10,000 async no-ops, {servers} server{'s' * (servers > 1)}"
    costs = {f"{figure}, per run": cost_of(turns)}
    return Row(figure, rate_of(turns), "runs/s", target=DRAIN_TARGETS.get(servers), costs=costs)


def measure(scale: Scale) -> list[Row]:
    with cluster() as postgres:
        return [
            *accepted(postgres, scale),
            *completed(postgres, scale),
            *(drained(postgres, scale, servers) for servers in (1, 2, 3)),
        ]


if __name__ == "__main__":
    main(measure)
