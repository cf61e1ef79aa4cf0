"""What holds on every route: refusals and their order, problem documents, bodies within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import JSON, Server, paths, problem

NO_RUN = "run_0000000000000"


@pytest.mark.parametrize("body", ["[]", "null", "1", '"x"'])
async def test_what_must_be_an_object_is_told_so_without_a_name_of_the_code(server: Server, body: str) -> None:
    await server.register()
    run = await server.dispatch()
    for path in ("/v1/runs/bulk", "/v1/job-types", f"/v1/runs/{run['id']}/run-now"):
        [error] = problem(await server.http.post(path, content=body, headers=JSON), 422, "invalid_request")["errors"]
        assert (error["path"], error["message"]) == ("", "Input should be an object")
    inner = f'{{"action":"cancel","filter":{body}}}'
    if body != "null":
        [error] = problem(await server.http.post("/v1/runs/bulk", content=inner, headers=JSON), 422, "invalid_request")[
            "errors"
        ]
        assert (error["path"], error["message"]) == ("/filter", "Input should be an object")


async def test_an_unknown_path_is_a_problem(server: Server) -> None:
    for path in ("/nothing", "/v1/nothing", "/v1/runs/", "/v1", "/nothing//", "/v1/runs/run_0000000000000/nothing"):
        problem(await server.http.get(path), 404, "not_found")


async def test_another_method_is_a_problem_that_says_which_are_served(server: Server) -> None:
    refused = await server.http.put("/v1/runs", json={})
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"/v1/runs/{NO_RUN}", {"GET", "DELETE"}),
        ("/v1/job-types", {"GET", "POST"}),
        ("/v1/job-types/greet", {"GET", "PUT", "PATCH", "DELETE"}),
        ("/v1/workers", {"GET", "POST"}),
        ("/v1/queues/default", {"GET", "PUT", "PATCH"}),
        ("/v1/runs/batch", {"POST"}),
    ],
)
async def test_allow_names_every_method_of_the_path(server: Server, path: str, allowed: set[str]) -> None:
    refused = await server.http.request("OPTIONS", path)
    problem(refused, 405, "method_not_allowed")
    assert set(refused.headers["allow"].replace(" ", "").split(",")) - {"HEAD"} == allowed


@pytest.mark.parametrize("path", ["/v1/job-types/greet/runs", "/v1/runs/batch", "/v1/workers/wrk_0000000000000/claim"])
async def test_the_fast_routes_refuse_other_methods_too(server: Server, path: str) -> None:
    problem(await server.http.patch(path), 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_batch_is_no_run(server: Server, method: str) -> None:
    refused = await server.http.request(method, "/v1/runs/batch")
    problem(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonl", ""])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/job-types"),
        ("PUT", "/v1/job-types/new"),
        ("PATCH", "/v1/job-types/greet"),
        ("POST", "/v1/job-types/greet/runs"),
        ("POST", "/v1/runs/batch"),
        ("POST", "/v1/workers"),
        ("PUT", "/v1/queues/default"),
    ],
)
async def test_another_request_type_is_refused(server: Server, method: str, path: str, content_type: str) -> None:
    await server.register()
    answer = await server.raw(method, path, b"{}", {"content-type": content_type} if content_type else {})
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_is_json_however_it_is_written(server: Server, content_type: str) -> None:
    await server.register()
    answer = await server.raw("POST", "/v1/job-types/greet/runs", b'{"payload":1}', {"content-type": content_type})
    assert answer.status == 202


async def test_a_post_without_a_body_needs_no_content_type(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    assert (await server.raw("POST", "/v1/job-types/greet/pause", headers={})).status == 200
    assert (await server.raw("POST", f"/v1/runs/{run['id']}/cancel", headers={})).status == 200
    assert (await server.raw("POST", f"/v1/runs/{run['id']}/replay", headers={})).status == 202


async def test_refusals_come_in_their_order(server: Server) -> None:
    await server.register()
    big = b" " * (server.settings.max_body_bytes + 1)
    text = {"content-type": "text/plain"}
    problem(await server.raw("POST", "/v1/job-types/none/runs", big, text), 404, "job_type_not_found")
    problem(await server.raw("POST", "/v1/job-types/greet/runs", big, text), 415, "unsupported_media_type")
    problem(await server.raw("POST", "/v1/job-types/greet/runs", big), 413, "payload_too_large")
    problem(await server.raw("POST", "/v1/job-types/greet/runs", b'{"priority":1000'), 400, "malformed_json")
    problem(await server.raw("POST", "/v1/job-types/greet/runs", b'{"priority":1000}'), 422, "invalid_request")
    for path in (f"/v1/runs/{NO_RUN}/cancel", f"/v1/runs/{NO_RUN}/replay"):
        problem(await server.raw("POST", path, big, text), 404, "run_not_found")
    for path in ("claim", "report"):
        answer = await server.raw("POST", f"/v1/workers/wrk_0000000000000/{path}", big, text)
        problem(answer, 404, "worker_not_found")
    problem(await server.raw("PATCH", "/v1/job-types/none", big, text), 404, "job_type_not_found")


async def test_what_is_not_there_comes_before_what_is_asked_of_it(server: Server) -> None:
    problem(await server.http.get(f"/v1/runs/{NO_RUN}?wait_seconds=100"), 404, "run_not_found")
    problem(await server.http.get(f"/v1/runs/{NO_RUN}/attempts?limit=0"), 404, "run_not_found")
    problem(await server.http.get(f"/v1/runs/{NO_RUN}/events?after=-1"), 404, "run_not_found")


async def test_a_body_that_is_too_large_is_refused_while_it_streams_in(server: Server) -> None:
    await server.register()
    piece = b"x" * 65_536
    chunked = JSON | {"transfer-encoding": "chunked"}
    for path in ("/v1/job-types/greet/runs", "/v1/job-types"):
        answer = await server.raw("POST", path, iter(lambda: piece, b""), chunked)
        problem(answer, 413, "payload_too_large")
        assert answer.pieces_taken <= server.settings.max_body_bytes // len(piece) + 2


async def test_a_body_whose_length_is_too_large_is_refused_unread(server: Server) -> None:
    await server.register()
    headers = JSON | {"content-length": str(server.settings.max_body_bytes + 1)}
    answer = await server.raw("POST", "/v1/job-types/greet/runs", [b"x"], headers)
    problem(answer, 413, "payload_too_large")
    assert answer.pieces_taken == 0


async def test_a_body_of_just_the_limit_passes(server: Server) -> None:
    await server.register()
    frame = b'{"payload":""}'
    body = b'{"payload":"' + b"x" * (server.settings.max_body_bytes - len(frame)) + b'"}'
    assert len(body) == server.settings.max_body_bytes
    assert (await server.raw("POST", "/v1/job-types/greet/runs", body)).status == 202


async def test_a_batch_may_be_larger(server: Server) -> None:
    await server.register()
    payload = "x" * 1_000_000
    body = {"runs": [{"job_type": "greet", "payload": payload} for _ in range(3)]}
    await server.post("/v1/runs/batch", body, status=202)


async def test_a_body_in_pieces_is_read_whole(server: Server) -> None:
    await server.register()
    chunked = JSON | {"transfer-encoding": "chunked"}
    answer = await server.raw(
        "POST", "/v1/job-types/greet/runs", [b'{"pay', b"", b'load":', b'"\xc3', b'\xa9"}'], chunked
    )
    assert (answer.status, answer.json()["payload"]) == (202, "é")


async def test_a_bug_is_a_500_without_a_word_of_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    for verb in ("dispatch", "run", "save_job_type", "runs", "claim"):
        monkeypatch.setattr(server.store, verb, broken)
    answers = [
        await server.http.post("/v1/job-types/greet/runs", json={"payload": "private"}),
        await server.http.get(f"/v1/runs/{NO_RUN}"),
        await server.http.get("/v1/runs"),
        await server.http.put("/v1/job-types/other", json={"handler": {"kind": "worker"}}),
    ]
    for answer in answers:
        problem(answer, 500, "internal_error")
        for leak in ("secret", "RuntimeError", "Traceback", "private", "broken"):
            assert leak not in answer.text


async def test_a_problem_never_echoes_the_payload(server: Server) -> None:
    await server.register(payload_schema={"type": "object", "properties": {"pin": {"type": "integer"}}})
    answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": {"pin": "hunter2"}})
    assert paths(problem(answer, 422, "invalid_payload")) == ["/payload/pin"]
    assert "hunter2" not in answer.text
    answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": 1, "priority": "hunter2"})
    assert paths(problem(answer, 422, "invalid_request")) == ["/priority"]
    assert "hunter2" not in answer.text


BAD_RUN_IDS = ["run_", "run_1", "RUN_0000000000000", "run_000000000000", "run_00000000000000", "run_000000000000!"]
BAD_RUN_IDS += ["x", "wrk_0000000000000", "run_8000000000000", "run_000000000000W", "run_-000000000001"]


@pytest.mark.parametrize("bad", BAD_RUN_IDS)
async def test_an_id_of_the_wrong_form_is_404(server: Server, bad: str) -> None:
    problem(await server.http.get(f"/v1/runs/{bad}"), 404, "run_not_found")
    problem(await server.http.get(f"/v1/runs/{bad}/events"), 404, "run_not_found")
    problem(await server.http.get(f"/v1/runs/{bad}/attempts"), 404, "run_not_found")
    problem(await server.http.post(f"/v1/runs/{bad}/cancel"), 404, "run_not_found")
    problem(await server.http.post(f"/v1/runs/{bad}/replay"), 404, "run_not_found")
    problem(await server.http.delete(f"/v1/runs/{bad}"), 404, "run_not_found")


@pytest.mark.parametrize("bad", ["wrk_", "wrk_1", "run_0000000000000", "wrk_000000000000!"])
async def test_a_worker_id_of_the_wrong_form_is_404(server: Server, bad: str) -> None:
    problem(await server.http.post(f"/v1/workers/{bad}/claim"), 404, "worker_not_found")
    problem(await server.http.post(f"/v1/workers/{bad}/report", json={}), 404, "worker_not_found")
    problem(await server.http.delete(f"/v1/workers/{bad}"), 404, "worker_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/job-types"),
        ("PUT", "/v1/job-types/new"),
        ("PATCH", "/v1/job-types/greet"),
        ("POST", "/v1/job-types/greet/runs"),
        ("POST", "/v1/runs/batch"),
        ("POST", "/v1/workers"),
        ("PUT", "/v1/queues/default"),
        ("POST", "/v1/runs/{run}/cancel"),
        ("POST", "/v1/runs/{run}/replay"),
        ("POST", "/v1/workers/{worker}/claim"),
        ("POST", "/v1/workers/{worker}/report"),
    ],
)
async def test_an_unknown_field_is_refused_everywhere(server: Server, method: str, path: str) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    path = path.format(run=run["id"], worker=worker.id)
    good: dict[str, Any] = {
        "/v1/job-types": {"name": "new", "handler": {"kind": "worker"}},
        "/v1/job-types/new": {"handler": {"kind": "worker"}},
        "/v1/job-types/greet/runs": {"payload": 1},
        "/v1/runs/batch": {"runs": [{"job_type": "greet", "payload": 1}]},
        "/v1/workers": {"name": "w", "job_types": ["greet"]},
    }.get(path, {})
    answer = await server.http.request(method, path, json=good | {"pirority": 1})
    assert paths(problem(answer, 422, "invalid_request")) == ["/pirority"]


async def test_unknown_fields_within_are_refused_too(server: Server) -> None:
    base = {"name": "new", "handler": {"kind": "worker"}}
    declares = {"app": "a", "declared_at": "2026-01-01T00:00:00Z", "jobs": []}
    bodies: list[tuple[str, Any, str]] = [
        ("/v1/job-types", base | {"handler": {"kind": "worker", "uri": "x"}}, "/handler/uri"),
        ("/v1/job-types", base | {"retry": {"max_atempts": 3}}, "/retry/max_atempts"),
        ("/v1/workers", {"name": "w", "job_types": [], "declares": declares}, "/declares/jobs"),
    ]
    for path, body, place in bodies:
        assert paths(problem(await server.http.post(path, json=body), 422, "invalid_request")) == [place]


async def test_every_fault_is_named_by_its_pointer(server: Server) -> None:
    body = {
        "name": "new",
        "handler": {"kind": "robot"},
        "priority": 101,
        "retry": {"max_attempts": 0, "backoff": "never"},
        "tags": ["ok", 5],
        "timeout_seconds": "long",
    }
    document = problem(await server.http.post("/v1/job-types", json=body), 422, "invalid_request")
    assert sorted(paths(document)) == [
        "/handler/kind",
        "/priority",
        "/retry/backoff",
        "/retry/max_attempts",
        "/tags/1",
        "/timeout_seconds",
    ]


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("payload_schema", "x", "/payload_schema"),
        ("retry", "x", "/retry"),
        ("retry", None, "/retry"),
        ("queue", None, "/queue"),
        ("paused", None, "/paused"),
        ("handler", None, "/handler"),
    ],
)
async def test_a_field_of_several_shapes_is_named_once(server: Server, field: str, value: Any, place: str) -> None:
    body = {"name": "new", "handler": {"kind": "worker"}} | {field: value}
    answer = await server.http.post("/v1/job-types", json=body)
    assert answer.status_code == 422
    assert set(paths(answer.json())) == {place}


@pytest.mark.parametrize(("handler", "code"), [({}, "missing"), ({"kind": "secret-robot"}, "literal_error")])
async def test_a_handler_of_no_known_kind_is_told_which_there_are(server: Server, handler: Any, code: str) -> None:
    answer = await server.http.post("/v1/job-types", json={"name": "new", "handler": handler})
    [error] = problem(answer, 422, "invalid_request")["errors"]
    assert (error["path"], error["code"]) == ("/handler/kind", code)
    assert "secret-robot" not in answer.text


@pytest.mark.parametrize("field", ["queue", "priority", "retry", "timeout_seconds", "paused", "tags", "description"])
async def test_what_may_be_left_out_may_not_be_null(server: Server, field: str) -> None:
    answer = await server.http.post("/v1/job-types", json={"name": "new", "handler": {"kind": "worker"}, field: None})
    [error] = problem(answer, 422, "invalid_request")["errors"]
    assert error == {"path": f"/{field}", "message": "may be omitted, but must not be null", "code": "null_value"}


async def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(server: Server) -> None:
    """JSON Schema calls 3.0 an integer."""
    body = {"name": "new", "handler": {"kind": "worker"}, "priority": 65.0, "retry": 3.0, "concurrency": 7.0}
    made = await server.post("/v1/job-types", body, status=201)
    assert (made["priority"], made["retry"]["max_attempts"], made["concurrency"]) == (65, 4, 7)
    for wrong in (1.5, "1", True):
        problem(await server.http.post("/v1/job-types", json=body | {"priority": wrong}), 422, "invalid_request")


async def test_metadata_faults_are_named_by_their_pointer(server: Server) -> None:
    await server.register()
    body = {"payload": 1, "metadata": {"a/b": 1, "~": None, "x" * 129: "long name"}}
    document = problem(await server.http.post("/v1/job-types/greet/runs", json=body), 422, "invalid_request")
    assert set(paths(document)) == {"/metadata/a~1b", "/metadata/~0", "/metadata/" + "x" * 129}


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null"])
@pytest.mark.parametrize("path", ["/v1/job-types", "/v1/job-types/greet/runs", "/v1/runs/batch", "/v1/workers"])
async def test_a_body_that_is_no_object_is_invalid(server: Server, path: str, body: bytes) -> None:
    await server.register()
    assert paths(problem(await server.raw("POST", path, body), 422, "invalid_request")) == [""]


async def test_times_are_utc_with_microseconds(server: Server) -> None:
    await server.register()
    await server.advance(0.25)
    run = await server.dispatch(delay_seconds=1.5)
    assert run["created_at"] == "2026-01-01T00:00:00.250000Z"
    assert run["due_at"] == "2026-01-01T00:00:01.750000Z"


async def test_the_store_gone_is_a_503_that_says_when_to_come_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blazy_jobs_server.domain.errors import StoreUnavailable

    await server.register()

    async def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("disk I/O error")

    for verb in ("dispatch", "run", "ping"):
        monkeypatch.setattr(server.store, verb, down)
    for answer in (
        await server.http.post("/v1/job-types/greet/runs", json={"payload": 1}),
        await server.http.get(f"/v1/runs/{NO_RUN}"),
        await server.http.get("/readyz"),
    ):
        problem(answer, 503, "store_unavailable")
        assert int(answer.headers["retry-after"]) >= 0
