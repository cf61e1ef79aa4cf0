"""One POST a run to `completed`, one worker process of no-op async handlers, against an empty FastAPI route."""

from __future__ import annotations

import time

from benchmarks.accept import CONNECTIONS, empty_rate
from benchmarks.cost import Meter, of_server
from benchmarks.load import hammer
from benchmarks.servers import dispatch_request, empty_app, server, until_completed
from benchmarks.table import Row, Scale, main, median, median_cost


def measure(scale: Scale) -> list[Row]:
    total = scale.of(10_000, 200)
    ours, theirs, costs = [], [], []
    with server(workers=1) as started, empty_app() as empty, started.client() as client:
        done = 0
        for _ in scale.times(5):
            theirs.append(empty_rate(empty, total))
            meter, begin_to_end = Meter(of_server(started)), time.monotonic()
            found = hammer(started.url, [dispatch_request()], connections=CONNECTIONS, total=total).expect(202)
            answered = time.monotonic()
            done += total
            # The load's own start is not the server's time: what counts is from its first request on.
            ours.append(total / (until_completed(client, done) - answered + found.seconds))
            costs.append(meter.microseconds(total))
            assert answered > begin_to_end
    rate, baseline = median(ours), median(theirs)
    figure, name = "dispatch to completion, one request per run", "requests/s, empty route"
    cost = {f"{figure}, per run": median_cost(costs)}
    return [Row(figure, rate, "runs/s", baseline, name, rate / baseline, 1.0, costs=cost)]


if __name__ == "__main__":
    main(measure)
