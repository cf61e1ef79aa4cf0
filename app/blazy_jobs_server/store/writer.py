"""Group commit: one thread and one connection write, and everything asked while a commit is under way shares the next.

The thread takes all that has been submitted, runs it in one transaction, commits, and only then answers. So the price
of a durable commit is paid once for many requests, and no request is answered before it is durable.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, Generic, Protocol, TypeVar

from blazy_jobs_server.domain.audit import Act

R = TypeVar("R")
C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)


class Work(Generic[R]):
    """One verb asked for by one caller, or by one for several `requests`, and the future that it awaits. `act` says for
    whom, where the audit log is to tell of it.

    `order` sorts the verbs of one transaction: what makes room or work comes before what takes it.
    """

    __slots__ = ("act", "argument", "future", "order", "requests", "verb")

    def __init__(
        self, order: int, verb: str, argument: Any, future: asyncio.Future[R], requests: int, act: Act | None
    ) -> None:
        self.order = order
        self.verb = verb
        self.argument = argument
        self.future = future
        self.requests = requests
        self.act = act


class Session(Protocol[C_co]):
    """What the writer drives, on its own thread."""

    def begin(self) -> None: ...
    def perform(self, verb: str, arguments: list[Any], acts: list[Act | None]) -> list[Any]:
        """Results in the order of `arguments`; an exception instance stands for a refusal of that one alone."""
        ...

    def commit(self) -> C_co:
        """Commits, and says what the engine must be told."""
        ...

    def rollback(self) -> None: ...
    def failed(self, error: Exception) -> Exception:
        """What callers are told of a failed transaction."""
        ...

    def transient(self, error: Exception) -> bool:
        """The database itself failed, so trying the same one by one is of no use."""
        ...


class Writer(Generic[C]):
    """Call `submit` on the event loop's thread only. `committed` is told what changed, how many requests asked for it,
    and how many seconds the transaction took. Of a commit's answers those to the verb `answered_first` are."""

    def __init__(
        self,
        session: Session[C],
        committed: Callable[[C, int, float], None],
        max_batch: int = 512,
        answered_first: str = "",
    ) -> None:
        self._session = session
        self._committed = committed
        self._max_batch = max_batch
        self._answered_first = answered_first
        self._inbox: SimpleQueue[list[Work[Any]] | None] = SimpleQueue()
        self._gathering: list[Work[Any]] = []
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._closed = False
        self._thread.start()

    def submit(
        self, order: int, verb: str, argument: Any, requests: int = 1, act: Act | None = None
    ) -> asyncio.Future[Any]:
        if self._closed:
            raise RuntimeError("the writer is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        if not self._gathering:
            # Two turns of the loop later: a worker's report and its next claim, or the requests of many clients, come
            # together, and shall share a commit.
            self._loop.call_soon(self._loop.call_soon, self._hand_over)
        self._gathering.append(Work(order, verb, argument, future, requests, act))
        return future

    def _hand_over(self) -> None:
        gathered, self._gathering = self._gathering, []
        if gathered:
            self._inbox.put(gathered)

    async def close(self) -> None:
        """Everything submitted before is still written. Closing twice is harmless."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while True:
            batch = self._inbox.get()
            if batch is None:
                return
            closing = False
            while len(batch) < self._max_batch and not closing:
                try:
                    more = self._inbox.get_nowait()
                except Empty:
                    break
                if more is None:
                    closing = True
                else:
                    batch += more
            self._write(batch)
            if closing:
                return

    def _write(self, batch: list[Work[Any]]) -> None:
        error = self._try(batch)
        if error is None:
            return
        if len(batch) == 1 or self._session.transient(error):
            answer = self._session.failed(error)
            self._tell(self._answer, [(work, answer) for work in batch], None, 0.0)
            return
        # One of them spoils the transaction for all: each by itself, so that only that one fails.
        for work in batch:
            self._write([work])

    def _try(self, batch: list[Work[Any]]) -> Exception | None:
        session = self._session
        answers: list[tuple[Work[Any], Any]] = []
        began = perf_counter()
        try:
            session.begin()
            groups: dict[tuple[int, str], list[Work[Any]]] = {}
            for work in batch:
                groups.setdefault((work.order, work.verb), []).append(work)
            for (_, verb), works in sorted(groups.items(), key=lambda item: item[0]):
                results = session.perform(verb, [work.argument for work in works], [work.act for work in works])
                answers.extend(zip(works, results, strict=True))
            commit = session.commit()
        except Exception as error:  # noqa: BLE001  # told to every caller, or narrowed to the one it belongs to
            session.rollback()
            return error
        self._tell(self._answer, answers, commit, perf_counter() - began)
        return None

    def _tell(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:
            # The loop is closed: nobody waits for the answer any more, and what was committed is committed.
            return

    def _answer(self, answers: list[tuple[Work[Any], Any]], commit: C | None, seconds: float) -> None:
        if commit is not None:
            self._committed(commit, sum(work.requests for work, _ in answers), seconds)
        if self._answered_first:
            answers.sort(key=lambda pair: pair[0].verb != self._answered_first)
        for work, answer in answers:
            if work.future.cancelled():
                continue
            if isinstance(answer, Exception):
                work.future.set_exception(answer)
            else:
                work.future.set_result(answer)
