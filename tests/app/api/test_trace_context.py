"""A request's trace context in the metadata of the runs that it makes."""

from __future__ import annotations

import pytest

from tests.app.api.test_exchange import connected, post
from tests.app.server import Server

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
OTHER = f"00-{'1' * 32}-b7ad6b7169203331-01"


async def test_a_dispatch_keeps_the_context_of_its_request(server: Server) -> None:
    await server.register()
    plain = await server.post("/v1/job-types/greet/runs", {"payload": 1}, traceparent=PARENT, tracestate="a=1")
    assert plain["metadata"] == {"traceparent": PARENT, "tracestate": "a=1"}
    body = {"payload": 1, "metadata": {"order": "7"}}
    assert (await server.post("/v1/job-types/greet/runs", body, traceparent=PARENT))["metadata"] == {
        "order": "7",
        "traceparent": PARENT,
    }
    body = {"payload": 1, "metadata": {"traceparent": OTHER}}
    assert (await server.post("/v1/job-types/greet/runs", body, traceparent=PARENT))["metadata"] == body["metadata"]
    assert (await server.post("/v1/job-types/greet/runs", {"payload": 1}, traceparent="nonsense"))["metadata"] == {}


async def test_the_context_is_no_part_of_what_an_idempotency_key_stands_for(server: Server) -> None:
    await server.register()
    path, key = "/v1/job-types/greet/runs", {"idempotency_key": "once"}
    first = await server.post(path, {"payload": 1}, status=202, traceparent=PARENT, **key)
    again = await server.post(path, {"payload": 1}, status=200, traceparent=OTHER, **key)
    assert (again["id"], again["metadata"]) == (first["id"], {"traceparent": PARENT})


async def test_each_run_of_a_batch_has_it(server: Server) -> None:
    await server.register()
    items = [{"job_type": "greet", "payload": 1}, {"job_type": "greet", "payload": 2}]
    for runs in (items, [items[0], items[1] | {"tags": ["a"]}]):
        made = (await server.post("/v1/runs/batch", {"runs": runs}, status=202, traceparent=PARENT))["data"]
        assert [(await server.run(run))["metadata"] for run in made] == [{"traceparent": PARENT}] * 2


async def test_a_replay_has_that_of_its_own_request_or_the_originals(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    run = await server.post("/v1/job-types/greet/runs", {"payload": 1}, traceparent=PARENT, tracestate="a=1")
    await worker.complete(await worker.take())
    kept = await server.post(f"/v1/runs/{run['id']}/replay", status=202)
    assert kept["metadata"] == {"traceparent": PARENT, "tracestate": "a=1"}
    own = await server.post(f"/v1/runs/{run['id']}/replay", {"payload": 2}, status=202, traceparent=OTHER)
    assert (own["metadata"], own["payload"]) == ({"traceparent": OTHER}, 2)


async def test_a_worker_is_told_which_claim_it_is_and_what_is_replayed(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    run = await server.dispatch()
    lease = await worker.take()
    assert (lease["attempt"], lease["claim"]) == (1, 1)
    await worker.say(lease, "released")
    lease = await worker.take()
    assert (lease["attempt"], lease["claim"]) == (1, 2)
    await worker.complete(lease)
    replay = await server.post(f"/v1/runs/{run['id']}/replay", status=202)
    answer = await server.post(f"/v1/workers/{worker.id}/claim", {"columns": True, "wait_seconds": 0})
    assert [lease["run"]["replay_of"] for lease in answer["data"]] == [run["id"]], "which columns do not say"
    assert answer["data"][0]["run"]["id"] == replay["id"]


@pytest.mark.parametrize("server", [{}, {"trace_parent": "parent"}], indirect=True)
async def test_attempts_say_their_traces(server: Server) -> None:
    await server.register(retry={"max_attempts": 2, "backoff": "fixed", "initial_seconds": 1})
    worker = await server.worker()
    run = await server.post("/v1/job-types/greet/runs", {"payload": 1}, traceparent=PARENT)
    await worker.fail(await worker.take())
    await server.advance(2)
    await worker.complete(await worker.take())
    found = [attempt["trace_id"] for attempt in await server.attempts(run)]
    if server.settings.trace_parent == "parent":
        assert found == [TRACE] * 2
    else:
        assert len(set(found) - {TRACE}) == 2
    page = await server.get(f"/v1/runs/{run['id']}/attempts", limit=1)
    rest = await server.get(f"/v1/runs/{run['id']}/attempts", limit=1, cursor=page["next_cursor"])
    assert [attempt["trace_id"] for attempt in page["data"] + rest["data"]] == found


async def test_a_dispatch_with_a_context_is_no_ordinary_one(server: Server) -> None:
    """Those are answered by their heads, which are kept: each context would be kept for once."""
    await server.register()
    request = post(b'{"payload":1}').replace(b"\r\nHost", f"\r\ntraceparent: {PARENT}\r\nHost".encode(), 1)
    async with connected(server.app) as connection:
        for _ in range(3):
            connection.send(request)
            status, body = await connection.answer()
            assert status == 202
            assert PARENT.encode() in body
    assert not server.app.direct._heads._known
