"""With few file descriptors allowed all kinds of handlers run, and where they run out the log says so."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
from collections.abc import Iterator

import pytest
from blazy_jobs.worker.descriptors import say_if_run_out

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

JOBS = "tests/field/descriptors.py"


@pytest.fixture
def few(request: pytest.FixtureRequest) -> Iterator[int]:
    """The limit that the workers inherit; this process has its descriptors already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (request.param, hard))
    yield request.param
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("few", [512, 256, 100, 64], indirect=True)
async def test_handlers_of_every_kind_run_with_few_descriptors(peer: Peer, start: Start, few: int) -> None:
    worker = await start(JOBS)
    for job in ("echo", "echo-sync", "echo-thread"):
        for alone in (False, True):
            assert (await peer.outcome(await peer.add(job, 1, alone=alone)))["result"] == 1
    assert "Traceback" not in worker.words()


@pytest.mark.parametrize("few", [256], indirect=True)
@pytest.mark.parametrize("job", ["takes-all", "takes-all-sync"])
async def test_running_out_of_descriptors_is_said_in_one_line(peer: Peer, start: Start, few: int, job: str) -> None:
    worker = await start(JOBS)
    for _ in range(3):
        outcome = await peer.outcome(await peer.add(job))
        assert (outcome["type"], outcome["error"]["type"]) == ("failed", "OSError")
    lines = [line for line in worker.words().splitlines() if "descriptors have run out" in line]
    assert len(lines) == 1, worker.words()
    assert "ulimit -n" in lines[0]
    assert (await peer.outcome(await peer.add("echo", 1)))["result"] == 1


async def test_a_worker_that_can_start_no_process_says_why_goes_on_and_runs_it_later(peer: Peer, start: Start) -> None:
    worker = await start(JOBS)
    pid = worker.process.pid
    assert (await peer.outcome(await peer.add("echo", 1)))["result"] == 1
    # All connections are there, those for the claims of both kinds too: the limit is for the process to come.
    await peer.until(lambda: len(+peer.claiming) == 2)
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), hard))
    sync = await peer.add("echo-sync", 1)
    async with asyncio.timeout(stretched(30)):
        while "descriptors have run out" not in worker.words():  # noqa: ASYNC110  # a log sets no asyncio.Event
            await asyncio.sleep(0.05)
    assert (await peer.outcome(sync))["type"] == "released", "it was kept where it cannot begin"
    assert (await peer.outcome(await peer.add("echo", 2)))["result"] == 2
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, hard))
    while (await peer.outcome(await peer.add("echo-sync", 3)))["type"] == "released":
        pass
    assert "Traceback" not in worker.words()


def test_it_is_seen_wherever_it_stands_among_the_causes() -> None:
    def caused(error: BaseException, cause: BaseException) -> BaseException:
        error.__cause__ = cause
        return error

    run_out = OSError(errno.EMFILE, "too many")
    for error in (
        run_out,
        OSError(errno.ENFILE, "too many"),
        caused(RuntimeError(), caused(ValueError(), run_out)),
        ExceptionGroup("several", [ValueError(), caused(KeyError(), run_out)]),
    ):
        assert say_if_run_out(error)
    looped = ValueError()
    looped.__cause__ = caused(KeyError(), looped)
    for error in (None, looped, OSError(errno.ENOENT, "none"), ExceptionGroup("several", [ValueError()])):
        assert not say_if_run_out(error)
