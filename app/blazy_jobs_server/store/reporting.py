"""The verbs `report` and `cancel`: what workers say of their runs, and who asks them to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

from msgspec.json import decode

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.errors import RunFinished
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Transition
from blazy_jobs_server.domain.run import INVALID_RESULT, STATE_NAMES, Error, Run, State
from blazy_jobs_server.ports import ANY_WORKER, Completed, Held, Judged, Report, Reported, Said, Unjudged
from blazy_jobs_server.store import columns
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.columns import Words
from blazy_jobs_server.store.transaction import Transaction

MAX_LOGS = 20_000
"""Lines of a run's log that are kept."""

ACCEPTED = Reported("accepted")
ACCEPTED_CANCELLING = Reported("accepted", cancel_requested=True)
LEASE_LOST = Reported("lease_lost")

#: The states in which a run may be found after its last word under a token, so that the word sent again is accepted.
_AFTERWARDS = {
    "completed": (State.COMPLETED, State.FAILED, State.CANCELLED),
    "failed": (State.FAILED, State.RETRYING, State.QUEUED, State.CANCELLED),
    "cancelled": (State.CANCELLED,),
    "released": (State.QUEUED, State.CANCELLED),
    "snoozed": (State.SCHEDULED, State.QUEUED, State.CANCELLED),
    "lost": (State.QUEUED, State.FAILED, State.CANCELLED),
}


class Reports(NamedTuple):
    worker_id: int
    reports: tuple[Report, ...]
    holding: tuple[int, ...]
    lease_seconds: float
    completed: tuple[Completed, ...] = ()
    said: tuple[Said, ...] = ()


class Cancel(NamedTuple):
    run_id: int
    reason: str | None


def report(tx: Transaction, arguments: list[Reports]) -> list[Judged]:
    speakers = _speakers(tx, arguments)
    said = {item.run_id for argument in arguments for item in argument.reports}
    runs = tx.heads(said - speakers)
    answers = []
    for argument in arguments:
        worker_id, lease_until = argument.worker_id, after(tx.now, argument.lease_seconds)
        words = Words(tx)
        heard = [_hear(tx, words, runs, worker_id, item, lease_until) for item in argument.said]
        reported = [
            _spoken(tx, words, runs, worker_id, item, lease_until)
            if item.run_id in speakers
            else judge(tx, runs, worker_id, item, lease_until)
            for item in argument.reports
        ]
        words.save_ends()
        completed = [_complete(tx, words, runs, worker_id, item, lease_until) for item in argument.completed]
        words.save()
        answers.append(Judged(reported, completed, _renew(tx, worker_id, argument.holding, lease_until), heard))
    return answers


def _hear(
    tx: Transaction, words: Words, runs: dict[int, Run], worker_id: int, item: Said, lease_until: int
) -> dict[int, Reported]:
    """Notes what runs of batches have said, and judges the words of others one by one; what is not simply accepted."""
    batches = tx.ledger.batches
    answers: dict[int, Reported] = {}
    for run_id, start, end in item.entries():
        batch = batches.of(run_id)
        if batch is not None and _is_of(batch, worker_id, item) and _has_room(tx, run_id, end - start):
            words.say(batch, run_id, item.kinds[start:end], item.data[start:end], lease_until)
            continue
        if batch is not None or run_id not in runs:
            words.save()
            tx.flush()
            runs.update(tx.heads([run_id]))
        touch = Report(run_id=run_id, attempt=item.attempt, token=item.token, kind="touch")
        for report in [item.report(run_id, place) for place in range(start, end)] or [touch]:
            answer = judge(tx, runs, worker_id, report, lease_until)
            answers[run_id] = LEASE_LOST if isinstance(answer, Unjudged) else answer
    return {run_id: answer for run_id, answer in answers.items() if answer is not ACCEPTED}


def _has_room(tx: Transaction, run_id: int, words: int) -> bool:
    """In its log, for more lines."""
    said = tx.ledger.batches.said(run_id)
    return words + (0 if said is None else said.logs) <= MAX_LOGS


_WORDS = {"progress": EventType.PROGRESS, "log": EventType.LOG}
_TOGETHER = {*_WORDS, "touch"}


def _speakers(tx: Transaction, arguments: list[Reports]) -> set[int]:
    """The runs that can stay in their batches up to their ends: all that is said of them is words and results."""
    batches = tx.ledger.batches
    if not batches:
        return set()
    speaking: Counter[int] = Counter()
    others: set[int] = set()
    for argument in arguments:
        for item in argument.reports:
            batch = batches.of(item.run_id)
            if batch is not None and _stays(tx, batch, argument.worker_id, item):
                speaking[item.run_id] += 1
            else:
                others.add(item.run_id)
    heard = _heard(arguments) if speaking else Counter[int]()
    for run_id, number in speaking.items():
        if not _has_room(tx, run_id, number + heard[run_id]):
            others.add(run_id)
    return speaking.keys() - others


def _heard(arguments: list[Reports]) -> Counter[int]:
    """How much each run has said by columns."""
    heard: Counter[int] = Counter()
    for argument in arguments:
        for item in argument.said:
            for run_id, number in zip(item.run_ids, item.numbers, strict=True):
                heard[run_id] += number
    return heard


def _stays(tx: Transaction, batch: Batch, worker_id: int, item: Report) -> bool:
    if item.kind == "completed":
        return _can_end(tx, batch, worker_id, item) and not item.dropped
    return item.kind in _TOGETHER and not item.dropped and _is_of(batch, worker_id, item)


def _is_of(batch: Batch, worker_id: int, item: Report | Completed | Said) -> bool:
    """The fence of a batch, as `_holds` is that of a run."""
    return batch.token == item.token and batch.worker_id == worker_id and item.attempt == 1


def _spoken(
    tx: Transaction, words: Words, runs: dict[int, Run], worker_id: int, item: Report, lease_until: int
) -> Reported:
    if item.run_id in words.ended:
        words.save_ends()
    batch = tx.ledger.batches.of(item.run_id)
    if batch is None:  # what was said to have completed before, in this transaction
        words.save()
        tx.flush()
        runs.update(tx.heads([item.run_id]))
        return judge(tx, runs, worker_id, item, lease_until)
    if item.kind == "completed":
        words.end(batch, item.run_id, item.data)
    elif item.kind == "touch":
        words.renew(item.run_id, lease_until)
    else:
        words.say(batch, item.run_id, [_WORDS[item.kind]], [item.data], lease_until)
    return ACCEPTED


def _complete(
    tx: Transaction, words: Words, runs: dict[int, Run], worker_id: int, item: Completed, lease_until: int
) -> dict[int, Reported]:
    """Those that are still as they were leased in a batch end together, the others one by one; what is not simply
    accepted."""
    batch = tx.ledger.batches.only_of(item.run_ids)
    if batch is not None and _can_end(tx, batch, worker_id, item):
        columns.complete(tx, batch, item.run_ids, item.results, words)
        return {}
    together: dict[Batch, tuple[list[int], list[str]]] = {}
    others: list[Report] = []
    taken: set[int] = set()
    for report in item.reports():
        batch = tx.ledger.batches.of(report.run_id)
        if batch is None or report.run_id in taken or not _can_end(tx, batch, worker_id, item):
            others.append(report)
        else:
            taken.add(report.run_id)
            run_ids, results = together.setdefault(batch, ([], []))
            run_ids.append(report.run_id)
            results.append(report.data)
    for batch, (run_ids, results) in together.items():
        columns.complete(tx, batch, run_ids, None if item.results is None else results, words)
    if not others:
        return {}
    words.save()
    tx.flush()
    runs.update(tx.heads(dict.fromkeys(report.run_id for report in others)))
    judged = {report.run_id: judge(tx, runs, worker_id, report, lease_until) for report in others}
    return {run_id: answer for run_id, answer in judged.items() if answer is not ACCEPTED}


def _can_end(tx: Transaction, batch: Batch, worker_id: int, item: Report | Completed) -> bool:
    """Its results need no verdict."""
    schema = tx.ledger.versions[batch.definition_id].definition.result_schema
    return schema is None and _is_of(batch, worker_id, item)


def judge(tx: Changes, runs: dict[int, Run], worker_id: int, item: Report, lease_until: int) -> Reported:
    run = runs.get(item.run_id)
    if run is None:
        return LEASE_LOST
    if not _holds(run, worker_id, item):
        return ACCEPTED if _said_before(run, item) else LEASE_LOST
    if item.kind == "cancelled" and not run.cancel_requested:
        return Reported("rejected", error="no cancel was asked of this run")
    if (unjudged := _unjudged(tx, run, item)) is not None:
        runs[run.id] = tx.move(run, lifecycle.await_verdict(run, lease_until))
        return unjudged
    transition = _transition(tx, run, item)
    run = runs[run.id] = tx.move(run, transition)
    if run.is_detached:
        run.lease_until = lifecycle.silent_at(tx.now, tx.ledger.silence_seconds(run.job_type))
        if run.lease_until is not None:
            tx.wake_at(run.lease_until)
    elif run.state is State.RUNNING:
        run.lease_until = lease_until
    return ACCEPTED_CANCELLING if run.cancel_requested else ACCEPTED


def _holds(run: Run, worker_id: int, item: Report) -> bool:
    """The fence: only the lease that a run is under now may write to it."""
    return (
        run.state is State.RUNNING
        and run.lease_token == item.token
        and worker_id in (run.worker_id, ANY_WORKER)
        and run.attempt == item.attempt
    )


def _unjudged(tx: Changes, run: Run, item: Report) -> Unjudged | None:
    """Of a result without a verdict by its run's own definition, and of what is said of the run after it."""
    if item.kind == "completed":
        definition_id = run.definition_id
        schema = tx.ledger.versions[definition_id].definition.result_schema
        if schema is not None:
            if item.verdict is not None and item.verdict.definition_id == definition_id:
                return None
            tx.unjudged.add(run.id)
            return Unjudged("unjudged", run.cancel_requested, None, definition_id, schema)
    return Unjudged("unjudged", run.cancel_requested) if run.id in tx.unjudged else None


def _said_before(run: Run, item: Report) -> bool:
    if run.lease_token != item.token or run.state not in _AFTERWARDS.get(item.kind, ()):
        return False
    if item.kind == "completed" and run.state is not State.COMPLETED:
        return run.error is not None and decode(run.error, type=Error).code == INVALID_RESULT
    # Of what is queued again, a failure has spent its attempt, and what was given back has not.
    return run.state is not State.QUEUED or (run.attempt == item.attempt) is (item.kind == "failed")


def _transition(tx: Changes, run: Run, item: Report) -> Transition:
    now = tx.now
    if item.dropped:
        run = _with_dropped(run, item.dropped)
    match item.kind:
        case "completed":
            if item.verdict is not None and item.verdict.misfit is not None:
                return lifecycle.fail(run, now, item.verdict.misfit, retryable=False)
            return lifecycle.complete(run, now, item.data)
        case "progress":
            return lifecycle.progress(run, now, item.data)
        case "log":
            if run.logs >= MAX_LOGS:
                return Transition(_with_dropped(run, 1), ())
            return lifecycle.log(run, now, item.data)
        case "failed":
            return lifecycle.fail(
                run,
                now,
                item.error or Error("handler_error", "failed"),
                retryable=item.retryable,
                retry_after_seconds=item.retry_after_seconds,
                draw=tx.draw(),
            )
        case "released":
            return lifecycle.release(run, now, alone=item.alone)
        case "snoozed":
            return lifecycle.snooze(run, now, after(now, item.delay_seconds))
        case "detached":
            return lifecycle.detach(run, now, tx.ledger.silence_seconds(run.job_type))
        case "lost":
            return lifecycle.lose(run, now)
        case "cancelled":
            return lifecycle.stop(run, now)
        case "touch":
            return Transition(run, ())
    raise ValueError(f"no report of the kind {item.kind!r}")


def _with_dropped(run: Run, lines: int) -> Run:
    run = copy(run)
    run.logs_dropped += lines
    return run


def _renew(tx: Transaction, worker_id: int, holding: Sequence[int], lease_until: int) -> list[Held]:
    batches = tx.ledger.batches
    if batches:
        batches.renew(holding, worker_id, lease_until)
    return [_held(tx, batches.of(run_id), worker_id, run_id, lease_until) for run_id in holding]


def _held(tx: Transaction, batch: Batch | None, worker_id: int, run_id: int, lease_until: int) -> Held:
    if batch is not None:
        return Held(run_id, batch.worker_id == worker_id, False)
    run = tx.ledger.leases.get(run_id)
    if run is None or run.worker_id != worker_id:
        return Held(run_id, False, False)
    run.lease_until = lease_until
    return Held(run_id, True, run.cancel_requested)


def cancel(tx: Transaction, arguments: list[Cancel]) -> list[Run | RunFinished | None]:
    runs = tx.heads({argument.run_id for argument in arguments})
    return [cancel_one(tx, runs, argument) for argument in arguments]


def cancel_one(tx: Changes, runs: dict[int, Run], argument: Cancel) -> Run | RunFinished | None:
    run = runs.get(argument.run_id)
    if run is None:
        return None
    if run.state.final:
        return RunFinished(STATE_NAMES[run.state])
    run = runs[run.id] = tx.move(run, lifecycle.cancel(run, tx.now, argument.reason))
    return run
