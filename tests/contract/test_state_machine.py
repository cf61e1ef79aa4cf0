"""Random verbs against a store and the model of it, which must agree after every step.

`STATE_MACHINE_EXAMPLES=2000` tries more lives, each of them longer.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from blazy_jobs_server.domain.errors import IdempotencyKeyReused, RunFinished, RunNotFinished
from blazy_jobs_server.domain.event import EVENT_NAMES
from blazy_jobs_server.domain.job_type import Definition, Handler
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import STATE_NAMES
from blazy_jobs_server.ports import Claim, EventFilter, Report
from tests.contract.conftest import NewPlace
from tests.contract.model import FINAL, Item, Kind, Lease, Model, Modelled, Remembered
from tests.contract.stage import LEASE_SECONDS, Stage

T = TypeVar("T")
Claims = list[tuple[int, set[str], int]]
"""(worker, job types, limit)"""

EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "12"))
STEPS = 40 if EXAMPLES <= 100 else 150

KINDS = [
    Kind("plain", "q1", max_attempts=2, wait_seconds=10, timeout_seconds=60, retention_seconds=30),
    Kind(
        "fragile",
        "q2",
        max_attempts=3,
        wait_seconds=0,
        timeout_seconds=2,
        retention_seconds=0,
        expires_seconds=20,
        on_lost="fail",
    ),
    Kind("once", "q1", max_attempts=1, wait_seconds=5, timeout_seconds=20, retention_seconds=100_000),
]
NAMES = [kind.name for kind in KINDS]
WORKERS = st.integers(1, 3)
SECONDS = st.sampled_from([0.000001, 1, 5, 5, 10, 10, 15, 17, 35, 86_400])
ORDERS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["q1", "q2"]),
    st.integers(-1, 1),
    st.sampled_from([0, 0, 0, 5, 30]),
    st.sampled_from([None, None, "d"]),
)
ORDERS_ASKED = st.lists(ORDERS, min_size=1, max_size=4)
PICKS = st.integers(0, 30)
CLAIMS = st.lists(
    st.tuples(
        WORKERS,
        st.sampled_from([set(NAMES), set(NAMES), {"plain"}, {"fragile", "once"}]),
        st.sampled_from([4, 2, 1, 0]),
    ),
    min_size=1,
    max_size=2,
)
WORDS = st.sampled_from(
    [
        "progress",
        "log",
        "touch",
        "completed",
        "completed",
        "failed",
        "failed",
        "released",
        "snoozed",
        "lost",
        "cancelled",
    ]
)
ITEMS = st.builds(
    Item,
    lease=st.none(),
    word=WORDS,
    retryable=st.sampled_from([True, True, True, False]),
    retry_after_seconds=st.sampled_from([None, None, 0, 7]),
    delay_seconds=st.sampled_from([0, 20]),
    dropped=st.sampled_from([0, 0, 3]),
)

ITEMS_SAID = st.lists(
    st.tuples(PICKS, st.sampled_from([None, None, None, None, "token", "attempt"]), ITEMS), min_size=1, max_size=4
)
BY = st.sampled_from([None, None, None, 1, 2])
HOLDING = st.lists(PICKS, max_size=2)


def definition(kind: Kind, concurrency: int | None) -> Definition:
    return Definition(
        name=kind.name,
        handler=Handler("worker"),
        queue=kind.queue,
        retry=RetryPolicy(
            max_attempts=kind.max_attempts,
            backoff="fixed",
            initial_seconds=kind.wait_seconds,
            jitter=False,
            on_lost="fail" if kind.on_lost == "fail" else "retry",
        ),
        timeout_seconds=kind.timeout_seconds,
        expires_seconds=kind.expires_seconds,
        retention_seconds=kind.retention_seconds,
        concurrency=concurrency,
    )


class Lives(RuleBasedStateMachine):
    """`new_place` is set by the test."""

    new_place: NewPlace

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stage = Stage(self.new_place(Path(self.folder.name)))
        # Both ways through the store, mixed.
        self.stage.takes_columns = lambda claim: self.stage.place.columns and claim.token[-1] in "13579"
        self.model = Model(KINDS, int(LEASE_SECONDS))
        self.leases: list[Lease] = []
        self.logs: dict[int, list[str]] = {}
        self.read_to = 0
        self.alarm: int | None = None
        self.heard = 0
        """How many commits were told before the alarm was set."""
        self.heard_ready = 0
        self.claimable: set[tuple[str, str]] = set()
        self.tokens = 0

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        self.model.now = self.stage.clock.now()
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.wait(self.stage.__aenter__())
        for kind in KINDS:
            self.define(kind, None)

    def define(self, kind: Kind, concurrency: int | None) -> None:
        known = self.stage.types.get(kind.name)
        saved = self.wait(
            self.stage.store.save_job_type(
                definition(kind, concurrency),
                expect=known and known.version,
                source="api",
                declarer=None,
                paused=None,
            )
        )
        assert saved is not None
        self.stage.types[kind.name] = saved
        self.model.limits[kind.name] = concurrency

    def teardown(self) -> None:
        try:
            self.wait(self.stage.__aexit__(None))
        finally:
            self.runner.close()
            self.folder.cleanup()

    # -- rules

    @rule(orders=ORDERS_ASKED, key=st.sampled_from([None, None, None, "k1", "k2"]))
    def dispatch(self, orders: list[tuple[str, str, int, int, str | None]], key: str | None) -> None:
        asked = [
            self.stage.order(kind, queue=queue, priority=priority, delay_seconds=delay, dedupe_key=dedupe)
            for kind, queue, priority, delay, dedupe in orders
        ]
        known = self.model.keys.get(key or "")
        answer = self.stage.dispatch(*asked, key=key, body=repr(orders))
        if known is not None and known.body != repr(orders):
            with pytest.raises(IdempotencyKeyReused):
                self.wait(answer)
            return
        dispatched = self.wait(answer)
        found = [run.id for run in dispatched.runs]
        if known is not None:
            assert dispatched.replayed
            assert dispatched.first_ids == known.run_ids
            assert set(found) == {run_id for run_id in known.run_ids if run_id in self.model.runs}
            return
        assert not dispatched.replayed
        for run_id, made, (kind, queue, priority, delay, dedupe) in zip(found, dispatched.made, orders, strict=True):
            existing = self.model.deduped(kind, dedupe)
            assert made is (existing is None)
            if existing is None:
                self.model.made(run_id, kind, queue, priority, delay, dedupe, key is not None)
            else:
                assert existing.id == run_id
                if key is not None:
                    existing.keep_until = max(existing.keep_until, self.model.now + 86_400_000_000)
        if key is not None:
            self.model.keys[key] = Remembered(repr(orders), found, self.model.now)

    @rule(claims=CLAIMS)
    def claim(self, claims: Claims) -> None:
        asked = []
        for worker, kinds, limit in claims:
            self.tokens += 1
            asked.append((worker, f"t{self.tokens}", kinds, limit))
        leased = self.wait(
            self.stage.claim(*(Claim(worker, frozenset(kinds), None, n, token) for worker, token, kinds, n in asked))
        )
        assert [[run.id for run in runs] for runs in leased] == self.model.claim(asked)
        for run in (run for runs in leased for run in runs):
            modelled = self.model.runs[run.id]
            assert modelled.lease is not None
            assert (run.attempt, run.worker_id, run.lease_token, run.alone) == (
                modelled.attempt,
                modelled.lease.worker,
                modelled.lease.token,
                modelled.alone,
            )
            assert (run.lease_until, run.deadline_at) == (modelled.lease_until, modelled.deadline_at)
            self.leases.append(replace(modelled.lease))

    @precondition(lambda self: self.leases)
    @rule(items=ITEMS_SAID, by=BY, holding=HOLDING)
    def report(self, items: list[tuple[int, str | None, Item]], by: int | None, holding: list[int]) -> None:
        said = []
        for pick, spoiled, item in items:
            lease = replace(self.lease(pick))
            if spoiled == "token":
                lease.token = "no such token"
            elif spoiled == "attempt":
                lease.attempt += 1
            said.append(replace(item, lease=lease))
        worker = said[0].lease.worker if by is None else by
        held_ids = [self.lease(pick).run_id for pick in holding]
        reported, held = self.wait(self.stage.report(worker, *map(as_report, said), holding=tuple(held_ids)))
        for item, answer in zip(said, reported, strict=True):
            status = self.model.report(worker, item)
            assert answer.status in (("accepted", "lease_lost") if status == "either" else (status,)), item
        for run_id, answer in zip(held_ids, held, strict=True):
            assert (answer.held, answer.cancel_requested) == self.model.hold(worker, run_id)

    # Rules are drawn alike; what moves runs on is to come most often.

    @rule(orders=ORDERS_ASKED, claims=CLAIMS)
    def dispatch_and_claim(self, orders: list[tuple[str, str, int, int, str | None]], claims: Claims) -> None:
        self.dispatch(orders, None)
        self.claim(claims)

    @rule(claims=CLAIMS)
    def claim_again(self, claims: Claims) -> None:
        self.claim(claims)

    @precondition(lambda self: self.model.in_state("running"))
    @rule(items=ITEMS_SAID, by=BY, holding=HOLDING)
    def report_of_what_runs(
        self, items: list[tuple[int, str | None, Item]], by: int | None, holding: list[int]
    ) -> None:
        self.report(items, by, holding)

    @precondition(lambda self: self.model.in_state("running"))
    @rule(items=ITEMS_SAID, by=BY, claims=CLAIMS)
    def report_and_claim(self, items: list[tuple[int, str | None, Item]], by: int | None, claims: Claims) -> None:
        self.report(items, by, [])
        self.claim(claims)

    def lease(self, pick: int) -> Lease:
        """One that was given out, and more often than not one that still holds."""
        living = [run.lease for run in self.model.in_state("running") if run.lease is not None]
        among = living if living and pick % 4 else self.leases
        return among[-1 - pick // 4 % len(among)]

    def picked(self, pick: int) -> Modelled:
        return list(self.model.runs.values())[-1 - pick % len(self.model.runs)]

    @precondition(lambda self: self.model.runs)
    @rule(pick=PICKS)
    def cancel(self, pick: int) -> None:
        run = self.picked(pick)
        if run.state in FINAL:
            with pytest.raises(RunFinished, match=run.state):
                self.wait(self.stage.store.cancel(run.id, None))
            return
        answer = self.wait(self.stage.store.cancel(run.id, None))
        assert answer is not None
        self.model.cancel(run.id)
        assert STATE_NAMES[answer.state] == run.state

    @precondition(lambda self: self.model.runs)
    @rule(pick=PICKS)
    def erase(self, pick: int) -> None:
        run = self.picked(pick)
        if run.state not in FINAL:
            with pytest.raises(RunNotFinished, match=run.state):
                self.wait(self.stage.store.erase(run.id))
            return
        assert self.wait(self.stage.store.erase(run.id))
        self.model.gone(run.id)

    @rule(seconds=SECONDS, swept=st.sampled_from([True, True, False]))
    def time_passes(self, seconds: float, swept: bool) -> None:
        self.stage.clock.move(seconds)
        if swept:
            self.sweep()

    def sweep(self) -> None:
        swept = self.wait(self.stage.store.sweep())
        self.model.sweep()
        assert swept.due_at == self.model.next_due()
        self.alarm = swept.due_at
        self.heard = len(self.stage.told)

    @rule(worker=WORKERS, lost=st.booleans())
    def give_up_worker(self, worker: int, lost: bool) -> None:
        assert self.wait(self.stage.store.give_up_worker(worker, lost=lost)) == self.model.give_up(worker, lost=lost)
        self.wait(self.stage.make_up_workers())  # the model knows no workers that are gone

    @rule(limit=st.integers(1, 3))
    def prune(self, limit: int) -> None:
        pruned = self.wait(self.stage.store.prune(limit))
        doomed = self.model.deletable()
        assert pruned == min(limit, len(doomed))
        left = {run.id for run in self.wait(self.stage.all_runs())}
        gone = [run for run in doomed if run.id not in left]
        assert len(gone) == pruned
        oldest_left = min((run.delete_at or 0 for run in doomed if run.id in left), default=None)
        for run in gone:
            assert oldest_left is None or (run.delete_at or 0) <= oldest_left
            self.model.gone(run.id)
        self.model.forget_keys()

    @rule(
        what=st.sampled_from([*NAMES, "q1", "q2"]),
        paused=st.sampled_from([True, False, False]),
        concurrency=st.sampled_from([None, 1, 2]),
    )
    def operate(self, what: str, paused: bool, concurrency: int | None) -> None:
        """Somebody pauses or resumes, and sets a limit."""
        if what not in NAMES:
            assert self.wait(self.stage.store.save_queue(what, paused)).paused is paused
            self.model.paused_queues = self.model.paused_queues - {what} | ({what} if paused else set())
            return
        saved = self.wait(self.stage.store.pause_job_type(what, paused))
        assert saved is not None
        assert saved.paused is paused
        self.model.paused_kinds = self.model.paused_kinds - {what} | ({what} if paused else set())
        self.define(self.model.kinds[what], concurrency)

    @rule(crashed=st.booleans())
    def reopen(self, crashed: bool) -> None:
        self.stage.clock.move(0.000001)
        self.wait(self.stage.reopen(crashed=crashed))
        self.model.reopened()
        # The engine sweeps when it starts.
        self.alarm = self.model.now
        self.heard = len(self.stage.told)

    # -- what holds after each step

    @invariant()
    def the_runs_are_those_of_the_model(self) -> None:
        if not self.stage.types:
            return
        runs = self.wait(self.stage.all_runs())
        assert {run.id for run in runs} == set(self.model.runs)
        for run in runs:
            modelled = self.model.runs[run.id]
            assert (STATE_NAMES[run.state], run.attempt, run.claims, run.losses, run.seq) == (
                modelled.state,
                modelled.attempt,
                modelled.claims,
                modelled.losses,
                len(modelled.log),
            ), run
            assert (run.due_at, run.alone, run.cancel_requested, run.logs_dropped) == (
                modelled.due_at,
                modelled.alone,
                modelled.cancelling,
                modelled.dropped,
            ), run
            assert run.delete_at == modelled.delete_at
            assert 0 <= run.attempt <= modelled.kind.max_attempts
            assert run.losses <= 3
        counted = Counter((run.job_type, run.queue, run.state) for run in runs)
        assert self.wait(self.stage.store.counts()) == dict(counted)

    @invariant()
    def the_logs_are_those_of_the_model(self) -> None:
        if not self.stage.types:
            return
        for event in self.wait(self.stage.all_events(EventFilter(), self.read_to)):
            log = self.logs.setdefault(event.run_id, [])
            assert event.seq == len(log) + 1
            assert not log or log[-1] not in FINAL, "final is final"
            log.append(EVENT_NAMES[event.type])
            self.read_to = event.id
        for run_id, run in self.model.runs.items():
            assert self.logs[run_id] == run.log
            assert (run.log[-1] in FINAL) == (run.state in FINAL)

    @invariant()
    def the_engine_was_told_when_to_sweep(self) -> None:
        told = [commit.due_at for commit in self.stage.told[self.heard :] if commit.due_at is not None]
        alarm = min([*told, *([] if self.alarm is None else [self.alarm])], default=None)
        due_at = self.model.next_due()
        assert due_at is None or (alarm is not None and alarm <= max(due_at, self.stage.clock.now()))

    @invariant()
    def the_engine_was_told_what_became_ready(self) -> None:
        before, self.claimable = self.claimable, self.model.claimable()
        told = {pair for commit in self.stage.told[self.heard_ready :] for pair in commit.ready}
        self.heard_ready = len(self.stage.told)
        assert self.claimable - before <= told


def as_report(item: Item) -> Report:
    return Report(
        run_id=item.lease.run_id,
        attempt=item.lease.attempt,
        token=item.lease.token,
        kind=item.word,
        data="{}",
        retryable=item.retryable,
        retry_after_seconds=item.retry_after_seconds,
        delay_seconds=item.delay_seconds,
        dropped=item.dropped,
    )


@pytest.mark.timeout(600 + 5 * EXAMPLES)  # a failure is made small for up to five minutes
def test_a_store_and_its_model_agree_after_every_step(new_place: NewPlace) -> None:
    class OfThisPlace(Lives):
        pass

    OfThisPlace.new_place = staticmethod(new_place)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        OfThisPlace,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=EXAMPLES <= 100,  # the quick lives are the same in every run; `make faults` draws new ones
            suppress_health_check=list(HealthCheck),
        ),
    )
