"""The worker's one connection: where nobody answers, and where two ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from blazy_jobs.worker.http import Connection, Endpoint, HungUp, Unanswered


@pytest.mark.parametrize("turns", range(8))
async def test_a_cancel_is_heard_at_whatever_step_a_failing_connection_is(tmp_path: Path, turns: int) -> None:
    connection = Connection(Endpoint(None, str(tmp_path / "nobody.sock")))
    tries = 0

    async def try_again() -> None:
        nonlocal tries
        while tries < 100:
            tries += 1
            with pytest.raises(Unanswered):
                await connection.request("POST", "/v1/workers", b"{}", 5)
            await asyncio.sleep(0)

    trying = asyncio.create_task(try_again())
    for _ in range(turns):
        await asyncio.sleep(0)
    trying.cancel()
    await asyncio.wait([trying])
    assert trying.cancelled(), f"it went on for {tries} tries"


@asynccontextmanager
async def connected(folder: Path, answer: Callable[[bytes], Awaitable[bytes]]) -> AsyncIterator[Connection]:
    """To a server that answers a request's path with what `answer` makes of it."""
    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = asyncio.Event()
        ended.append(end)
        try:
            while True:
                body = await answer((await reader.readuntil(b"\r\n\r\n")).split()[1])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            end.set()

    async with await asyncio.start_unix_server(serve, folder / "server.sock"):
        connection = Connection(Endpoint(None, str(folder / "server.sock")))
        yield connection
        connection.close()
        for end in ended:
            await end.wait()


@pytest.mark.timeout(20)
async def test_two_who_ask_at_once_get_each_their_own_answer(tmp_path: Path) -> None:
    async def answer(path: bytes) -> bytes:
        await asyncio.sleep(0.05)
        return path

    paths = [f"/v1/{n}" for n in range(4)]
    async with connected(tmp_path, answer) as connection:
        answers = await asyncio.gather(*(connection.request("GET", path, None, 5) for path in paths))
    assert [answer.body.decode() for answer in answers] == paths


@pytest.mark.timeout(20)
async def test_who_gives_up_waiting_for_its_turn_leaves_the_other_its_answer(tmp_path: Path) -> None:
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def answer(path: bytes) -> bytes:
        asked.set()
        await goes_on.wait()
        return path

    async with connected(tmp_path, answer) as connection:
        first = asyncio.create_task(connection.request("GET", "/first", None, 10))
        await asked.wait()
        with pytest.raises(Unanswered):
            await connection.request("GET", "/second", None, 0.05)
        goes_on.set()
        assert (await first).body == b"/first"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("answered", [True, False])
async def test_what_was_sent_before_a_hang_up_is_taken(tmp_path: Path, answered: bool) -> None:
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def answer(path: bytes) -> bytes:
        asked.set()
        await goes_on.wait()
        return path

    async with connected(tmp_path, answer) as connection:
        request = asyncio.create_task(connection.request("GET", "/leases", None, 10))
        await asked.wait()
        connection.hang_up()
        if answered:
            goes_on.set()
            assert (await request).body == b"/leases"
        else:
            with pytest.raises(HungUp):
                await request
            goes_on.set()
        assert (await connection.request("GET", "/after", None, 10)).body == b"/after"
