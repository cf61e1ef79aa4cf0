"""Event streams: of one run and of all, replayed then live, with nothing lost and nothing twice."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blazy_jobs_server.engine import feed
from tests.app.asgi import Block, Stream
from tests.app.clock import HandClock
from tests.app.server import Server, Worker, item, paths, problem
from tests.app.waiting import until
from tests.support.event_stream import EventStreamDecoder
from tests.support.examples import examples

HEARTBEAT, LIVE = ": still here", ": live"


def seqs(blocks: list[Block]) -> list[int]:
    return [block.data["seq"] for block in blocks]


async def until_live(server: Server, n: int = 1) -> None:
    """Returns when so many streams have caught up and wait for what comes."""

    async def waiting() -> int:
        await server.settle()
        return sum(buffer._wake is not None for buffer in server.jobs.feed._streams)

    await until(waiting, lambda found: found == n)


async def finished(server: Server, **fields: Any) -> Any:
    """A completed run with four events."""
    run = await server.dispatch(**fields)
    worker = await server.worker()
    lease = await worker.take()
    await worker.say(lease, "progress", percent=50)
    await worker.complete(lease, "done")
    return await server.run(run)


async def leased(server: Server) -> tuple[Worker, Any]:
    await server.register()
    await server.dispatch()
    worker = await server.worker()
    return worker, await worker.take()


# -- the stream of one run


async def test_a_finished_run_is_replayed_and_the_stream_ends(server: Server) -> None:
    await server.register()
    run = await finished(server)
    async with server.stream(f"/v1/runs/{run['id']}/events") as stream:
        blocks = await stream.rest()
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-cache, no-transform"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-length" not in stream.headers
    assert [(block.id, block.event) for block in blocks] == [
        ("1", "queued"),
        ("2", "started"),
        ("3", "progress"),
        ("4", "completed"),
    ]
    assert [block.data for block in blocks] == await server.events(run)
    assert stream.raw.startswith(b"retry: 1000\n\n")
    assert b"\r" not in stream.raw


async def test_the_bytes_of_a_block(server: Server) -> None:
    _, lease = await leased(server)
    async with server.stream(f"/v1/runs/{lease['run']['id']}/events") as stream:
        await stream.events(2)
    queued, started = await server.events(lease)
    assert stream.raw == b"retry: 1000\n\n" + b"".join(
        b"id: %d\nevent: %s\ndata: %s\n\n" % (event["seq"], event["type"].encode(), orjson.dumps(event))
        for event in (queued, started)
    )


async def test_a_stream_goes_on_live_and_ends_after_the_final_event(server: Server) -> None:
    worker, lease = await leased(server)
    async with server.stream(f"/v1/runs/{lease['run']['id']}/events") as stream:
        assert seqs(await stream.events(2)) == [1, 2]
        await until_live(server)
        await worker.say(lease, "log", message="live")
        assert (await stream.event()).data["data"]["message"] == "live"
        await server.live(1)
        await worker.complete(lease)
        assert [block.event for block in await stream.rest()] == ["completed"]
    assert server.jobs.feed.open_streams == 0


@pytest.mark.parametrize("moment", ["before reading", "after reading", "after the last reading"])
@pytest.mark.parametrize("all_runs", [False, True])
async def test_no_gap_and_no_repeat_at_the_seam(
    server: Server, monkeypatch: pytest.MonkeyPatch, moment: str, all_runs: bool
) -> None:
    """What commits while a stream goes from the store to live is in one or both, and is sent once."""
    worker, lease = await leased(server)
    source = feed._FeedSource if all_runs else feed._RunSource
    load, loads = source.load, 0

    async def loading(self: Any, at: int) -> Any:
        nonlocal loads
        loads += 1
        commit = worker.call([item(lease, "log", message=str(n)) for n in range(3)])
        now = loads == (2 if moment == "after the last reading" else 1)
        if now and moment == "before reading":
            await commit
        loaded = await load(self, at)
        if now and moment != "before reading":
            await commit
        commit.close()
        return loaded

    monkeypatch.setattr(source, "load", loading)
    url = "/v1/events?from=start" if all_runs else f"/v1/runs/{lease['run']['id']}/events"
    async with server.stream(url) as stream:
        assert seqs(await stream.events(5)) == [1, 2, 3, 4, 5]
        await until_live(server)
        await worker.complete(lease)
        assert seqs([await stream.event()]) == [6]


async def test_streams_that_open_while_much_happens_all_read_the_same(server: Server) -> None:
    worker, lease = await leased(server)
    path = f"/v1/runs/{lease['run']['id']}/events"

    async def follow() -> bytes:
        async with server.stream(path) as stream:
            await stream.rest()
            return stream.raw

    readers = []
    for n in range(12):
        readers.append(asyncio.create_task(follow()))
        await worker.say(lease, "log", message=str(n))
    await worker.complete(lease)
    bodies = [await reader for reader in readers]
    assert len(set(bodies)) == 1, "an event is the same bytes for all"
    assert bodies[0].count(b"\nevent: ") == 15


async def test_a_stream_resumes_after_an_id(server: Server) -> None:
    await server.register()
    run = await finished(server)
    for query, header, expected in (("", "2", [3, 4]), ("?after=1", "", [2, 3, 4]), ("?after=1", "3", [4])):
        async with server.stream(f"/v1/runs/{run['id']}/events{query}", last_event_id=header) as stream:
            assert seqs(await stream.rest()) == expected


async def test_when_all_was_read_the_answer_is_204(server: Server) -> None:
    await server.register()
    run = await finished(server)
    path = f"/v1/runs/{run['id']}/events"
    for answer in (
        await server.http.get(path, headers={"last-event-id": "4"}),
        await server.http.get(path, params={"after": 4}),
        await server.http.get(path, headers={"last-event-id": "999"}),
    ):
        assert (answer.status_code, answer.content) == (204, b"")


async def test_a_running_run_has_more_to_tell(server: Server) -> None:
    worker, lease = await leased(server)
    async with server.stream(f"/v1/runs/{lease['run']['id']}/events", last_event_id="2") as stream:
        assert stream.status == 200
        await until_live(server)
        await worker.complete(lease)
        assert seqs(await stream.rest()) == [3]


async def test_a_malformed_last_event_id_is_refused(server: Server) -> None:
    _, lease = await leased(server)
    for path in (f"/v1/runs/{lease['run']['id']}/events", "/v1/events"):
        for bad in ("x", "-1", "1.5", "1 2", "\uff19", "1" * 100, "evt_1i791320g0000", "0x1"):
            answer = await server.http.get(path, headers={b"last-event-id": bad.encode()})
            problem(answer, 400, "bad_last_event_id")
    for bad in ("-1", "x", ""):
        refused = await server.http.get(f"/v1/runs/{lease['run']['id']}/events", params={"after": bad})
        assert paths(problem(refused, 422, "invalid_request")) == ["/after"]


async def test_an_empty_last_event_id_is_none(server: Server) -> None:
    """What an `EventSource` has before its first event."""
    await server.register()
    run = await finished(server)
    async with server.stream(f"/v1/runs/{run['id']}/events", last_event_id="") as stream:
        assert seqs(await stream.rest()) == [1, 2, 3, 4]


async def test_accept_chooses_the_form(server: Server) -> None:
    await server.register()
    run = await finished(server)
    json, stream = ["application/json", "application/json;q=0.9, */*;q=0.1"], ["*/*", "", "text/event-stream"]
    for accept in json + stream:
        answer = await server.http.get(f"/v1/runs/{run['id']}/events", headers={"accept": accept})
        form = "application/json" if accept in json else "text/event-stream"
        assert answer.headers["content-type"].startswith(form)


async def test_the_json_form_comes_in_pages(server: Server) -> None:
    await server.register()
    run = await finished(server)
    path, accept = f"/v1/runs/{run['id']}/events", {"accept": "application/json"}
    first = (await server.http.get(path, params={"limit": 3}, headers=accept)).json()
    assert [event["seq"] for event in first["data"]] == [1, 2, 3]
    second = (await server.http.get(path, params={"limit": 3, "cursor": first["next_cursor"]}, headers=accept)).json()
    assert ([event["seq"] for event in second["data"]], second["next_cursor"]) == ([4], None)
    for after, expected in ((0, [1, 2, 3, 4]), (2, [3, 4]), (4, []), (99, [])):
        page = (await server.http.get(path, params={"after": after}, headers=accept)).json()
        assert ([event["seq"] for event in page["data"]], page["next_cursor"]) == (expected, None)
    problem(await server.http.get(path, params={"cursor": "x"}, headers=accept), 422, "invalid_cursor")


# -- the stream of all runs


async def test_the_stream_of_all_runs_starts_now(server: Server) -> None:
    await server.register()
    await finished(server)
    async with server.stream("/v1/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        await until_live(server)
        runs = [await server.dispatch(), await server.dispatch()]
        blocks = await stream.events(2)
    assert [(block.event, block.data["run_id"]) for block in blocks] == [("queued", run["id"]) for run in runs]
    assert [block.data for block in blocks] == [event for run in runs for event in await server.events(run)]
    assert stream.raw.startswith(b"retry: 1000\n\n")


async def test_from_start_tells_all_that_is_kept(server: Server) -> None:
    await server.register()
    first, second = await finished(server), await finished(server)
    async with server.stream("/v1/events?from=start") as stream:
        blocks = await stream.events(8)
        await until_live(server)
        third = await server.dispatch()
        blocks.append(await stream.event())
    assert [block.data["run_id"] for block in blocks] == [first["id"]] * 4 + [second["id"]] * 4 + [third["id"]]
    assert [block.id for block in blocks] == sorted({block.id or "" for block in blocks})
    answer = await server.http.get("/v1/events?from=now")
    assert paths(problem(answer, 422, "invalid_request")) == ["/from"]


async def test_ids_are_cursors_from_which_nothing_is_lost_or_repeated(server: Server) -> None:
    await server.register()
    await finished(server)
    async with server.stream("/v1/events?from=start") as stream:
        whole = await stream.events(4)
    for place, block in enumerate(whole):
        async with server.stream("/v1/events", last_event_id=str(block.id)) as stream:
            rest = await stream.events(len(whole) - place - 1)
            assert [(b.id, b.data) for b in rest] == [(b.id, b.data) for b in whole[place + 1 :]]
            await until_live(server)
            other = await server.dispatch()
            assert (await stream.event()).data["run_id"] == other["id"]
        await server.settle()
        assert (await server.http.delete(f"/v1/runs/{(await server.cancel(other, status=200))['id']}")).is_success


async def test_ids_outlive_a_restart(server: Server) -> None:
    await server.register()
    run = await finished(server)
    async with server.stream("/v1/events?from=start") as stream:
        place = (await stream.events(3))[-1].id
    await server.restart()
    async with server.stream("/v1/events", last_event_id=str(place)) as stream:
        assert (await stream.event()).data == (await server.events(run))[-1]
        await until_live(server)
        other = await server.dispatch()
        assert (await stream.event()).data["run_id"] == other["id"]


async def test_filters_let_through_what_matches_replayed_and_live(server: Server) -> None:
    await server.register("greet")
    await server.register("bye", queue="mail")

    async def make() -> None:
        for name, fields in (("greet", {"tags": ["a"]}), ("bye", {"tags": ["b", 'quo"te']}), ("greet", {"queue": "x"})):
            await server.cancel(await server.dispatch(name, **fields), status=200)

    filters: list[tuple[str, list[tuple[str, str]]]] = [
        ("type=cancelled", [("greet", "cancelled"), ("bye", "cancelled"), ("greet", "cancelled")]),
        ("type=cancelled&type=started&queue=x", [("greet", "cancelled")]),
        ("job_type=bye", [("bye", "queued"), ("bye", "cancelled")]),
        ("queue=mail", [("bye", "queued"), ("bye", "cancelled")]),
        ("tag=a", [("greet", "queued"), ("greet", "cancelled")]),
        ("tag=quo%22te&type=queued", [("bye", "queued")]),
        ("tag=a&job_type=bye", []),
        ("job_type=none", []),
    ]
    streams = [server.stream(f"/v1/events?from=start&{query}") for query, _ in filters]
    await make()
    for stream in streams:
        await stream.__aenter__()
    await until_live(server, len(filters))
    await make()
    await server.settle()
    server.jobs.drain()
    for stream, (query, expected) in zip(streams, filters, strict=True):
        blocks = await stream.rest()
        await stream.__aexit__()
        assert [(block.data["job_type"], block.event) for block in blocks] == expected * 2, query
    answer = await server.http.get("/v1/events?type=nonsense")
    assert paths(problem(answer, 422, "invalid_request")) == ["/type/0"]


async def test_a_place_that_is_older_than_what_is_kept_is_gone(server: Server) -> None:
    await server.register("short", retention_seconds=10)
    await server.register("long")
    old = await server.dispatch("short")
    kept = await server.dispatch("long")
    await server.cancel(old, status=200)
    async with server.stream("/v1/events?from=start") as stream:
        places = [str(block.id) for block in await stream.events(3)]
    await server.live(20)
    problem(await server.http.get(f"/v1/runs/{old['id']}"), 404, "run_not_found")
    for place in places[:2]:
        problem(await server.http.get("/v1/events", headers={"last-event-id": place}), 410, "events_expired")
        answer = server.stream("/v1/events?job_type=long", last_event_id=place)
        async with answer as stream:
            assert stream.status == 200, "nothing that this filter lets through is missing"
    async with server.stream("/v1/events", last_event_id=places[2]) as stream:
        assert stream.status == 200, "it had read the last of them"
    async with server.stream("/v1/events?from=start") as stream:
        assert (await stream.event()).data["run_id"] == kept["id"]
    await server.restart()
    problem(await server.http.get("/v1/events", headers={"last-event-id": places[0]}), 410, "events_expired")


# -- heartbeats


async def test_a_comment_comes_every_15_seconds_without_an_id(server: Server) -> None:
    worker, lease = await leased(server)
    async with server.stream(f"/v1/runs/{lease['run']['id']}/events") as stream:
        await stream.events(2)
        await until_live(server)
        for _ in range(2):
            size = len(stream.raw)
            for _ in range(3):
                await server.live(4)
                await worker.hold(lease)
            await server.live(2.5)
            assert len(stream.raw) == size
            await server.live(0.5)
            block = await stream.block()
            assert block is not None
            assert (block.raw, block.id) == (HEARTBEAT, None)
            await worker.hold(lease)
            await until_live(server)
        await worker.complete(lease)
        assert len(await stream.rest()) == 1


async def opened_at(stream: Stream) -> str:
    """The place that a stream of all runs says first."""
    block = await stream.block()
    while block is None or block.id is None:
        block = await stream.block()
    return block.id


async def test_a_reader_that_is_cut_before_the_first_event_comes_back_to_where_it_began(server: Server) -> None:
    await server.register()
    await server.dispatch()
    async with server.stream("/v1/events") as stream:
        place = await opened_at(stream)
    run = await server.dispatch()
    async with server.stream("/v1/events", last_event_id=place) as stream:
        assert (await stream.event()).data["run_id"] == run["id"]


async def test_the_stream_of_all_runs_says_once_where_what_is_stored_ends(server: Server) -> None:
    await server.register()
    stored = [(await server.dispatch())["id"] for _ in range(3)]
    async with server.stream("/v1/events?from=start&type=queued") as stream:
        said = [await stream.block() for _ in range(6)]
        assert [block.fields.get("event") for block in said if block] == [None, None, *["queued"] * 3, None]
        assert said[-1] is not None
        assert said[-1].raw == LIVE
        later = await server.dispatch()
        assert (await stream.event()).data["run_id"] == later["id"] not in stored
        await until_live(server)
        await server.live(15)
        block = await stream.block()
        assert block is not None
        assert LIVE not in block.raw


async def test_a_filter_that_lets_little_through_moves_the_readers_place(server: Server) -> None:
    await server.register("greet")
    await server.register("rare")
    async with server.stream("/v1/events?job_type=rare") as stream:
        await until_live(server)
        await opened_at(stream)
        for _ in range(3):
            await server.dispatch("greet")
        await server.live(15)
        block = await stream.block()
        while block is not None and block.id is None:
            block = await stream.block()
        assert block is not None
        assert "data" not in block.fields
        assert "event" not in block.fields
        place = block.id
    decoder = EventStreamDecoder()
    assert decoder.feed(stream.raw) == [], "it dispatches nothing"
    assert decoder.last_event_id == place
    run = await server.dispatch("rare")
    async with server.stream("/v1/events", last_event_id=str(place)) as stream:
        assert (await stream.event()).data["run_id"] == run["id"], "and is past what was not let through"


async def test_a_replay_under_a_filter_moves_the_place_too(server: Server) -> None:
    await server.register("greet")
    await server.register("rare")
    items = [{"job_type": "greet", "payload": n} for n in range(1200)]
    await server.post("/v1/runs/batch", {"runs": items}, status=202)
    run = await server.dispatch("rare")
    async with server.stream("/v1/events?from=start&job_type=rare") as stream:
        event = await stream.event()
    assert event.data["run_id"] == run["id"]
    places = [line[4:] for line in stream.raw.decode().split("\n") if line.startswith("id: ")]
    assert len(places) >= 3
    assert places == sorted(set(places))


# -- readers that are slow, or leave


async def test_a_reader_that_leaves_is_forgotten(server: Server) -> None:
    _, lease = await leased(server)
    for url in (f"/v1/runs/{lease['run']['id']}/events", "/v1/events"):
        async with server.stream(url):
            await until_live(server)
            assert (await server.get("/v1/stats"))["open_streams"] == 1
        await server.settle()
        assert server.jobs.feed.open_streams == 0
    assert (server.jobs.feed._by_run, server.jobs.feed._readers) == ({}, {})


@pytest.mark.parametrize("all_runs", [False, True])
async def test_a_slow_reader_overflows_its_buffer_and_loses_nothing(server: Server, all_runs: bool) -> None:
    worker, lease = await leased(server)
    url = "/v1/events?from=start" if all_runs else f"/v1/runs/{lease['run']['id']}/events"
    async with server.stream(url) as slow, server.stream(url) as quick:
        await slow.events(2)
        await until_live(server, 2)
        slow.hold()
        line = "x" * 8000
        for n in range(40):
            await worker.say(lease, "log", message=f"{n} {line}")
            await server.advance(0.02)
        [buffer] = [b for b in server.jobs.feed._streams if b.overflowed]
        assert buffer._bytes <= feed.BUFFER_BYTES
        assert len(await quick.events(42)) == 42, "the other is not harmed"
        slow.flow()
        assert seqs(await slow.events(40)) == list(range(3, 43))
        assert server.jobs.feed.overflows[("run", "all")[all_runs]] == 1
        await until_live(server, 2)
        await worker.complete(lease)
        assert (await slow.event()).data["seq"] == 43


async def test_a_reader_that_stops_reading_is_cut_and_can_resume(server: Server) -> None:
    worker, lease = await leased(server)
    url = f"/v1/runs/{lease['run']['id']}/events"
    async with server.stream(url) as stream:
        await stream.events(2)
        await until_live(server)
        stream.hold()
        await worker.say(lease, "log", message="unread")
        for _ in range(6):
            await server.live(5)
            await worker.hold(lease)
        assert server.jobs.feed.open_streams == 0, "within 30 seconds"
        stream.flow()
        assert await stream.rest() == []
    await worker.complete(lease)
    async with server.stream(url, last_event_id="2") as stream:
        assert seqs(await stream.rest()) == [3, 4]


async def test_an_overflowed_reader_of_an_erased_run_comes_to_an_end(server: Server) -> None:
    worker, lease = await leased(server)
    async with server.stream(f"/v1/runs/{lease['run']['id']}/events") as stream:
        await stream.events(2)
        await until_live(server)
        stream.hold()
        for n in range(40):
            await worker.say(lease, "log", message=f"{n} {'x' * 8000}")
            await server.advance(0.02)
        await worker.complete(lease)
        assert (await server.http.delete(f"/v1/runs/{lease['run']['id']}")).status_code == 204
        stream.flow()
        await stream.rest()


# -- the end of the server


async def test_streams_end_at_a_drain_and_new_ones_end_at_once(server: Server) -> None:
    worker, lease = await leased(server)
    done = await finished(server)
    run = f"/v1/runs/{lease['run']['id']}/events"
    async with server.stream(run) as one, server.stream("/v1/events") as all_runs:
        await one.events(2)
        await until_live(server, 2)
        await worker.say(lease, "log", message="the last")
        server.jobs.drain()
        assert [block.data["data"]["message"] for block in await one.rest()] == ["the last"]
        assert len(await all_runs.rest()) == 1
    for path in (run, "/v1/events"):
        answer = await server.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert answer.text.startswith("retry: 1000\n")
        assert "data" not in answer.text
    assert (await server.http.get(f"/v1/runs/{done['id']}/events", headers={"last-event-id": "4"})).status_code == 204
    await worker.complete(lease)
    await server.restart()
    async with server.stream(run, last_event_id="3") as stream:
        assert seqs(await stream.rest()) == [4]


async def test_an_event_is_the_same_bytes_for_all_readers_of_a_stream(server: Server) -> None:
    worker, lease = await leased(server)

    async def read(stream: Stream) -> bytes:
        await stream.event()
        return stream.raw.removeprefix(b"retry: 1000\n\n")

    run = f"/v1/runs/{lease['run']['id']}/events?after=2"
    streams = [server.stream(url) for url in (run, run, "/v1/events", "/v1/events?type=log")]
    for stream in streams:
        await stream.__aenter__()
    await until_live(server, 4)
    await worker.say(lease, "log", message="é\u2028", fields={"b": 1, "a": 2})
    one, two, three, four = [await read(stream) for stream in streams]
    assert (one, three) == (two, four)
    assert one.partition(b"\ndata: ")[2] == three.partition(b"\ndata: ")[2]
    for stream in streams:
        await stream.__aexit__()
    async with server.stream(run) as replayed:
        assert await read(replayed) == one, "replayed as it was live"


# -- whatever a payload says

BREAKS = ["\n", "\r", "\r\n", "\n\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\ufeff", "\x1b", "\x7f"]
FIELDS = ["data: x", "\nid: 9\n\n", "event: completed", ":", '"', "\\", "\\u0000", "é", "𝄞", "</script>", " "]
NASTY = st.sampled_from(BREAKS + FIELDS)
TEXT = st.lists(NASTY | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)).map(
    "".join
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    told=st.lists(st.tuples(TEXT, VALUES), min_size=1, max_size=4),
    result=VALUES,
    reason=TEXT,
    piece=st.integers(1, 200),
)
def test_no_text_can_break_a_stream(
    empty_database: Path, told: list[tuple[str, Any]], result: Any, reason: str, piece: int
) -> None:
    """What an independent reader makes of the bytes, cut anywhere, is what the log has."""

    async def check() -> None:
        clock = HandClock()
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(empty_database, folder)
            async with Server(Path(folder), clock) as server:
                await server.register()
                await server.dispatch(payload=result, tags=["t"], metadata={"k": reason[:100]})
                worker = await server.worker()
                lease = await worker.take()
                path = f"/v1/runs/{lease['run']['id']}/events"
                async with server.stream(path) as live, server.stream("/v1/events?from=start") as everything:
                    await live.events(2)
                    for message, value in told:
                        await worker.say(lease, "log", message=message, fields={message: value})
                        await worker.say(lease, "progress", message=message, data=value)
                        clock.move(0.1)
                    await server.cancel(lease, status=202, reason=reason[:500])
                    await worker.complete(lease, result)
                    await live.rest()
                    log = await server.events(lease)
                    await everything.events(len(log))
                async with server.stream(path) as replayed:
                    await replayed.rest()
                assert replayed.raw == live.raw
                for raw in (live.raw, everything.raw):
                    decoder = EventStreamDecoder()
                    messages = [m for at in range(0, len(raw), piece) for m in decoder.feed(raw[at : at + piece])]
                    assert [orjson.loads(message.data) for message in messages] == log
                    assert [message.type for message in messages] == [event["type"] for event in log]
                run = await server.run(lease)
                assert (run["result"], run["payload"]) == (result, result)

    asyncio.run(check())
