"""`POST /v1/runs/batch`: all or none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem


async def test_a_batch_is_answered_in_the_order_given(server: Server) -> None:
    await server.register()
    await server.register("other", queue="mail")
    items = [
        {"job_type": "greet", "payload": 0},
        {"job_type": "other", "payload": 1, "delay_seconds": 5, "priority": 3, "tags": ["t"]},
        {"job_type": "greet", "payload": 2, "queue": "q", "retry": 0, "metadata": {"a": "b"}},
    ]
    answer = await server.http.post("/v1/runs/batch", json={"runs": items})
    assert answer.status_code == 202
    data = answer.json()["data"]
    assert [set(item) for item in data] == [{"id", "state"}] * 3
    assert [item["state"] for item in data] == ["queued", "scheduled", "queued"]
    runs = [await server.run(item) for item in data]
    assert [run["payload"] for run in runs] == [0, 1, 2]
    assert [run["id"] for run in runs] == sorted(run["id"] for run in runs)
    assert (runs[1]["queue"], runs[1]["priority"], runs[1]["tags"]) == ("mail", 3, ["t"])
    assert (runs[2]["queue"], runs[2]["max_attempts"], runs[2]["metadata"]) == ("q", 1, {"a": "b"})
    for run in runs:
        assert await server.types(run) == ["queued"]


BAD_ITEMS: list[tuple[Any, str]] = [
    ({"job_type": "none", "payload": 1}, "/job_type"),
    ({"job_type": "a b", "payload": 1}, "/job_type"),
    ({"payload": 1}, "/job_type"),
    ({"job_type": "greet"}, "/payload"),
    ({"job_type": "greet", "payload": "text"}, "/payload"),
    ({"job_type": "greet", "payload": 1, "priority": 101}, "/priority"),
    ({"job_type": "greet", "payload": 1, "nonsense": 1}, "/nonsense"),
    ({"job_type": "greet", "payload": 1, "run_at": "2030-01-01T00:00:00Z"}, "/run_at"),
    ({"job_type": "greet", "payload": 1, "retry": {"backoff": "x"}}, "/retry/backoff"),
    ("text", ""),
    (None, ""),
]


@pytest.mark.parametrize(("bad", "place"), BAD_ITEMS)
async def test_a_bad_item_is_named_and_nothing_is_stored(server: Server, bad: Any, place: str) -> None:
    await server.register(payload_schema={"type": "integer"})
    good = {"job_type": "greet", "payload": 1}
    for items, index in (([good, good, bad, good], 2), ([bad], 0)):
        answer = await server.http.post("/v1/runs/batch", json={"runs": items})
        assert paths(problem(answer, 422, "invalid_batch")) == [f"/runs/{index}{place}"]
    assert (await server.get("/v1/runs"))["data"] == []
    assert (await server.get("/v1/stats"))["counts"]["queued"] == 0


async def test_each_bad_item_is_named_whatever_is_wrong_with_it(server: Server) -> None:
    await server.register(payload_schema={"type": "object", "properties": {"a": {"type": "integer"}}})
    items = [
        {"job_type": "none", "payload": {}},
        {"job_type": "greet", "payload": {"a": "x"}},
        {"job_type": "greet", "payload": {}},
        {"job_type": "greet", "payload": 1},
    ]
    document = problem(await server.http.post("/v1/runs/batch", json={"runs": items}), 422, "invalid_batch")
    assert paths(document) == ["/runs/0/job_type", "/runs/1/payload/a", "/runs/3/payload"]
    mixed = [*items, {"job_type": "greet", "payload": {}, "priority": 500}]
    document = problem(await server.http.post("/v1/runs/batch", json={"runs": mixed}), 422, "invalid_batch")
    assert "/runs/4/priority" in paths(document)


async def test_at_most_a_hundred_are_listed(server: Server) -> None:
    items = [{"job_type": "none", "payload": 1} for _ in range(150)]
    document = problem(await server.http.post("/v1/runs/batch", json={"runs": items}), 422, "invalid_batch")
    assert paths(document) == [f"/runs/{i}/job_type" for i in range(100)]
    items = [{"job_type": "none"} for _ in range(150)]
    document = problem(await server.http.post("/v1/runs/batch", json={"runs": items}), 422, "invalid_batch")
    assert len(document["errors"]) == 100


@pytest.mark.parametrize("body", [{}, {"runs": []}, {"runs": {}}, {"runs": None}, {"runs": [], "more": 1}])
async def test_a_bad_frame_is_refused(server: Server, body: Any) -> None:
    assert (await server.http.post("/v1/runs/batch", json=body)).status_code == 422


async def test_ten_thousand_are_taken_and_no_more(server: Server) -> None:
    await server.register()
    items = [{"job_type": "greet", "payload": None} for _ in range(10_001)]
    answer = await server.http.post("/v1/runs/batch", json={"runs": items})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/runs")
    answer = await server.http.post("/v1/runs/batch", json={"runs": items[1:]})
    assert answer.status_code == 202
    ids = [item["id"] for item in answer.json()["data"]]
    assert len(set(ids)) == 10_000
    assert ids == sorted(ids)
    assert (await server.get("/v1/stats"))["counts"]["queued"] == 10_000


async def test_a_dedupe_key_holds_within_and_between_batches(server: Server) -> None:
    await server.register()
    await server.register("other")
    item = {"job_type": "greet", "payload": 1, "dedupe_key": "k"}
    body = {"runs": [item, {"job_type": "greet", "payload": 2}, item, item | {"job_type": "other"}]}
    first = (await server.post("/v1/runs/batch", body, status=202))["data"]
    assert first[0] == first[2]
    assert len({run["id"] for run in first}) == 3
    second = (await server.post("/v1/runs/batch", {"runs": [item]}, status=202))["data"]
    assert second == first[:1]
    assert len((await server.get("/v1/runs"))["data"]) == 3
