"""What a transaction changes, noted in memory before its rows are written.

It is the part of a transaction that is the same in each database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.durations import BucketCounts
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.lifecycle import Transition
from blazy_jobs_server.domain.limits import Rate, RateWindow, Scope
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Commit, Order
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.limiting import rate_row


class ErrorPlace(NamedTuple):
    """Where runs with errors are counted."""

    group: str
    lane_id: int
    state: State


class ErrorChange(NamedTuple):
    runs: int
    failed: bool
    """An attempt has failed so, whatever became of it in the same transaction."""


NO_ERRORS = ErrorChange(0, False)


class Changes:
    def __init__(self, ledger: Ledger, now: int, draw: Callable[[], float]) -> None:
        self.ledger = ledger
        self.now = now
        self.draw = draw
        self.news = Commit([], set(), {})
        self._count_changes: dict[tuple[int, State], int] = {}
        self._error_changes: dict[ErrorPlace, ErrorChange] = {}
        self._moved: dict[int, tuple[Run, Run]] = {}
        self._unclaimed: dict[tuple[str, str], int] = {}
        """What has become ready here and is still to be had: for that alone the engine need not wake claims that were
        asked for in this transaction."""
        self._opened: set[tuple[str, str]] = set()
        self.rates = ledger.rates
        self._charged: set[Scope] = set()
        self._unsaved: list[Event] = []
        self.unjudged: set[int] = set()
        """Runs whose result came without the verdict that it needs."""

    def move(self, before: Run, transition: Transition) -> Run:
        """Notes a transition, whose rows are written later."""
        run = transition.run
        self.note_events(transition.events)
        earlier = self._moved.get(run.id)
        self._moved[run.id] = (before if earlier is None else earlier[0], run)
        if before.state is not run.state:
            self.note_state(before.state, run)
        if before.error_group is not None or run.error_group is not None:
            self._note_errors(before, run)
        return run

    def _note_errors(self, before: Run, run: Run) -> None:
        left, entered = before.open_error, run.open_error
        if (left, before.state) != (entered, run.state):
            if left is not None:
                self.count_error(left, before.lane_id, before.state, -1)
            if entered is not None:
                self.count_error(entered, run.lane_id, run.state, 1)

    def count_error(self, group: str, lane_id: int, state: State, change: int) -> None:
        """Of runs that count in a group of errors from now on, or no more."""
        place = ErrorPlace(group, lane_id, state)
        known = self._error_changes.get(place, NO_ERRORS)
        self._error_changes[place] = ErrorChange(known.runs + change, known.failed or change > 0)

    def changed_errors(self) -> list[tuple[str, int, State, int, int | None, int]]:
        """Told to the engine too. Rows of ErrorPlace, how many runs, and the first and the last time, in the order in
        which all transactions lock theirs."""
        rows = []
        for place, change in sorted(self._error_changes.items()):
            if change.runs or change.failed:
                lane = self.ledger.lanes[place.lane_id]
                self.news.errors[place.group, lane.job_type, lane.queue, place.state] = change.runs
                rows.append((*place, change.runs, *((self.now, self.now) if change.failed else (None, 0))))
        return rows

    def new_run(self, order: Order, lane_id: int, keep_until: int | None) -> Run:
        return self.note_created(self.create(order, lane_id, keep_until))

    def create(self, order: Order, lane_id: int, keep_until: int | None) -> Transition:
        """The run and its first event, of which nothing is noted yet."""
        run = Run(
            self.ledger.keys.next(self.now),
            lane_id,
            order.job_type,
            order.queue,
            order.definition_id,
            order.version,
            order.settings,
            State.QUEUED,
            order.priority,
            order.due_at,
            self.now,
            order.payload,
            order.tags,
            order.metadata,
            order.overrides,
        )
        run.keep_until = keep_until
        run.dedupe_key = order.dedupe_key
        run.replay_of = order.replay_of
        run.schedule = order.schedule
        run.fire_at = order.fire_at
        run.created_by = order.created_by
        if self.ledger.elsewhere(order.queue):
            run.job_id, run.job_added_at, run.followed = order.job_id, order.job_added_at, 0
        return lifecycle.create(run, self.now, order.expires_seconds)

    def note_created(self, created: Transition) -> Run:
        self.note_events(created.events)
        self.note_state(None, created.run)
        return created.run

    def next_event_key(self) -> int:
        return self.ledger.keys.next(self.now)

    def note_events(self, events: Sequence[Event]) -> None:
        for event in events:
            event.id = self.next_event_key()
        self.news.events.extend(events)
        self._unsaved.extend(events)

    def note_state(self, before: State | None, run: Run) -> None:
        """Keeps the counts in step, and notes what the engine should wake up for."""
        if before is not None:
            self.count(run.lane_id, before, -1)
            if before is State.RUNNING:
                self.ran(run.job_type, run.queue, run.state).add(self.now - (run.started_at or self.now))
                self.note_room((run.job_type, run.queue))
        self.count(run.lane_id, run.state, 1)
        if run.state is State.RUNNING:
            self.waited((run.job_type, run.queue)).add(self.now - run.due_at)
            self.note_claimed((run.job_type, run.queue))
            self.charge(run.lane_id, 1)
        elif run.followed is not None:
            if not run.state.final and run.expires_at is not None and run.claims == 0:
                self.comes_due(run.expires_at)
        elif run.state is State.QUEUED:
            self.note_ready((run.job_type, run.queue))
            if run.expires_at is not None and run.claims == 0:
                self.comes_due(run.expires_at)
        elif run.state is State.SCHEDULED or run.state is State.RETRYING:
            self.comes_due(run.due_at if run.expires_at is None else min(run.due_at, run.expires_at))

    def waited(self, pair: tuple[str, str]) -> BucketCounts:
        """Where it is noted for how long a run was due before it started."""
        found = self.news.waited.get(pair)
        if found is None:
            found = self.news.waited[pair] = BucketCounts()
        return found

    def ran(self, job_type: str, queue: str, state: State) -> BucketCounts:
        """Where it is noted how long an attempt took, after which a run is in this state."""
        place = (job_type, queue, state)
        found = self.news.ran.get(place)
        if found is None:
            found = self.news.ran[place] = BucketCounts()
        return found

    def note_ready(self, pair: tuple[str, str], number: int = 1) -> None:
        self._unclaimed[pair] = self._unclaimed.get(pair, 0) + number
        self.news.ready.add(pair)

    def note_claimed(self, pair: tuple[str, str], number: int = 1) -> None:
        before = self._unclaimed.get(pair, 0)
        if before:
            left = self._unclaimed[pair] = max(0, before - number)
            if left == 0 and pair not in self._opened:
                self.news.ready.discard(pair)

    def note_room(self, pair: tuple[str, str]) -> None:
        """A run ended, which may have made room under a concurrency limit, in each lane that the limit is on."""
        for scope in self.ledger.scopes(self.ledger.lanes[self.ledger.lane_ids[pair]]):
            if self.ledger.limits(scope).concurrency is not None:
                self.note_opened(self.ledger.lanes_in(scope))

    # -- rates

    def window(self, scope: Scope, rate: Rate) -> RateWindow:
        """Its starts of late, as they count under the present rate."""
        known = self.rates.get(scope)
        window = RateWindow(rate.per_microseconds) if known is None else known.under(rate, self.now)
        self.rates[scope] = window
        return window

    def allowed(self, scope: Scope, rate: Rate) -> int:
        """How many may start now. Where it is none, the engine is woken when the next one may."""
        window = self.window(scope, rate)
        allowed = window.allowed(rate, self.now)
        if not allowed:
            self.wake_at(window.opens_at(rate, self.now))
        return allowed

    def charge(self, lane_id: int, number: int) -> None:
        """So many runs of a lane start."""
        for scope in self.ledger.scopes(self.ledger.lanes[lane_id]):
            rate = self.ledger.limits(scope).rate_limit
            if rate is not None:
                self.window(scope, rate).charge(self.now, number)
                self._charged.add(scope)
                self.allowed(scope, rate)

    def changed_rates(self) -> list[tuple[Any, ...]]:
        """Rows of `rates`, in the order in which all transactions lock them."""
        charged, self._charged = sorted(self._charged), set()
        return [rate_row(scope, self.rates[scope]) for scope in charged]

    # -- what the engine is told

    def note_opened(self, lanes: Iterable[Lane]) -> None:
        """What waits in them may be claimed from now on."""
        pairs = {lane.pair for lane in lanes}
        self._opened |= pairs
        self.news.ready |= pairs

    def count(self, lane_id: int, state: State, change: int) -> None:
        place = (lane_id, state)
        self._count_changes[place] = self._count_changes.get(place, 0) + change

    def uncounted(self) -> list[tuple[int, State, int]]:
        """Lanes, states, and by how much the numbers of runs there have changed in this transaction."""
        return [(*place, change) for place, change in self._count_changes.items()]

    def changed_counts(self) -> list[tuple[int, State, int]]:
        """Told to the engine too. In the order of lanes and states, in which all transactions lock their rows."""
        changes = sorted((lane_id, state, n) for (lane_id, state), n in self._count_changes.items() if n)
        for lane_id, state, n in changes:
            lane = self.ledger.lanes[lane_id]
            self.news.counts[lane.job_type, lane.queue, state] = n
        return changes

    def comes_due(self, instant: int) -> None:
        """A run's time comes then, to be queued or to expire."""
        self.ledger.due_at = min(self.ledger.due_at, instant)
        self.wake_at(instant)

    def wake_at(self, instant: int) -> None:
        """The engine should sweep then."""
        if self.news.due_at is None or instant < self.news.due_at:
            self.news.due_at = instant

    def fire_at(self, instant: int | None) -> None:
        """A schedule may fire then."""
        if instant is not None and (self.news.fire_at is None or instant < self.news.fire_at):
            self.news.fire_at = instant

    def take_moves(self) -> Moves:
        """What was noted since the last time, as rows."""
        moves = Moves()
        for before, run in self._moved.values():
            moves.add(before, run)
        self._moved = {}
        return moves

    def take_events(self) -> list[Event]:
        fresh, self._unsaved = self._unsaved, []
        return fresh


class Moves:
    """Runs whose rows are to be updated, by what has changed."""

    __slots__ = ("changes", "completions", "failures", "starts")

    def __init__(self) -> None:
        self.starts: list[Run] = []
        self.completions: list[Run] = []
        self.changes: list[Run] = []
        self.failures: list[Run] = []
        """Those whose error has changed, or what was done about it."""

    def add(self, before: Run, run: Run) -> None:
        if run.error is not before.error or run.resolved_at != before.resolved_at:
            self.failures.append(run)
        elif run.state is State.COMPLETED and run.seq == before.seq + 1:
            self.completions.append(run)
        elif run.state is State.RUNNING and before.state is State.QUEUED and run.followed is None:
            self.starts.append(run)
        else:
            self.changes.append(run)


def start_row(run: Run) -> tuple[Any, ...]:
    """The key and the values of START_COLUMNS."""
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


def completion_row(run: Run) -> tuple[Any, ...]:
    """The key and the values of COMPLETE_COLUMNS."""
    return (run.id, run.seq, run.finished_at, run.delete_at, run.result)


def change_row(run: Run) -> tuple[Any, ...]:
    """The key and the values of CHANGE_COLUMNS."""
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
        run.followed,
        run.followed_lines,
    )


def fail_row(run: Run) -> tuple[Any, ...]:
    """The key and the values of FAIL_COLUMNS."""
    return (*change_row(run), run.error_group, run.error_code, run.resolved_at)
