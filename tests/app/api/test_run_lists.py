"""`GET /v1/runs`: newest first, and what every filter lets through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem


@pytest.fixture
async def runs(server: Server) -> dict[str, str]:
    """A run in each state, by its state; a second apart, the payloads their states too."""
    await server.register("greet", retry={"initial_seconds": 1000})
    await server.register("bye", queue="mail", retry=0)
    worker = await server.worker("greet", "bye")
    made: dict[str, str] = {}

    async def make(state: str, name: str, **fields: Any) -> Any:
        await server.advance(1)
        run = await server.dispatch(name, payload=state, **fields)
        made[state] = run["id"]
        return run

    await make("completed", "greet", tags=["a", "b"])
    await worker.complete(await worker.take())
    await make("failed", "bye", tags=["b"])
    await worker.fail(await worker.take())
    await make("retrying", "greet")
    await worker.fail(await worker.take())
    await make("running", "bye", tags=["a"])
    await worker.take()
    await server.cancel(await make("cancelled", "greet", queue="mail"), status=200)
    await make("scheduled", "greet", delay_seconds=1000)
    await make("queued", "bye", tags=['quo"te', "é"])
    return made


ALL = ["queued", "scheduled", "cancelled", "running", "retrying", "failed", "completed"]

FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    *[({"state": state}, [state]) for state in ALL],
    ({"state": ["completed", "running", "scheduled"]}, ["scheduled", "running", "completed"]),
    ({"job_type": "greet"}, ["scheduled", "cancelled", "retrying", "completed"]),
    ({"job_type": "bye"}, ["queued", "running", "failed"]),
    ({"job_type": "none"}, []),
    ({"queue": "mail"}, ["queued", "cancelled", "running", "failed"]),
    ({"queue": "default", "state": ["retrying", "failed"]}, ["retrying"]),
    ({"queue": "none"}, []),
    ({"tag": "a"}, ["running", "completed"]),
    ({"tag": "b"}, ["failed", "completed"]),
    ({"tag": 'quo"te'}, ["queued"]),
    ({"tag": "é"}, ["queued"]),
    ({"tag": "none"}, []),
    ({"tag": "a", "job_type": "greet", "state": "completed"}, ["completed"]),
    ({"schedule": "nightly"}, []),
    ({"created_after": "2026-01-01T00:00:04.5Z"}, ["queued", "scheduled", "cancelled"]),
    ({"created_before": "2026-01-01T00:00:02.5Z"}, ["failed", "completed"]),
    (
        {"created_after": "2026-01-01T01:00:01.5+01:00", "created_before": "2026-01-01T00:00:04.5Z"},
        ["running", "retrying", "failed"],
    ),
    ({"created_after": "2026-01-01T00:00:01.5Z", "job_type": "bye", "queue": "mail"}, ["queued", "running", "failed"]),
    ({"created_after": "2300-01-01T00:00:00Z"}, []),
    ({"created_after": "9999-12-31T23:59:59Z", "state": "queued"}, []),
    ({"created_before": "9999-12-31T23:59:59Z"}, ALL),
    ({"created_after": "0001-01-01T00:00:00Z"}, ALL),
    ({"created_before": "0001-01-01T00:00:00Z"}, []),
]


async def test_filters(server: Server, runs: dict[str, str]) -> None:
    for query, expected in FILTERS:
        page = await server.get("/v1/runs", **query)
        assert [run["payload"] for run in page["data"]] == expected, query
        assert [run["state"] for run in page["data"]] == expected, query
        assert page["next_cursor"] is None


async def test_filters_hold_from_page_to_page(server: Server, runs: dict[str, str]) -> None:
    for query, expected in FILTERS:
        found = []
        cursor: dict[str, str] = {}
        while True:
            page = await server.get("/v1/runs", limit=1, **query, **cursor)
            found += [run["payload"] for run in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found == expected, query


async def test_a_listed_run_is_the_run_as_read(server: Server, runs: dict[str, str]) -> None:
    for run in (await server.get("/v1/runs"))["data"]:
        assert run == await server.run(run)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "done"),
        ("state", ""),
        ("state", "QUEUED"),
        ("created_after", "yesterday"),
        ("created_after", "2026-01-01T00:00:00"),
        ("created_before", "2026-13-01T00:00:00Z"),
        ("created_before", "1767225600"),
        ("job_type", "x" * 129),
    ],
)
async def test_a_bad_filter_is_refused(server: Server, name: str, value: str) -> None:
    document = problem(await server.http.get("/v1/runs", params={name: value}), 422, "invalid_request")
    assert paths(document)[0].split("/")[1] == name


async def test_many_lanes_and_states_are_one_strict_order(server: Server) -> None:
    for name in ("a", "b", "c"):
        await server.register(name)
    made = []
    for i in range(30):
        run = await server.dispatch("abc"[i % 3], payload=i, queue=f"q{i % 4}", delay_seconds=100 if i % 2 else None)
        made.append(run["id"])
    page = await server.get("/v1/runs", state=["queued", "scheduled"], limit=200)
    assert [run["id"] for run in page["data"]] == made[::-1]
