"""What is known around a run, to explain where it is."""

from __future__ import annotations

from collections.abc import Callable

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.explaining import MOST_AHEAD, Pause, Situation
from blazy_jobs_server.domain.limits import NO_LIMITS
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.ports.audit import AuditFilter

LAST_EVENTS = 200
"""So many are looked through for the cancel that was asked."""


async def situation(jobs: Jobs, run: Run, *, tells_of: Callable[[WorkerRecord], bool], tells_who: bool) -> Situation:
    """`tells_of` says of which workers, and `tells_who` whether of who paused something."""
    now = jobs.clock.now()
    if run.state is State.RUNNING:
        return Situation(now=now, worker=_worker(jobs, run, tells_of), cancel_asked_at=await _asked_at(jobs, run))
    if run.state.final:
        return Situation(now=now)
    if jobs.store.neighbours is not None:
        await jobs.leasing.membership.meet_others()
    job_type, queue = await _pauses(jobs, run, tells_who=tells_who)
    if run.state is not State.QUEUED:
        return Situation(now=now, job_type_paused=job_type, queue_paused=queue)
    workers, slots, busy = await _slots(jobs, run, tells_of)
    members = jobs.leasing.membership.everyone()
    serving = [member for member in members if member.serves(run.job_type, run.queue)]
    known = jobs.catalogue.get(run.job_type)
    return Situation(
        now=now,
        reason=jobs.wait_reason(run),
        job_type_paused=job_type,
        queue_paused=queue,
        limit=None if known is None else known.definition.concurrency,
        running=jobs.numbers.running(run.job_type),
        queue_limits=jobs.catalogue.queue(run.queue).limits if jobs.catalogue.has_queue(run.queue) else NO_LIMITS,
        running_in_queue=jobs.numbers.running_in(run.queue),
        opens_at=jobs.opens_at(run.queue),
        ahead=await jobs.store.ahead(run, MOST_AHEAD),
        workers=workers,
        slots=slots,
        busy=busy,
        outdated=sum(run.definition_id in member.unknown for member in serving),
        left_at=jobs.leasing.membership.left_at(run.job_type, run.queue),
        destination=None if known is None else known.definition.handler.url,
        others=jobs.catalogue.has_queue(run.queue)
        and jobs.projection.delivered_by_others(jobs.catalogue.queue(run.queue)),
    )


def _worker(jobs: Jobs, run: Run, tells_of: Callable[[WorkerRecord], bool]) -> str | None:
    for member in jobs.leasing.membership.everyone():
        if member.record.id == run.worker_id and tells_of(member.record):
            return member.record.name
    return None


async def _asked_at(jobs: Jobs, run: Run) -> int | None:
    """When its cancel was asked; None where that is long ago by its log."""
    if not run.cancel_requested:
        return None
    events = await jobs.store.events(run.id, max(0, run.seq - LAST_EVENTS), LAST_EVENTS)
    return next((event.time for event in reversed(events) if event.type is EventType.CANCELLING), None)


async def _pauses(jobs: Jobs, run: Run, *, tells_who: bool) -> tuple[Pause | None, Pause | None]:
    known = jobs.catalogue.get(run.job_type)
    job_type = queue = None
    if known is not None and known.paused:
        job_type = await _pause(jobs, "job_type", run.job_type, tells_who=tells_who)
    if jobs.catalogue.has_queue(run.queue) and jobs.catalogue.queue(run.queue).paused:
        queue = await _pause(jobs, "queue", run.queue, tells_who=tells_who)
    return job_type, queue


async def _pause(jobs: Jobs, kind: str, name: str, *, tells_who: bool) -> Pause:
    """By the audit log, as far as it goes back."""
    newest = {
        deed: await jobs.store.audit(AuditFilter(action=f"{kind}.{deed}", target=name), None, 1)
        for deed in ("pause", "resume")
    }
    if not newest["pause"] or (newest["resume"] and newest["resume"][0].id > newest["pause"][0].id):
        return Pause()
    entry = newest["pause"][0]
    actor = entry.act.actor
    return Pause(entry.at, actor.name if tells_who and actor is not None else None)


async def _slots(jobs: Jobs, run: Run, tells_of: Callable[[WorkerRecord], bool]) -> tuple[int, int, int]:
    """Workers that serve it, their slots, and how many of these have a run; nothing where some may not be told of."""
    membership = jobs.leasing.membership
    serving = [
        member.record
        for member in membership.everyone()
        if member.serves(run.job_type, run.queue) and run.definition_id not in member.unknown
    ]
    if not all(map(tells_of, serving)):
        return 0, 0, 0
    hands = await jobs.store.in_hand([record.id for record in serving], 1)
    busy = sum(min(hands[record.id].number, record.concurrency) for record in serving if record.id in hands)
    return len(serving), sum(record.concurrency for record in serving), busy
