"""Group commit: what comes together shares one commit, and nobody pays for another's fault."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from blazy_jobs_server.store.writer import Writer


class Spoiled(Exception):
    """A verb that brings its whole transaction down."""


class Down(Exception):
    """The database itself failed."""


class Unavailable(Exception):
    pass


class Ledger:
    """A session that keeps what was committed, and fails where it is told to."""

    def __init__(self) -> None:
        self.committed: list[list[Any]] = []
        self.performed: list[tuple[str, list[Any]]] = []
        self.rolled_back = 0
        self.commit_fails: list[Exception] = []
        self.begin_fails: list[Exception] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self._open: list[Any] | None = None

    def begin(self) -> None:
        assert self._open is None, "one transaction at a time"
        if self.begin_fails:
            raise self.begin_fails.pop(0)
        self.threads.add(threading.current_thread().name)
        self._open = []
        self.entered.set()
        assert self.gate.wait(10)

    def perform(self, verb: str, arguments: list[Any], acts: list[Any]) -> list[Any]:
        assert self._open is not None
        self.performed.append((verb, arguments))
        if "spoiled" in arguments:
            raise Spoiled
        self._open += arguments
        return [ValueError(argument) if argument == "refused" else f"{argument}!" for argument in arguments]

    def commit(self) -> int:
        assert self._open is not None
        if self.commit_fails:
            raise self.commit_fails.pop(0)
        self.committed.append(self._open)
        self._open = None
        return len(self.committed)

    def rollback(self) -> None:
        self._open = None
        self.rolled_back += 1

    def failed(self, error: Exception) -> Exception:
        return Unavailable(repr(error)) if self.transient(error) else error

    def transient(self, error: Exception) -> bool:
        return isinstance(error, Down)


@pytest.fixture
async def session() -> Ledger:
    return Ledger()


@pytest.fixture
async def told() -> list[tuple[int, int]]:
    """(commit, how many shared it) in the order told."""
    return []


@pytest.fixture
async def writer(session: Ledger, told: list[tuple[int, int]]) -> AsyncIterator[Writer[int]]:
    writer = Writer(session, lambda commit, size, _: told.append((commit, size)), max_batch=4)
    yield writer
    await writer.close()


Submit = Callable[[str], asyncio.Future[Any]]


@pytest.fixture
async def submit(writer: Writer[int]) -> Submit:
    return lambda argument: writer.submit(0, "say", argument)


async def all_of(*futures: asyncio.Future[Any]) -> list[Any]:
    return await asyncio.gather(*futures, return_exceptions=True)


async def test_what_comes_together_shares_a_commit(session: Ledger, submit: Submit, told: list[Any]) -> None:
    assert await all_of(submit("a"), submit("b"), submit("c")) == ["a!", "b!", "c!"]
    assert session.committed == [["a", "b", "c"]]
    assert session.performed == [("say", ["a", "b", "c"])], "one call for the verbs of a kind"
    assert told == [(1, 3)]
    assert session.threads == {"writer"}


async def test_what_comes_a_turn_later_still_shares_it(session: Ledger, submit: Submit) -> None:
    first = submit("a")
    await asyncio.sleep(0)
    assert await all_of(first, submit("b")) == ["a!", "b!"]
    assert session.committed == [["a", "b"]]


async def test_what_comes_during_a_commit_shares_the_next(session: Ledger, submit: Submit, told: list[Any]) -> None:
    session.gate.clear()
    first = submit("a")
    await asyncio.to_thread(session.entered.wait, 10)
    others = []
    for argument in "bcd":
        others.append(submit(argument))
        for _ in range(3):
            await asyncio.sleep(0)
    assert not first.done(), "nobody is answered before the commit"
    session.gate.set()
    assert await all_of(first, *others) == ["a!", "b!", "c!", "d!"]
    assert session.committed == [["a"], ["b", "c", "d"]]
    assert told == [(1, 1), (2, 3)]


async def test_the_engine_hears_of_a_commit_before_its_callers_do(writer: Writer[int], session: Ledger) -> None:
    heard: list[str] = []
    writer._committed = lambda commit, size, _: heard.append("commit")
    future = writer.submit(0, "say", "a")
    future.add_done_callback(lambda _: heard.append("answer"))
    await future
    assert heard == ["commit", "answer"]


async def test_verbs_go_by_their_order_and_keep_that_of_their_callers(writer: Writer[int], session: Ledger) -> None:
    await all_of(
        writer.submit(2, "take", "x1"),
        writer.submit(1, "make", "y1"),
        writer.submit(2, "take", "x2"),
        writer.submit(1, "make", "y2"),
    )
    assert session.performed == [("make", ["y1", "y2"]), ("take", ["x1", "x2"])]


async def test_a_refusal_is_of_one_caller_alone(session: Ledger, submit: Submit) -> None:
    first, refused, last = await all_of(submit("a"), submit("refused"), submit("c"))
    assert (first, last) == ("a!", "c!")
    assert isinstance(refused, ValueError)
    assert len(session.committed) == 1
    assert session.rolled_back == 0


async def test_a_spoiled_verb_fails_alone(session: Ledger, submit: Submit, told: list[Any]) -> None:
    first, spoiled, last = await all_of(submit("a"), submit("spoiled"), submit("c"))
    assert (first, last) == ("a!", "c!")
    assert isinstance(spoiled, Spoiled)
    assert session.committed == [["a"], ["c"]]
    assert session.rolled_back == 2, "all of them together, and the spoiled one by itself"
    assert told == [(1, 1), (2, 1)]


async def test_a_database_that_fails_is_told_to_all_and_tried_once(session: Ledger, submit: Submit) -> None:
    session.commit_fails = [Down("disk full")]
    answers = await all_of(submit("a"), submit("b"))
    assert [type(answer) for answer in answers] == [Unavailable] * 2
    assert (session.committed, session.rolled_back, len(session.performed)) == ([], 1, 1)
    assert await submit("c") == "c!", "the next call tries again"


async def test_a_transaction_that_cannot_begin_is_told_to_all(session: Ledger, submit: Submit, told: list[Any]) -> None:
    session.begin_fails = [Down("locked")]
    answers = await all_of(submit("a"), submit("b"))
    assert [type(answer) for answer in answers] == [Unavailable] * 2
    assert told == []
    assert await submit("c") == "c!"


async def test_a_database_that_fails_while_the_spoiled_one_is_sought_is_told_too(
    session: Ledger, submit: Submit
) -> None:
    session.commit_fails = [Spoiled(), Down("disk full")]
    first, second = await all_of(submit("a"), submit("b"))
    assert isinstance(first, Unavailable)
    assert second == "b!"


async def test_a_caller_that_left_changes_nothing_for_the_others(session: Ledger, submit: Submit) -> None:
    gone, kept = submit("a"), submit("b")
    gone.cancel()
    assert await kept == "b!"
    assert session.committed == [["a", "b"]], "what was asked is done"


async def test_a_batch_ends_when_it_is_full(session: Ledger, submit: Submit) -> None:
    session.gate.clear()
    futures = [submit("first")]
    await asyncio.to_thread(session.entered.wait, 10)
    for argument in "abcdefg":
        futures.append(submit(argument))
        for _ in range(3):
            await asyncio.sleep(0)
    session.gate.set()
    await all_of(*futures)
    assert session.committed == [["first"], ["a", "b", "c", "d"], ["e", "f", "g"]]


async def test_closing_writes_what_was_submitted(session: Ledger, writer: Writer[int], submit: Submit) -> None:
    session.gate.clear()
    running = submit("a")
    await asyncio.to_thread(session.entered.wait, 10)
    handed = submit("b")
    for _ in range(3):
        await asyncio.sleep(0)
    gathered = submit("c")
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    session.gate.set()
    await closing
    assert await all_of(running, handed, gathered) == ["a!", "b!", "c!"]
    assert [argument for batch in session.committed for argument in batch] == ["a", "b", "c"]
    assert session.committed[0] == ["a"]


async def test_a_closed_writer_takes_nothing_and_closes_again(writer: Writer[int], submit: Submit) -> None:
    assert await submit("a") == "a!"
    await writer.close()
    await writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        submit("b")
