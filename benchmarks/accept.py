"""One POST a run, 64 connections, no worker: accepted runs a second against an empty FastAPI route."""

from __future__ import annotations

from benchmarks.cost import Meter, of_server
from benchmarks.load import hammer
from benchmarks.servers import dispatch_request, empty_app, register, server, sqlite_rows
from benchmarks.table import Row, Scale, main, median, median_cost

CONNECTIONS = 64


def empty_rate(url: str, total: int) -> float:
    return hammer(url, [dispatch_request()], connections=CONNECTIONS, total=total).expect(202).rate


def measure(scale: Scale) -> list[Row]:
    total = scale.of(20_000, 300)
    with server(workers=0) as started, empty_app() as empty:
        with started.client() as client:
            register(client, "noop")
        ours, theirs, slowest, costs = [], [], [], []
        for _ in scale.times(5):
            theirs.append(empty_rate(empty, total))
            meter = Meter(of_server(started))
            found = hammer(started.url, [dispatch_request()], connections=CONNECTIONS, total=total).expect(202)
            costs.append(meter.microseconds(total))
            ours.append(found.rate)
            slowest.append(found.quantile(0.99))
    bare = sqlite_rows(a_commit=1, rows=scale.of(5000, 200))
    rate, baseline = median(ours), median(theirs)
    figure, name = "dispatch, one request per run", "requests/s, empty route"
    cost = {f"{figure}, per run": median_cost(costs)}
    return [
        Row(figure, rate, "runs/s", baseline, name, rate / baseline, 1.8, costs=cost),
        Row("the same, p99 of the answer", median(slowest), "ms"),
        Row("the same, against bare SQLite", rate, "runs/s", bare, "commits/s, bare SQLite FULL", rate / bare),
    ]


if __name__ == "__main__":
    main(measure)
