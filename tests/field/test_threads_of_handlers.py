"""Threads: no run's time is spent on waiting for one, and those that calls never give back are noticed and replaced."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.client.conftest import Start, Worker
from tests.client.peer import Peer
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

JOBS = "tests/field/threads.py"
REPLACED = "the host process is replaced"


async def said(worker: Worker, words: str, seconds: float = 40) -> None:
    async with asyncio.timeout(stretched(seconds)):
        while words not in worker.words():  # noqa: ASYNC110  # a log sets no asyncio.Event
            await asyncio.sleep(0.05)


async def completed(peer: Peer, job_type: str, payload: Any = None, **run: Any) -> None:
    for _ in range(30):
        outcome = await peer.outcome(await peer.add(job_type, payload, **run), 40)
        if outcome["type"] == "completed":
            return
        assert outcome["type"] == "released", outcome
        await asyncio.sleep(0.05)
    raise AssertionError("it was given back again and again")


@pytest.mark.parametrize("concurrency", [100, 150])
async def test_no_run_waits_for_a_thread_while_its_time_runs(peer: Peer, start: Start, concurrency: int) -> None:
    await start(JOBS, JOBS_WORKER_CONCURRENCY=concurrency)
    runs = [await peer.add("takes-in-a-thread", 3, timeout_seconds=5.5) for _ in range(concurrency + 20)]
    outcomes = [await peer.outcome(run, 60) for run in runs]
    assert [outcome for outcome in outcomes if outcome["type"] != "completed"] == []


async def test_calls_that_hang_leave_threads_for_others(peer: Peer, start: Start) -> None:
    await start(JOBS)
    steady = await peer.add("waits", timeout_seconds=600)
    await peer.until(lambda: peer.said(steady, "progress"))
    hung = [await peer.add("hangs-in-a-thread", timeout_seconds=0.5) for _ in range(40)]
    for run in hung:
        assert (await peer.outcome(run))["error"]["code"] == "timeout"
    for n in range(5):
        assert (await peer.outcome(await peer.add("uses-a-thread", n, timeout_seconds=5)))["result"] == n
    assert peer.final(steady) is None, "a run in hand was given up for a few threads"


async def test_a_host_whose_threads_run_out_is_replaced_and_costs_nobody_an_attempt(peer: Peer, start: Start) -> None:
    worker = await start(JOBS, JOBS_WORKER_CONCURRENCY=4)
    steady = await peer.add("waits", timeout_seconds=600)
    await peer.until(lambda: peer.said(steady, "progress"))
    for _ in range(8):
        hung = [await peer.add("hangs-in-a-thread", timeout_seconds=0.3) for _ in range(3)]
        for run in hung:
            assert (await peer.outcome(run))["type"] in ("failed", "released")
        await completed(peer, "uses-a-thread", timeout_seconds=30)
    await said(worker, "threads run out")
    await said(worker, REPLACED)
    assert (await peer.outcome(steady))["type"] == "released"
    await completed(peer, "uses-a-thread", timeout_seconds=5)


async def test_an_idle_host_with_a_thread_of_a_stopped_run_is_replaced(peer: Peer, start: Start) -> None:
    worker = await start(JOBS)
    hung = await peer.add("hangs-in-a-thread", timeout_seconds=0.3)
    assert (await peer.outcome(hung))["error"]["code"] == "timeout"
    await said(worker, REPLACED)
    assert any(
        "is still running for a run that was stopped" in line and hung in line for line in worker.words().splitlines()
    )
    await completed(peer, "uses-a-thread", timeout_seconds=5)
