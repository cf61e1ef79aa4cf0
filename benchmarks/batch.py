"""A dispatch, batches of 1,000, against bare SQLite with 1,000 rows a commit."""

from __future__ import annotations

from benchmarks.load import hammer
from benchmarks.servers import BATCH, batch_request, register, server, sqlite_rows
from benchmarks.table import Row, Scale, main, median

CONNECTIONS = 4


def measure(scale: Scale) -> list[Row]:
    posts = scale.of(60, 4)
    rates, bare = [], []
    with server(workers=0) as started:
        with started.client() as client:
            register(client, "noop")
        for _ in scale.times():
            found = hammer(started.url, [batch_request()], connections=CONNECTIONS, total=posts).expect(202)
            rates.append(found.rate * BATCH)
            bare.append(sqlite_rows(a_commit=BATCH, rows=scale.of(200_000, 2000)))
    rate, baseline = median(rates), median(bare)
    return [
        Row(
            "dispatch, batches of 1,000",
            rate,
            "runs/s",
            baseline,
            "rows/s, bare SQLite FULL by 1,000",
            target=60_000,
        )
    ]


if __name__ == "__main__":
    main(measure)
