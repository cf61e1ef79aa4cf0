"""Plain dispatches that arrive together are stored together, and each is answered by itself."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Generic, TypeVar

from blazy_jobs_server.engine.catalogue import Entry
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.ports import Dispatched

A = TypeVar("A")

MAX_RUNS = 512
MAX_BYTES = 1 << 20


class Group(Generic[A]):
    """Dispatches of one turn of the loop for one job type: their payloads (JSON texts), by whose key they are, and who
    asked for each."""

    __slots__ = ("askers", "began", "bytes", "created_by", "entry", "payloads")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.created_by: list[str | None] = []
        self.payloads: list[str] = []
        self.askers: list[A] = []
        self.bytes = 0
        self.began = perf_counter()

    def has_room(self, entry: Entry) -> bool:
        return self.entry is entry and len(self.payloads) < MAX_RUNS and self.bytes < MAX_BYTES


class Gathering(Generic[A]):
    """`stored` is told how each group went: an error says that nothing of it is stored."""

    def __init__(self, dispatcher: Dispatcher, stored: Callable[[Group[A], Dispatched | Exception], None]) -> None:
        self._dispatcher = dispatcher
        self._stored = stored
        self._tasks = Tasks()
        self._open: dict[str, Group[A]] = {}

    def add(self, entry: Entry, payload: str, created_by: str | None, asker: A) -> None:
        """A run of a job type that lets none expire, and whose schema the payload (JSON text) fits."""
        name = entry.job_type.name
        alone = self._dispatcher.may_be_full(entry)
        group = self._open.get(name)
        if alone or group is None or not group.has_room(entry):
            group = Group(entry)
            if not alone:  # what is stored together is refused together
                self._open[name] = group
            self._tasks.spawn("store dispatches", self._store(group))
        group.payloads.append(payload)
        group.created_by.append(created_by)
        group.askers.append(asker)
        group.bytes += len(payload)

    async def _store(self, group: Group[A]) -> None:
        name = group.entry.job_type.name
        if self._open.get(name) is group:
            del self._open[name]
        number, first = len(group.payloads), group.created_by[0]
        created_by = first if group.created_by.count(first) == number else group.created_by
        outcome: Dispatched | Exception
        try:
            outcome = await self._dispatcher.store_plain(group.entry, group.payloads, None, created_by, requests=number)
        except Exception as error:  # noqa: BLE001  # told to each asker
            outcome = error
        self._stored(group, outcome)
