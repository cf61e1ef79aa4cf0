"""A process that async handlers share is held up: the guilty pay for it, and the others run elsewhere."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.support.fixtures import StartServer
from tests.support.server import Server, wait_until
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

JOBS = "tests/field/blocking.py"
ENV = {"JOBS_STOP_GRACE_SECONDS": "0.5"}


async def completed(peer: Peer, job_type: str, payload: Any = None, **run: Any) -> int:
    """Dispatched anew while it is given back, as the server does; how often it was."""
    for given_back in range(30):
        outcome = await peer.outcome(await peer.add(job_type, payload, **run), 40)
        if outcome["type"] == "completed":
            return given_back
        assert outcome["type"] == "released", outcome
        await asyncio.sleep(0.05)
    raise AssertionError("it was given back again and again")


LEFT = ("task", "spinning task", "later task", "timer", "callback", "finaliser", "task that keeps the interpreter")


@pytest.mark.parametrize("left", LEFT)
async def test_what_a_finished_run_left_behind_costs_nobody_an_attempt(peer: Peer, start: Start, left: str) -> None:
    worker = await start(JOBS)
    outcome = await peer.outcome(await peer.add("leaves", left))
    assert (outcome["type"], outcome["result"]) == ("completed", "left")
    await asyncio.gather(*(completed(peer, "quick", n, timeout_seconds=300) for n in range(10)))
    await peer_sees_replacement(peer, worker.words)
    await asyncio.gather(*(completed(peer, "quick", n, timeout_seconds=3) for n in range(10)))
    assert "the server cannot be used" not in worker.words()


async def peer_sees_replacement(peer: Peer, words: Any) -> None:
    async with asyncio.timeout(stretched(30)):
        while "the host process is replaced" not in words():  # noqa: ASYNC110  # a log sets no asyncio.Event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("left", ["task", "timer"])
async def test_an_idle_worker_is_replaced_and_the_run_that_did_it_is_named(peer: Peer, start: Start, left: str) -> None:
    worker = await start(JOBS)
    guilty = await peer.add("leaves", left)
    await peer.outcome(guilty)
    await peer_sees_replacement(peer, worker.words)
    lines = [line for line in worker.words().splitlines() if "left behind" in line]
    assert any(guilty in line for line in lines), worker.words()


async def test_what_a_blocked_process_was_given_and_has_not_begun_goes_back_at_once(peer: Peer, start: Start) -> None:
    await start(JOBS)
    blocking = await peer.add("sleeps-badly", 600, timeout_seconds=600)
    await peer.until(lambda: peer.said(blocking, "progress"))
    await asyncio.sleep(0.3)
    runs = [await peer.add("quick", n, timeout_seconds=600) for n in range(5)]
    for run in runs:
        assert (await peer.outcome(run))["type"] == "released"
    assert peer.final(blocking) is None


async def test_a_blocked_process_is_given_nothing_until_it_turns_again(peer: Peer, start: Start) -> None:
    worker = await start(JOBS)
    blocking = await peer.add("sleeps-badly", 6, timeout_seconds=600)
    async with asyncio.timeout(stretched(20)):
        while "blocks the worker's loop" not in worker.words():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    # What was asked for before may still come, and goes back. Then nobody asks until the loop turns.
    while (await peer.outcome(await peer.add("quick", 1)))["type"] == "released":
        pass
    assert peer.final(blocking) is not None, "a run was begun beside a blocked loop"


async def test_a_neighbours_time_is_not_spent_by_a_handler_that_blocks(peer: Peer, start: Start) -> None:
    await start(JOBS, JOBS_STOP_GRACE_SECONDS=5)
    neighbour = await peer.add("takes", 2.5, timeout_seconds=3)
    await peer.until(lambda: peer.said(neighbour, "progress"))
    blocking = await peer.add("sleeps-badly", 4, timeout_seconds=60)
    assert (await peer.outcome(neighbour))["type"] == "completed"
    assert (await peer.outcome(blocking))["result"] == "slept"


async def test_a_handler_that_blocks_past_its_neighbours_time_runs_alone_next(peer: Peer, start: Start) -> None:
    await start(JOBS)
    neighbour = await peer.add("takes", 2.5, timeout_seconds=3)
    await peer.until(lambda: peer.said(neighbour, "progress"))
    blocking = await peer.add("sleeps-badly", 8, timeout_seconds=60)
    outcome = await peer.outcome(blocking)
    assert (outcome["type"], outcome["alone"]) == ("released", True)
    outcome = await peer.outcome(neighbour)
    assert outcome["type"] == "released"
    assert "alone" not in outcome
    assert (await peer.outcome(await peer.add("sleeps-badly", 1, alone=True, timeout_seconds=60)))["result"] == "slept"


# -- with a server


def finals(client: httpx.Client, runs: list[str], seconds: float) -> list[dict[str, Any]]:
    until = time.monotonic() + seconds
    ended = []
    for run in runs:
        left = max(0.1, until - time.monotonic())
        ended.append(client.get(f"/v1/runs/{run}", params={"wait_seconds": min(60, left)}).json())
    return ended


def dispatch(client: httpx.Client, job: str, payload: Any, **options: Any) -> str:
    answer = client.post(f"/v1/job-types/{job}/runs", json={"payload": payload, **options})
    assert answer.status_code in (201, 202), answer.text
    return str(answer.json()["id"])


def begin_guilty(server: Server, client: httpx.Client, job: str, payload: Any, **options: Any) -> str:
    run = dispatch(client, job, payload, **options)
    wait_until(lambda: client.get(f"/v1/runs/{run}").json()["state"] == "running", "it runs")
    return run


@pytest.mark.parametrize("guilty", [[("matches", None)], [("matches", None), ("sleeps-in-c", 600)]])
def test_a_held_interpreter_times_out_and_its_neighbours_complete(
    serve: StartServer, guilty: list[tuple[str, Any]]
) -> None:
    server = serve(JOBS, workers=2, env=ENV)
    with server.client() as client:
        bad, good = [], []
        for job, payload in guilty:
            bad.append(begin_guilty(server, client, job, payload, timeout_seconds=6))
            good += [dispatch(client, "takes", 0.5, timeout_seconds=3) for _ in range(12)]
        for run in finals(client, good, 100):
            assert (run["state"], run["attempt"]) == ("completed", 1), run
        for run in finals(client, bad, 100):
            assert (run["state"], run["error"]["code"], run["losses"]) == ("failed", "timeout", 0), run


def test_a_handler_that_keeps_the_interpreter_and_ends_in_time_completes(serve: StartServer) -> None:
    server = serve(JOBS, workers=1, env=ENV)
    with server.client() as client:
        slow = begin_guilty(server, client, "sleeps-in-c", 6, timeout_seconds=stretched(9))
        good = [dispatch(client, "takes", 0.5, timeout_seconds=3) for _ in range(8)]
        for run in finals(client, [slow, *good], 100):
            assert (run["state"], run["attempt"]) == ("completed", 1), run
