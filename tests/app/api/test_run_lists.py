"""`GET /v1/runs`: newest first, and what every filter lets through."""

from __future__ import annotations

from typing import Any

import pytest

from blazy_jobs_server.api import run_lists
from blazy_jobs_server.store import searching
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
        ("attempt_min", "-1"),
        ("attempt_min", "many"),
        ("finished_after", "now"),
        ("worker_id", "w" * 65),
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


# -- what a person filters by


async def found(server: Server, **query: Any) -> list[str]:
    page = await server.get("/v1/runs", **query)
    counted = await server.get("/v1/runs/count", **query)
    assert counted == {"count": len(page["data"]), "at_least": False}, query
    return [run["payload"] for run in page["data"]]


async def test_runs_are_found_by_what_became_of_them(server: Server, runs: dict[str, str]) -> None:
    worker = (await server.run(runs["completed"]))["worker_id"]
    assert await found(server, id=[runs["queued"], runs["failed"], "run_0000000000000", "x"]) == ["queued", "failed"]
    assert await found(server, id="x") == []
    assert await found(server, worker_id=worker) == ["running", "failed", "completed"]
    assert await found(server, worker_id="wrk_0000000000001") == []
    assert await found(server, worker_id="mail-1") == []
    assert await found(server, attempt_min=1) == ["running", "retrying", "failed", "completed"]
    assert await found(server, attempt_min=2) == []
    assert await found(server, finished_after="2026-01-01T00:00:02Z") == ["cancelled", "failed"]
    assert await found(server, finished_before="2026-01-01T00:00:02Z") == ["completed"]
    assert await found(server, finished_after="2026-01-01T00:00:02Z", state=["failed", "completed"]) == ["failed"]
    assert await found(server, id=list(runs.values()), state="failed", worker_id=worker, attempt_min=1) == ["failed"]


async def test_a_brief_list_leaves_out_what_is_long(server: Server, runs: dict[str, str]) -> None:
    whole = (await server.get("/v1/runs"))["data"]
    brief = (await server.get("/v1/runs", fields="brief"))["data"]
    left_out = {"payload", "result", "metadata"}
    assert brief == [{name: value for name, value in run.items() if name not in left_out} for run in whole]
    problem(await server.http.get("/v1/runs", params={"fields": "id"}), 422, "invalid_request")


async def test_runs_are_counted(server: Server, runs: dict[str, str]) -> None:
    for query, expected in FILTERS:
        assert await server.get("/v1/runs/count", **query) == {"count": len(expected), "at_least": False}, query
    problem(await server.http.get("/v1/runs/count", params={"limit": "1"}), 422, "invalid_request")
    problem(await server.http.delete("/v1/runs/count"), 405, "method_not_allowed")
    problem(await server.http.delete("/v1/runs/count?state=queued"), 405, "method_not_allowed")


async def test_counting_ends_somewhere(server: Server, runs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lists, "MOST_COUNTED", 2)
    assert await server.get("/v1/runs/count") == {"count": 7, "at_least": False}
    assert await server.get("/v1/runs/count", state=["failed", "queued", "running"]) == {"count": 3, "at_least": False}
    assert await server.get("/v1/runs/count", attempt_min=1) == {"count": 2, "at_least": True}
    assert await server.get("/v1/runs/count", attempt_min=1, job_type="greet") == {"count": 2, "at_least": False}


# -- text


async def texts(server: Server) -> list[str]:
    """Runs that have the word `needle` somewhere, and one that does not, the oldest first."""
    await server.register("greet", retry=0)
    worker = await server.worker()
    made = [await server.dispatch(payload={"to": ["a Needle"]})]
    made.append(await server.dispatch(payload="result"))
    [_, lease] = await worker.claim()
    await worker.complete(lease, {"found": "NEEDLE"})
    made.append(await server.dispatch(payload="error"))
    await worker.fail(await worker.take(), "no needle here")
    made.append(await server.dispatch(payload="tag", tags=["needles"]))
    made.append(await server.dispatch(payload="metadata", metadata={"sewn": "needle"}))
    made.append(await server.dispatch(payload="nothing"))
    made.append(await server.dispatch(payload='say "hi" 100% \\ of_it\n'))
    return [run["id"] for run in made]


async def test_a_search_finds_text_wherever_it_is(server: Server) -> None:
    made = await texts(server)

    async def search(q: str, **query: Any) -> list[str]:
        page = await server.get("/v1/runs", q=q, **query)
        assert page["searched"]["complete"] is (page["next_cursor"] is None)
        assert page["searched"]["cursor"] == page["next_cursor"]
        return [run["id"] for run in page["data"]]

    assert await search("needle") == made[4::-1]
    assert await search("NEEDLE", state=["queued", "failed"]) == [made[4], made[3], made[2]]
    assert await search('"found":"needle') == [made[1]]
    for q in ('say "hi"', "100%", "% \\ of_", "it\n"):
        assert await search(q) == [made[6]], q
    for q in ("ne_dle", "%eedle", "no such text"):
        assert await search(q) == [], q
    assert (await server.get("/v1/runs", q="tag"))["searched"] == {"runs": 7, "complete": True, "cursor": None}
    assert "searched" not in await server.get("/v1/runs")
    assert await server.get("/v1/runs/count", q="needle") == {"count": 5, "at_least": False}
    for q in ("", "x" * 257):
        problem(await server.http.get("/v1/runs", params={"q": q}), 422, "invalid_request")


async def test_a_search_says_how_far_it_has_come(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await texts(server)
    monkeypatch.setattr(searching, "MOST_RUNS", 3)
    pages, cursor = [], {}
    while True:
        page = await server.get("/v1/runs", q="needle", **cursor)
        assert page["searched"]["runs"] <= 3
        pages.append([run["id"] for run in page["data"]])
        if page["searched"]["complete"]:
            break
        cursor = {"cursor": page["searched"]["cursor"]}
    assert pages == [[made[4]], made[3:0:-1], [made[0]]]
    assert await server.get("/v1/runs/count", q="needle") == {"count": 1, "at_least": True}
    first = await server.get("/v1/runs", q="needle", limit=1)
    assert [run["id"] for run in first["data"]] == [made[4]]
    assert first["searched"]["complete"] is False


@pytest.mark.parametrize("server", [{"api_key": "k" * 20}], indirect=True)
async def test_a_search_does_not_find_what_is_not_shown(server: Server) -> None:
    root = {"authorization": f"Bearer {'k' * 20}"}
    server.http.headers.update(root)
    key = (await server.post("/v1/keys", {"name": "reader", "scopes": ["runs:read"]}))["key"]
    await server.register("greet", redact=["/card"])
    await server.register("other")
    hidden = await server.dispatch(payload={"card": "4111 needle", "to": "anna"})
    shown = await server.dispatch("other", payload={"card": "4111"})
    both = await server.dispatch(payload={"card": "x", "to": "4111"})
    reader = {"authorization": f"Bearer {key}"}

    async def search(q: str, headers: dict[str, str], **query: Any) -> list[str]:
        answer = await server.http.get("/v1/runs", params={"q": q} | query, headers=headers)
        counted = await server.http.get("/v1/runs/count", params={"q": q}, headers=headers)
        runs = [run["id"] for run in answer.json()["data"]]
        assert query or counted.json()["count"] == len(runs)
        return runs

    assert await search("4111", root) == [both["id"], shown["id"], hidden["id"]]
    assert await search("4111", reader) == [both["id"], shown["id"]]
    assert await search("needle", reader) == []
    assert await search("needle", root) == [hidden["id"]]
    assert await search("anna", reader, limit="1") == [hidden["id"]]
