"""Spans of a dispatch and of its attempts, as a collector gets them from a client, workers and a server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.collector import Collector, Span, collecting
from tests.support.server import REPO, Server, wait_until

pytestmark = pytest.mark.system

CLIENT = """
import asyncio, json, sys
from blazy_jobs import AsyncClient, Client
from blazy_jobs.tracing import setup
from opentelemetry import trace

assert setup.start("shop") is None
with Client(sys.argv[1]) as client, trace.get_tracer("shop").start_as_current_span("order"):
    run = client.dispatch("flaky", {"n": 1})
    run.wait()
    replay = run.replay()
    replay.wait()
    many = client.dispatch_many([("sync", 1), ("sync", 2)])
    others = [client.dispatch(name, 1) for name in ("sync", "light", "wrapped")]
    for other in others:
        other.wait()
    try:
        client.dispatch("unknown", 1)
    except Exception as error:
        refused = type(error).__name__


async def awaited():
    async with AsyncClient(sys.argv[1]) as client:
        run = await client.dispatch("light", 2)
        await run.wait()
        return run


last = asyncio.run(awaited())
setup.flush()
print(json.dumps({
    "run": run.id, "replay": replay.id, "many": many, "refused": refused, "last": last.id,
    "results": {other.job_type: other.result() for other in others}, "replayed": replay.result(),
}))
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def environment(collector: Collector) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}


def dispatched(server: Server, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, server.url],
        env=server.env | environment,
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def is_of(span: Span, run_id: str) -> bool:
    return span.attributes["messaging.message.id"] == run_id


def attempts(collector: Collector, name: str, run_id: str, number: int) -> list[Span]:
    """By their number."""

    def found() -> list[Span]:
        return [span for span in collector.named(f"process {name}") if is_of(span, run_id)]

    wait_until(lambda: len(found()) >= number, f"{number} attempts of {run_id}")
    return sorted(found(), key=lambda span: span.attributes["messaging.blazy_jobs.claim"])


def test_a_dispatch_two_attempts_and_a_replay_are_linked(
    serve: Callable[..., Server], collector: Collector, environment: dict[str, str]
) -> None:
    server = serve("tests.system.jobs.traced", "tests.system.jobs.traced_within", env=environment)
    told = dispatched(server, environment)
    [order] = wait_until(lambda: collector.named("order"), "the caller's span")
    sends = wait_until(lambda: len(s := collector.named("send flaky")) == 2 and s, "both dispatches")
    send, resend = sorted(sends, key=lambda span: "messaging.blazy_jobs.replay_of" in span.attributes)
    for span, run_id in ((send, told["run"]), (resend, told["replay"])):
        assert (span.kind, span.service, span.parent_id, span.is_error) == ("producer", "shop", order.span_id, False)
        assert span.schema == "https://opentelemetry.io/schemas/1.37.0"
        assert span.attributes["messaging.system"] == "blazy_jobs"
        assert span.attributes["messaging.operation.type"] == "send"
        assert span.attributes["messaging.destination.name"] == "default"
        assert span.attributes["server.port"] == server.port
        assert is_of(span, run_id)
    assert resend.attributes["messaging.blazy_jobs.replay_of"] == told["run"]

    first, second = attempts(collector, "flaky", told["run"], 2)
    [replayed] = attempts(collector, "flaky", told["replay"], 2)[-1:]
    for span in (first, second, replayed):
        assert (span.kind, span.service, span.parent_id) == ("consumer", "blazy-jobs-worker", "")
        assert span.attributes["messaging.operation.type"] == "process"
        assert span.attributes["messaging.blazy_jobs.job_type"] == "flaky"
    assert len({span.trace_id for span in (order, first, second, replayed)}) == 4, "each attempt is a trace of its own"
    assert first.links == {"dispatch": send.place}
    assert second.links == {"dispatch": send.place, "previous_attempt": first.place}
    assert replayed.links["replay_of"] == first.place
    assert replayed.links["dispatch"] == resend.place
    assert (first.is_error, first.attributes["error.type"], first.events) == (True, "ValueError", ["exception"])
    assert first.attributes["messaging.blazy_jobs.outcome"] == "failed"
    assert (second.is_error, second.attributes["messaging.blazy_jobs.outcome"]) == (False, "completed")
    assert told["replayed"] == "-".join(replayed.place), "the handler runs within it"

    [failed] = collector.named("send unknown")
    assert (failed.is_error, failed.attributes["error.type"]) == (True, "job_type_not_found")
    [batch] = collector.named("send")
    assert batch.attributes["messaging.batch.message_count"] == 2
    for run_id in told["many"]:
        [span] = attempts(collector, "sync", run_id, 1)
        assert span.links == {"dispatch": batch.place}
    results = told["results"]
    assert results["sync"] in {"-".join(span.place) for span in collector.named("process sync")}
    [light] = [span for span in collector.named("process light") if not is_of(span, told["last"])]
    assert results["light"] == "-".join(light.place)
    wrapped = collector.one("process wrapped")
    assert results["wrapped"] == ["-".join(wrapped.place)] * 2, "middleware and handler, each in its process"
    [awaited] = attempts(collector, "light", told["last"], 1)
    assert awaited.links["dispatch"] in {span.place for span in collector.named("send light")}
    server.stop()


def test_attempts_can_be_children_of_their_dispatch(
    serve: Callable[..., Server], collector: Collector, environment: dict[str, str]
) -> None:
    server = serve("tests.system.jobs.traced", env=environment | {"JOBS_TRACE_PARENT": "parent"})
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    headers = {"traceparent": f"00-{trace_id}-{span_id}-01", "tracestate": "vendor=1", "prefer": "wait=30"}
    with httpx.Client(base_url=server.url, timeout=60) as http:
        run = http.post("/v1/job-types/flaky/runs", json={"payload": 1}, headers=headers).json()
    assert run["state"] == "completed"
    first, second = attempts(collector, "flaky", run["id"], 2)
    assert {span.trace_id for span in (first, second)} == {trace_id}
    assert [span.parent_id for span in (first, second)] == [span_id] * 2
    assert (first.links, second.links) == ({}, {"previous_attempt": first.place})


def test_what_a_worker_has_not_sent_yet_is_sent_as_it_stops(
    serve: Callable[..., Server], collector: Collector, environment: dict[str, str]
) -> None:
    server = serve("tests.system.jobs.traced", env=environment | {"OTEL_BSP_SCHEDULE_DELAY": "600000"})
    with httpx.Client(base_url=server.url, timeout=60, headers={"prefer": "wait=30"}) as http:
        runs = [http.post(f"/v1/job-types/{name}/runs", json={"payload": 1}).json() for name in ("light", "sync")]
    assert [run["state"] for run in runs] == ["completed"] * 2
    server.stop()
    assert {name for name in ("light", "sync") if collector.named(f"process {name}")} == {"light", "sync"}


def test_http_handlers_are_called_within_the_span_of_their_attempt(
    serve: Callable[..., Server], collector: Collector, environment: dict[str, str], tmp_path: Path
) -> None:
    env = environment | {"JOBS_HTTP_ALLOW": "127.0.0.0/8"}
    server = serve(workers=0, env=env)
    with collecting() as endpoint, httpx.Client(base_url=server.url, timeout=60) as http:
        handler = {"kind": "http", "url": f"{endpoint.url}/handler"}
        made = http.post("/v1/job-types", json={"name": "hook", "handler": handler, "retry": 0})
        assert made.status_code == 201, made.text
        run = http.post("/v1/job-types/hook/runs", json={"payload": 1}, headers={"prefer": "wait=30"}).json()
        assert run["state"] == "failed"
    span = collector.one("process hook")
    assert (span.kind, span.service, span.is_error) == ("consumer", "blazy-jobs", True)
    assert is_of(span, run["id"])
    assert endpoint.parents == [f"00-{span.trace_id}-{span.span_id}-03"]


def test_claims_and_reports_are_recorded_where_that_is_wanted(
    serve: Callable[..., Server], collector: Collector, environment: dict[str, str]
) -> None:
    server = serve("tests.system.jobs.traced", env=environment | {"JOBS_TRACE_CALLS": "on"})
    with httpx.Client(base_url=server.url, timeout=60, headers={"prefer": "wait=30"}) as http:
        run = http.post("/v1/job-types/light/runs", json={"payload": 1}).json()
    assert run["state"] == "completed"
    for name in ("receive", "settle"):
        span = wait_until(lambda name=name: collector.named(name), f"a span {name}")[0]  # type: ignore[misc]
        assert (span.kind, span.parent_id, span.service) == ("client", "", "blazy-jobs-worker")
        assert span.attributes["messaging.client.id"].startswith("wrk_")
        assert span.attributes["messaging.operation.type"] == name
    server.stop()


def test_nothing_of_opentelemetry_is_imported_where_nobody_asks_for_it(serve: Callable[..., Server]) -> None:
    script = (
        "import sys, blazy_jobs.worker.executor, blazy_jobs\n"
        "client = blazy_jobs.Client(sys.argv[1])\n"
        "try: client.dispatch('none', 1)\n"
        "except blazy_jobs.ApiError: pass\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    server = serve(workers=0)
    done = subprocess.run([sys.executable, "-c", script, server.url], env=server.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
