"""One writing transaction on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import asyncpg

from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.store.changes import Changes, change_row, completion_row, fail_row, start_row
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.connecting import Overtaken
from blazy_jobs_server.store.rows import RUN_COLUMNS, event_row, to_run

LEASE_UNTIL = len(RUN_COLUMNS)
WRITER = LEASE_UNTIL + 1
SIDE_BY_SIDE = 1 << 24
"""More transactions than there can be from the beginning to the end of one: by this, one that is ahead is told from one
of long ago, since what a row bears of their numbers begins again after 2^32."""
Part = tuple[str, list[Any]]
"""A statement and its parameters."""
_PLACE = re.compile(r"\$(\d+)")


class Transaction(Changes):
    """Begun already. `number` is PostgreSQL's of it, and `shard` where this server counts."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        ledger: Ledger,
        now: int,
        draw: Callable[[], float],
        *,
        number: int,
        first_event: int,
        shard: int,
        due: bool,
        workers: frozenset[int],
    ) -> None:
        super().__init__(ledger, now, draw)
        self.connection = connection
        self._number = number
        self._next_event = first_event
        self._end_of_events = first_event + (1 << sql.EVENT_BITS)
        self._shard = shard
        self._due = due
        self.workers = workers
        """In one that claims: those of the claims that are there, and stay until the end."""
        self.rates = {}
        """Those whose limits are locked."""
        self._later: list[Part] = []
        self.locked: dict[int, Run] = {}
        """Runs that nobody else can change until the end, without their payloads."""
        self.cancelling: set[int] = set()
        """Workers whose handlers are asked to end."""
        self.definitions = False
        """Whether a job type, queue, lane or worker has changed."""

    @property
    def due(self) -> bool:
        """In one that claims: whether the time of some run has come, to start or to expire."""
        return self._due or (self.news.due_at is not None and self.news.due_at <= self.now)

    # -- reading: what was noted is written before

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        await self.flush()
        found: list[Any] = await self.connection.fetch(statement, *parameters)
        return found

    async def value(self, statement: str, *parameters: Any) -> Any:
        await self.flush()
        return await self.connection.fetchval(statement, *parameters)

    async def runs(self, statement: str, *parameters: Any) -> list[Run]:
        """Of a statement that selects RUN or HEAD."""
        return [as_run(row, self.ledger) for row in await self.rows(statement, *parameters)]

    async def locked_runs(self, statement: str, *parameters: Any) -> list[Run]:
        """Of one that locks them, so that they can be changed. Raises Overtaken."""
        rows = await self.rows(statement, *parameters)
        if any(self._overtaken(row) for row in rows):
            raise Overtaken
        return [as_run(row, self.ledger) for row in rows]

    async def free_runs(self, statement: str, *parameters: Any) -> list[Run]:
        """The same, without those that a later transaction has written."""
        rows = await self.rows(statement, *parameters)
        return [as_run(row, self.ledger) for row in rows if not self._overtaken(row)]

    def _overtaken(self, row: Any) -> bool:
        written_by: int = row[WRITER]
        return 0 < (written_by - self._number) % (1 << 32) < SIDE_BY_SIDE

    async def lock(self, run_ids: Iterable[int]) -> None:
        """In the order of keys, as all who lock several do: so none waits for one that waits for it."""
        wanted = [run_id for run_id in run_ids if run_id not in self.locked]
        if wanted:
            for run in await self.locked_runs(sql.LOCK_RUNS, wanted):
                self.locked[run.id] = run

    # -- writing

    @property
    def first_event(self) -> int:
        """The key of the next event, for a statement that may write some."""
        return self._next_event

    def next_event_keys(self, number: int) -> int:
        """The first of so many, each one more than the one before."""
        key = self._next_event
        if key + number > self._end_of_events:
            raise OverflowError("too many events for one transaction")
        self._next_event = key + number
        return key

    def next_event_key(self) -> int:
        return self.next_event_keys(1)

    async def execute(self, statement: str, *parameters: Any) -> int:
        """How many rows it touched."""
        await self.flush()
        status = await self.connection.execute(statement, *parameters)
        return int(status.rpartition(" ")[2])

    def later(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Notes a statement that takes an array a column. Of those that are written together none touches a row that
        another touches."""
        if rows:
            self._later.append((statement, [list(column) for column in zip(*rows, strict=True)]))

    def later_at_once(self, statement: str, parameters: Sequence[Any]) -> None:
        """Notes a statement with its parameters."""
        self._later.append((statement, list(parameters)))

    def moved(self, run_id: int) -> bool:
        """Whether its row is going to be written."""
        return run_id in self._moved

    async def flush(self) -> None:
        """Writes what was noted, all in one statement: each one is a way to the database and back."""
        await self._send(self._noted())

    async def finish(self) -> None:
        """Counts come last: other transactions of this server wait for their rows until this one ends."""
        parts = self._noted()
        changes = self.changed_counts()
        if changes:
            parts.append((sql.COUNT, [*(list(column) for column in zip(*changes, strict=True)), self._shard]))
        rates = self.changed_rates()
        if rates:
            parts.append((sql.SAVE_RATES, [list(column) for column in zip(*rates, strict=True)]))
        errors = self.changed_errors()
        if errors:
            parts.append((sql.COUNT_ERRORS, [*(list(column) for column in zip(*errors, strict=True)), self._shard]))
        await self._send(parts)

    def _noted(self) -> list[Part]:
        moves = self.take_moves()
        self.later(sql.START, [(*start_row(run), run.lease_until) for run in moves.starts])
        self.later(sql.COMPLETE, [completion_row(run) for run in moves.completions])
        self.later(sql.CHANGE, [(*change_row(run), run.lease_until) for run in moves.changes])
        self.later(sql.FAIL, [(*fail_row(run), run.lease_until) for run in moves.failures])
        self.later(sql.INSERT_EVENTS, [event_row(event) for event in self.take_events()])
        parts, self._later = self._later, []
        return parts

    async def _send(self, parts: list[Part]) -> None:
        if parts:
            statement = together(tuple(statement for statement, _ in parts))
            await self.connection.execute(statement, *(value for _, values in parts for value in values))


@lru_cache(maxsize=512)
def together(statements: tuple[str, ...]) -> str:
    """One statement that does what all of them do, at once, and takes the parameters of one after the other."""
    if len(statements) == 1:
        return statements[0]
    numbered, taken = [], 0
    for statement in statements:
        numbered.append(_PLACE.sub(lambda place, taken=taken: f"${int(place[1]) + taken}", statement))  # type: ignore[misc]
        taken += max(int(number) for number in _PLACE.findall(statement))
    first = ", ".join(f"part{n} AS ({statement})" for n, statement in enumerate(numbered[:-1]))
    return f"WITH {first} {numbered[-1]}"


def as_run(row: Any, ledger: Ledger) -> Run:
    run = to_run(row, ledger)
    run.lease_until = row[LEASE_UNTIL]
    return run
