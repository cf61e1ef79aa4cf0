"""A worker process with its children, against a peer that speaks the server's side of the protocol."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.support.speed import stretched

pytestmark = pytest.mark.system


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def seen(condition: Callable[[], Any], seconds: float = 15.0) -> None:
    """Looks at what tells nobody: processes and a log."""
    async with asyncio.timeout(stretched(seconds)):
        while not condition():  # noqa: ASYNC110  # processes set no asyncio.Event
            await asyncio.sleep(0.01)


async def begun(peer: Peer, run_id: str) -> str:
    """The message of the run's first progress."""
    await peer.until(lambda: peer.said(run_id, "progress"))
    return str(peer.said(run_id, "progress")[0]["message"])


async def completes(peer: Peer, job_type: str) -> None:
    """A run of it, dispatched anew while it is given back."""
    while (await peer.outcome(await peer.add(job_type, 1)))["type"] != "completed":
        pass


async def test_it_registers_a_lane_for_each_kind_of_handler_and_declares_in_each(peer: Peer, start: Start) -> None:
    await start()
    await peer.until(lambda: len(peer.registrations) == 2)
    first, second = peer.registrations
    assert (first["name"], first["concurrency"]) == ("tested/async", 100)
    assert (second["name"], second["concurrency"]) == ("tested/process", 2)
    assert {"echo", "threaded"} <= set(first["job_types"])
    assert "echo-sync" in second["job_types"]
    assert second["declares"] == first["declares"]
    declared = {job["name"]: job for job in first["declares"]["job_types"]}
    assert first["declares"]["app"] == "default"
    assert declared["typed"]["payload_schema"]["required"] == ["number"]
    assert set(declared) == set(first["job_types"]) | set(second["job_types"])


async def test_runs_of_every_kind_complete(peer: Peer, start: Start) -> None:
    await start()
    runs = [await peer.add(job, {"n": n}) for n in range(40) for job in ("echo", "echo-sync")]
    for place, run in enumerate(runs):
        outcome = await peer.outcome(run)
        assert (outcome["type"], outcome["result"]) == ("completed", {"n": place // 2})
    typed = await peer.outcome(await peer.add("typed", {"number": 4}))
    assert typed["result"] == {"number": 4, "gift": False, "attempt": 1, "job": "typed"}


async def test_what_a_handler_says_is_reported_before_its_outcome(peer: Peer, start: Start) -> None:
    await start()
    for job in ("speaks", "speaks-sync", "threaded"):
        run = await peer.add(job)
        assert (await peer.outcome(run))["type"] == "completed"
        kinds = [report["type"] for report in peer.reports[run]]
        assert kinds[-1] == "completed"
        assert "progress" in kinds
        assert "log" in kinds
    run = next(run for run, reports in peer.reports.items() if any("hello" in str(report) for report in reports))
    hello, number = peer.said(run, "log")
    assert (hello["level"], hello["message"]) == ("warning", "hello")
    assert hello["fields"]["who"] == "ada"
    assert (number["message"], number["fields"]) == ("number 7", {"logger": "shop"})
    progress = peer.said(run, "progress")[0]
    assert (progress["percent"], progress["data"]) == (10, {"bad": "nan", "big": str(2**60)})


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("retry_after", {"code": "handler_error", "type": "RetryAfter", "message": "not yet"}),
        ("no", {"code": "non_retryable", "type": "NonRetryable", "message": "never"}),
        ("exit", {"code": "handler_error", "type": "SystemExit"}),
        ("interrupt", {"code": "handler_error", "type": "KeyboardInterrupt"}),
        ("other", {"code": "handler_error", "type": "ValueError"}),
    ],
)
async def test_exceptions_become_errors(peer: Peer, start: Start, payload: str, expected: dict[str, Any]) -> None:
    await start()
    outcome = await peer.outcome(await peer.add("raises", payload))
    assert outcome["type"] == "failed"
    assert expected.items() <= outcome["error"].items()
    assert outcome["retryable"] is (payload != "no")
    assert outcome.get("retry_after_seconds") == (7 if payload == "retry_after" else None)
    assert len(outcome["error"]["message"].encode()) <= 8192
    assert "in raises" in outcome["error"]["traceback"]


async def test_results_that_are_no_json_and_payloads_that_do_not_fit_are_final(peer: Peer, start: Start) -> None:
    await start()
    for bad in ("object", "nan", "integer", "keys", "surrogate", "nul", "much", "deep"):
        outcome = await peer.outcome(await peer.add("returns", bad))
        assert (outcome["type"], outcome["error"]["code"]) == ("failed", "invalid_result"), bad
        assert outcome["retryable"] is False
        assert len(str(outcome)) < 1000
    for good, value in (("order", {"number": 1, "gift": False}), ("backslash", "\\u0000")):
        assert (await peer.outcome(await peer.add("returns", good)))["result"] == value
    refused = await peer.outcome(await peer.add("typed", {"number": "secret"}))
    assert (refused["error"]["code"], refused["retryable"]) == ("invalid_payload", False)
    assert "/number" in refused["error"]["message"]
    assert "secret" not in str(refused)
    assert (await peer.outcome(await peer.add("raises", "snooze")))["delay_seconds"] == 9


async def test_a_timeout_stops_the_handler_and_its_neighbours_go_on(peer: Peer, start: Start) -> None:
    await start()
    late = [await peer.add(job, timeout_seconds=0.3) for job in ("waits", "waits-sync")]
    steady = await peer.add("waits")
    for run in late:
        outcome = await peer.outcome(run)
        assert (outcome["type"], outcome["error"]["code"], outcome["retryable"]) == ("failed", "timeout", True)
    assert [line["message"] for line in peer.said(late[1], "log")] == ["cleaned up"]
    assert gone(int(await begun(peer, late[1])))
    assert peer.final(steady) is None


async def test_a_cancel_is_heard_without_a_word_from_the_handler(peer: Peer, start: Start) -> None:
    await start()
    for job in ("waits", "waits-sync"):
        run = await peer.add(job)
        await begun(peer, run)
        peer.cancelled.add(run)
        assert (await peer.outcome(run, 3.0))["type"] == "cancelled"


async def test_who_ignores_a_stop_is_killed_with_its_children(peer: Peer, start: Start) -> None:
    worker = await start()
    run, neighbour = await peer.add("stubborn-sync", timeout_seconds=0.3), await peer.add("waits-sync")
    await begun(peer, neighbour)
    assert (await peer.outcome(run))["error"]["code"] == "timeout"
    assert gone(int(await begun(peer, run)))
    assert peer.final(neighbour) is None
    async_neighbour, stubborn = await peer.add("waits"), await peer.add("stubborn", timeout_seconds=0.3)
    assert (await peer.outcome(stubborn))["error"]["code"] == "timeout"
    assert (await peer.outcome(async_neighbour))["type"] == "released"
    assert "ignores its cancel or timeout" in worker.words()
    assert (await peer.outcome(await peer.add("echo", 1)))["result"] == 1


@pytest.mark.parametrize("job", ["blocks", "blocks-in-a-task"])
async def test_a_blocked_loop_is_named_and_replaced_at_its_runs_timeout(peer: Peer, start: Start, job: str) -> None:
    worker = await start()
    neighbour = await peer.add("waits")
    await begun(peer, neighbour)
    run = await peer.add(job, 30, timeout_seconds=1.2)
    assert (await peer.outcome(run))["error"]["code"] == "timeout"
    assert (await peer.outcome(neighbour))["type"] == "released"
    assert "blocks the worker's loop" in worker.words()
    assert job in worker.words()
    assert (await peer.outcome(await peer.add("echo", 1)))["result"] == 1


async def test_a_process_that_dies_crashes_its_run_alone(peer: Peer, start: Start) -> None:
    await start()
    good = await peer.add("waits-sync")
    await begun(peer, good)
    crashed = await peer.outcome(await peer.add("dies-sync"))
    assert crashed["error"]["code"] == "crashed"
    assert "SIGSEGV" in crashed["error"]["message"]
    alone = await peer.outcome(await peer.add("dies"))
    assert alone["error"]["code"] == "crashed"
    assert "exit code 7" in alone["error"]["message"]
    assert peer.final(good) is None


async def test_a_host_that_dies_with_several_runs_loses_them_and_alone_runs_are_apart(peer: Peer, start: Start) -> None:
    await start()
    neighbours = [await peer.add("waits") for _ in range(3)]
    for run in neighbours:
        await begun(peer, run)
    killer = await peer.add("dies")
    for run in [*neighbours, killer]:
        assert (await peer.outcome(run))["type"] == "lost"
    steady = await peer.add("waits")
    await begun(peer, steady)
    again = await peer.add("dies", alone=True)
    assert (await peer.outcome(again))["error"]["code"] == "crashed"
    assert (await peer.outcome(await peer.add("echo", 5, alone=True)))["result"] == 5
    assert peer.final(steady) is None


async def test_descriptors_forks_and_memory_errors_leave_the_slot_in_order(peer: Peer, start: Start) -> None:
    worker = await start(JOBS_WORKER_SLOTS=1)
    for job, payload, kind in (
        ("closes-descriptors", None, "completed"),
        ("speaks-sync", None, "completed"),
        ("forks", None, "completed"),
        ("raises-sync", "memory", "failed"),
        ("raises-sync", "exit", "failed"),
        ("echo-sync", 3, "completed"),
    ):
        assert (await peer.outcome(await peer.add(job, payload)))["type"] == kind
    assert "to stdout" in worker.words()


async def test_a_flood_is_thinned_and_counted(peer: Peer, start: Start) -> None:
    await start()
    for job in ("floods", "floods-sync"):
        began = time.monotonic()
        run = await peer.add(job, 100_000)
        assert (await peer.outcome(run, 30))["type"] == "completed"
        seconds = time.monotonic() - began + 1
        lines, progress = peer.said(run, "log"), peer.said(run, "progress")
        assert len(lines) <= 100 * (seconds + 1)
        assert len(progress) <= 10 * seconds + 2
        assert (lines[-1]["message"], progress[-1]["message"]) == ("line 99999", "99999")
        assert sum(1 + line.get("dropped", 0) for line in lines) == 100_000


async def test_middleware_runs_around_handlers_in_both_places(peer: Peer, start: Start) -> None:
    await start("tests.client.wrapped")
    for job in ("wrapped", "wrapped-sync"):
        run = await peer.add(job, 1)
        result = (await peer.outcome(run))["result"]["outer"]
        assert result["payload"] == {"was": 1}
        host = peer.said(run, "log")[0]["fields"]["pid"]
        assert (result["pid"] == host) is (job == "wrapped")
        assert (await peer.outcome(await peer.add(job, "snooze")))["type"] == "snoozed"
    failed = await peer.add("wrapped-sync", "raise")
    outcome = await peer.outcome(failed)
    assert (outcome["error"]["type"], outcome["error"]["code"]) == ("KeyError", "handler_error")
    assert peer.said(failed, "log")[-1]["fields"] == {"code": "handler_error", "kind": "KeyError"}
    assert (await peer.outcome(await peer.add("wrapped-sync", "die")))["error"]["code"] == "crashed"
    late = await peer.add("wrapped-sync", "wait", timeout_seconds=0.3)
    assert (await peer.outcome(late))["error"]["code"] == "timeout"
    assert gone(int(await begun(peer, late)))
    assert (await peer.outcome(await peer.add("wrapped-sync", 2)))["type"] == "completed"


async def test_a_report_whose_answer_was_lost_is_sent_again(peer: Peer, start: Start) -> None:
    await start()
    peer.lose_answers = 2
    run = await peer.add("echo", 1)
    await peer.until(lambda: len([call for call in peer.calls if call["reports"] or call.get("completed")]) == 3)
    assert len(peer.reports[run]) == 1
    assert (await peer.outcome(await peer.add("echo", 2)))["result"] == 2


async def test_a_lost_lease_ends_its_handler_in_silence(peer: Peer, start: Start) -> None:
    await start()
    runs = [await peer.add("waits"), await peer.add("waits-sync")]
    pid = int(await begun(peer, runs[1]))
    await begun(peer, runs[0])
    for run in runs:
        del peer.leases[run]
    await peer.until(lambda: any(not call["holding"] for call in peer.calls[-1:]) or gone(pid))
    probe = await peer.add("echo", 1)
    await peer.outcome(probe)
    await seen(lambda: gone(pid))
    assert [peer.final(run) for run in runs] == [None, None]


async def test_a_run_that_comes_again_begins_when_its_old_handler_has_stopped(peer: Peer, start: Start) -> None:
    await start()
    run = await peer.add("waits-sync")
    old = int(await begun(peer, run))
    peer.reports[run].clear()
    await peer.add("waits-sync", id=run, attempt=2)
    new = int(await begun(peer, run))
    assert gone(old)
    assert new != old
    assert {report["attempt"] for report in peer.reports[run]} == {2}


async def test_handlers_outlive_a_server_that_comes_back(peer: Peer, start: Start, tmp_path: Path) -> None:
    await start()
    run = await peer.add("waits-for-file", str(tmp_path / "go"))
    await begun(peer, run)
    await peer.stop()
    (tmp_path / "go").touch()
    await peer.start()
    assert (await peer.outcome(run))["result"] == "found"
    assert len(peer.registrations) == 2
    peer.known = False
    await peer.until(lambda: len(peer.registrations) >= 3)
    assert (await peer.outcome(await peer.add("echo", 1)))["result"] == 1


async def test_without_a_server_for_a_leases_time_it_ends_its_handlers_and_leaves(peer: Peer, start: Start) -> None:
    peer.lease_seconds, peer.heartbeat_seconds = 1.0, 0.3
    worker = await start()
    pid = int(await begun(peer, await peer.add("waits-sync")))
    await peer.stop()
    assert await worker.ended() == 4
    assert gone(pid)
    await peer.start()


@pytest.mark.parametrize("how", ["signal", "server"])
async def test_a_drain_lets_handlers_finish_and_signs_off(peer: Peer, start: Start, tmp_path: Path, how: str) -> None:
    worker = await start(JOBS_DRAIN_SECONDS=1)
    finishing, left_over = await peer.add("waits-for-file", str(tmp_path / "go")), await peer.add("waits-sync")
    await begun(peer, finishing)
    await begun(peer, left_over)
    if how == "signal":
        worker.process.send_signal(signal.SIGTERM)
    peer.drain = how == "server"
    await seen(lambda: "draining" in worker.words())
    (tmp_path / "go").touch()
    assert (await peer.outcome(finishing))["type"] == "completed"
    assert (await peer.outcome(left_over))["type"] == "released"
    assert await worker.ended() == 0
    assert sorted(peer.left) == ["tested/async", "tested/process"]


async def test_a_second_signal_ends_it_at_once(peer: Peer, start: Start) -> None:
    worker = await start()
    run = await peer.add("waits")
    await begun(peer, run)
    worker.process.send_signal(signal.SIGTERM)
    await seen(lambda: "draining" in worker.words())
    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    assert await worker.ended() == 0
    assert time.monotonic() - began < stretched(3)
    assert (await peer.outcome(run))["type"] == "released"


async def test_children_end_when_the_control_process_is_killed_or_silent(peer: Peer, start: Start) -> None:
    peer.lease_seconds, peer.heartbeat_seconds = 2.0, 0.4
    worker = await start()
    pids = [int(await begun(peer, await peer.add(job))) for job in ("waits", "waits-sync")]
    worker.process.send_signal(signal.SIGSTOP)
    await seen(lambda: all(gone(pid) for pid in pids))
    peer.leases.clear()
    asked = len(peer.claims)
    worker.process.send_signal(signal.SIGCONT)
    # What the claim of before gets, whose time is over, is not taken any more.
    await peer.until(lambda: peer.claims[asked:] and max(peer.claiming.values()) == 1)
    await completes(peer, "echo")
    pid = int(await begun(peer, await peer.add("waits-sync")))
    worker.process.kill()
    await seen(lambda: gone(pid))


async def test_quick_sync_runs_are_given_ahead_and_slow_ones_are_not_kept_waiting(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_SLOTS=1)
    for run in await peer.add_many("echo-sync", range(600)):
        await peer.outcome(run)
    await peer.until(lambda: any(claim["max"] > 10 for claim in peer.claims if claim["worker"] == "tested/process"))
    slow = await peer.add("waits-sync")
    behind = [await peer.add("echo-sync", n) for n in range(3)]
    for run in behind:
        await peer.until(lambda run=run: peer.final(run) or run not in peer.leases)
    await begun(peer, slow)
    outcomes = [peer.final(run) for run in behind]
    assert all(outcome is None or outcome["type"] in ("released", "completed") for outcome in outcomes)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("import nowhere", 3, "No module named 'nowhere'"),
        ("from blazy_jobs import Jobs", 3, "has no Jobs object"),
        ("from blazy_jobs import Jobs\njobs = Jobs()", 0, "define no jobs"),
        ("from blazy_jobs import Jobs\njobs = Jobs()\n@jobs.job\n@jobs.job\nasync def a(): ...", 3, "shop_jobs.py:3: "),
        (
            "from blazy_jobs import Job, Jobs\njobs = Jobs()\njobs.add(Job('a', len, payload_schema={'a': object()}))",
            3,
            "unknown type",
        ),
        (
            "from blazy_jobs import Job, Jobs, schedule\none, two, hourly = Jobs(), Jobs(), schedule.every(hours=1)\n"
            "one.add(Job('a', len, schedule={'b': hourly}))\ntwo.add(Job('a.b', len, schedule=hourly))\n",
            3,
            "the jobs 'a' and 'a.b' both have a schedule named 'a.b'",
        ),
    ],
)
async def test_modules_that_cannot_be_served(start: Start, tmp_path: Path, text: str, code: int, words: str) -> None:
    (tmp_path / "shop_jobs.py").write_text(text)
    worker = await start(str(tmp_path / "shop_jobs.py"))
    assert await worker.ended() == code
    assert words in worker.words()


async def test_a_bad_definition_is_told_with_its_line_and_without_a_traceback(start: Start, tmp_path: Path) -> None:
    module = tmp_path / "shop_jobs.py"
    module.write_text(
        "from blazy_jobs import Jobs, schedule\n\njobs = Jobs()\n\n"
        "@jobs.job(schedule=schedule.cron('30 2 30 2 *'))\nasync def never(): ...\n"
    )
    worker = await start(str(module))
    assert await worker.ended() == 3
    said = worker.words()
    assert f"{module}:5: the cron expression '30 2 30 2 *' names a day that never comes" in said
    assert "Traceback" not in said
