"""Job types: registered, replaced, changed, paused, retired."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem

WORKER = {"kind": "worker"}
DEFAULT_RETRY = {
    "max_attempts": 4,
    "backoff": "exponential",
    "initial_seconds": 1,
    "factor": 2,
    "max_seconds": 3600,
    "jitter": True,
    "on_lost": "retry",
}
NOW = "2026-01-01T00:00:00.000000Z"


async def test_what_is_left_out_has_its_default(server: Server) -> None:
    answer = await server.http.post("/v1/job-types", json={"name": "send-welcome-email", "handler": WORKER})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/job-types/send-welcome-email"
    assert answer.json() == {
        "name": "send-welcome-email",
        "description": "",
        "handler": WORKER,
        "queue": "default",
        "priority": 0,
        "retry": DEFAULT_RETRY,
        "timeout_seconds": 300,
        "expires_seconds": None,
        "payload_schema": None,
        "result_schema": None,
        "retention_seconds": 604800,
        "retention_failed_seconds": None,
        "concurrency": None,
        "paused": False,
        "tags": [],
        "redact": [],
        "version": 1,
        "source": "api",
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert await server.get(answer.headers["location"]) == answer.json()


FULL: dict[str, Any] = {
    "description": "Greets a new user",
    "queue": "mail",
    "priority": -5,
    "retry": {"max_attempts": 2, "backoff": "fixed", "initial_seconds": 0.5, "factor": 1, "max_seconds": 9}
    | {"jitter": False, "on_lost": "fail"},
    "timeout_seconds": 30.5,
    "expires_seconds": 60,
    "payload_schema": {"type": "object", "required": ["userId"], "properties": {"userId": {"type": "string"}}},
    "result_schema": {"type": "null"},
    "retention_seconds": 60,
    "concurrency": 3,
    "paused": True,
    "tags": ["mail", "greeting"],
}


async def test_every_field_is_kept(server: Server) -> None:
    made = await server.register("full", **FULL)
    assert {name: made[name] for name in FULL} == FULL
    await server.restart()
    assert await server.get("/v1/job-types/full") == made


@pytest.mark.parametrize("retries", [0, 3, 999])
async def test_a_bare_integer_is_the_number_of_retries(server: Server, retries: int) -> None:
    made = await server.register(retry=retries)
    assert made["retry"] == DEFAULT_RETRY | {"max_attempts": retries + 1}


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("name", ["", "-a", ".a", "_a", "a b", "a/b", "ä", "x" * 129, 5, None, "a\n"]),
        ("description", [5, None]),
        ("handler", [None, {}, {"kind": "robot"}, "worker"]),
        ("queue", ["", "a b", None, 1]),
        ("priority", [101, -101, 0.5, "1", True]),
        ("retry", [-1, 1000, 1.5, "3", True, {"max_attempts": 0}, {"backoff": "x"}, {"initial_seconds": -1}, []]),
        ("retry", [{"factor": 0.5}, {"max_seconds": -1}, {"jitter": 1}, {"on_lost": "x"}, {"max_attempts": None}]),
        ("timeout_seconds", [0, -1, "30", None, True]),
        ("expires_seconds", [0, -1, "x"]),
        ("retention_seconds", [-1, None, "x"]),
        ("concurrency", [0, -1, 1.5, "1", True]),
        ("paused", ["yes", 1, None]),
        ("tags", ["mail", [1], [""], ["x"] * 21, None]),
    ],
)
async def test_a_bad_field_is_refused(server: Server, field: str, bad: list[Any]) -> None:
    for value in bad:
        body = {"name": "new", "handler": WORKER} | {field: value}
        document = problem(await server.http.post("/v1/job-types", json=body), 422, "invalid_request")
        assert all(path.split("/")[1] == field for path in paths(document)), (value, document)
    assert (await server.get("/v1/job-types"))["data"] == []


async def test_name_and_handler_are_required(server: Server) -> None:
    document = problem(await server.http.post("/v1/job-types", json={}), 422, "invalid_request")
    assert sorted(paths(document)) == ["/handler", "/name"]


async def test_a_name_is_registered_once(server: Server) -> None:
    made = await server.register()
    again = await server.http.post("/v1/job-types", json={"name": "greet", "handler": WORKER, "priority": 5})
    problem(again, 409, "job_type_exists")
    assert await server.get("/v1/job-types/greet") == made


async def test_put_registers_and_replaces(server: Server) -> None:
    new = await server.http.put("/v1/job-types/greet", json={"handler": WORKER, "priority": 3, "tags": ["a"]})
    assert (new.status_code, new.json()["version"]) == (201, 1)
    assert new.headers["location"] == "/v1/job-types/greet"
    await server.advance(1)
    same = await server.http.put(
        "/v1/job-types/greet", json={"name": "greet", "handler": WORKER, "priority": 3, "tags": ["a"]}
    )
    assert (same.status_code, same.json()) == (200, new.json())
    other = await server.http.put("/v1/job-types/greet", json={"handler": WORKER})
    assert (other.status_code, other.json()["version"]) == (200, 2)
    assert (other.json()["priority"], other.json()["tags"]) == (0, []), "replaced, not merged"
    assert other.json()["created_at"] == NOW
    assert other.json()["updated_at"] == "2026-01-01T00:00:01.000000Z"


async def test_put_takes_its_name_from_the_path(server: Server) -> None:
    answer = await server.http.put("/v1/job-types/greet", json={"name": "other", "handler": WORKER})
    assert paths(problem(answer, 422, "invalid_request")) == ["/name"]
    assert (await server.http.put("/v1/job-types/a%20b", json={"handler": WORKER})).status_code in (404, 422)


async def test_patch_changes_some_fields(server: Server) -> None:
    made = await server.register("full", **FULL)
    await server.advance(1)
    changed = await server.http.patch("/v1/job-types/full", json={"priority": 7, "retry": {"max_attempts": 9}})
    assert changed.status_code == 200
    expected = made | {"priority": 7, "retry": made["retry"] | {"max_attempts": 9}, "version": 2}
    assert changed.json() == expected | {"updated_at": "2026-01-01T00:00:01.000000Z"}
    nulls = {"expires_seconds": None, "payload_schema": None, "result_schema": None, "concurrency": None}
    cleared = await server.http.patch("/v1/job-types/full", json=nulls)
    assert {name: cleared.json()[name] for name in nulls} == nulls
    nothing = await server.http.patch("/v1/job-types/full", json={})
    assert (nothing.status_code, nothing.json()) == (200, cleared.json())
    bare = await server.http.patch("/v1/job-types/full", json={"retry": 0})
    assert bare.json()["retry"] == made["retry"] | {"max_attempts": 1}


@pytest.mark.parametrize("body", [{"name": "x"}, {"handler": None}, {"queue": None}, {"retry": None}, {"tags": None}])
async def test_a_bad_patch_is_refused(server: Server, body: Any) -> None:
    made = await server.register()
    answer = await server.http.patch("/v1/job-types/greet", json=body)
    assert paths(problem(answer, 422, "invalid_request")) == ["/" + next(iter(body))]
    assert await server.get("/v1/job-types/greet") == made


async def test_the_version_goes_up_with_each_change_of_the_definition(server: Server) -> None:
    await server.register()
    versions = []
    for body in (
        {"priority": 1},
        {"priority": 1},
        {"description": "x"},
        {"tags": ["x"]},
        {"tags": ["x"]},
        {"priority": 0},
    ):
        versions.append((await server.http.patch("/v1/job-types/greet", json=body)).json()["version"])
    assert versions == [2, 2, 3, 4, 4, 5]


async def test_pause_is_no_part_of_the_definition(server: Server) -> None:
    made = await server.register()
    paused = await server.post("/v1/job-types/greet/pause", status=200)
    assert paused == made | {"paused": True}
    assert await server.post("/v1/job-types/greet/pause", status=200) == paused
    replaced = (await server.http.put("/v1/job-types/greet", json={"handler": WORKER, "priority": 1})).json()
    assert (replaced["paused"], replaced["version"]) == (True, 2)
    same = (await server.http.put("/v1/job-types/greet", json={"handler": WORKER, "priority": 1})).json()
    assert same == replaced
    patched = (await server.http.patch("/v1/job-types/greet", json={"paused": False})).json()
    assert (patched["paused"], patched["version"]) == (False, 2)
    put = (await server.http.put("/v1/job-types/greet", json={"handler": WORKER, "priority": 1, "paused": True})).json()
    assert (put["paused"], put["version"]) == (True, 2)
    resumed = await server.post("/v1/job-types/greet/resume", status=200)
    assert (resumed["paused"], resumed["version"]) == (False, 2)


@pytest.mark.parametrize("verb", ["pause", "resume"])
async def test_what_is_not_there_cannot_be_paused(server: Server, verb: str) -> None:
    problem(await server.http.post(f"/v1/job-types/none/{verb}"), 404, "job_type_not_found")


async def test_what_is_not_there_is_404(server: Server) -> None:
    for name in ("none", "a%20b", "x" * 200, "%00"):
        problem(await server.http.get(f"/v1/job-types/{name}"), 404, "job_type_not_found")
        problem(await server.http.patch(f"/v1/job-types/{name}", json={}), 404, "job_type_not_found")
        problem(await server.http.delete(f"/v1/job-types/{name}"), 404, "job_type_not_found")


async def test_a_retired_name_is_free_again(server: Server) -> None:
    await server.register()
    await server.http.patch("/v1/job-types/greet", json={"priority": 1})
    run = await server.dispatch()
    assert run["job_type_version"] == 2
    problem(await server.http.delete("/v1/job-types/greet"), 409, "job_type_in_use")
    await server.cancel(run, status=200)
    assert (await server.http.delete("/v1/job-types/greet")).status_code == 204
    problem(await server.http.get("/v1/job-types/greet"), 404, "job_type_not_found")
    problem(await server.http.delete("/v1/job-types/greet"), 404, "job_type_not_found")
    problem(await server.http.post("/v1/job-types/greet/runs", json={"payload": 1}), 404, "job_type_not_found")
    assert (await server.get("/v1/job-types"))["data"] == []
    assert (await server.run(run))["job_type_version"] == 2, "its runs stay readable"
    assert await server.types(run) == ["queued", "cancelled"]
    again = await server.register()
    assert again["version"] == 3
    assert (await server.dispatch())["job_type_version"] == 3


async def test_versions_say_what_each_changed(server: Server) -> None:
    path = "/v1/job-types/mail"
    await server.http.put(path, json={"handler": WORKER})
    await server.http.patch(path, json={"timeout_seconds": 30, "tags": ["a"]})
    await server.http.post(f"{path}/pause")  # no part of the definition
    await server.http.patch(path, json={"retry": {"max_attempts": 2}})
    third, second, first = (await server.get(f"{path}/versions"))["data"]
    assert [one["version"] for one in (third, second, first)] == [3, 2, 1]
    assert [one["changed"] for one in (third, second, first)] == [["retry"], ["timeout_seconds", "tags"], []]
    assert (first["timeout_seconds"], second["timeout_seconds"], third["retry"]["max_attempts"]) == (300, 30, 2)
    current = await server.get(path)
    assert [one["created_at"] for one in (third, first)] == [current["updated_at"], current["created_at"]]
    assert [one["created_by"] for one in (third, first)] == [None, None], "nobody has a key here"
    assert {name: third[name] for name in third if name not in ("changed", "created_at", "created_by")} == {
        name: current[name] for name in current if name not in ("paused", "source", "created_at", "updated_at")
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_versions_come_in_pages_that_know_what_was_before(server: Server, limit: int) -> None:
    path = "/v1/job-types/mail"
    for priority in range(4):
        await server.http.put(path, json={"handler": WORKER, "priority": priority})
    found, query = [], f"?limit={limit}"
    while True:
        page = (await server.http.get(f"{path}/versions{query}")).json()
        assert len(page["data"]) <= limit
        found += [(one["version"], one["changed"]) for one in page["data"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit={limit}&cursor={page['next_cursor']}"
    assert found == [(4, ["priority"]), (3, ["priority"]), (2, ["priority"]), (1, [])]


async def test_versions_of_what_is_not_there(server: Server) -> None:
    await server.http.put("/v1/job-types/mail", json={"handler": WORKER})
    problem(await server.http.get("/v1/job-types/none/versions"), 404, "job_type_not_found")
    problem(await server.http.get("/v1/job-types/mail/versions?cursor=!"), 422, "invalid_cursor")
    await server.http.delete("/v1/job-types/mail")
    problem(await server.http.get("/v1/job-types/mail/versions"), 404, "job_type_not_found")


async def test_a_retired_name_goes_on_with_its_versions_after_a_restart(server: Server) -> None:
    await server.register()
    assert (await server.http.delete("/v1/job-types/greet")).status_code == 204
    await server.restart()
    problem(await server.http.get("/v1/job-types/greet"), 404, "job_type_not_found")
    assert (await server.register())["version"] == 2


@pytest.mark.parametrize("state", ["scheduled", "queued", "running", "retrying"])
async def test_a_job_type_in_use_is_not_retired(server: Server, state: str) -> None:
    await server.register()
    run = await server.dispatch(delay_seconds=10 if state == "scheduled" else None)
    if state in ("running", "retrying"):
        worker = await server.worker()
        lease = await worker.take()
        if state == "retrying":
            await worker.fail(lease)
    assert (await server.run(run))["state"] == state
    problem(await server.http.delete("/v1/job-types/greet"), 409, "job_type_in_use")


BAD_SCHEMAS: dict[str, Any] = {
    "unknown type": {"type": "strin"},
    "pattern that is none": {"type": "string", "pattern": "("},
    "pattern that looks back": {"type": "string", "pattern": "(a)\\1"},
    "pattern that looks ahead": {"type": "string", "pattern": "(?=a)b"},
    "reference to elsewhere": {"$ref": "https://example.com/schema"},
    "reference to a file": {"$ref": "file:///etc/passwd"},
    "reference within to elsewhere": {"properties": {"a": {"items": {"$ref": "other.json#/x"}}}},
    "reference to nothing": {"$ref": "#/$defs/none"},
    "dynamic reference to elsewhere": {"$dynamicRef": "https://example.com/x#y"},
    "another dialect": {"$schema": "http://json-schema.org/draft-04/schema#"},
    "too large": {"description": "x" * 65_536},
    "wrong keyword value": {"minLength": "three"},
    "required is no list": {"required": "a"},
}


@pytest.mark.parametrize("field", ["payload_schema", "result_schema"])
@pytest.mark.parametrize("schema", BAD_SCHEMAS.values(), ids=BAD_SCHEMAS.keys())
async def test_a_bad_schema_is_refused(server: Server, field: str, schema: Any) -> None:
    body = {"name": "new", "handler": WORKER, field: schema}
    document = problem(await server.http.post("/v1/job-types", json=body), 422, "invalid_schema")
    assert all(path.startswith(f"/{field}") for path in paths(document))
    problem(await server.http.put("/v1/job-types/new", json={"handler": WORKER, field: schema}), 422, "invalid_schema")
    await server.register()
    problem(await server.http.patch("/v1/job-types/greet", json={field: schema}), 422, "invalid_schema")
    assert (await server.get("/v1/job-types/greet"))["version"] == 1


GOOD_SCHEMAS: dict[str, Any] = {
    "true": True,
    "empty": {},
    "local reference": {"$defs": {"a": {"type": "integer"}}, "$ref": "#/$defs/a"},
    "recursive": {"$defs": {"t": {"properties": {"t": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"},
    "its dialect": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "integer"},
    "a property named $ref": {"properties": {"$ref": {"type": "string"}}},
    "linear pattern": {"type": ["string", "integer"], "pattern": "^(a|b)*c$"},
    "prefixItems": {"prefixItems": [{"type": "integer"}], "unevaluatedItems": False},
}


@pytest.mark.parametrize("schema", GOOD_SCHEMAS.values(), ids=GOOD_SCHEMAS.keys())
async def test_a_good_schema_is_taken_and_holds(server: Server, schema: Any) -> None:
    assert (await server.register(payload_schema=schema))["payload_schema"] == schema
    await server.dispatch(payload=1)


async def test_false_admits_nothing(server: Server) -> None:
    await server.register(payload_schema=False)
    problem(await server.http.post("/v1/job-types/greet/runs", json={"payload": 1}), 422, "invalid_payload")


async def test_a_pattern_takes_linear_time(server: Server) -> None:
    await server.register(payload_schema={"type": "string", "pattern": "^(a+)+$"})
    answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": "a" * 50_000 + "!"})
    problem(answer, 422, "invalid_payload")
    await server.dispatch(payload="a" * 50_000)


async def test_a_schema_that_refers_to_itself_does_not_loop(server: Server) -> None:
    body = {"name": "new", "handler": WORKER, "payload_schema": {"$ref": "#"}}
    answer = await server.http.post("/v1/job-types", json=body)
    if answer.status_code == 201:
        answer = await server.http.post("/v1/job-types/new/runs", json={"payload": 1})
        assert answer.status_code in (202, 422)
    else:
        problem(answer, 422, "invalid_schema")


async def test_settings_are_those_of_the_moment_of_dispatch(server: Server) -> None:
    await server.register(timeout_seconds=10, retry=1, queue="a", priority=1, expires_seconds=50, retention_seconds=100)
    run = await server.dispatch()
    await server.http.put(
        "/v1/job-types/greet", json={"handler": WORKER, "retry": 9, "queue": "b", "timeout_seconds": 99}
    )
    kept = await server.run(run)
    assert kept == run
    assert (kept["queue"], kept["priority"], kept["max_attempts"], kept["timeout_seconds"]) == ("a", 1, 2, 10)
    assert kept["expires_at"] == "2026-01-01T00:00:50.000000Z"
    await server.restart()
    assert await server.run(run) == kept | {"wait_reason": kept["wait_reason"]}
    lease = await (await server.worker()).take()
    assert lease["deadline_at"] == "2026-01-01T00:00:25.000000Z", "claim + 10 s + 15 s"
