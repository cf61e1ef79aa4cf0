"""`Client` and `AsyncClient` against a real server. Each test holds for both, the latter behind a synchronous face."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from blazy_jobs import ApiError, Client, ConnectionFailed, Event, Retry, RunCancelled, RunFailed, schedule
from blazy_jobs.client import bodies as sent

from tests.client.face import FacedClient
from tests.client.proxy import Proxy
from tests.client.watched import jobs
from tests.support.fixtures import *  # noqa: F403
from tests.support.server import Server
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

MODULE = "tests.client.watched"
MakeClient = Callable[..., Any]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("clients") / "data", [MODULE], workers=1)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(params=[Client, FacedClient], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    clients: list[Any] = []

    def make(url: str, **options: Any) -> Any:
        clients.append(request.param(url, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: MakeClient, running: Server) -> Any:
    return connect(running.url)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# -- runs


def test_a_dispatched_run_gives_its_result(client: Any) -> None:
    run = client.dispatch("greet", {"name": "ada"}, tags=["t"], metadata={"a": "b"}, priority=3)
    assert run.state in ("queued", "running", "completed")
    assert run.result(timeout=20) == {"hello": "ada"}
    assert (run.state, run.finished, run.tags, run.metadata, run.attempt) == ("completed", True, ["t"], {"a": "b"}, 1)
    assert client.runs.get(run.id).payload == {"name": "ada"}


def test_every_option_of_a_dispatch_reaches_the_run(client: Any) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    run = client.dispatch(
        "greet", {}, run_at=later, timeout=timedelta(seconds=7), expires=7200, retry=1, queue="slow", dedupe_key="one"
    )
    again = client.dispatch("greet", {}, dedupe_key="one")
    assert again.id == run.id
    data = run.data
    assert (data["state"], data["timeout_seconds"], data["max_attempts"], data["queue"]) == ("scheduled", 7, 2, "slow")
    assert datetime.fromisoformat(data["due_at"]) == later
    assert run.cancel("enough").state == "cancelled"
    with pytest.raises(RunCancelled, match="was cancelled: enough"):
        run.result()


def test_a_failed_run_raises_what_it_failed_with(client: Any) -> None:
    with pytest.raises(RunFailed) as failed:
        client.dispatch("refuse").result(timeout=20)
    assert (failed.value.code, failed.value.error["message"]) == ("non_retryable", "never")


def test_a_wait_that_is_over_raises_and_leaves_the_run_alone(client: Any) -> None:
    run = client.dispatch("greet", {}, delay=60)
    with pytest.raises(TimeoutError, match=run.id):
        run.wait(timeout=0.3)
    assert run.refresh().state == "scheduled"
    run.cancel()


def test_a_run_can_be_replayed(client: Any) -> None:
    run = client.dispatch("greet", {"name": "bob"})
    run.wait(20)
    replayed = run.replay()
    assert replayed.id != run.id
    assert replayed.result(20) == {"hello": "bob"}
    assert replayed.data["replay_of"] == run.id


def test_failures_are_grouped_explained_and_resolved(client: Any) -> None:
    run = client.dispatch("refuse", 1)
    with pytest.raises(RunFailed):
        run.result(20)
    assert "never" in run.explain()["summary"]
    assert client.runs.explain(run.id)["facts"] == ["No attempts are left."]
    [group] = [one for one in client.errors.groups(job_type="refuse") if one["group"] == run.data["error"]["group"]]
    assert (group["message"], group["job_types"]) == ("never", ["refuse"])
    assert run.resolve().data["resolved"] is True
    left = {one["group"]: one["count"] for one in client.errors.groups(job_type="refuse")}
    assert left.get(group["group"], 0) == group["count"] - 1
    with pytest.raises(TypeError, match="unknown filter of errors: who"):
        list(client.errors.groups(who="x"))
    with pytest.raises(ApiError) as refused:
        list(client.errors.groups(state="queued"))
    assert refused.value.code == "invalid_request"


def test_refusals_carry_their_code_and_places(client: Any) -> None:
    with pytest.raises(ApiError) as refused:
        client.dispatch("greet", {}, priority=1000)
    assert (refused.value.status, refused.value.code) == (422, "invalid_request")
    assert [error["path"] for error in refused.value.errors] == ["/priority"]
    assert str(refused.value).count("/priority") == 1
    for unknown in ("nothing", "a/b", "ü"):
        with pytest.raises(ApiError) as refused:
            client.dispatch(unknown, {})
        assert (refused.value.status, "not_found" in refused.value.code) == (404, True)
    with pytest.raises(ApiError) as refused:
        client.runs.get("run_0000000000000")
    assert refused.value.code == "run_not_found"
    with pytest.raises(ValueError, match="time zone"):
        client.dispatch("greet", {}, run_at=datetime(2030, 1, 1))  # noqa: DTZ001


def test_many_are_dispatched_in_batches_and_only_once(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent, "MAX_BATCH_RUNS", 40)
    runs: list[Any] = [("greet", {"name": str(n)}) for n in range(99)]
    runs.append({"job_type": "greet", "payload": {"name": "last"}, "priority": 5})
    ids = client.dispatch_many(runs, idempotency_key=f"many-{time.time_ns()}")
    assert len(set(ids)) == 100
    names = [client.runs.get(ids[place]).payload["name"] for place in (0, 39, 40, 98, 99)]
    assert names == ["0", "39", "40", "98", "last"]
    key = f"again-{time.time_ns()}"
    assert client.dispatch_many(iter(runs), idempotency_key=key) == client.dispatch_many(runs, idempotency_key=key)
    assert client.dispatch_many([]) == []


def test_batches_are_cut_by_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent, "MAX_BATCH_BYTES", 1000)
    batches = list(sent.batches(("greet", "x" * 300) for _ in range(7)))
    assert [batch.runs for batch in batches] == [2, 2, 2, 1]
    assert [len(json.loads(batch.text)["runs"]) for batch in batches] == [2, 2, 2, 1]


def test_lists_go_over_pages(client: Any) -> None:
    tag = f"list-{time.time_ns()}"
    ids = [client.dispatch("greet", {}, tags=[tag]).id for _ in range(7)]
    assert [run.id for run in client.runs.list(tag=tag, limit=3)] == ids[::-1]


def test_many_runs_are_counted_and_dealt_with_at_once(client: Any) -> None:
    tag = f"bulk-{time.time_ns()}"
    ids = [client.dispatch("greet", {}, tags=[tag], delay=1000).id for _ in range(3)]
    where = {"tag": tag, "state": "scheduled"}
    assert client.runs.count(**where).count == 3
    assert (
        int(client.runs.count(q=tag, id=ids[:2], resolved=False, created_after=datetime(2026, 1, 1, tzinfo=UTC))) == 2
    )
    preview = client.runs.bulk("cancel", dry_run=True, **where)
    assert (preview.matched, preview.at_least, preview.by_state) == (3, False, {"scheduled": 3})
    assert [run["id"] for run in preview.sample] == ids[::-1]
    with pytest.raises(ApiError, match="at most 2"):
        client.runs.bulk("cancel", expect_at_most=2, **where)
    with pytest.raises(ApiError) as refused:
        client.runs.bulk("cancel")
    assert refused.value.code == "filter_required"
    with pytest.raises(TypeError, match="unknown filter of runs: tags"):
        client.runs.bulk("cancel", tags=["a"])
    hurried = client.runs.get(ids[0])
    hurried.run_now()
    hurried.wait(20)
    bulk = client.runs.bulk("cancel", ids=ids).wait(20)
    assert (bulk.state, bulk.done, bulk.skipped, bulk.failed) == ("completed", 2, 1, 0)
    assert client.runs.get_bulk(bulk.id).matched == 3
    replayed = hurried.replay(payload={"steps": 1})
    assert replayed.payload == {"steps": 1}


# -- events


def test_events_come_from_the_first_to_the_final_one(client: Any) -> None:
    run = client.dispatch("greet", {"steps": 3})
    events = list(run.events(timeout=20))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert (events[0].type, events[1].type, events[-1].type) == ("queued", "started", "completed")
    assert {event.run_id for event in events} == {run.id}
    assert events[0].time.tzinfo is not None
    assert [event.seq for event in run.events(after=2)] == [event.seq for event in events[2:]]
    assert list(run.events(after=len(events))) == []


def test_the_events_of_all_runs_are_filtered_and_resumed(client: Any) -> None:
    tag = f"all-{time.time_ns()}"
    first = client.dispatch("greet", {}, tags=[tag])
    first.wait(20)
    ended = next(client.events(type=["completed"], tag=tag, from_start=True, timeout=20))
    assert (ended.run_id, ended.type, ended.job_type) == (first.id, "completed", "greet")
    second = client.dispatch("greet", {}, tags=[tag])
    following = client.events(tag=tag, after=ended.cursor, timeout=20)
    found = list(itertools.islice(following, 3))
    assert [(event.run_id, event.type) for event in found] == [
        (second.id, "queued"),
        (second.id, "started"),
        (second.id, "completed"),
    ]


def test_a_stream_that_takes_too_long_raises(client: Any) -> None:
    run = client.dispatch("greet", {}, delay=60)
    seen = []
    with pytest.raises(TimeoutError):
        for event in run.events(timeout=0.5):
            seen.append(event.type)
    assert seen == ["queued"]
    run.cancel()


def test_a_follower_survives_cuts_with_each_event_once(connect: MakeClient, running: Server) -> None:
    with Proxy(running.port) as proxy:
        client = connect(proxy.url)
        run = client.dispatch("count", {"lines": 60, "pause": 0.02})
        proxy.cut_after_bytes = 6_000
        seen = []
        for event in run.events(timeout=30):
            seen.append(event.seq)
            if event.seq in (10, 30):
                proxy.cut()
        assert proxy.connections > 3
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) == 60 + 3


def test_a_follower_survives_a_killed_server(connect: MakeClient, serve: Callable[..., Server]) -> None:
    server = serve(MODULE, workers=1)
    client = connect(server.url)
    run = client.dispatch("count", {"lines": 40, "pause": 0.1})
    restarting = threading.Thread(target=server.restart)
    seen: list[Event] = []
    for event in run.events(timeout=50):
        seen.append(event)
        if event.seq == 8:
            restarting.start()
    restarting.join()
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert (seen[-1].type, seen[-1].data) == ("completed", {"result": 40})
    assert run.result(10) == 40


def test_a_wait_survives_a_killed_server(connect: MakeClient, serve: Callable[..., Server]) -> None:
    server = serve(MODULE, workers=1)
    client = connect(server.url)
    run = client.dispatch("count", {"lines": 20, "pause": 0.1})
    restarting = threading.Timer(0.5, server.restart)
    restarting.start()
    assert run.result() == 20
    restarting.join()


# -- listeners


def test_each_listener_hears_its_events_once_and_in_order(client: Any) -> None:
    run = client.dispatch("greet", {"steps": 2})
    heard: dict[str, list[int]] = {"*": [], "progress": [], "completed": [], "late": []}
    for kind in ("*", "progress", "completed"):
        assert run.on(kind, lambda event, kind=kind: heard[kind].append(event.seq)).id == run.id
    run.result(20)
    assert heard["*"] == list(range(1, len(heard["*"]) + 1))
    assert heard["completed"] == heard["*"][-1:]
    assert set(heard["progress"]) < set(heard["*"])
    run.on("*", lambda event: heard["late"].append(event.seq))
    run.wait()
    assert heard["late"] == heard["*"]


def test_a_listener_that_raises_harms_no_other(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    run = client.dispatch("greet", {})
    heard: list[str] = []

    def broken(event: Event) -> None:
        raise ValueError("broken")

    run.on("*", broken).on("*", lambda event: heard.append(event.type))
    run.result(20)
    assert heard == ["queued", "started", "completed"]
    assert "a listener for '*'" in caplog.text


def test_a_listener_may_ask_its_run(client: Any) -> None:
    run = client.dispatch("greet", {})
    results: list[Any] = []
    if isinstance(client, FacedClient):

        async def ask(event: Event) -> None:
            results.append(await run._inner.result(5))

        run.on("completed", ask)
    else:
        run.on("completed", lambda event: results.append(run.result(5)))
    run.wait(20)
    assert results == [{"hello": "nobody"}]


def test_what_cannot_be_followed_is_told(client: Any) -> None:
    run = client.dispatch("greet", {})
    run.wait(20)
    client.request("DELETE", f"/v1/runs/{run.id}")
    errors: list[Exception] = []
    run.on("error", errors.append)
    run.wait()
    assert [getattr(error, "code", None) for error in errors] == ["run_not_found"]


# -- trying again


def test_a_dispatch_whose_answer_is_lost_makes_one_run(connect: MakeClient, running: Server) -> None:
    tag = f"lost-{time.time_ns()}"
    with Proxy(running.port) as proxy:
        proxy.swallow_answers = 2
        client = connect(proxy.url)
        run = client.dispatch("greet", {}, tags=[tag])
        assert proxy.connections == 3
        assert [found.id for found in client.runs.list(tag=tag)] == [run.id]


def test_who_cannot_be_reached_is_said_so(connect: MakeClient) -> None:
    client = connect(f"http://127.0.0.1:{free_port()}")
    began = time.monotonic()
    with pytest.raises(ConnectionFailed):
        client.dispatch("greet", {})
    assert time.monotonic() - began < stretched(11)


def test_a_server_that_is_too_busy_is_asked_again(connect: MakeClient) -> None:
    answers = iter([503, 429, 202])
    keys = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        status = next(answers)
        if status != 202:
            return httpx.Response(status, headers={"Retry-After": "0"}, json={"code": "queue_full", "detail": "full"})
        return httpx.Response(202, json={"id": "run_1", "state": "queued", "job_type": "greet"})

    client = connect("http://jobs", transport=httpx.MockTransport(answer))
    assert client.dispatch("greet", {}).id == "run_1"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_what_a_newer_server_adds_breaks_nothing(connect: MakeClient) -> None:
    event = {"id": "evt_1", "seq": 1, "type": "pondered", "time": "2026-01-01T00:00:00.000000Z", "run_id": "run_1"}
    event |= {"job_type": "greet", "queue": "q", "state": "pondering", "attempt": 1, "data": {"new": 1}, "more": True}
    last = {**event, "seq": 2, "type": "completed", "data": {"result": 1}}
    body = "".join(f"id: {e['seq']}\nevent: {e['type']}\nfuture: x\ndata: {json.dumps(e)}\n\n" for e in (event, last))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return httpx.Response(
                200, headers={"Content-Type": "text/event-stream"}, stream=httpx.ByteStream(body.encode())
            )
        return httpx.Response(200, json={"id": "run_1", "state": "pondering", "job_type": "greet", "brand_new": []})

    run = connect("http://jobs", transport=httpx.MockTransport(answer)).runs.get("run_1")
    assert (run.state, run.finished) == ("pondering", False)
    assert [(found.type, found.state) for found in run.events()] == [
        ("pondered", "pondering"),
        ("completed", "pondering"),
    ]


# -- definitions


def test_job_types_are_registered_changed_and_retired(client: Any) -> None:
    name = f"made-{time.time_ns()}"
    made = client.job_types.register(name, timeout_seconds=12, tags=["x"])
    assert (made["name"], made["timeout_seconds"], made["version"]) == (name, 12, 1)
    with pytest.raises(ApiError) as refused:
        client.job_types.register(name)
    assert refused.value.code == "job_type_exists"
    assert client.job_types.change(name, retry=1)["retry"]["max_attempts"] == 2
    assert client.job_types.put(name)["timeout_seconds"] == 300
    assert client.job_types.pause(name)["paused"]
    assert not client.job_types.resume(name)["paused"]
    assert name in [job_type["name"] for job_type in client.job_types.list()]
    assert client.job_types.get(name)["version"] == 3
    assert client.job_types.retire(name) is None
    with pytest.raises(ApiError) as refused:
        client.job_types.get(name)
    assert refused.value.code == "job_type_not_found"


def test_definitions_take_durations_times_and_policies_as_python_has_them(client: Any) -> None:
    name = f"made-{time.time_ns()}"
    made = client.job_types.register(name, timeout_seconds=timedelta(minutes=2), retry=Retry(max_attempts=7))
    assert (made["timeout_seconds"], made["retry"]["max_attempts"]) == (120, 7)
    begins = datetime(2099, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    trigger = {"kind": "interval", "every_seconds": 60}
    planned = client.schedules.put(name, name, trigger=trigger, start_at=begins, jitter_seconds=timedelta(seconds=5))
    assert (planned["start_at"][:19], planned["jitter_seconds"]) == ("2099-01-01T00:00:00", 5)
    assert client.schedules.change(name, job_type=jobs["greet"], payload={})["job_type"] == "greet"
    with pytest.raises(ValueError, match="start_at needs a time zone"):
        client.schedules.put(name, name, trigger=trigger, start_at=datetime(2099, 1, 1))  # noqa: DTZ001
    client.schedules.delete(name)


def test_a_field_that_there_is_not_is_named_by_the_server(client: Any) -> None:
    """A newer server may know it, so that the client cannot say."""
    name = f"made-{time.time_ns()}"
    client.job_types.register(name)
    for refuse in (
        lambda: client.job_types.change(name, no_such_field=1),
        lambda: client.queues.put(name, no_such_field=1),
        lambda: client.schedules.put(name, name, schedule.every(hours=1), no_such_field=1),
    ):
        with pytest.raises(ApiError) as refused:
            refuse()
        assert (refused.value.status, refused.value.errors[0]["path"]) == (422, "/no_such_field")


def test_a_job_registers_itself(client: Any) -> None:
    assert client.job_types.put(jobs["greet"])["description"] == "Says hello in as many steps as asked."


def test_queues_are_paused_and_resumed(client: Any) -> None:
    name = f"queue-{time.time_ns()}"
    assert client.queues.put(name)["name"] == name
    assert client.queues.pause(name)["paused"]
    waiting = client.dispatch("greet", {}, queue=name)
    assert waiting.refresh().data["wait_reason"] == "paused"
    assert client.queues.get(name)["counts"]["queued"] == 1
    client.queues.resume(name)
    waiting.result(20)
    assert name in [queue["name"] for queue in client.queues.list()]


def test_schedules_are_made_triggered_and_deleted(client: Any) -> None:
    name = f"schedule-{time.time_ns()}"
    made = client.schedules.create(name, "greet", schedule.every_day_at(3, 0, timezone="Europe/Berlin"), payload={})
    assert (made["name"], made["job_type"], made["timezone"]) == (name, "greet", "Europe/Berlin")
    assert client.schedules.put(name, "greet", schedule.every(hours=1), payload={})["trigger"]["kind"] == "interval"
    assert client.schedules.change(name, overlap="skip")["overlap"] == "skip"
    run = client.schedules.trigger(name)
    assert (run.data["schedule"], run.result(20)) == (name, {"hello": "nobody"})
    times = client.schedules.next(name, 2)
    assert times[1] - times[0] == timedelta(hours=1)
    assert client.schedules.pause(name)["next_fire_at"] is None
    assert not client.schedules.resume(name)["paused"]
    assert name in [found["name"] for found in client.schedules.list()]
    assert len(client.schedules.preview(schedule.cron("@daily"), 3)) == 3
    client.schedules.delete(name)
    with pytest.raises(ApiError) as refused:
        client.schedules.get(name)
    assert refused.value.code == "schedule_not_found"


def test_the_generated_api_uses_the_same_connections(running: Server) -> None:
    from blazy_jobs._generated.api.runs import list_runs

    with Client(running.url) as client:
        page = list_runs.sync(client=client.api, limit=1)
        assert page is not None
        assert len(page.to_dict()["data"]) <= 1


def test_the_generated_api_takes_values_that_it_does_not_know(running: Server) -> None:
    from blazy_jobs._generated.models import Run

    with Client(running.url) as client:
        run = client.dispatch("greet", {})
        assert Run.from_dict({**run.data, "state": "pondering"}).state == "pondering"


# -- where it is used


async def test_both_work_inside_a_running_loop(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook."""
    with Client(running.url) as client:
        heard: list[str] = []
        assert client.dispatch("greet", {}).on("*", lambda event: heard.append(event.type)).result(20)
        assert heard[-1] == "completed"
    monkeypatch.setenv("JOBS_URL", running.url)
    run = await jobs["greet"].dispatch({"name": "eve"})
    assert await run.result(20) == {"hello": "eve"}
    added = await jobs.queue("mail").add("greet", {})
    await added.wait(20)
    assert added.data["queue"] == "mail"


async def test_a_client_that_is_closed_tells_its_listeners_nothing_more(running: Server) -> None:
    from blazy_jobs import AsyncClient

    client = AsyncClient(running.url)
    run = await client.dispatch("greet", {}, delay=60)
    heard: list[str] = []
    queued = asyncio.Event()
    run.on("*", lambda event: (heard.append(event.type), queued.set()))
    await queued.wait()
    await run.cancel()
    await client.aclose()
    assert len([task for task in asyncio.all_tasks() if task.get_name().startswith("follow")]) == 0


def test_without_words_it_takes_the_address_and_key_of_the_environment(
    running: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBS_URL", running.url + "/")
    monkeypatch.setenv("JOBS_API_KEY", "secret")
    with Client() as client:
        assert client.url == running.url
        assert client.address.key.text() == "secret"
        assert client.dispatch("greet", {}).result(20)


# -- how everything stands, and how it has gone


def test_digests_come_at_once_and_when_something_has_changed(client: Any) -> None:
    digests = client.live(timeout=30)
    before = next(digests)
    assert set(before["counts"]) >= {"queued", "completed"}
    client.dispatch("greet", {"name": "ada"}).result(timeout=20)
    after = next(d for d in digests if d["counts"]["completed"] > before["counts"]["completed"])
    assert after["versions"]["runs"]["completed"] > before["versions"]["runs"]["completed"]


def test_the_history_has_points_of_a_step(client: Any) -> None:
    found = client.stats.series(timedelta(hours=2), step=timedelta(minutes=15), job_type="greet")
    assert found["step_seconds"] == 900
    assert len(found["data"]) in (8, 9)
    until = datetime.now(UTC)
    assert client.stats.series(until - timedelta(minutes=5), until, step=60, queue="default")["step_seconds"] == 60
    assert client.stats.now()["version"]
    with pytest.raises(ApiError) as refused:
        client.stats.series(timedelta(days=10), step=60)
    assert refused.value.code == "invalid_request"
    with pytest.raises(ValueError, match="time zone"):
        client.stats.series(datetime(2026, 1, 1))  # noqa: DTZ001  # what is refused
