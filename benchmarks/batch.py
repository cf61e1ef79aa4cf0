"""A dispatch, batches of 1,000, against bare SQLite with 1,000 rows a commit."""

from __future__ import annotations

from benchmarks.cost import Meter, of_server
from benchmarks.load import hammer
from benchmarks.servers import BATCH, batch_request, register, server, sqlite_rows
from benchmarks.table import Row, Scale, main, median, median_cost

CONNECTIONS = 4


def measure(scale: Scale) -> list[Row]:
    posts = scale.of(60, 4)
    rates, bare, costs = [], [], []
    with server(workers=0) as started:
        with started.client() as client:
            register(client, "noop")
        for _ in scale.times():
            meter = Meter(of_server(started))
            found = hammer(started.url, [batch_request()], connections=CONNECTIONS, total=posts).expect(202)
            costs.append(meter.microseconds(posts * BATCH))
            rates.append(found.rate * BATCH)
            bare.append(sqlite_rows(a_commit=BATCH, rows=scale.of(200_000, 2000)))
    rate, baseline = median(rates), median(bare)
    figure, name = "dispatch, batches of 1,000", "rows/s, bare SQLite FULL by 1,000"
    cost = {f"{figure}, per run": median_cost(costs)}
    return [Row(figure, rate, "runs/s", baseline, name, target=120_000, costs=cost)]


if __name__ == "__main__":
    main(measure)
