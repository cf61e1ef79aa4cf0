"""A worker notices soon that its server cannot be used, says which one and why, and outlives the rotation of a key."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from blazy_jobs.address import ApiKey
from blazy_jobs.worker.http import Endpoint
from blazy_jobs.worker.session import Refused, Session

from tests.support.programs import running
from tests.support.server import REPO
from tests.support.speed import stretched

REGISTERED = {"id": "wrk_1", "lease_seconds": 2.5, "heartbeat_seconds": 0.5, "conflicts": []}
Answer = tuple[int, Any] | None
"""None: nothing is said, and the connection stays open."""


class Scripted:
    """A server whose answer to each request is `answer(path, headers)`."""

    def __init__(self, answer: Callable[[str, str], Answer]) -> None:
        self._answer = answer
        self.asked: list[tuple[str, int]] = []
        """The paths, with the number of the connection on which they came."""
        self.bodies: list[bytes] = []
        self._connections = 0
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Scripted:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(stretched(60)), self._changed:
            await self._changed.wait_for(condition)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._connections += 1
        number = self._connections
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line.split(":")[1] for line in head.splitlines() if line.startswith("Content-Length")]
                length = int(lengths[0]) if lengths else 0
                given = await reader.readexactly(length)
                path = head.split()[1]
                async with self._changed:
                    self.asked.append((path, number))
                    self.bodies.append(given)
                    self._changed.notify_all()
                answer = self._answer(path, head)
                if answer is not None:
                    body = orjson.dumps(answer[1])
                    writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (answer[0], len(body)) + body)
        writer.close()


async def session_at(server: Scripted, key: ApiKey | None = None) -> tuple[Session, list[None]]:
    answered: list[None] = []
    session = Session(Endpoint(server.url, None, key), {"name": "w", "job_types": ["a"]}, lambda: answered.append(None))
    await session.register()
    return session, answered


async def ended(work: Awaitable[Any]) -> None:
    task = asyncio.ensure_future(work)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def claiming_on(session: Session) -> None:
    while True:
        await session.claim(1)


async def test_a_claim_that_waits_is_asked_anew_when_reports_are_not_answered() -> None:
    """Both go through the same network: what swallows one has swallowed the other."""

    def answer(path: str, _: str) -> Answer:
        return (201, REGISTERED) if path == "/v1/workers" else None

    async with Scripted(answer) as server:
        session, _ = await session_at(server)
        claiming = asyncio.create_task(claiming_on(session))
        claims = "/v1/workers/wrk_1/claim"
        await server.until(lambda: claims in [path for path, _ in server.asked])
        reporting = asyncio.create_task(session.report([], list, renew=False))
        await server.until(lambda: len({number for path, number in server.asked if path == claims}) > 1)
        await ended(reporting)
        await ended(claiming)
        session.close()


async def test_a_report_that_is_answered_late_renews_all_leases_whenever_it_is_sent_again() -> None:
    """Nothing else renews them meanwhile."""
    answers: list[Answer] = [None, (503, {"code": "too_busy"}), (200, {"data": [{}], "holding": [], "drain": False})]

    def answer(path: str, _: str) -> Answer:
        return (201, REGISTERED) if path == "/v1/workers" else answers.pop(0)

    async with Scripted(answer) as server:
        session, answered = await session_at(server)
        holding = iter((["run_1"], ["run_1", "run_2"], []))
        await session.report([b'{"run_id":"run_3"}'], lambda: next(holding), renew=False)
        sent = [orjson.loads(body) for body in server.bodies[1:]]
        assert [body["holding"] for body in sent] == [[], ["run_1"], ["run_1", "run_2"]]
        assert [body["reports"] for body in sent] == [[{"run_id": "run_3"}]] * 3
        assert len(answered) == 3, "a server that is busy is there"
        session.close()


async def test_a_claim_that_is_not_answered_is_given_up_within_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    from blazy_jobs.worker import session as sessions

    assert sessions.CLAIM_WAIT_SECONDS + sessions.ANSWER_SECONDS <= 15
    monkeypatch.setattr(sessions, "CLAIM_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(sessions, "ANSWER_SECONDS", 0.2)
    async with Scripted(lambda path, _: (201, REGISTERED) if path == "/v1/workers" else None) as server:
        session, _ = await session_at(server)
        assert await session.claim(1) is None
        session.close()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused_is_read_anew(tmp_path: Path, status: int) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    accepted = "old"

    def answer(path: str, head: str) -> Answer:
        if f"Bearer {accepted}\r\n" not in head:
            return status, {"code": "unauthorized", "detail": "no"}
        if path == "/v1/workers":
            return 201, REGISTERED
        return (200, {"data": [], "holding": [], "drain": False}) if path.endswith("report") else (204, None)

    async with Scripted(answer) as server:
        session, answered = await session_at(server, ApiKey(path=path))
        accepted = "new"
        before = len(server.asked)
        reporting = asyncio.create_task(session.report([], list))
        heard = len(answered)
        assert await session.claim(1) is None, "it is no reason to leave"
        await server.until(lambda: len(server.asked) > before + 3)
        assert len(answered) == heard, "it counts as no answer: handlers end before their leases do"
        path.write_text("newer")
        accepted = "newer"
        assert (await reporting)["drain"] is False
        session.close()


async def test_a_first_key_that_is_refused_ends_a_worker_with_the_address() -> None:
    async with Scripted(lambda *_: (401, {"code": "unauthorized", "detail": "no key"})) as server:
        with pytest.raises(Refused, match=f"{server.url}: 401 unauthorized: no key"):
            await session_at(server, ApiKey("wrong"))


@pytest.mark.system
@pytest.mark.parametrize("url", ["http://127.0.0.1:9/prefix", "http://no-such-host.invalid:8000"])
def test_a_wrong_address_is_told_while_it_is_tried(tmp_path: Path, url: str) -> None:
    (tmp_path / "one.py").write_text("from blazy_jobs import Jobs\njobs = Jobs()\n@jobs.job\nasync def a(): ...\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
    command = [sys.executable, "-m", "blazy_jobs.worker", str(tmp_path / "one.py"), "--url", url]
    with running(command, env=env | {"PYTHONPATH": str(REPO)}, stderr=subprocess.PIPE, text=True) as worker:
        said = next(line for line in worker.stderr if url in line)
        assert worker.poll() is None, "it is told before it gives up"
        assert "cannot be used" in said
        last = [line for line in worker.stderr if url in line][-1]
        assert "no server for the duration of a lease: the worker exits" in last
        assert worker.wait() == 4
