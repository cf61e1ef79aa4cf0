"""What HTTP itself asks of a server: HEAD, Accept, bodies in chunks, numbers that are the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem


async def test_head_answers_as_get_does_without_a_body(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    for path in ("/healthz", "/v1/runs", f"/v1/runs/{run['id']}", "/v1/job-types/none", "/openapi.json"):
        got, head = await server.http.get(path), await server.http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["content-length"] == got.headers["content-length"]


async def test_head_of_a_stream_ends_with_its_headers(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    for path in ("/v1/events", f"/v1/runs/{run['id']}/events"):
        head = await server.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")
    await server.settle()
    assert server.jobs.feed.open_streams == 0


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_the_document_says_what_it_answers_to(server: Server, path: str) -> None:
    refused = await server.http.post(path)
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("text/event-stream;q=0.5, application/json", True),
        ("application/json;q=0.9, */*;q=0.1", True),
        ("text/event-stream", False),
        ("application/json;q=0.2, text/event-stream", False),
        ("application/json, text/event-stream", False),
        ("*/*", False),
        ("application/json;q=no", True),
    ],
)
async def test_the_log_comes_in_the_form_that_is_preferred(server: Server, accept: str, json: bool) -> None:
    await server.register()
    run = await server.dispatch()
    await server.cancel(run, status=200)
    answer = await server.http.get(f"/v1/runs/{run['id']}/events", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/json" if json else "text/event-stream")


async def test_a_post_of_empty_chunks_has_no_body(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    chunked = {"transfer-encoding": "chunked"}
    answer = await server.raw("POST", f"/v1/runs/{run['id']}/cancel", [b"", b""], chunked)
    assert answer.status == 200
    with_body = await server.raw("POST", f"/v1/runs/{run['id']}/replay", [b"", b"{}"], chunked)
    problem(with_body, 415, "unsupported_media_type")


async def test_one_is_one_however_it_is_written(server: Server) -> None:
    await server.register()
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    path = "/v1/job-types/greet/runs"
    statuses = [
        (await server.http.post(path, content=body, headers=headers)).status_code
        for body in (b'{"payload":{"a":1,"b":[2.0,-0.5]}}', b'{"payload":{"b":[2,-5e-1],"a":1.0}}')
    ]
    assert statuses == [202, 200]
    other = await server.http.post(path, content=b'{"payload":{"a":1.5,"b":[2,-0.5]}}', headers=headers)
    problem(other, 422, "idempotency_key_reused")
    huge = b'{"payload":1e300}'
    assert (await server.http.post(path, content=huge, headers=headers | {"idempotency-key": "h"})).status_code == 202


async def test_a_batch_names_every_bad_item_at_once(server: Server) -> None:
    await server.register(payload_schema={"type": "integer"})
    runs: list[Any] = [
        {"job_type": "nope", "payload": 1},
        {"job_type": "greet"},
        {"job_type": "greet", "payload": "x"},
        {"job_type": "greet", "payload": 1, "x": 1},
        {"job_type": "greet", "payload": 1},
        7,
    ]
    refused = await server.http.post("/v1/runs/batch", json={"runs": runs})
    document = problem(refused, 422, "invalid_batch")
    assert paths(document) == ["/runs/0/job_type", "/runs/1/payload", "/runs/2/payload", "/runs/3/x", "/runs/5"]
    assert (await server.get("/v1/runs"))["data"] == []


async def test_the_deepest_payload_can_come_back_as_a_result(server: Server) -> None:
    await server.register()
    deepest: Any = 1
    for _ in range(63):
        deepest = [deepest]
    await server.dispatch(payload=deepest)
    worker = await server.worker()
    lease = await worker.take()
    await worker.complete(lease, lease["run"]["payload"])
    assert (await server.run(lease))["result"] == deepest
