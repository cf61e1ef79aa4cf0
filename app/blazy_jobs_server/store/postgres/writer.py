"""Group commit: everything asked while a transaction is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any

from blazy_jobs_server.domain.audit import Act
from blazy_jobs_server.store.postgres.at_once import Done, merged, rest_of
from blazy_jobs_server.store.postgres.connecting import away, crossed, unavailable
from blazy_jobs_server.store.postgres.session import Session, Told, Work

MAX_ORDERS = 20_000
"""Runs made in one transaction: its events have numbers of 20 bits, and others wait for its locks."""
TRIES = 3


class Writer:
    """`together` works at most share a transaction. `committed` is told what changed, how many requests asked for
    it, and how many seconds the transaction took."""

    def __init__(self, session: Session, committed: Callable[[Told, int, float], None], *, together: int) -> None:
        self._session = session
        self._committed = committed
        self._together = together
        self._inbox: list[Work] = []
        self._wake = asyncio.Event()
        self._closed = False
        self._task = asyncio.get_running_loop().create_task(self._work(), name="writer")

    def submit(self, verb: str, argument: Any, act: Act | None = None) -> asyncio.Future[Any]:
        if self._closed:
            raise RuntimeError("the writer is closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._inbox.append(Work(verb, argument, future, act))
        self._wake.set()
        return future

    async def close(self) -> None:
        """Everything submitted before is still written. Closing twice is harmless."""
        self._closed = True
        self._wake.set()
        await self._task
        await self._session.close()

    async def _work(self) -> None:
        while self._inbox or not self._closed:
            if not self._inbox:
                self._wake.clear()
                await self._wake.wait()
                # A turn of the loop later: what many ask for at once comes together, and shall share a commit.
                await asyncio.sleep(0)
                continue
            await self._write(self._next_batch())

    def _next_batch(self) -> list[Work]:
        orders = 0
        for size, work in enumerate(self._inbox):
            if work.verb == "dispatch":
                orders += work.argument.number
            if size and (size >= self._together or orders > MAX_ORDERS):
                batch, self._inbox = self._inbox[:size], self._inbox[size:]
                return batch
        batch, self._inbox = self._inbox, []
        return batch

    async def _write(self, batch: list[Work]) -> None:
        batch = await self._at_once(batch)
        if batch:
            await self._write_together(batch)

    async def _at_once(self, batch: list[Work]) -> list[Work]:
        """What is left of them for an ordinary transaction."""
        began = perf_counter()
        try:
            found = await self._session.perform_at_once(batch)
        except Exception as error:  # noqa: BLE001  # told to every caller, or again by the ordinary transaction
            if not away(error):
                return batch
            for work in batch:
                _answer(work, unavailable(error))
            return []
        if found is None:
            return batch
        done, told = found
        self._committed(told, len(batch), perf_counter() - began)
        left: list[Work] = []
        judged = iter(done.judged)
        for work in batch:
            if work.verb == "claim":
                if done.left:
                    left.append(_rest_of(work, done))
                else:
                    _answer(work, [done.leased])
            elif (answer := next(judged)) is None:
                left.append(work)  # what has ended is judged as what was said before
            else:
                _answer(work, answer)
        return left

    async def _write_together(self, batch: list[Work]) -> None:
        error: Exception | None = None
        for _ in range(TRIES):
            error = await self._try(batch)
            if error is None:
                return
            if not crossed(error):
                break
        assert error is not None
        if len(batch) == 1 or away(error):
            answer = unavailable(error) if away(error) or crossed(error) else error
            for work in batch:
                _answer(work, answer)
            return
        # One of them spoils the transaction for all: each by itself, so that only that one fails.
        for work in batch:
            await self._write_together([work])

    async def _try(self, batch: list[Work]) -> Exception | None:
        began = perf_counter()
        try:
            answers, told = await self._session.perform(batch)
        except Exception as error:  # noqa: BLE001  # told to every caller, or narrowed to the one it belongs to
            return error
        requests = sum(work.argument.requests if work.verb == "dispatch" else 1 for work in batch)
        self._committed(told, requests, perf_counter() - began)
        for work, answer in zip(batch, answers, strict=True):
            _answer(work, answer)
        return None


def _answer(work: Work, answer: Any) -> None:
    if work.future.done():
        return  # its caller went away
    if isinstance(answer, Exception):
        work.future.set_exception(answer)
    else:
        work.future.set_result(answer)


def _rest_of(work: Work, done: Done) -> Work:
    """The claim of the runs that are still to be leased one by one; where that fails, it has the others alone."""
    rest: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def finish(ended: asyncio.Future[Any]) -> None:
        failed = ended.cancelled() or ended.exception() is not None
        _answer(work, [done.leased if failed else merged(done.leased, ended.result()[0])])

    rest.add_done_callback(finish)
    return Work(work.verb, rest_of(work.argument, done.left), rest)
