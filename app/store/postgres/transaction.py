"""One writing transaction on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import asyncpg

from app.domain.run import Run
from app.store.changes import Changes, Fits, change_row, completion_row, start_row
from app.store.ledger import Ledger
from app.store.postgres import statements as sql
from app.store.rows import RUN_COLUMNS, event_row, to_run

LEASE_UNTIL = len(RUN_COLUMNS)


class Transaction(Changes):
    """Begun already. `tx` is PostgreSQL's number of it, and `shard` where this server counts."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        ledger: Ledger,
        now: int,
        draw: Callable[[], float],
        fits: Fits,
        *,
        first_event: int,
        shard: int,
    ) -> None:
        super().__init__(ledger, now, draw, fits)
        self.connection = connection
        self._next_event = first_event
        self._end_of_events = first_event + (1 << sql.EVENT_BITS)
        self._shard = shard
        self.locked: dict[int, Run] = {}
        """Runs that nobody else can change until the end, without their payloads."""
        self.cancelling: set[int] = set()
        """Workers whose handlers are asked to end."""
        self.definitions = False
        """Whether a job type, queue, lane or worker has changed."""

    # -- reading

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        found: list[Any] = await self.connection.fetch(statement, *parameters)
        return found

    async def value(self, statement: str, *parameters: Any) -> Any:
        return await self.connection.fetchval(statement, *parameters)

    async def runs(self, statement: str, *parameters: Any) -> list[Run]:
        """Of a statement that selects RUN or HEAD."""
        return [as_run(row, self.ledger) for row in await self.rows(statement, *parameters)]

    async def lock(self, run_ids: Iterable[int]) -> None:
        """In the order of keys, as all who lock several do: so none waits for one that waits for it."""
        wanted = [run_id for run_id in run_ids if run_id not in self.locked]
        if wanted:
            for run in await self.runs(sql.LOCK_RUNS, wanted):
                self.locked[run.id] = run

    # -- writing

    def next_event_key(self) -> int:
        key = self._next_event
        if key >= self._end_of_events:
            raise OverflowError("too many events for one transaction")
        self._next_event = key + 1
        return key

    async def execute(self, statement: str, *parameters: Any) -> int:
        """How many rows it touched."""
        status = await self.connection.execute(statement, *parameters)
        return int(status.rpartition(" ")[2])

    async def write(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """A statement that takes an array a column."""
        if rows:
            await self.connection.execute(statement, *(list(column) for column in zip(*rows, strict=True)))

    async def flush(self) -> None:
        """Writes what was noted. Called after each group of verbs, so that the next one reads it."""
        moves = self.take_moves()
        await self.write(sql.START, [(*start_row(run), run.lease_until) for run in moves.starts])
        await self.write(sql.COMPLETE, [completion_row(run) for run in moves.completions])
        await self.write(sql.CHANGE, [(*change_row(run), run.lease_until) for run in moves.changes])
        await self.write(sql.INSERT_EVENTS, [event_row(event) for event in self.take_events()])

    async def save_counts(self) -> None:
        """Last of all: other transactions of this server wait for these rows."""
        changes = self.changed_counts()
        if changes:
            await self.execute(sql.COUNT, *(list(column) for column in zip(*changes, strict=True)), self._shard)


def as_run(row: Any, ledger: Ledger) -> Run:
    run = to_run(row, ledger)
    run.lease_until = row[LEASE_UNTIL]
    return run
