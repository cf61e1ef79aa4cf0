"""One transaction of the writer: what all verbs that share it read from and write to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.lifecycle import Transition
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.changes import Changes, change_row, completion_row, fail_row, start_row
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.rows import event_row, pack, to_run


class Transaction(Changes):
    def __init__(self, cursor: sqlite3.Cursor, ledger: Ledger, now: int, draw: Callable[[], float]) -> None:
        super().__init__(ledger, now, draw)
        self.cursor = cursor

    # -- reading

    def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """The rows of a statement that gives them as one JSON text."""
        answer: list[Any] = orjson.loads(self.cursor.execute(statement, parameters).fetchone()[0])
        return answer

    def ids(self, statement: str, *parameters: Any) -> list[int]:
        return [row[0] for row in self.cursor.execute(statement, parameters).fetchall()]

    def heads(self, run_ids: Iterable[int]) -> dict[int, Run]:
        """The runs without their payloads: those leased out from memory, the others read. Those that were in a batch
        are leases of their own then."""
        found: dict[int, Run] = {}
        unknown: list[int] = []
        leases = self.ledger.leases
        for run_id in run_ids:
            leased = leases.get(run_id)
            if leased is not None:
                found[run_id] = leased
            else:
                unknown.append(run_id)
        if unknown:
            for row in self.rows(sql.HEADS_BY_ID, pack(unknown)):
                run = found[row[0]] = to_run(row, self.ledger)
                lease_until = self.ledger.batches.take(run.id)
                if lease_until is not None:
                    run.lease_until = lease_until
                    leases[run.id] = run
        return found

    def unbatch(self, wanted: Callable[[Batch], bool]) -> None:
        """From here on the runs of these batches are leases like any other."""
        batches = self.ledger.batches
        self.heads([run_id for batch in batches if wanted(batch) for run_id in batches.runs(batch)])

    # -- writing

    def move(self, before: Run, transition: Transition) -> Run:
        run = super().move(before, transition)
        if run.state is State.RUNNING:
            self.ledger.leases[run.id] = run
        else:
            self.ledger.leases.pop(run.id, None)
        return run

    def note_opened(self, lanes: Iterable[Lane]) -> None:
        super().note_opened(lane for lane in lanes if self.ledger.count(lane.id, State.QUEUED))

    def count(self, lane_id: int, state: State, change: int) -> None:
        super().count(lane_id, state, change)
        place = (lane_id, state)
        self.ledger.counts[place] = self.ledger.counts.get(place, 0) + change

    def lane(self, job_type: str, queue: str) -> int:
        """The lane of a pair, made (and its queue with it) where it is new."""
        known = self.ledger.lane_ids.get((job_type, queue))
        if known is not None:
            return known
        self.queue(queue)
        row = self.cursor.execute(
            "INSERT INTO lanes (job_type, queue) VALUES (?, ?) RETURNING id", (job_type, queue)
        ).fetchone()
        lane_id: int = row[0]
        self.ledger.add_lane(lane_id, job_type, queue)
        return lane_id

    def queue(self, name: str) -> None:
        if name not in self.ledger.queues:
            self.cursor.execute("INSERT INTO queues (name, paused) VALUES (?, 0)", (name,))
            self.ledger.add_queue(Queue(name=name))

    # -- the rows

    def flush(self) -> None:
        """Writes what was noted. Called after each group of verbs, so that the next one reads it."""
        moves = self.take_moves()
        sql.start_runs(self.cursor, [start_row(run) for run in moves.starts])
        sql.complete_runs(self.cursor, [completion_row(run) for run in moves.completions])
        sql.change_runs(self.cursor, [change_row(run) for run in moves.changes])
        sql.fail_runs(self.cursor, [fail_row(run) for run in moves.failures])
        self._save_events()

    def _save_events(self) -> None:
        sql.insert_events(self.cursor, [event_row(event) for event in self.take_events()])

    def save_counts(self) -> None:
        changes = self.changed_counts()
        if changes:
            self.cursor.execute(sql.COUNT, (pack(changes),))
        rates = self.changed_rates()
        if rates:
            self.cursor.executemany(sql.SAVE_RATE, rates)
        errors = self.changed_errors()
        if errors:
            self.cursor.execute(sql.COUNT_ERRORS, (pack(errors),))
            self.cursor.execute(sql.FORGET_ERRORS, (pack(errors),))
