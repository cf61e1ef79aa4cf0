"""Codings and media types: what is not understood is refused, and what is preferred is given."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text_metrics

from tests.app.server import Server, problem

NEED_MORE = (
    "/v1/webhooks/{name}/deliveries/{delivery_id}/retry",
    "/v1/runs/{run_id}/report",
    "/v1/keys/{key_id}",
    "/v1/keys/{key_id}/rotate",
)
"""A delivery that failed, the run's own token, and a key, which would close the server to all others."""
JSON = {"content-type": "application/json"}


async def with_body(server: Server) -> list[tuple[str, str]]:
    """Every route that takes one, to what is there."""
    await server.register("greet")
    await server.http.put("/v1/queues/greet", json={})
    schedule = {"job_type": "greet", "payload": None, "trigger": {"kind": "interval", "every_seconds": 60}}
    await server.http.put("/v1/schedules/greet", json=schedule)
    await server.http.put("/v1/webhooks/greet", json={"url": "https://hooks.invalid/"})
    nothing = {"action": "cancel", "filter": {"queue": "greet", "tag": "none"}}
    bulk = await server.post("/v1/runs/bulk", nothing, status=202)
    run, worker = await server.dispatch(), await server.worker()
    document: Any = await server.get("/openapi.json")
    there = {"name": "greet", "run_id": run["id"], "worker_id": worker.id, "bulk_id": bulk["id"]}
    return [
        (method.upper(), path.format(**there))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "requestBody" in operation and path not in NEED_MORE
    ]


@pytest.mark.parametrize("coding", ["gzip", "BR", "deflate", "zstd", "identity, gzip", "gzip, gzip", "nonsense", "*"])
async def test_a_coded_body_is_refused_everywhere(server: Server, coding: str) -> None:
    routes = await with_body(server)
    assert len(routes) > 15
    before = await server.get("/v1/runs")
    for method, url in routes:
        for body in (b"{}", gzip.compress(b"{}"), b"not JSON"):
            headers = JSON | {"content-encoding": coding}
            answer = await server.http.request(method, url, content=body, headers=headers)
            problem(answer, 415, "unsupported_media_type")
            assert answer.headers["accept-encoding"] == "identity"
    assert await server.get("/v1/runs") == before


async def test_each_line_of_the_header_counts(server: Server) -> None:
    await server.register("greet")
    for codings in (("gzip", "identity"), ("identity", "gzip")):
        headers = [("content-type", "application/json"), *(("content-encoding", coding) for coding in codings)]
        answer = await server.http.post("/v1/job-types/greet/runs", content=b'{"payload": 1}', headers=headers)
        problem(answer, 415, "unsupported_media_type")
    chunked = await server.raw(
        "POST", "/v1/runs/batch", [b"{}"], JSON | {"transfer-encoding": "chunked", "content-encoding": "gzip"}
    )
    problem(chunked, 415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["identity", "Identity", "identity, identity", ""])
async def test_a_body_as_it_is_may_say_so(server: Server, coding: str) -> None:
    await server.register("greet")
    headers = JSON | {"content-encoding": coding}
    answer = await server.http.post("/v1/job-types/greet/runs", content=b'{"payload": 1}', headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        (["application/*"], True),
        (["Application/*;q=0.1"], True),
        (["application/json;q=0.5", "text/event-stream;q=0.4"], True),
        (["application/*, text/*;q=0.9"], True),
        (["*/*;q=0.5, text/event-stream;q=0"], True),
        (["*/*;q=0.1, application/json"], True),
        (["text/event-stream;q=0.1, application/json;q=0, */*"], False),
        (["text/*"], False),
        (["*/*"], False),
        (["text/*, application/*;q=0.9"], False),
        (["*/*, application/json;q=0.9"], False),
        (["text/html, application/xhtml+xml, */*;q=0.8"], False),
        ([], False),
        ([""], False),
    ],
)
async def test_the_events_of_a_run_come_as_preferred(server: Server, accept: list[str], json: bool) -> None:
    await server.register()
    run = await server.dispatch()
    await server.cancel(run, status=200)
    server.http.headers.pop("accept")
    answer = await server.http.get(f"/v1/runs/{run['id']}/events", headers=[("accept", line) for line in accept])
    assert answer.headers["content-type"].startswith("application/json" if json else "text/event-stream")
    assert answer.headers["vary"] == "Accept"
    over = await server.http.get(f"/v1/runs/{run['id']}/events", headers={"last-event-id": "2"})
    assert (over.status_code, over.headers["vary"]) == (204, "Accept")


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        ("application/openmetrics-text", True),
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5",
            True,
        ),
        ("application/openmetrics-text;version=7;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", True),
        ("text/plain;q=0.5, application/openmetrics-text;q=0.4", False),
        ("application/openmetrics-text;q=0, */*", False),
        ("text/plain", False),
        ("*/*", False),
        ("", False),
    ],
)
async def test_metrics_come_in_both_forms(server: Server, accept: str, is_open: bool) -> None:
    await server.register()
    await server.dispatch()
    answer = await server.http.get("/metrics", headers={"accept": accept})
    kind = "application/openmetrics-text; version=1.0.0" if is_open else "text/plain; version=0.0.4"
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    read = openmetrics if is_open else text_metrics
    found = {family.name: family for family in read(answer.text)}
    assert [sample.value for sample in found["jobs_events"].samples if sample.labels["type"] == "queued"] == [1]
    assert answer.text.endswith("# EOF\n") == is_open


@pytest.mark.parametrize(
    ("accept", "coded"),
    [("gzip", True), ("br, GZIP;q=0.1", True), ("*", True), ("gzip;q=0, *", False), ("identity", False), ("", False)],
)
async def test_metrics_are_compressed_where_that_is_wanted(server: Server, accept: str, coded: bool) -> None:
    answer = await server.http.get("/metrics", headers={"accept-encoding": accept})
    assert answer.headers.get("content-encoding") == ("gzip" if coded else None)
    assert "# TYPE jobs_runs gauge" in answer.text, "httpx has undone it"


@pytest.mark.parametrize("server", [{"metrics_max_series": 500}], indirect=True)
async def test_job_types_beyond_the_bound_share_their_series(server: Server) -> None:
    await server.register("first")
    await server.dispatch("first")
    assert 'job_type="first"' in (await server.http.get("/metrics")).text
    names = [f"type-{n}" for n in range(40)]
    for name in names:
        await server.register(name)
        await server.dispatch(name)
    worker = await server.worker("first", *names)
    for lease in (await server.post(f"/v1/workers/{worker.id}/claim", {"max": 100}))["data"]:
        await worker.complete(lease)
    text = (await server.http.get("/metrics")).text
    lines = [line for line in text.splitlines() if "job_type=" in line]
    assert len(lines) <= 500 + 7 + 3 * 22
    assert 'job_type="first"' in text, "who was there stays there"
    families = {family.name: family for family in text_metrics(text)}
    for name, wanted in (("jobs_runs", None), ("jobs_wait_seconds", "jobs_wait_seconds_count")):
        samples = [s for s in families[name].samples if wanted is None or s.name == wanted]
        assert sum(sample.value for sample in samples) == 41, "nothing is left out"
        assert any(sample.labels["job_type"] == "_other" for sample in samples)
    assert (await server.http.get("/metrics")).text.count("_other") == text.count("_other")
