"""Health, statistics, metrics, keys and hosts, and a store that fails."""

from __future__ import annotations

import asyncio
import platform
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from blazy_jobs_server.version import VERSION
from tests.app.server import JSON, Server, problem

ROOT = Path(__file__).parents[3]
NO_RUN = "run_0000000000000"


# -- health


async def test_a_server_that_serves_is_healthy_and_ready(server: Server) -> None:
    for path in ("/healthz", "/readyz"):
        assert await server.get(path) == {"status": "ok"}


async def test_a_draining_server_is_healthy_but_not_ready(server: Server) -> None:
    server.jobs.drain()
    refused = await server.http.get("/readyz")
    problem(refused, 503, "draining")
    assert refused.headers["retry-after"] == "1"
    assert (await server.http.get("/healthz")).status_code == 200


async def test_a_server_whose_modules_are_not_declared_is_not_ready(server: Server) -> None:
    server.ready = False
    problem(await server.http.get("/readyz"), 503, "unavailable")
    assert (await server.http.get("/healthz")).status_code == 200


async def test_a_server_without_its_database_is_not_ready(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    break_writing(server, monkeypatch)
    refused = await server.http.get("/readyz")
    problem(refused, 503, "store_unavailable")
    assert "retry-after" in refused.headers
    assert (await server.http.get("/healthz")).status_code == 200
    monkeypatch.undo()
    assert (await server.http.get("/readyz")).status_code == 200


# -- a store that fails


def break_writing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(server.store._session, "begin", broken)


def break_reading(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    reader = server.store._reader
    monkeypatch.setattr(reader._engine, "raw_connection", broken)
    for kept in reader._kept:
        kept.set_progress_handler(lambda: 1, 1)  # for good: it ends each statement


def fill_the_disk(server: Server) -> None:
    """SQLite's own limit, which holds for this connection only; the next one writes again."""
    connection = server.store._session._connection
    assert connection is not None
    driver = connection.connection.driver_connection
    assert driver is not None
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_write_that_cannot_be_made_is_a_503(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    await server.dispatch()
    break_writing(server, monkeypatch)
    for method, path, body in (
        ("POST", "/v1/job-types/greet/runs", {"payload": 1}),
        ("POST", "/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": 1}]}),
        ("POST", f"/v1/runs/{run['id']}/cancel", {}),
        ("POST", f"/v1/runs/{run['id']}/replay", {}),
        ("DELETE", f"/v1/runs/{run['id']}", None),
        ("PUT", "/v1/job-types/other", {"handler": {"kind": "worker"}}),
        ("POST", "/v1/job-types/greet/pause", None),
        ("PUT", "/v1/queues/other", {}),
        ("POST", "/v1/workers", {"name": "w", "job_types": ["greet"]}),
        ("POST", f"/v1/workers/{worker.id}/claim", {"wait_seconds": 5}),
        ("POST", f"/v1/workers/{worker.id}/report", {"holding": [run["id"]]}),
    ):
        refused = await server.http.request(method, path, json=body)
        problem(refused, 503, "store_unavailable")
        assert int(refused.headers["retry-after"]) >= 1
    monkeypatch.undo()
    assert (await server.http.get("/v1/job-types/other")).status_code == 404
    assert (await server.get("/v1/job-types/greet"))["paused"] is False
    assert [queue["name"] for queue in (await server.get("/v1/queues"))["data"]] == ["default"]
    assert len((await server.get("/v1/runs"))["data"]) == 2
    await worker.complete(lease)
    assert len(await worker.claim()) == 1


async def test_a_read_that_cannot_be_made_is_a_503(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    break_reading(server, monkeypatch)
    for path in (f"/v1/runs/{NO_RUN}", "/v1/runs", f"/v1/runs/{NO_RUN}/events", "/v1/events", "/v1/stats", "/metrics"):
        refused = await server.http.get(path)
        problem(refused, 503, "store_unavailable")
        assert "retry-after" in refused.headers


async def test_a_run_is_read_again_when_the_database_can_be_read_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    runs = [await server.dispatch(payload=n) for n in range(8)]
    paths = [f"/v1/runs/{run['id']}" for run in runs]
    for _ in range(3):
        answers = await asyncio.gather(*(server.http.get(path) for path in paths))
        assert [answer.json()["payload"] for answer in answers] == list(range(8))
        with monkeypatch.context() as patch:
            break_reading(server, patch)
            for refused in await asyncio.gather(*(server.http.get(path) for path in paths)):
                problem(refused, 503, "store_unavailable")
            waited = await server.http.post(
                "/v1/job-types/greet/runs", json={"payload": 1}, headers={"prefer": "wait=1"}
            )
            problem(waited, 503, "store_unavailable")


async def test_a_run_is_read_again_when_the_file_is_whole_again(server: Server) -> None:
    await server.register()
    run = await server.dispatch(payload="whole")
    connection = server.store._session._connection
    assert connection is not None
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = server.settings.database
    good = file.read_bytes()
    with file.open("r+b") as damaged:
        damaged.write(b"\xff" * len(good))
    try:
        problem(await server.http.get(f"/v1/runs/{run['id']}"), 503, "store_unavailable")
    finally:
        with file.open("r+b") as repaired:
            repaired.write(good)
    assert (await server.run(run))["payload"] == "whole"


async def test_a_full_disk_leaves_nothing_half_written(server: Server) -> None:
    await server.register()
    await server.settle()
    before = await server.get("/v1/stats")
    fill_the_disk(server)
    body = {"payload": "x" * 100_000, "tags": ["a"], "dedupe_key": "d"}
    refused = await server.http.post("/v1/job-types/greet/runs", json=body, headers={"idempotency-key": "k"})
    problem(refused, 503, "store_unavailable")
    assert (await server.get("/v1/runs"))["data"] == []
    assert (await server.get("/v1/stats"))["counts"] == before["counts"]
    answer = await server.http.post("/v1/job-types/greet/runs", json=body, headers={"idempotency-key": "k"})
    assert (answer.status_code, "idempotency-replayed" in answer.headers) == (202, False)
    assert await server.types(answer.json()) == ["queued"]
    fill_the_disk(server)
    items = [{"job_type": "greet", "payload": "x" * 1000} for _ in range(200)]
    problem(await server.http.post("/v1/runs/batch", json={"runs": items}), 503, "store_unavailable")
    assert len((await server.get("/v1/runs"))["data"]) == 1, "all or none"


async def test_a_report_that_could_not_be_written_is_sent_again(server: Server) -> None:
    await server.register()
    await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    fill_the_disk(server)
    report = {"run_id": lease["run"]["id"], "attempt": 1, "lease_token": lease["lease_token"], "type": "completed"}
    body = {"reports": [report | {"result": "x" * 200_000}]}
    problem(await server.http.post(f"/v1/workers/{worker.id}/report", json=body), 503, "store_unavailable")
    assert (await server.run(lease))["state"] == "running"
    assert (await server.post(f"/v1/workers/{worker.id}/report", body))["data"][0]["status"] == "accepted"
    assert await server.types(lease) == ["queued", "started", "completed"]


# -- statistics and metrics


async def some_history(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    for end in ("completed", "failed"):
        await server.dispatch()
        await server.advance(2)
        lease = await worker.take()
        await server.advance(3)
        await (worker.complete(lease) if end == "completed" else worker.fail(lease))
    await server.dispatch(delay_seconds=100)
    await server.dispatch()
    await server.advance(1)


async def test_statistics(server: Server) -> None:
    empty = await server.get("/v1/stats")
    assert (empty["waited"]["count"], empty["waited"]["mean_seconds"], empty["oldest"]) == (0, None, {})
    await some_history(server)
    stats = await server.get("/v1/stats")
    counts = {"scheduled": 1, "queued": 1, "running": 0, "retrying": 0, "completed": 1, "failed": 1, "cancelled": 0}
    assert stats["counts"] == counts
    assert (stats["started_last_minute"], stats["finished_last_minute"]) == (2, 2)
    assert (stats["waited"]["count"], stats["waited"]["mean_seconds"]) == (2, 2)
    assert (stats["ran"]["count"], stats["ran"]["mean_seconds"]) == (2, 3)
    assert 2 <= stats["waited"]["p50_seconds"] <= stats["waited"]["p99_seconds"] <= 2.5
    assert (stats["workers"], stats["open_streams"]) == (1, 0)
    assert stats["version"] == VERSION
    assert stats["database_bytes"] > 0
    assert stats["wal_bytes"] > 0
    assert set(stats["oldest"]) == {"scheduled", "queued", "completed", "failed"}
    assert stats["oldest"]["queued"].startswith("2026-01-01T00:00:10.")
    await server.live(60)
    assert (await server.get("/v1/stats"))["finished_last_minute"] == 0
    await server.restart()
    assert (await server.get("/v1/stats"))["counts"]["completed"] == 1


FAMILIES = {
    "jobs_attempts": "counter",
    "jobs_errors": "counter",
    "jobs_leases_lost": "counter",
    "jobs_concurrency_limit": "gauge",
    "jobs_unserved_runs": "gauge",
    "jobs_queue_latency_seconds": "gauge",
    "jobs_queue_paused": "gauge",
    "jobs_worker_slots": "gauge",
    "jobs_http_requests": "counter",
    "jobs_http_requests_seconds": "histogram",
    "jobs_stream_overflows": "counter",
    "jobs_commit_seconds": "histogram",
    "jobs_deleted_runs": "counter",
    "jobs_retention_lag_seconds": "gauge",
    "jobs_event_loop_lag_seconds": "histogram",
    "jobs_schedule_lateness_seconds": "histogram",
    "jobs_breakers": "gauge",
    "process_cpu_seconds": "counter",
    "process_max_fds": "gauge",
    "process_open_fds": "gauge",
    "process_resident_memory_bytes": "gauge",
    "process_start_time_seconds": "gauge",
    "process_virtual_memory_bytes": "gauge",
    "jobs_build_info": "gauge",
    "jobs_runs": "gauge",
    "jobs_oldest_seconds": "gauge",
    "jobs_events": "counter",
    "jobs_store_errors": "counter",
    "jobs_wait_seconds": "histogram",
    "jobs_attempt_seconds": "histogram",
    "jobs_commit_batch_size": "histogram",
    "jobs_schedule_times": "counter",
    "jobs_webhook_attempts": "counter",
    "jobs_webhook_given_up": "counter",
    "jobs_webhook_lag_seconds": "gauge",
    "jobs_open_streams": "gauge",
    "jobs_workers": "gauge",
    "jobs_database_bytes": "gauge",
    "jobs_wal_bytes": "gauge",
    "jobs_free_bytes": "gauge",
}


async def scrape(server: Server) -> dict[str, Metric]:
    answer = await server.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.text.endswith("\n")
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    [found] = [s for f in families.values() for s in f.samples if s.name == sample and s.labels == labels]
    return found.value


async def test_metrics_from_the_first_moment(server: Server) -> None:
    assert {name: family.type for name, family in (await scrape(server)).items()} == FAMILIES


async def test_metrics_tell_what_happened(server: Server) -> None:
    await some_history(server)
    families = await scrape(server)
    assert {name: family.type for name, family in families.items()} == FAMILIES
    assert all(family.documentation for family in families.values())
    for state, n in (("queued", 1), ("scheduled", 1), ("completed", 1), ("failed", 1), ("running", 0)):
        assert value(families, "jobs_runs", job_type="greet", queue="default", state=state) == n
    assert value(families, "jobs_oldest_seconds", state="queued") == 1
    assert [value(families, "jobs_events_total", type=kind) for kind in ("queued", "started", "log")] == [4, 2, 0]
    assert value(families, "jobs_wait_seconds_sum", job_type="greet") == 4
    assert value(families, "jobs_attempt_seconds_count", job_type="greet", state="failed") == 1
    assert value(families, "jobs_workers") == 1
    assert value(families, "jobs_build_info", version=VERSION, python=platform.python_version()) == 1
    assert value(families, "jobs_database_bytes") > 0


async def test_histograms_are_whole_and_cumulative(server: Server) -> None:
    await some_history(server)
    for family in (await scrape(server)).values():
        if family.type != "histogram":
            continue
        series: dict[tuple[tuple[str, str], ...], dict[str, list[float]]] = {}
        for sample in family.samples:
            labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
            suffix = sample.name.removeprefix(family.name)
            series.setdefault(labels, {}).setdefault(suffix, []).append(sample.value)
        assert series
        for found in series.values():
            assert set(found) == {"_bucket", "_count", "_sum"}, family.name
            assert found["_bucket"] == sorted(found["_bucket"])
            assert found["_bucket"][-1:] == found["_count"]


# -- documents


async def test_the_documents(server: Server) -> None:
    document = await server.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert document == orjson.loads((ROOT / "openapi.json").read_bytes()), "as committed"
    page = await server.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "docs/page.js" in page.text


# -- keys

KEY = "s3cret-é"
ROUTES = [
    ("GET", "/v1/runs"),
    ("GET", f"/v1/runs/{NO_RUN}"),
    ("GET", f"/v1/runs/{NO_RUN}?wait_seconds=x"),
    ("GET", f"/v1/runs/{NO_RUN}/events"),
    ("GET", f"/v1/runs/{NO_RUN}/attempts?limit=0"),
    ("POST", f"/v1/runs/{NO_RUN}/cancel"),
    ("POST", f"/v1/runs/{NO_RUN}/replay"),
    ("DELETE", f"/v1/runs/{NO_RUN}"),
    ("POST", "/v1/runs/batch"),
    ("GET", "/v1/events"),
    ("GET", "/v1/job-types"),
    ("POST", "/v1/job-types"),
    ("GET", "/v1/job-types/none"),
    ("PUT", "/v1/job-types/none"),
    ("PATCH", "/v1/job-types/none"),
    ("DELETE", "/v1/job-types/none"),
    ("POST", "/v1/job-types/none/runs"),
    ("POST", "/v1/job-types/none/pause"),
    ("GET", "/v1/queues"),
    ("GET", "/v1/queues/none"),
    ("PUT", "/v1/queues/none"),
    ("POST", "/v1/queues/none/resume"),
    ("GET", "/v1/workers"),
    ("POST", "/v1/workers"),
    ("DELETE", "/v1/workers/wrk_0000000000000"),
    ("POST", "/v1/workers/wrk_0000000000000/claim"),
    ("POST", "/v1/workers/wrk_0000000000000/report"),
    ("GET", "/v1/stats"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
]


def bearer(key: str, scheme: str = "Bearer") -> dict[bytes, bytes]:
    return {b"authorization": f"{scheme} {key}".encode()}


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_without_a_good_key_nothing_is_answered(server: Server) -> None:
    bad: list[dict[bytes, bytes]] = [
        {},
        {b"authorization": b""},
        {b"authorization": KEY.encode()},
        bearer(""),
        bearer(KEY + "x"),
        bearer(KEY[:-1]),
        bearer(KEY, "Basic"),
        bearer(KEY.upper()),
        {b"x-api-key": KEY.encode()},
    ]
    for method, path in ROUTES:
        for headers in bad if path == "/v1/runs" else bad[:1]:
            refused = await server.http.request(method, path, headers=headers)
            problem(refused, 401, "unauthorized")
            assert refused.headers["www-authenticate"] == "Bearer"
            assert KEY not in refused.text
    problem(await server.http.get(f"/v1/runs?key={KEY}&access_token={KEY}"), 401, "unauthorized")
    assert (await server.raw("POST", "/v1/runs/batch", b"x" * 20_000_000, {"content-type": "text/plain"})).status == 401


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_a_good_key_opens_every_route(server: Server) -> None:
    for headers in (bearer(KEY), bearer(KEY, "bearer"), bearer(KEY, "BEARER"), bearer(" " + KEY + " ")):
        assert (await server.http.get("/v1/runs", headers=headers)).status_code == 200
    for method, path in ROUTES:
        if path != "/v1/events":
            assert (await server.http.request(method, path, headers=bearer(KEY))).status_code not in (401, 403), path
    async with server.stream("/v1/events", authorization=f"Bearer {KEY}") as stream:
        assert stream.status == 200
    answer = await server.http.get("/v1/runs", headers={**bearer(KEY), b"host": b"jobs.example.com"})
    assert answer.status_code == 200, "with a key any name will do"


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_what_needs_no_key(server: Server) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await server.http.get(path)).status_code == 200
    problem(await server.http.get("/nothing"), 404, "not_found")
    problem(await server.http.put("/v1/runs", json={}), 405, "method_not_allowed")


# -- hosts and sites

GOOD_HOSTS = ["127.0.0.1", "127.0.0.1:8000", "127.9.9.9", "localhost", "LocalHost:80", "localhost.", "a.localhost"]
GOOD_HOSTS += ["[::1]", "[::1]:8000"]
BAD_HOSTS = ["example.com", "example.com:8000", "127.0.0.1.example.com", "localhost.example.com", "notlocalhost", ""]
BAD_HOSTS += ["0.0.0.0", "10.0.0.1", "[::]:80", "169.254.169.254", "127.0.0.1@example.com"]


async def test_without_a_key_only_a_loopback_host_is_answered(server: Server) -> None:
    await server.register()
    for host, good in [*((host, True) for host in GOOD_HOSTS), *((host, False) for host in BAD_HOSTS)]:
        for method, path in (("GET", "/v1/runs"), ("POST", "/v1/job-types/greet/runs"), ("GET", "/metrics")):
            headers = JSON | {"host": host}
            answer = await server.raw(method, path, b'{"payload":1}' if method == "POST" else b"", headers)
            if good:
                assert answer.status in (200, 202), host
            else:
                problem(answer, 403, "host_refused")


CROSS = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://example.com"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "http://example.com", "sec-fetch-site": "cross-site"},
]
SAME = [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "http://127.0.0.1"}, {}]


@pytest.mark.parametrize("server", [{}, {"api_key": KEY}], indirect=True)
async def test_a_write_from_another_site_is_refused(server: Server) -> None:
    key = bearer(KEY) if server.settings.api_key else {}

    async def ask(method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        given = {**key, **{name.encode(): text.encode() for name, text in headers.items()}}
        return await server.http.request(method, path, headers=given)

    for headers in CROSS:
        for method, path in ROUTES:
            if method == "GET":
                continue
            problem(await ask(method, path, headers), 403, "cross_site")
        read = await ask("GET", "/v1/runs", headers)
        if key or "sec-fetch-site" not in headers:
            assert read.status_code == 200, "reads show nothing to another site's page"
        else:
            problem(read, 403, "cross_site")
    for headers in SAME:
        assert (await ask("POST", "/v1/job-types", headers)).status_code in (400, 422)
