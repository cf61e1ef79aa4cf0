"""Webhooks: how many messages a second reach a local receiver, and what dispatch loses to them."""

from __future__ import annotations

import re
import threading
import time

import httpx

from benchmarks.cost import Meter, of_server
from benchmarks.drain import drain
from benchmarks.load import Findings, hammer
from benchmarks.servers import dispatch_request, noop_receiver, register, server
from benchmarks.table import Row, Scale, main, median, median_cost

CONNECTIONS = 64
PATIENCE_SECONDS = 120.0
PAIRS = 2
"""Turns of dispatches with and without webhooks, of which the ratio is a median."""


def delivered(client: httpx.Client) -> int:
    found = re.search(r'jobs_webhook_attempts_total\{outcome="delivered"\} (\S+)', client.get("/metrics").text)
    assert found is not None
    return int(float(found[1]))


def switch(client: httpx.Client, enabled: bool) -> None:
    client.patch("/v1/webhooks/shop", json={"enabled": enabled}).raise_for_status()


def until_delivered(client: httpx.Client, number: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while delivered(client) < number:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{delivered(client)} of {number} messages were delivered")
        time.sleep(0.05)


class Counting:
    """What is delivered while a load is under way: its process takes a while to begin."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._over = threading.Event()
        self._seen: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Counting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.2):
            self._seen.append((time.monotonic(), delivered(self._client)))

    def rate(self, load: Findings) -> float:
        """Messages a second between the first and the last look within the load."""
        end = load.began_at + load.seconds
        seen = [look for look in self._seen if load.began_at <= look[0] <= end]
        return (seen[-1][1] - seen[0][1]) / (seen[-1][0] - seen[0][0]) if len(seen) > 1 else 0.0


def measure(scale: Scale) -> list[Row]:
    number, total = scale.of(5000, 200), scale.of(60_000, 300)
    rates, costs, with_them, without, meanwhile = [], [], [], [], []
    request = [dispatch_request("idle")]
    with (
        noop_receiver() as url,
        server(workers=1, JOBS_HTTP_ALLOW="127.0.0.0/8") as started,
        started.client() as client,
    ):
        register(client, "idle")
        client.post("/v1/webhooks", json={"name": "shop", "url": f"{url}/hook"}).raise_for_status()
        drain(client, "noop", scale.of(200, 10), ())
        until_delivered(client, scale.of(200, 10))
        for _ in scale.times():
            # A backlog, and nothing else to do.
            switch(client, False)
            before = delivered(client)
            drain(client, "noop", number, ())
            meter, began = Meter(of_server(started)), time.monotonic()
            switch(client, True)
            until_delivered(client, before + number)
            rates.append(number / (time.monotonic() - began))
            costs.append(meter.microseconds(number))
        hammer(started.url, request, connections=CONNECTIONS, total=total // 10).expect(202)
        for turn in range(PAIRS * len(scale.times())):
            # A backlog while runs are dispatched as fast as they can be, with the webhook on and off by turns.
            switch(client, False)
            before = delivered(client)
            drain(client, "noop", 4 * number, ())
            for enabled in (False, True) if turn % 2 else (True, False):
                switch(client, enabled)
                with Counting(client) as counting:
                    found = hammer(started.url, request, connections=CONNECTIONS, total=total).expect(202)
                if enabled:
                    meanwhile.append(counting.rate(found))
                (with_them if enabled else without).append(found.rate)
            switch(client, True)
            until_delivered(client, before + 4 * number)
    figure = "webhook messages to a local receiver"
    dispatched, baseline = median(with_them), median(without)
    return [
        Row(figure, median(rates), "messages/s", target=1000, costs={f"{figure}, each": median_cost(costs)}),
        Row(
            "dispatch, one request per run, while webhooks have a backlog",
            dispatched,
            "runs/s",
            baseline,
            "runs/s, without webhooks",
            median(a / b for a, b in zip(with_them, without, strict=True)),
            0.95,
        ),
        Row("messages meanwhile", median(meanwhile), "messages/s"),
    ]


if __name__ == "__main__":
    main(measure)
