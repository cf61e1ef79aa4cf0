"""What this server knows of the jobs of one queue, shared by the parts that work on it."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from typing import NamedTuple, Protocol

import msgspec

from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.run import Error, Run, State
from blazy_jobs_server.ports import Job, JobEnd, JobNews, QueueState

TOKEN = "blazy-"
"""How the locks begin that servers like this one hold: what runs under one is no worker's of others."""
PAGE = 200
GUARD_SECONDS = 1.0
MOST_EXPECTED = 200_000


class Hand(NamedTuple):
    """A job that our workers have, under our lock."""

    job_id: str
    token: str
    starts: int
    losses: int


class Ear(Protocol):
    """Who hears how the engine is."""

    def up(self, queue: str, task: str, *, in_full: bool = True) -> None:
        """What `task` does of the queue has succeeded; not `in_full`: it answers, and no more is known."""
        ...

    def down(self, queue: str, task: str, error: QueueUnavailable) -> None: ...
    async def paused(self, queue: str, paused: bool) -> None: ...


class Tracking:
    def __init__(self, queue: Queue, ear: Ear, home: str) -> None:
        """`home` names this server's place, the same after a restart."""
        self.queue = queue
        self._ear = ear
        self.home_mark = f"{TOKEN}{home}-"
        self.mark = f"{self.home_mark}{secrets.token_hex(4)}-"
        """How the locks begin that are taken here."""
        self.fresh: set[int] = set()
        """Runs to be offered, which have just been made."""
        self.dirty: set[int] = set()
        """Runs of which the job may not know what became."""
        self.progress: dict[int, str] = {}
        self.hands: dict[int, Hand] = {}
        self.take = asyncio.Lock()
        self.taking: set[str] = set()
        """Jobs that were just taken, and are not yet anybody's."""
        self.following: set[int] = set()
        self.others: dict[str, int] = {}
        """Jobs that workers of others have, and how many lines of their logs were read."""
        self.parents: set[int] = set()
        """Runs whose jobs wait for their children."""
        self._expected: Counter[tuple[str, str]] = Counter()
        """What the event stream will say of what was done here."""
        self.work = asyncio.Event()
        self.unsure = asyncio.Event()
        self.compared = asyncio.Event()
        self.state: QueueState | None = None
        """As it was a moment ago; None while it cannot be asked."""
        self.breaks, self.healed = 1, 0
        """How often the engine was out of reach, and after how many of these both sides were compared."""
        self.reconciled_at = 0

    def expect(self, *echoes: tuple[str, str]) -> None:
        if len(self._expected) > MOST_EXPECTED:
            self._expected.clear()  # it saves looks, and nothing hangs on it
        self._expected.update(echoes)

    def is_echo(self, item: JobNews) -> bool:
        echo = (item.job_id, item.word)
        if self._expected[echo] > 0:
            self._expected[echo] -= 1
            if not self._expected[echo]:
                del self._expected[echo]
            return True
        del self._expected[echo]
        return False

    def lost(self, error: QueueUnavailable | TimeoutError, task: str = "watch") -> None:
        """What `task` does could not be done; where it is nobody's loop, the next look at the queue clears it."""
        if not (isinstance(error, QueueUnavailable) and error.refused):
            self.state = None
            self.breaks += 1
        error = error if isinstance(error, QueueUnavailable) else QueueUnavailable("no answer")
        self._ear.down(self.queue.name, task, error)

    def well(self, task: str, *, in_full: bool = True) -> None:
        self._ear.up(self.queue.name, task, in_full=in_full)

    @property
    def reconciled(self) -> bool:
        """Whether both sides were compared since the start."""
        return self.compared.is_set()

    @property
    def is_level(self) -> bool:
        """Whether both sides were compared since they were last apart."""
        return self.breaks == self.healed

    def may_be_orphan(self, job: Job) -> bool:
        """Whether it is locked by us for no run: the answer with it was lost, or the server that was here before ended
        with it. Otherwise it would wait until its lock has run out."""
        token = job.seen.token or ""
        ours = token.startswith(self.mark) or (not self.reconciled and token.startswith(self.home_mark))
        return job.seen.stage == "active" and ours


def job_id_of(run: Run) -> str:
    return public_run_id(run.id) if run.job_id is None else run.job_id


def end_of(run: Run, hand: Hand) -> JobEnd:
    """What has become of the run, in the engine's words."""
    match run.state:
        case State.COMPLETED:
            return JobEnd(job_id=hand.job_id, token=hand.token, kind="completed", result=run.result or "null")
        case State.FAILED:
            return JobEnd(job_id=hand.job_id, token=hand.token, kind="failed", error=_error(run))
        case State.CANCELLED:
            reason = f"cancelled: {run.cancel_reason}" if run.cancel_reason else "cancelled"
            return JobEnd(job_id=hand.job_id, token=hand.token, kind="failed", error=Error("cancelled", reason))
    spent = run.state is State.RETRYING
    return JobEnd(
        job_id=hand.job_id,
        token=hand.token,
        kind="again",
        due_at=run.due_at,
        spent=spent,
        error=_error(run) if spent else None,
        lost=run.losses > hand.losses,
    )


def back_of(job: Job) -> JobEnd:
    return JobEnd(job_id=job.job_id, token=job.seen.token or "", kind="back")


def hand_of(job: Job, run: Run) -> Hand:
    return Hand(job.job_id, job.seen.token or "", job.seen.starts, run.losses)


def _error(run: Run) -> Error:
    return msgspec.json.decode(run.error or '{"code":"handler_error","message":"failed"}', type=Error)


ECHOES = {"again": "delayed", "back": "waiting"}


def echo_of(end: JobEnd) -> tuple[str, str]:
    return (end.job_id, ECHOES.get(end.kind, end.kind))
