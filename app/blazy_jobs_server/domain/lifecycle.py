"""The life of a run: one table of moves and one function per verb.

Pure: no I/O, no clock, no randomness of its own. Each verb takes a run and the instant, and returns the run after the
move together with the events that must be committed with it. A verb that the table does not allow from the run's state
raises `IllegalMove`: callers check the state (and the lease token) first, so it marks a bug, not a refusal.
"""

from __future__ import annotations

from copy import copy

from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import replace

from blazy_jobs_server.domain.error_groups import group_of
from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.ids import worker_id as public_worker_id
from blazy_jobs_server.domain.instants import after, rfc3339
from blazy_jobs_server.domain.job_type import Settings
from blazy_jobs_server.domain.run import Error, Run, State

MAX_LOSSES = 3
DEADLINE_SLACK_SECONDS = 15

S = State

#: verb → {state before: states after}. The diagram in docs/state-machine.md is generated from this table.
MOVES: dict[str, dict[State | None, tuple[State, ...]]] = {
    "create": {None: (S.SCHEDULED, S.QUEUED)},
    "promote": {S.SCHEDULED: (S.QUEUED,), S.RETRYING: (S.QUEUED,)},
    "run_now": {S.SCHEDULED: (S.QUEUED,), S.RETRYING: (S.QUEUED,)},
    "start": {S.QUEUED: (S.RUNNING,)},
    "progress": {S.RUNNING: (S.RUNNING,)},
    "log": {S.RUNNING: (S.RUNNING,)},
    "complete": {S.RUNNING: (S.COMPLETED,)},
    "fail": {S.RUNNING: (S.RETRYING, S.FAILED, S.CANCELLED)},
    "release": {S.RUNNING: (S.QUEUED, S.CANCELLED)},
    "snooze": {S.RUNNING: (S.SCHEDULED, S.QUEUED, S.CANCELLED)},
    "detach": {S.RUNNING: (S.RUNNING,)},
    "lose": {S.RUNNING: (S.QUEUED, S.FAILED, S.CANCELLED)},
    "cancel": {
        S.SCHEDULED: (S.CANCELLED,),
        S.QUEUED: (S.CANCELLED,),
        S.RETRYING: (S.CANCELLED,),
        S.RUNNING: (S.RUNNING,),
    },
    "stop": {S.RUNNING: (S.CANCELLED,)},
    "expire": {S.SCHEDULED: (S.FAILED,), S.QUEUED: (S.FAILED,)},
}


class IllegalMove(Exception):
    def __init__(self, verb: str, state: State) -> None:
        super().__init__(f"cannot {verb} a run that is {state.name.lower()}")


class Transition(Struct, frozen=True):
    """The run after a move, and what the log says of it, in order."""

    run: Run
    events: tuple[Event, ...]


class Lease(Struct, frozen=True):
    """What a claim gives a worker over a run. `token` fences every later write.

    `worker_id` None: a worker of others, of which nothing else is known.
    """

    worker_id: int | None
    token: str
    until: int


def _begin(verb: str, run: Run) -> Run:
    if run.state not in MOVES[verb]:
        raise IllegalMove(verb, run.state)
    return copy(run)


def _event(run: Run, kind: EventType, now: int, data: str) -> Event:
    run.seq += 1
    return Event(run.id, run.job_type, run.queue, run.tags, run.seq, kind, now, run.state, run.attempt, data)


def _text(value: object) -> str:
    return encode(value).decode()


def create(run: Run, now: int, expires_seconds: float | None = None) -> Transition:
    """The first event of a fresh run, which becomes `scheduled` when due later than `now`."""
    run = copy(run)
    run.created_at = now
    if run.fire_at is None:  # what a schedule makes is due at its time, however late it is made
        run.due_at = max(run.due_at, now)
    run.state = S.SCHEDULED if run.due_at > now else S.QUEUED
    run.expires_at = None if expires_seconds is None else after(now, expires_seconds)
    return Transition(run, (_event(run, EventType.QUEUED, now, queued_data(run.due_at)),))


def promote(run: Run) -> Transition:
    """Its time has come. The one change without an event."""
    run = _begin("promote", run)
    run.state = S.QUEUED
    return Transition(run, ())


def run_now(run: Run, now: int) -> Transition:
    """Somebody would not wait until its time."""
    run = _begin("run_now", run)
    run.due_at = now
    run.state = S.QUEUED
    return Transition(run, (_event(run, EventType.QUEUED, now, queued_data(now)),))


def start(run: Run, now: int, lease: Lease) -> Transition:
    """An attempt starts with a claim: the attempt counts from here, and `lease` fences it."""
    run = _begin("start", run)
    run.state = S.RUNNING
    run.attempt += 1
    run.claims += 1
    run.started_at = now
    run.worker_id = lease.worker_id
    run.lease_token = lease.token
    run.lease_until = lease.until
    run.deadline_at = after(now, run.settings.timeout_seconds + DEADLINE_SLACK_SECONDS)
    worker = "null" if lease.worker_id is None else f'"{public_worker_id(lease.worker_id)}"'
    return Transition(run, (_event(run, EventType.STARTED, now, f'{{"worker_id":{worker}}}'),))


def is_plain(run: Run) -> bool:
    """Whether its start is the same as that of all others of its definition: nothing has happened to it since its
    dispatch, which was no replay, it has the definition's settings, and its queue is the database's own.

    Of plain runs many start at once (`start_many`) and complete at once (`complete_many`). In SQL: statements.PLAIN.
    """
    return (
        run.state is State.QUEUED
        and run.seq == 1
        and run.claims == 0
        and run.overrides is None
        and run.followed is None
        and not run.cancel_requested
        and run.replay_of is None
    )


class ManyStarted(Struct, frozen=True):
    """What `start` makes of a plain run, whichever it is; `data` is that of its event."""

    deadline_at: int
    data: str
    state: State = State.RUNNING
    seq: int = 2
    attempt: int = 1
    claims: int = 1


def start_many(now: int, settings: Settings, worker_id: int) -> ManyStarted:
    deadline_at = after(now, settings.timeout_seconds + DEADLINE_SLACK_SECONDS)
    return ManyStarted(deadline_at, f'{{"worker_id":"{public_worker_id(worker_id)}"}}')


class ManyCompleted(Struct, frozen=True):
    """What `complete` makes of a plain run that was started with others and of which no lines were dropped. Its `seq`
    is one more than before; it is kept longer where it has a later `keep_until`."""

    finished_at: int
    delete_at: int
    state: State = State.COMPLETED
    attempt: int = 1


def complete_many(now: int, settings: Settings) -> ManyCompleted:
    return ManyCompleted(now, after(now, settings.retention_seconds))


class ManyCancelled(Struct, frozen=True):
    """What `cancel` makes of a run that waits and has never been leased out; `data` is that of its event. Its `seq` is
    one more than before; it is kept longer where it has a later `keep_until`."""

    finished_at: int
    delete_at: int
    data: str = '{"reason":null}'
    state: State = State.CANCELLED


def cancel_many(now: int, settings: Settings) -> ManyCancelled:
    return ManyCancelled(now, after(now, settings.retention_seconds))


def queued_data(due_at: int) -> str:
    """Of the event `queued`."""
    return f'{{"due_at":"{rfc3339(due_at)}"}}'


def completed_data(result: str) -> str:
    """Of the event `completed`, with a result (JSON text)."""
    return f'{{"result":{result}}}'


def progress(run: Run, now: int, data: str) -> Transition:
    """`data` is the event's JSON: percent, message, data."""
    run = _begin("progress", run)
    run.progress = data
    return Transition(run, (_event(run, EventType.PROGRESS, now, data),))


def log(run: Run, now: int, data: str) -> Transition:
    """`data` is the event's JSON: level, message, fields."""
    run = _begin("log", run)
    run.logs += 1
    return Transition(run, (_event(run, EventType.LOG, now, data),))


def await_verdict(run: Run, until: int) -> Transition:
    """Its result is there, and whether that fits is not known yet: the handler has ended in time, however long this
    takes. The lease and the attempt's deadline last at least `until` then."""
    run = copy(run)
    run.lease_until = until
    if run.deadline_at is not None:
        run.deadline_at = max(run.deadline_at, until)
    return Transition(run, ())


def _leave(run: Run) -> None:
    """The lease ends. The token stays, so that its last report, sent again, is known for what it is."""
    run.lease_until = run.deadline_at = None


def _dropped_lines(run: Run, now: int) -> tuple[Event, ...]:
    if not run.logs_dropped:
        return ()
    line = {
        "level": "warning",
        "message": f"{run.logs_dropped} lines dropped",
        "fields": {"dropped": run.logs_dropped},
    }
    run.logs_dropped = 0
    return (_event(run, EventType.LOG, now, _text(line)),)


def _finish(run: Run, state: State, now: int, kind: EventType, data: str) -> Transition:
    earlier = _dropped_lines(run, now)
    _leave(run)
    run.state = state
    run.finished_at = now
    settings = run.settings
    kept_seconds = settings.retention_failed_seconds if state is S.FAILED else settings.retention_seconds
    run.delete_at = max(after(now, kept_seconds), run.keep_until or 0)
    return Transition(run, (*earlier, _event(run, kind, now, data)))


def _cancelled(run: Run, now: int, reason: str | None) -> Transition:
    return _finish(run, S.CANCELLED, now, EventType.CANCELLED, _text({"reason": reason}))


def _note_error(run: Run, error: Error) -> None:
    error = replace(error, group=group_of(error))
    run.error, run.error_group, run.error_code = _text(error), error.group, error.code


def _failed(run: Run, now: int, error: Error) -> Transition:
    _note_error(run, error)
    return _finish(run, S.FAILED, now, EventType.FAILED, f'{{"error":{run.error}}}')


def complete(run: Run, now: int, result: str) -> Transition:
    """The handler returned `result` (JSON text). Stays completed although a cancel was asked."""
    run = _begin("complete", run)
    run.alone = False
    run.result = result
    run.error = run.error_group = run.error_code = None
    return _finish(run, S.COMPLETED, now, EventType.COMPLETED, completed_data(result))


def fail(
    run: Run,
    now: int,
    error: Error,
    *,
    retryable: bool = True,
    retry_after_seconds: float | None = None,
    draw: float = 0.0,
) -> Transition:
    """The attempt failed: another follows after the backoff (or `retry_after_seconds`), or the run has failed.

    `draw` is uniform in [0, 1), for the jitter.
    """
    run = _begin("fail", run)
    run.alone = False
    if run.cancel_requested:
        _note_error(run, error)
        return _cancelled(run, now, run.cancel_reason)
    if not retryable or run.attempt >= run.settings.retry.max_attempts:
        return _failed(run, now, error)
    if retry_after_seconds is None:
        run.due_at = now + run.settings.retry.delay(run.attempt, draw)
    else:
        run.due_at = after(now, retry_after_seconds)
    _note_error(run, error)
    run.state = S.RETRYING
    _leave(run)
    run.worker_id = None
    data = f'{{"error":{run.error},"due_at":"{rfc3339(run.due_at)}"}}'
    return Transition(run, (_event(run, EventType.RETRYING, now, data),))


def _give_back(run: Run, now: int, reason: str, due_at: int) -> Transition:
    run.attempt -= 1
    run.due_at = due_at
    run.state = S.SCHEDULED if due_at > now else S.QUEUED
    _leave(run)
    run.worker_id = None
    data = f'{{"reason":"{reason}","due_at":"{rfc3339(due_at)}"}}'
    return Transition(run, (_event(run, EventType.INTERRUPTED, now, data),))


def release(run: Run, now: int, *, alone: bool = False) -> Transition:
    """Given back unfinished, at no attempt's cost. `alone`: it may have held up its worker, and runs by itself next."""
    run = _begin("release", run)
    run.alone = run.alone or alone
    if run.cancel_requested:
        return _cancelled(run, now, run.cancel_reason)
    return _give_back(run, now, "released", now)


def snooze(run: Run, now: int, due_at: int) -> Transition:
    """The handler asked to come again at `due_at`, at no attempt's cost."""
    run = _begin("snooze", run)
    run.alone = False
    if run.cancel_requested:
        return _cancelled(run, now, run.cancel_reason)
    return _give_back(run, now, "snoozed", max(due_at, now))


def detach(run: Run, now: int, silence_seconds: float | None) -> Transition:
    """What its worker began goes on elsewhere, and is heard of by the run's own token. No worker has it any more; it is
    taken back at its deadline, or where nothing is heard of it for `silence_seconds`."""
    run = _begin("detach", run)
    run.alone = False
    run.worker_id = None
    run.lease_until = silent_at(now, silence_seconds)
    return Transition(run, ())


def silent_at(now: int, silence_seconds: float | None) -> int | None:
    return None if silence_seconds is None else after(now, silence_seconds)


def lose(run: Run, now: int) -> Transition:
    """Its worker died or fell silent, and nobody knows whether this run did it: no attempt spent, one loss counted.

    Its next leases are `alone`, so that a run which kills its worker is found out. The third loss fails it.
    """
    run = _begin("lose", run)
    run.losses += 1
    run.alone = True
    if run.cancel_requested:
        return _cancelled(run, now, run.cancel_reason)
    if run.losses >= MAX_LOSSES or run.settings.retry.on_lost == "fail":
        count = "once" if run.losses == 1 else f"{run.losses} times"
        return _failed(run, now, Error("lease_lost", f"Its worker was lost {count}."))
    return _give_back(run, now, "lost", now)


def cancel(run: Run, now: int, reason: str | None) -> Transition:
    """Cancelled at once, unless it runs: then its handler is asked. Asking again changes nothing."""
    run = _begin("cancel", run)
    if run.state is not S.RUNNING:
        run.cancel_requested = True
        run.cancel_reason = reason
        return _cancelled(run, now, reason)
    if run.cancel_requested:
        return Transition(run, ())
    run.cancel_requested = True
    run.cancel_reason = reason
    return Transition(run, (_event(run, EventType.CANCELLING, now, _text({"reason": reason})),))


def stop(run: Run, now: int) -> Transition:
    """The handler has ended because its cancel was asked."""
    return _cancelled(_begin("stop", run), now, run.cancel_reason)


def expire(run: Run, now: int) -> Transition:
    """Not started by its expiry."""
    run = _begin("expire", run)
    return _failed(run, now, Error("expired", f"Not started by {rfc3339(run.expires_at or now)}."))


def resolve(run: Run, now: int) -> Transition:
    """Nothing is left to be done about its failure. No move, and not part of its log: both have ended."""
    run = copy(run)
    run.resolved_at = now
    return Transition(run, ())


def time_out(run: Run, now: int, draw: float) -> Transition:
    """Past `deadline_at`: whatever its worker does, the lease is taken back and the attempt has failed."""
    seconds = run.settings.timeout_seconds
    return fail(run, now, Error("timeout", f"Ran longer than {seconds:g} seconds."), draw=draw)
