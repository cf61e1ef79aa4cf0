"""One transaction of the writer: what all verbs that share it read from and write to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from app.domain.event import Event
from app.domain.lifecycle import Transition
from app.domain.run import Run, State
from app.ports import Commit
from app.store import statements as sql
from app.store.ledger import Ledger
from app.store.rows import event_row, pack, to_run

Fits = Callable[[int, Any, str], bool]
"""Whether a result (JSON text) fits a result schema: (definition id, schema, result)."""


class Transaction:
    def __init__(self, cursor: sqlite3.Cursor, ledger: Ledger, now: int, draw: Callable[[], float], fits: Fits) -> None:
        self.cursor = cursor
        self.ledger = ledger
        self.now = now
        self.draw = draw
        self.fits = fits
        self.news = Commit([], set(), {})
        self._count_changes: dict[tuple[int, State], int] = {}
        self._moved: dict[int, tuple[Run, Run]] = {}
        self._events_saved = 0

    # -- reading

    def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """The rows of a statement that gives them as one JSON text."""
        answer: list[Any] = orjson.loads(self.cursor.execute(statement, parameters).fetchone()[0])
        return answer

    def ids(self, statement: str, *parameters: Any) -> list[int]:
        return [row[0] for row in self.cursor.execute(statement, parameters).fetchall()]

    def heads(self, run_ids: Iterable[int]) -> dict[int, Run]:
        """The runs without their payloads: those leased out from memory, the others read."""
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
                found[row[0]] = to_run(row, self.ledger)
        return found

    # -- writing

    def move(self, before: Run, transition: Transition) -> Run:
        """Notes a transition; its rows are written by `flush`."""
        run = transition.run
        self.note_events(transition.events)
        earlier = self._moved.get(run.id)
        self._moved[run.id] = (before if earlier is None else earlier[0], run)
        if before.state is not run.state:
            self.note_state(before.state, run)
        if run.state is State.RUNNING:
            self.ledger.leases[run.id] = run
        else:
            self.ledger.leases.pop(run.id, None)
        return run

    def note_events(self, events: Sequence[Event]) -> None:
        keys, now = self.ledger.keys, self.now
        for event in events:
            event.id = keys.next(now)
        self.news.events.extend(events)

    def note_state(self, before: State | None, run: Run) -> None:
        """Keeps the counts in step, and notes what the engine should wake up for."""
        if before is not None:
            self.count(run.lane_id, before, -1)
            if before is State.RUNNING:
                self.news.ran.append((run.job_type, run.state, self.now - (run.started_at or self.now)))
                self._note_room(run)
        self.count(run.lane_id, run.state, 1)
        if run.state is State.RUNNING:
            self.news.waited.append((run.job_type, self.now - run.due_at))
        elif run.state is State.QUEUED:
            self.news.ready.add((run.job_type, run.queue))
            if run.expires_at is not None and run.claims == 0:
                self.wake_at(run.expires_at)
        elif run.state is State.SCHEDULED or run.state is State.RETRYING:
            self.wake_at(run.due_at if run.expires_at is None else min(run.due_at, run.expires_at))

    def _note_room(self, run: Run) -> None:
        """A run ended, which may have made room under its type's concurrency limit, in each of its queues."""
        if self.ledger.limited(run.job_type):
            for lane in self.ledger.lanes_of(run.job_type):
                if self.ledger.count(lane.id, State.QUEUED):
                    self.news.ready.add(lane.pair)

    def count(self, lane_id: int, state: State, change: int) -> None:
        place = (lane_id, state)
        counts, changes = self.ledger.counts, self._count_changes
        counts[place] = counts.get(place, 0) + change
        changes[place] = changes.get(place, 0) + change

    def wake_at(self, instant: int) -> None:
        """The engine should sweep then."""
        if self.news.due_at is None or instant < self.news.due_at:
            self.news.due_at = instant

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
            self.ledger.add_queue(name, False)

    # -- the rows

    def flush(self) -> None:
        """Writes what was noted. Called after each group of verbs, so that the next one reads it."""
        starts: list[tuple[Any, ...]] = []
        completions: list[tuple[Any, ...]] = []
        others: list[tuple[Any, ...]] = []
        for before, run in self._moved.values():
            if run.state is State.COMPLETED and run.seq == before.seq + 1:
                completions.append((run.id, run.seq, run.finished_at, run.delete_at, run.result))
            elif run.state is State.RUNNING and before.state is State.QUEUED:
                starts.append(_start_row(run))
            else:
                others.append(_change_row(run))
        self._moved = {}
        sql.start_runs(self.cursor, starts)
        sql.complete_runs(self.cursor, completions)
        sql.change_runs(self.cursor, others)
        self._save_events()

    def _save_events(self) -> None:
        fresh = self.news.events[self._events_saved :]
        self._events_saved += len(fresh)
        sql.insert_events(self.cursor, [event_row(event) for event in fresh])

    def save_counts(self) -> None:
        changes = [(lane_id, state, n) for (lane_id, state), n in self._count_changes.items() if n]
        if changes:
            self.cursor.execute(sql.COUNT, (pack(changes),))
        for lane_id, state, n in changes:
            lane = self.ledger.lanes[lane_id]
            self.news.counts[lane.job_type, lane.queue, state] = n


def _start_row(run: Run) -> tuple[Any, ...]:
    return (
        run.id,
        run.seq,
        run.attempt,
        run.claims,
        run.started_at,
        run.worker_id,
        run.lease_token,
        run.deadline_at,
    )


def _change_row(run: Run) -> tuple[Any, ...]:
    return (
        run.id,
        run.state,
        run.due_at,
        run.seq,
        run.attempt,
        run.claims,
        run.losses,
        int(run.alone),
        int(run.cancel_requested),
        run.logs,
        run.logs_dropped,
        run.started_at,
        run.finished_at,
        run.delete_at,
        run.worker_id,
        run.lease_token,
        run.deadline_at,
        run.cancel_reason,
        run.error,
        run.progress,
        run.result,
    )
