"""A query parameter that a path does not know is refused, as a field of a body is: a typo never lists everything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem

JSON = {"content-type": "application/json"}
NEED_MORE = (
    "/v1/webhooks/{name}/deliveries/{delivery_id}/retry",
    "/v1/runs/{run_id}/report",
    "/v1/keys/{key_id}",
    "/v1/keys/{key_id}/rotate",
)
"""A delivery that failed, the run's own token, and a key, which would close the server to all others."""
OPEN = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")


async def operations(server: Server) -> list[tuple[str, str, list[str]]]:
    """Each method and path, with its parameters."""
    document = await server.get("/openapi.json")
    return [
        (method.upper(), path, [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path not in (*OPEN, *NEED_MORE)
    ]


async def there(server: Server) -> dict[str, str]:
    """What the paths name."""
    await server.register("greet")
    await server.http.put("/v1/queues/greet", json={})
    schedule = {"job_type": "greet", "payload": None, "trigger": {"kind": "interval", "every_seconds": 60}}
    assert (await server.http.put("/v1/schedules/greet", json=schedule)).status_code == 201
    await server.http.put("/v1/webhooks/greet", json={"url": "https://hooks.invalid/"})
    nothing = {"action": "cancel", "filter": {"queue": "greet", "tag": "none"}}
    bulk = await server.post("/v1/runs/bulk", nothing, status=202)
    run, worker = await server.dispatch(), await server.worker()
    return {"name": "greet", "run_id": run["id"], "worker_id": worker.id, "bulk_id": bulk["id"]}


async def test_every_path_refuses_what_it_does_not_know(server: Server) -> None:
    named = await there(server)
    before = await server.get("/v1/runs")
    tried = 0
    for method, path, known in await operations(server):
        url = path.format(**named)
        answer = await server.http.request(method, url, params={"stauts": "failed", "a/b": "1"}, headers=JSON)
        if method in ("POST", "PUT", "PATCH"):
            answer = await server.http.request(method, url, params={"stauts": "failed", "a/b": "1"}, json={})
        document = problem(answer, 422, "invalid_request")
        assert paths(document) == ["/stauts", "/a~1b"], (method, path)
        for name in known:
            assert name in document["errors"][0]["message"], (method, path)
        assert {error["code"] for error in document["errors"]} == {"extra_forbidden"}
        head = await server.http.head(url, params={"stauts": "failed"})
        assert head.status_code == (422 if method == "GET" else head.status_code)
        tried += 1
    assert tried > 30
    assert await server.get("/v1/runs") == before, "nothing was done"
    assert [w["id"] for w in (await server.get("/v1/workers"))["data"]] == [named["worker_id"]]


async def test_what_takes_one_value_takes_no_two(server: Server) -> None:
    run = (await there(server))["run_id"]
    for url, name in (
        ("/v1/runs?limit=1&limit=2", "/limit"),
        ("/v1/runs?job_type=greet&job_type=other", "/job_type"),
        (f"/v1/runs/{run}?wait_seconds=0&wait_seconds=0", "/wait_seconds"),
        (f"/v1/runs/{run}/events?after=0&after=1", "/after"),
        ("/v1/events?from=start&from=start", "/from"),
        ("/v1/workers?cursor=a&cursor=b", "/cursor"),
        ("/v1/schedules/greet/next?count=1&count=2", "/count"),
    ):
        document = problem(await server.http.get(url), 422, "invalid_request")
        assert paths(document) == [name]
        assert document["errors"][0]["code"] == "duplicate"
    assert len((await server.get("/v1/runs?state=queued&state=failed"))["data"]) == 1
    assert paths(problem(await server.http.get("/v1/runs?&=1"), 422, "invalid_request")) == ["/"]


async def test_no_value_has_a_character_that_a_database_cannot_hold(server: Server) -> None:
    named = await there(server)
    tried = 0
    for method, path, known in await operations(server):
        for name in known:
            url = path.format(**named)
            for value in ("\0", "a\0b"):
                document = problem(await server.http.request(method, url, params={name: value}), 422, "invalid_request")
                assert paths(document) == [f"/{name}"], (method, path)
                assert document["errors"][0]["code"] == "invalid_character"
                tried += 1
    assert tried > 100
    assert paths(problem(await server.http.get("/v1/runs?id=a&id=%00"), 422, "invalid_request")) == ["/id"]


@pytest.mark.parametrize("server", [{"api_key": "k" * 20}], indirect=True)
async def test_the_key_is_asked_for_first(server: Server) -> None:
    problem(await server.http.get("/v1/runs?x=1"), 401, "unauthorized")
    problem(await server.http.post("/v1/job-types/greet/runs?x=1", json={}), 401, "unauthorized")
    problem(await server.http.get("/v1/none?x=1"), 404, "not_found")


async def test_refusals_keep_their_order(server: Server) -> None:
    await there(server)
    for method, url, code in (
        ("GET", "/v1/none?x=1", "not_found"),
        ("GET", "/v1/runs/run_0000000000000?x=1", "run_not_found"),
        ("GET", "/v1/runs/nothing/events?x=1", "run_not_found"),
        ("GET", "/v1/job-types/none?x=1", "job_type_not_found"),
        ("GET", "/v1/queues/none?x=1", "queue_not_found"),
        ("GET", "/v1/schedules/none/next?x=1", "schedule_not_found"),
        ("DELETE", "/v1/job-types/none?x=1", "job_type_not_found"),
        ("DELETE", "/v1/workers/wrk_0000000000000?x=1", "worker_not_found"),
        ("POST", "/v1/workers/wrk_0000000000000/claim?x=1", "worker_not_found"),
        ("POST", "/v1/job-types/none/runs?x=1", "job_type_not_found"),
    ):
        problem(await server.http.request(method, url), 404, code)
    problem(await server.http.patch("/v1/runs?x=1"), 405, "method_not_allowed")
    for url in ("/v1/job-types/greet/runs?x=1", "/v1/runs/batch?x=1", "/v1/job-types?x=1", "/v1/schedules/preview?x=1"):
        problem(
            await server.http.post(url, content=b"{}", headers={"content-type": "text/plain"}),
            415,
            "unsupported_media_type",
        )
        too_large = b'"' + b"x" * (17 << 20) + b'"'
        problem(await server.http.post(url, content=too_large, headers=JSON), 413, "payload_too_large")
        problem(await server.http.post(url, content=b"{", headers=JSON), 400, "malformed_json")
        problem(await server.http.post(url, content=b"[]", headers=JSON), 422, "invalid_request")


async def test_probes_and_pages_pass_over_what_others_add(server: Server) -> None:
    for path in OPEN:
        assert (await server.http.get(path, params={"probe": "1"})).status_code == 200


async def test_the_document_says_that_it_may_be_refused(server: Server) -> None:
    document: Any = await server.get("/openapi.json")
    for path, item in document["paths"].items():
        for operation in item.values():
            assert ("422" in operation["responses"]) == path.startswith("/v1/")
