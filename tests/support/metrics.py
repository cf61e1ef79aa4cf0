"""A server that has seen something of everything, and its metrics."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.app.server import Server


async def some_of_everything(server: Server) -> None:
    await server.register(retry=1, concurrency=2)
    worker = await server.worker()
    await server.dispatch()
    await worker.complete(await worker.take())
    await server.dispatch()
    await worker.fail(await worker.take())
    await server.dispatch(delay_seconds=60)
    hook = {"name": "shop", "url": "https://shop.example.com/hooks", "events": ["run.failed"]}
    await server.post("/v1/webhooks", hook, status=201)
    await server.settle()


async def collected(server: Server) -> dict[str, tuple[str, set[str]]]:
    """Metric, as Prometheus names it → its kind and labels."""
    found = {}
    for metric in text_string_to_metric_families((await server.http.get("/metrics")).text):
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        found[name] = (metric.type, {label for sample in metric.samples for label in sample.labels} - {"le"})
    return found
