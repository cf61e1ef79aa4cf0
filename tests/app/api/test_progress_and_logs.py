"""Progress and log lines: coalesced, limited, cut."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from blazy_jobs_server.store import reporting
from tests.app.server import Server, Worker, item

MESSAGE_BYTES = 8 * 1024
DATA_BYTES = 16 * 1024


async def leased(server: Server, n: int = 1) -> tuple[Worker, list[Any]]:
    await server.register(retry={"initial_seconds": 0})
    for _ in range(n):
        await server.dispatch()
    worker = await server.worker()
    return worker, await worker.claim(n)


async def data_of(server: Server, lease: Any, kind: str) -> list[Any]:
    return [event["data"] for event in await server.events(lease) if event["type"] == kind]


async def percents(server: Server, lease: Any) -> list[float]:
    return [data["percent"] for data in await data_of(server, lease, "progress")]


# -- progress


@pytest.mark.parametrize("together", [True, False])
async def test_a_burst_of_progress_becomes_its_first_and_its_newest(server: Server, together: bool) -> None:
    worker, [lease] = await leased(server)
    reports = [item(lease, "progress", percent=n) for n in range(50)]
    for call in [reports] if together else [[report] for report in reports]:
        answers = (await worker.call(call))["data"]
        assert {answer["status"] for answer in answers} == {"accepted"}
    assert await percents(server, lease) == [0]
    await server.advance(0.099)
    assert await percents(server, lease) == [0]
    await server.advance(0.001)
    assert await percents(server, lease) == [0, 49], "the newest, at most 100 ms late"
    assert (await server.run(lease))["progress"]["percent"] == 49
    await server.advance(5)
    assert await percents(server, lease) == [0, 49]


async def test_progress_is_kept_ten_times_a_second(server: Server) -> None:
    worker, [lease] = await leased(server)
    for n in range(100):
        await worker.say(lease, "progress", percent=n)
        await server.advance(0.02)
    await server.advance(0.1)
    kept = await percents(server, lease)
    assert (kept[0], kept[-1]) == (0, 99)
    assert 20 <= len(kept) <= 21
    times = [event["time"] for event in await server.events(lease) if event["type"] == "progress"]
    assert times == sorted(set(times))


async def test_slow_progress_is_all_kept_at_once(server: Server) -> None:
    worker, [lease] = await leased(server)
    for n in range(5):
        await worker.say(lease, "progress", percent=n)
        assert await percents(server, lease) == list(range(n + 1))
        await server.advance(0.1)


async def test_each_run_has_its_own_measure(server: Server) -> None:
    worker, leases = await leased(server, 3)
    await worker.call([item(lease, "progress", percent=n) for n in (1, 2, 3) for lease in leases])
    await server.advance(0.1)
    assert [await percents(server, lease) for lease in leases] == [[1, 3]] * 3


@pytest.mark.parametrize("end", ["completed", "failed", "released", "snoozed", "cancelled", "lost"])
async def test_the_newest_progress_is_written_before_the_last_word(server: Server, end: str) -> None:
    worker, [lease] = await leased(server)
    if end == "cancelled":
        await server.cancel(lease, status=202)
    last = item(lease, end, **({"error": {"message": "x"}} if end == "failed" else {}))
    one, two, three = (item(lease, "progress", percent=n) for n in (1, 2, 3))
    for call in ([one, two], [three, last]):
        assert {answer["status"] for answer in (await worker.call(call))["data"]} == {"accepted"}
    assert await percents(server, lease) == [1, 3]
    types = await server.types(lease)
    assert types[-3:-1] == ["progress", "progress"]
    await server.advance(1)
    assert await server.types(lease) == types, "and nothing comes after it"


async def test_a_next_attempt_begins_anew(server: Server) -> None:
    worker, [lease] = await leased(server)
    await worker.say(lease, "progress", percent=1)
    await worker.say(lease, "released")
    await worker.say(await worker.take(), "progress", percent=2)
    assert await percents(server, lease) == [1, 2]


async def test_progress_that_is_kept_back_renews_and_is_judged(server: Server) -> None:
    worker, [lease] = await leased(server)
    await server.live(10)
    await worker.call([item(lease, "progress", percent=n) for n in (1, 2)])
    await server.live(6)
    assert (await server.run(lease))["state"] == "running"
    await server.cancel(lease, status=202)
    answers = (await worker.call([item(lease, "progress", percent=n) for n in (3, 4)]))["data"]
    assert [answer["cancel_requested"] for answer in answers] == [True, True]
    await worker.say(lease, "cancelled")
    answers = (await worker.call([item(lease, "progress", percent=n) for n in (5, 6)]))["data"]
    assert [answer["status"] for answer in answers] == ["lease_lost"] * 2


async def test_percent_is_a_number_from_0_to_100(server: Server) -> None:
    worker, [lease] = await leased(server)
    for given, kept in (
        (-5, 0),
        (0, 0),
        (100, 100),
        (100.5, 100),
        (1e300, 100),
        (33.25, 33.25),
        (40.0, 40),
        (None,) * 2,
    ):
        assert (await worker.say(lease, "progress", percent=given))["status"] == "accepted"
        assert (await server.run(lease))["progress"] == {"percent": kept, "message": None, "data": None}
        await server.advance(0.1)


async def test_percent_of_another_kind_is_rejected(server: Server) -> None:
    worker, [lease] = await leased(server)
    for bad in ("40", True, [40], {}):
        assert (await worker.say(lease, "progress", percent=bad))["status"] == "rejected"
    assert await percents(server, lease) == []


# -- log lines


async def test_a_line_as_it_is_kept(server: Server) -> None:
    worker, [lease] = await leased(server)
    await worker.call(
        [
            item(lease, "log", level="warning", message="hello\nworld", fields={"n": {"m": [1, None]}}),
            item(lease, "log", message="plain"),
            item(lease, "log", level="nonsense"),
        ]
    )
    assert await data_of(server, lease, "log") == [
        {"level": "warning", "message": "hello\nworld", "fields": {"n": {"m": [1, None]}}},
        {"level": "info", "message": "plain", "fields": {}},
        {"level": "info", "message": "", "fields": {}},
    ]


def dropped(n: int) -> Any:
    return {"level": "warning", "message": f"{n} lines dropped", "fields": {"dropped": n}}


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled", "timeout", "lost"])
async def test_lines_above_a_hundred_a_second_are_counted_in_one_before_the_end(server: Server, end: str) -> None:
    await server.register(retry={"max_attempts": 1, "on_lost": "fail"}, timeout_seconds=0.5)
    await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    answers = (await worker.call([item(lease, "log", message=str(n)) for n in range(150)]))["data"]
    assert {answer["status"] for answer in answers} == {"accepted"}
    await server.advance(1)
    await worker.call([item(lease, "log", message=str(n)) for n in range(200, 310)])
    match end:
        case "completed" | "lost":
            await worker.say(lease, end)
        case "failed":
            await worker.fail(lease)
        case "cancelled":
            await server.cancel(lease, status=202)
            await worker.say(lease, "cancelled")
        case "timeout":
            await server.live(7)
            await worker.hold(lease)
            await server.live(8)
    lines = await data_of(server, lease, "log")
    kept = [*range(100), *range(200, 300)]
    assert [line["message"] for line in lines[:-1]] == [str(n) for n in kept]
    assert lines[-1] == dropped(60)
    types = await server.types(lease)
    assert types[-2] == "log"
    assert types[-1] == {"timeout": "failed", "lost": "failed"}.get(end, end)


async def test_what_a_worker_dropped_itself_is_counted_too(server: Server) -> None:
    worker, [lease] = await leased(server)
    await worker.say(lease, "log", message="x", dropped=7)
    await worker.call([item(lease, "log", message="y", dropped=1) for _ in range(105)])
    await worker.complete(lease)
    lines = await data_of(server, lease, "log")
    assert (len(lines), lines[-1]) == (101, dropped(7 + 105 + 6))


async def test_lines_dropped_by_one_attempt_are_told_at_the_end_of_the_run(server: Server) -> None:
    worker, [lease] = await leased(server)
    await worker.call([item(lease, "log") for _ in range(101)])
    await worker.fail(lease)
    assert len(await data_of(server, lease, "log")) == 100
    await server.restart()
    await server.settle()
    lease = await worker.take()
    await worker.complete(lease)
    assert (await data_of(server, lease, "log"))[-1] == dropped(1)


async def test_a_run_without_dropped_lines_says_nothing_of_it(server: Server) -> None:
    worker, [lease] = await leased(server)
    await worker.call([item(lease, "log") for _ in range(100)])
    await worker.complete(lease)
    assert len(await data_of(server, lease, "log")) == 100


async def test_twenty_thousand_lines_a_run_are_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reporting.MAX_LOGS == 20_000
    monkeypatch.setattr(reporting, "MAX_LOGS", 150)
    worker, [lease] = await leased(server)
    for _ in range(2):
        await worker.call([item(lease, "log") for _ in range(101)])
        await server.advance(1)
    await worker.fail(lease)
    lease = await worker.take()
    await worker.call([item(lease, "log") for _ in range(10)])
    await worker.complete(lease)
    lines = await data_of(server, lease, "log")
    assert (len(lines), lines[-1]) == (151, dropped(62))


# -- what is too long


def is_cut(text: str, whole: str, most: int) -> bool:
    head = text.removesuffix("… (cut)")
    return text != head and whole.startswith(head) and most - 16 <= len(text.encode()) <= most


@pytest.mark.parametrize("kind", ["progress", "log"])
async def test_a_message_over_8_kib_is_cut_and_marked(server: Server, kind: str) -> None:
    worker, [lease] = await leased(server)
    for letter in ("x", "é", "𝄞", '"', "\u2028"):
        fits = letter * (MESSAGE_BYTES // len(letter.encode()))
        for message in (fits, fits + "xxxx"):
            assert (await worker.say(lease, kind, message=message))["status"] == "accepted"
            await server.advance(1)
        whole, cut = [data["message"] for data in await data_of(server, lease, kind)][-2:]
        assert whole == fits
        assert is_cut(cut, fits, MESSAGE_BYTES)


@pytest.mark.parametrize(("kind", "field"), [("progress", "data"), ("log", "fields")])
async def test_data_and_fields_over_16_kib_are_cut_and_marked(server: Server, kind: str, field: str) -> None:
    worker, [lease] = await leased(server)
    frame = len(orjson.dumps({"k": ""}))
    fits, large = ({"k": "x" * (DATA_BYTES - frame + more)} for more in (0, 1))
    for value in (fits, large):
        assert (await worker.say(lease, kind, **{field: value}))["status"] == "accepted"
        await server.advance(1)
    whole, cut = [data[field] for data in await data_of(server, lease, kind)]
    assert whole == fits
    assert (cut["cut"], cut["bytes"]) == (True, DATA_BYTES + 1)
    assert orjson.dumps(large).decode().startswith(cut["beginning"])


async def test_an_error_is_cut_too(server: Server) -> None:
    worker, [lease] = await leased(server)
    error = {"message": "é" * 10_000, "type": "T" * 1000, "traceback": "t" * 100_000, "code": "c" * 100}
    await worker.say(lease, "failed", error=error)
    kept = (await server.run(lease))["error"]
    assert is_cut(kept["message"], error["message"], MESSAGE_BYTES)
    assert kept["code"] == "c" * 64
    assert is_cut(kept["type"], error["type"], 256)
    assert is_cut(kept["traceback"], error["traceback"], 32 * 1024)


async def test_progress_data_is_any_json(server: Server) -> None:
    worker, [lease] = await leased(server)
    for value in (0, False, "", [], {}, None, "text", [1, {"a": None}]):
        await worker.say(lease, "progress", data=value)
        assert (await server.run(lease))["progress"]["data"] == value
        await server.advance(0.1)
