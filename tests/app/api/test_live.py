"""The digest: how everything stands, at most once a second, for whoever may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from blazy_jobs_server.domain.errors import StoreUnavailable
from tests.app.asgi import Stream
from tests.app.server import Server, problem
from tests.app.waiting import until

KEY = "a-root-key-of-some-length"
BEARER = {"authorization": f"Bearer {KEY}"}
FRAME_BYTES = 8 * 1024


async def shown(server: Server, stream: Stream, condition: Callable[[Any], object] = bool) -> Any:
    """The first of the digests to come of which the condition holds, while time passes."""

    async def find() -> Any:
        while True:
            block = await stream.event()
            if block.event == "digest" and condition(block.data):
                return block.data

    finding = asyncio.create_task(find())

    async def look() -> bool:
        if not finding.done():
            await server.advance(0.5)
        return finding.done()

    await until(look)
    return finding.result()


def counts(digest: Any) -> dict[str, int]:
    return {state: n for state, n in digest["counts"].items() if n}


async def test_a_digest_comes_at_once_and_again_when_something_has_changed(server: Server) -> None:
    await server.register()
    await server.dispatch()
    async with server.stream("/v1/live") as stream:
        first = await stream.event()
        assert stream.raw.startswith(b"retry: 1000\n\nid: ")
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert first.event == "digest"
        assert counts(first.data) == {"queued": 1}
        assert first.data["lanes"] == [{"job_type": "greet", "queue": "default", "counts": {"queued": 1}}]
        assert (first.data["other"], first.data["trouble"]) == (None, [])
        [queue] = first.data["queues"]
        assert (queue["name"], queue["queued"], queue["unserved"], queue["paused"]) == ("default", 1, 1, False)
        worker = await server.worker(concurrency=3)
        await worker.complete(await worker.take())
        last = await shown(server, stream, lambda digest: counts(digest) == {"completed": 1})
        assert last["workers"] == {"connected": 1, "draining": 0, "slots": 3, "busy": 0}
        assert (last["rates"]["started"], last["rates"]["completed"], last["queues"]) == (0.1, 0.1, [])
        later = await shown(server, stream, lambda digest: not any(digest["rates"].values()))
        assert later["versions"] == last["versions"], "nothing has changed but the time"


async def test_however_much_happens_there_is_at_most_one_a_second_and_the_last_has_all(server: Server) -> None:
    await server.register()
    async with server.stream("/v1/live") as stream:
        await stream.event()
        started = server.clock.now()
        for _ in range(50):
            await server.dispatch()
            await server.advance(0.1)
        await shown(server, stream, lambda digest: counts(digest) == {"queued": 50})
        seconds = (server.clock.now() - started) / 1_000_000
    assert stream.raw.count(b"event: digest") <= seconds + 1


async def test_the_oldest_due_run_of_a_queue_counts_from_when_it_was_due(server: Server) -> None:
    await server.register()
    await server.dispatch(delay_seconds=3600)
    async with server.stream("/v1/live") as stream:
        assert (await stream.event()).data["queues"] == []
        due = await server.dispatch(priority=-5)
        await server.dispatch(priority=5)
        digest = await shown(server, stream, lambda digest: counts(digest).get("queued") == 2)
        assert digest["queues"][0]["oldest_due_at"] == due["due_at"]


async def test_a_version_is_another_one_for_what_has_changed_and_for_nothing_else(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    await server.dispatch()
    await worker.complete(await worker.take())
    body = {"name": "daily", "job_type": "greet", "trigger": {"kind": "interval", "every_seconds": 86_400}}
    webhook = {"name": "shop", "url": "https://shop.example/jobs"}

    async def start_and_end() -> None:
        await server.dispatch()
        await worker.complete(await worker.take())

    deeds: list[tuple[Callable[[], Any], set[str]]] = [
        (start_and_end, {"runs.queued", "runs.running", "runs.completed"}),
        (server.dispatch, {"runs.queued"}),
        (lambda: server.post("/v1/queues/default/pause"), {"queues", "audit"}),
        (lambda: server.post("/v1/job-types/greet/pause"), {"job_types", "audit"}),
        (lambda: server.post("/v1/schedules", body), {"schedules", "audit"}),
        (lambda: server.post("/v1/webhooks", webhook), {"webhooks", "audit"}),
        (server.worker, {"workers"}),
        (lambda: server.post("/v1/runs/bulk", {"action": "cancel", "filter": {"tag": "none"}}), {"bulk", "audit"}),
    ]
    async with server.stream("/v1/live") as stream:
        before = flat((await stream.event()).data["versions"])
        for deed, changed in deeds:
            await deed()
            digest = await shown(server, stream, lambda digest, before=before: flat(digest["versions"]) != before)
            now = flat(digest["versions"])
            assert {name for name in now if now[name] != before[name]} == changed
            assert all(now[name] > before[name] for name in changed)
            before = now


def flat(versions: dict[str, Any]) -> dict[str, int]:
    runs = {f"runs.{state}": version for state, version in versions["runs"].items()}
    return runs | {name: version for name, version in versions.items() if name != "runs"}


async def test_a_failed_attempt_is_news_for_errors(server: Server) -> None:
    await server.register(retry={"max_attempts": 2, "backoff": "fixed", "initial_seconds": 3600})
    worker = await server.worker()
    await server.dispatch()
    lease = await worker.take()
    async with server.stream("/v1/live") as stream:
        before = (await stream.event()).data["versions"]
        await worker.fail(lease)
        after = (await shown(server, stream, lambda digest: counts(digest) == {"retrying": 1}))["versions"]
    assert after["errors"] > before["errors"]
    assert after["runs"]["failed"] == before["runs"]["failed"]


async def test_a_resolved_run_is_news_for_errors_and_for_the_list_of_failed_runs(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    run = await server.dispatch()
    await worker.fail(await worker.take())
    async with server.stream("/v1/live") as stream:
        before = (await stream.event()).data["versions"]
        await server.post(f"/v1/runs/{run['id']}/resolve")
        after = (await shown(server, stream, lambda digest: digest["versions"]["errors"] != before["errors"]))[
            "versions"
        ]
    assert flat(before)["runs.failed"] != flat(after)["runs.failed"]
    assert flat(before)["runs.queued"] == flat(after)["runs.queued"]


async def test_a_new_group_of_errors_is_told_until_it_is_no_more_news(server: Server) -> None:
    await server.register(retry=0)
    await server.register("mail", retry={"max_attempts": 2, "backoff": "fixed", "initial_seconds": 3600})
    worker = await server.worker("greet", "mail")
    async with server.stream("/v1/live") as stream:
        assert (await stream.event()).data["new_errors"] == []
        for name, message in (("greet", "no user 7"), ("greet", "no user 8"), ("mail", "x" * 1000)):
            await server.dispatch(name)
            await worker.fail(await worker.take(), message)
            await server.advance(1)
        digest = await shown(server, stream, lambda digest: len(digest["new_errors"]) == 2)
        mail, greet = digest["new_errors"]
        assert (mail["job_type"], mail["message"]) == ("mail", "x" * 200)
        assert (greet["job_type"], greet["code"], greet["type"]) == ("greet", "handler_error", "ValueError")
        [group] = (await server.get("/v1/errors"))["data"]
        assert (greet["group"], greet["first_at"]) == (group["group"], group["first_at"])
        await shown(server, stream, lambda digest: digest["new_errors"] == [])
        assert digest["counts"]["failed"] == 2


async def test_it_has_eight_kilobytes_at_most_and_nothing_is_missing_in_the_sums(server: Server) -> None:
    names = [f"{'x' * 110}-{n:03}" for n in range(80)]
    for n, name in enumerate(names):
        await server.register(name, queue=f"{'q' * 110}-{n:03}")
        await server.post("/v1/runs/batch", {"runs": [{"job_type": name, "payload": None}] * (n % 7 + 1)}, status=202)
    async with server.stream("/v1/live") as stream:
        block = await stream.event()
    assert len(block.raw.encode()) + 2 <= FRAME_BYTES
    digest = block.data
    total = sum(n % 7 + 1 for n in range(80))
    assert counts(digest) == {"queued": total}
    listed = sum(lane["counts"]["queued"] for lane in digest["lanes"])
    assert digest["lanes"], "none had room"
    assert len(digest["lanes"]) + digest["other"]["lanes"] == 80
    assert listed + digest["other"]["counts"]["queued"] == total
    assert digest["lanes"][0]["counts"]["queued"] == 7, "most unfinished first"
    assert len(digest["queues"]) + digest["queues_left_out"] == 80


async def test_nothing_is_noted_while_nobody_looks(server: Server) -> None:
    await server.register()
    async with server.stream("/v1/live") as stream:
        await stream.event()
    await until(lambda: not server.jobs.live._views)
    await server.dispatch()
    assert not server.jobs.live.versions._moved


async def test_a_database_that_is_away_is_told_as_trouble_and_the_stream_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    await server.dispatch()
    read = server.store.oldest_due

    async def away() -> Any:
        raise StoreUnavailable("away")

    async with server.stream("/v1/live") as stream:
        assert (await stream.event()).data["trouble"] == []
        monkeypatch.setattr(server.store, "oldest_due", away)
        digest = await shown(server, stream, lambda digest: digest["trouble"] == ["store"])
        assert counts(digest) == {"queued": 1}, "what is known is still told"
        monkeypatch.setattr(server.store, "oldest_due", read)
        await shown(server, stream, lambda digest: digest["trouble"] == [])


# -- with the events of a run


async def test_with_a_run_its_events_come_between_and_the_stream_outlives_it(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    async with server.stream(f"/v1/live?run={run['id']}") as stream:
        lease = await worker.take()
        await worker.say(lease, "progress", percent=50)
        await worker.complete(lease)
        digest = await shown(server, stream, lambda digest: counts(digest) == {"completed": 1})
        assert digest["counts"]["completed"] == 1
        await server.dispatch()
        await shown(server, stream, lambda digest: counts(digest) == {"completed": 1, "queued": 1})
    blocks = [raw for raw in stream.raw.decode().split("\n\n") if "data:" in raw]
    events = [raw for raw in blocks if "event: digest" not in raw]
    assert [raw.split("\n")[0] for raw in events] == ["id: 1", "id: 2", "id: 3", "id: 4"]
    assert blocks[-1].startswith("id: 4\nevent: digest"), "a digest keeps the place among the run's events"


async def test_with_a_run_it_resumes_after_the_event_that_was_received(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    await worker.complete(await worker.take())
    url = f"/v1/live?run={run['id']}"
    async with server.stream(url, Last_Event_ID="1") as stream:
        blocks = await stream.events(3)
        assert [(block.id, block.event) for block in blocks] == [
            ("2", "started"),
            ("3", "completed"),
            ("3", "digest"),
        ]
    async with server.stream(url, Last_Event_ID="3") as stream:
        assert (await stream.event()).event == "digest"


async def test_what_it_is_asked_with_is_checked(server: Server) -> None:
    problem(await server.http.get("/v1/live?run=run_0000000000000"), 404, "run_not_found")
    problem(await server.http.get("/v1/live?run=nonsense"), 404, "run_not_found")
    problem(await server.http.get("/v1/live?queue=mail"), 422, "invalid_request")
    problem(await server.http.get("/v1/live", headers={"last-event-id": "nonsense"}), 400, "bad_last_event_id")
    await server.register()
    run = await server.dispatch()
    answer = await server.http.get(f"/v1/live?run={run['id']}", headers={"last-event-id": "x"})
    problem(answer, 400, "bad_last_event_id")


async def test_it_ends_when_the_server_drains(server: Server) -> None:
    async with server.stream("/v1/live") as stream:
        place = (await stream.event()).id
        server.jobs.drain()
        assert await stream.rest() == []
    async with server.stream("/v1/live", Last_Event_ID=place) as stream:
        assert await stream.rest() == [], "to an EventSource a refusal would be final"


# -- keys


async def keyed(server: Server, *scopes: str, **fields: Any) -> Any:
    body = {"name": "k", "scopes": list(scopes)} | fields
    return (await server.http.post("/v1/keys", json=body, headers=BEARER)).json()


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_a_restricted_key_sees_only_what_is_its_own_and_hears_of_nothing_else(server: Server) -> None:
    server.http.headers.update(BEARER)
    await server.register("mail-out", queue="mail")
    await server.register("report")
    key = await keyed(server, "runs:read", job_types=["mail-*"], queues=["mail"])
    headers = {"authorization": f"Bearer {key['key']}"}
    async with server.stream("/v1/live", **headers) as stream, server.stream("/v1/live", **BEARER) as other:
        before = (await stream.event()).data
        assert before["versions"].keys().isdisjoint({"keys", "audit"})
        daily = {"trigger": {"kind": "interval", "every_seconds": 86_400}}
        await server.dispatch("report")
        await server.register("another")
        await server.post("/v1/job-types/report/pause")
        await server.post("/v1/schedules", {"name": "reports", "job_type": "report"} | daily)
        await server.worker("report")
        await server.post("/v1/runs/bulk", {"action": "cancel", "filter": {"job_type": "another"}}, status=202)
        await shown(server, other, lambda digest: counts(digest) == {"queued": 1} and digest["workers"]["connected"])
        await server.dispatch("mail-out")
        mine = await shown(server, stream, lambda digest: counts(digest) == {"queued": 1})
        assert stream.raw.count(b"event: digest") == 2, "what others do is no news"
        assert [lane["job_type"] for lane in mine["lanes"]] == ["mail-out"]
        assert [queue["name"] for queue in mine["queues"]] == ["mail"]
        assert mine["workers"]["connected"] == 0
        changed = {name for name, v in flat(mine["versions"]).items() if v != flat(before["versions"])[name]}
        assert changed == {"runs.queued"}
        await server.post("/v1/schedules", {"name": "mails", "job_type": "mail-out"} | daily)
        last = await shown(server, stream, lambda digest: digest["versions"] != mine["versions"])
        changed = {name for name, v in flat(last["versions"]).items() if v != flat(mine["versions"])[name]}
        assert changed == {"schedules"}
    run = await server.dispatch("report")
    answer = await server.http.get(f"/v1/live?run={run['id']}", headers=headers)
    problem(answer, 404, "run_not_found")


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_it_ends_with_its_key(server: Server) -> None:
    key = await keyed(server, "runs:read")
    headers = {"authorization": f"Bearer {key['key']}"}
    async with server.stream("/v1/live", **headers) as stream:
        await stream.event()
        gone = await server.http.delete(f"/v1/keys/{key['id']}", headers=BEARER)
        assert gone.status_code == 204
        await stream.rest()
    problem(await server.http.get("/v1/live", headers=headers), 401, "unauthorized")


# -- who does not read


async def test_a_reader_that_was_held_up_is_shown_how_it_stands_now_and_not_how_it_stood(server: Server) -> None:
    await server.register()
    async with server.stream("/v1/live") as stream:
        await stream.event()
        stream.hold()
        for _ in range(20):
            await server.dispatch()
            await server.advance(1)
        stream.flow()
        await shown(server, stream, lambda digest: counts(digest) == {"queued": 20})
    assert stream.raw.count(b"event: digest") <= 5
