"""Processes that an async handler starts end with it when it is stopped; its neighbours' go on."""

from __future__ import annotations

import asyncio

import psutil
import pytest

from tests.client.conftest import Start
from tests.client.peer import Peer

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

JOBS = "tests/field/children.py"
KINDS = ("exec", "shell", "deaf", "heavy", "grandchild", "popen", "thread", "task", "session")


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def pids_of(peer: Peer, run: str) -> list[int]:
    await peer.until(lambda: peer.said(run, "progress"), 40)
    return [int(word) for word in peer.said(run, "progress")[0]["message"].split()]


async def test_what_a_stopped_handler_has_started_is_dead_when_its_end_is_told(peer: Peer, start: Start) -> None:
    await start(JOBS)
    neighbour = await peer.add("starts", "exec", timeout_seconds=600)
    [theirs] = await pids_of(peer, neighbour)
    runs = [await peer.add("starts", kind, timeout_seconds=600) for kind in KINDS]
    pids = [await pids_of(peer, run) for run in runs]
    assert all(lives(pid) for each in pids for pid in each)
    peer.cancelled.update(runs)
    for run, kind, started in zip(runs, KINDS, pids, strict=True):
        assert (await peer.outcome(run))["type"] == "cancelled", kind
        assert [pid for pid in started if lives(pid)] == [], kind
    assert lives(theirs), "a neighbour's process was ended"
    assert peer.final(neighbour) is None


async def test_a_timeout_ends_them_too_and_a_handler_may_do_it_itself(peer: Peer, start: Start) -> None:
    await start(JOBS, JOBS_STOP_GRACE_SECONDS=5)
    run = await peer.add("starts", "exec", timeout_seconds=4)
    [pid] = await pids_of(peer, run)
    own = await peer.add("ends-its-own", timeout_seconds=4)
    [own_pid] = await pids_of(peer, own)
    assert (await peer.outcome(run))["error"]["code"] == "timeout"
    assert not lives(pid)
    assert (await peer.outcome(own))["error"]["code"] == "timeout"
    assert not lives(own_pid)
    assert [line["message"] for line in peer.said(own, "log")] == ["ended with -15"]


async def test_what_a_handler_leaves_running_by_intent_goes_on(peer: Peer, start: Start) -> None:
    await start(JOBS)
    pid = (await peer.outcome(await peer.add("leaves-running")))["result"]
    run = await peer.add("starts", "exec", timeout_seconds=600)
    await pids_of(peer, run)
    peer.cancelled.add(run)
    assert (await peer.outcome(run))["type"] == "cancelled"
    await asyncio.sleep(0)
    assert lives(pid)


async def test_starting_processes_looks_as_it_did(peer: Peer, start: Start) -> None:
    await start(JOBS)
    assert "shell" in (await peer.outcome(await peer.add("signature-of-popen")))["result"]
