"""What a store should do, said once more in the plainest way: runs in a dict, rules from the HTTP contract.

It shares no code with `blazy_jobs_server`. Instants are microseconds since the epoch.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

SECOND = 1_000_000
DAY = 86_400 * SECOND
FINAL = ("completed", "failed", "cancelled")
WAITING = ("scheduled", "retrying")


@dataclass(frozen=True)
class Kind:
    """What matters here of a job type. Its retries wait `wait_seconds` each."""

    name: str
    queue: str
    max_attempts: int
    wait_seconds: int
    timeout_seconds: int
    retention_seconds: int
    expires_seconds: int | None = None
    on_lost: str = "retry"


@dataclass
class Lease:
    """What a worker was given, and goes on to believe."""

    run_id: int
    worker: int
    token: str
    attempt: int


@dataclass
class Item:
    """One report. The lease it speaks of may be spoiled."""

    lease: Lease
    word: str
    retryable: bool = True
    retry_after_seconds: int | None = None
    delay_seconds: int = 0
    dropped: int = 0


@dataclass
class Modelled:
    id: int
    kind: Kind
    queue: str
    priority: int
    due_at: int
    expires_at: int | None
    keep_until: int
    dedupe_key: str | None
    state: str
    log: list[str] = field(default_factory=lambda: ["queued"])
    attempt: int = 0
    claims: int = 0
    losses: int = 0
    alone: bool = False
    cancelling: bool = False
    dropped: int = 0
    lease: Lease | None = None
    lease_until: int = 0
    deadline_at: int = 0
    delete_at: int | None = None
    token: str | None = None
    """Of its last lease."""
    last_word: tuple[str, int, str] | None = None
    """The token and kind of the report that ended its last lease."""

    @property
    def order(self) -> tuple[int, int, int]:
        return (-self.priority, self.due_at, self.id)


@dataclass
class Remembered:
    body: str
    run_ids: list[int]
    at: int


class Model:
    def __init__(self, kinds: list[Kind], lease_seconds: int) -> None:
        self.now = 0
        self.kinds = {kind.name: kind for kind in kinds}
        self.limits: dict[str, int | None] = dict.fromkeys(self.kinds)
        self.paused_kinds: set[str] = set()
        self.paused_queues: set[str] = set()
        self.runs: dict[int, Modelled] = {}
        self.keys: dict[str, Remembered] = {}
        self._term = lease_seconds * SECOND

    # -- looking

    def in_state(self, *states: str) -> list[Modelled]:
        return [run for run in self.runs.values() if run.state in states]

    def counts(self) -> Counter[tuple[str, str, str]]:
        return Counter((run.kind.name, run.queue, run.state) for run in self.runs.values())

    def room(self, kind: str) -> int:
        limit = self.limits[kind]
        return 10**9 if limit is None else limit - sum(run.kind.name == kind for run in self.in_state("running"))

    def _held_back(self, run: Modelled) -> bool:
        return run.kind.name in self.paused_kinds or run.queue in self.paused_queues

    def claimable(self) -> set[tuple[str, str]]:
        """The pairs of job type and queue of which a claim would get something."""
        return {
            (run.kind.name, run.queue)
            for run in self.in_state("queued")
            if not self._held_back(run) and self.room(run.kind.name) > 0
        }

    def _expiring(self) -> list[Modelled]:
        return [r for r in self.runs.values() if r.expires_at is not None and not r.claims and r.state not in FINAL]

    def next_due(self) -> int | None:
        """When something happens by itself."""
        instants = [run.due_at for run in self.in_state(*WAITING)]
        instants += [min(run.lease_until, run.deadline_at) for run in self.in_state("running")]
        instants += [run.expires_at or 0 for run in self._expiring()]
        return min(instants, default=None)

    def deduped(self, kind: str, key: str | None) -> Modelled | None:
        found = [r for r in self.runs.values() if r.kind.name == kind and r.dedupe_key == key and r.state not in FINAL]
        return found[0] if key is not None and found else None

    # -- moving

    def made(
        self, run_id: int, kind: str, queue: str, priority: int, delay: int, dedupe_key: str | None, keyed: bool
    ) -> None:
        what = self.kinds[kind]
        expires_at = None if what.expires_seconds is None else self.now + what.expires_seconds * SECOND
        self.runs[run_id] = Modelled(
            run_id,
            what,
            queue,
            priority,
            self.now + delay * SECOND,
            expires_at,
            self.now + DAY if keyed else 0,
            dedupe_key,
            "scheduled" if delay else "queued",
        )

    def _finish(self, run: Modelled, state: str) -> None:
        if run.dropped:
            run.log.append("log")
            run.dropped = 0
        run.log.append(state)
        run.state = state
        run.lease = None
        run.delete_at = max(self.now + run.kind.retention_seconds * SECOND, run.keep_until)

    def _give_back(self, run: Modelled, delay: int = 0) -> None:
        if run.cancelling:
            self._finish(run, "cancelled")
            return
        run.attempt -= 1
        run.due_at = self.now + delay * SECOND
        run.state = "scheduled" if delay else "queued"
        run.lease = None
        run.log.append("interrupted")

    def _fail(self, run: Modelled, *, retryable: bool = True, after: int | None = None) -> None:
        run.alone = False
        if run.cancelling:
            self._finish(run, "cancelled")
        elif not retryable or run.attempt == run.kind.max_attempts:
            self._finish(run, "failed")
        else:
            run.due_at = self.now + (run.kind.wait_seconds if after is None else after) * SECOND
            run.state = "retrying"
            run.lease = None
            run.log.append("retrying")

    def _lose(self, run: Modelled) -> None:
        run.losses += 1
        run.alone = True
        if not run.cancelling and (run.losses == 3 or run.kind.on_lost == "fail"):
            self._finish(run, "failed")
        else:
            self._give_back(run)

    def _expire(self) -> None:
        for run in self._expiring():
            if run.expires_at is not None and run.expires_at <= self.now:
                self._finish(run, "failed")

    def claim(self, claims: list[tuple[int, str, set[str], int]]) -> list[list[int]]:
        """Claims are (worker, token, job types, limit)."""
        self._promote()
        self._expire()
        answers: list[list[int]] = [[] for _ in claims]
        turn = 0
        for run in sorted(self.in_state("queued"), key=lambda run: run.order):
            if self._held_back(run) or self.room(run.kind.name) <= 0:
                continue
            for place in [*range(turn, len(claims)), *range(turn)]:
                worker, token, kinds, limit = claims[place]
                if run.kind.name in kinds and len(answers[place]) < limit:
                    answers[place].append(run.id)
                    turn = place + 1
                    self._start(run, worker, token)
                    break
        return answers

    def _start(self, run: Modelled, worker: int, token: str) -> None:
        run.state = "running"
        run.attempt += 1
        run.claims += 1
        run.lease = Lease(run.id, worker, token, run.attempt)
        run.token = token
        run.lease_until = self.now + self._term
        run.deadline_at = self.now + (run.kind.timeout_seconds + 15) * SECOND
        run.log.append("started")

    def report(self, worker: int, item: Item) -> str:
        """The status it must be answered with; "either" where `lease_lost` or `accepted` may be."""
        run = self.runs.get(item.lease.run_id)
        if run is None:
            return "lease_lost"
        if run.lease != item.lease or worker != item.lease.worker:
            if run.lease is not None or run.token != item.lease.token:
                return "lease_lost"
            # What ended it otherwise (a sweep, a worker given up) may pass for what its holder says afterwards.
            return "accepted" if run.last_word == (item.lease.token, item.lease.attempt, item.word) else "either"
        if item.word == "cancelled" and not run.cancelling:
            return "rejected"
        run.dropped += item.dropped
        if item.word in ("progress", "log"):
            run.log.append(item.word)
        elif item.word == "completed":
            run.alone = False
            self._finish(run, "completed")
        elif item.word == "failed":
            self._fail(run, retryable=item.retryable, after=item.retry_after_seconds)
        elif item.word == "released":
            self._give_back(run)
        elif item.word == "snoozed":
            run.alone = False
            self._give_back(run, item.delay_seconds)
        elif item.word == "lost":
            self._lose(run)
        elif item.word == "cancelled":
            self._finish(run, "cancelled")
        if run.lease is None:
            run.last_word = (item.lease.token, item.lease.attempt, item.word)
        else:
            run.lease_until = self.now + self._term
        return "accepted"

    def hold(self, worker: int, run_id: int) -> tuple[bool, bool]:
        run = self.runs.get(run_id)
        if run is None or run.lease is None or run.lease.worker != worker:
            return False, False
        run.lease_until = self.now + self._term
        return True, run.cancelling

    def cancel(self, run_id: int) -> None:
        run = self.runs[run_id]
        if run.state == "running":
            if not run.cancelling:
                run.log.append("cancelling")
        else:
            self._finish(run, "cancelled")
        run.cancelling = True

    def _promote(self) -> None:
        for run in self.in_state(*WAITING):
            if run.due_at <= self.now:
                run.state = "queued"

    def sweep(self) -> None:
        self._promote()
        self._expire()
        for run in self.in_state("running"):
            if run.deadline_at <= self.now:
                self._fail(run)
            elif run.lease_until <= self.now:
                self._give_back(run)

    def give_up(self, worker: int, *, lost: bool) -> int:
        held = [run for run in self.in_state("running") if run.lease is not None and run.lease.worker == worker]
        for run in held:
            self._lose(run) if lost else self._give_back(run)
        return len(held)

    def reopened(self) -> None:
        for run in self.in_state("running"):
            run.lease_until = self.now + self._term
            run.deadline_at = max(run.deadline_at, run.lease_until)

    def gone(self, run_id: int) -> None:
        del self.runs[run_id]
        for key, known in list(self.keys.items()):
            if known.run_ids == [run_id]:
                del self.keys[key]

    def deletable(self) -> list[Modelled]:
        return [run for run in self.runs.values() if run.delete_at is not None and run.delete_at <= self.now]

    def forget_keys(self) -> None:
        for key, known in list(self.keys.items()):
            unfinished = any(i in self.runs and self.runs[i].state not in FINAL for i in known.run_ids)
            if len(known.run_ids) > 1 and known.at < self.now - DAY and not unfinished:
                del self.keys[key]
