"""Why a run is where it is, in plain words. Pure: from the run and what is known around it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.json import decode

from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.ids import worker_id as public_worker_id
from blazy_jobs_server.domain.instants import SECOND, rfc3339
from blazy_jobs_server.domain.lifecycle import MAX_LOSSES
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits
from blazy_jobs_server.domain.run import Error, Run, State

MAX_SAID = 200
"""Characters of a message or a reason that a sentence has."""
MOST_AHEAD = 1000
"""So many runs before this one are counted."""
CLOCK_SECONDS = 43_200
"""Instants within this time are said by the clock alone."""


class Pause(Struct, frozen=True):
    """When something was paused and by whom, as far as it may be told."""

    at: int | None = None
    by: str | None = None


class Situation(Struct, frozen=True, kw_only=True):
    """What is known around a run. `reason` is its `wait_reason`."""

    now: int
    reason: str | None = None
    job_type_paused: Pause | None = None
    queue_paused: Pause | None = None
    limit: int | None = None
    running: int = 0
    """Of its job type."""
    queue_limits: Limits = NO_LIMITS
    running_in_queue: int = 0
    opens_at: int | None = None
    """When the rate of its queue lets the next run start; None: now."""
    ahead: int = 0
    """Runs of its job type and queue that start before it; MOST_AHEAD stands for more."""
    workers: int = 0
    """Those that serve it, as far as they may be told of; with their slots, and how many of these have a run."""
    slots: int = 0
    busy: int = 0
    outdated: int = 0
    """Workers that serve its job type with code that is older than its definition."""
    left_at: int | None = None
    """When a worker that served it was last seen to leave."""
    worker: str | None = None
    """The name of the worker that has it."""
    cancel_asked_at: int | None = None
    destination: str | None = None
    """The URL of its HTTP handler."""
    others: bool = False
    """Workers of others deliver its queue."""


class Blocking(Struct, frozen=True):
    """What holds it back: the reason, what of (`job_type`, `queue`, `workers`, `destination`, `run`) and its name, and
    the path of the API that shows it."""

    reason: str
    scope: str
    name: str | None
    detail: str
    link: str | None


class Explanation(Struct, frozen=True, kw_only=True):
    """`since` is when this began, and `next` what happens next without anybody's doing."""

    summary: str
    facts: tuple[str, ...] = ()
    since: int | None = None
    blocking: tuple[Blocking, ...] = ()
    next: str | None = None
    suggestions: tuple[str, ...] = ()


def explain(run: Run, seen: Situation) -> Explanation:
    match run.state:
        case State.SCHEDULED:
            found = _scheduled(run, seen)
        case State.QUEUED:
            found = _queued(run, seen)
        case State.RUNNING:
            found = _running(run, seen)
        case State.RETRYING:
            found = _retrying(run, seen)
        case State.COMPLETED:
            found = _completed(run, seen)
        case State.FAILED:
            found = _failed(run, seen)
        case State.CANCELLED:
            found = _cancelled(run, seen)
    return Explanation(
        summary=found.summary,
        facts=(*found.facts, *_history(run, seen)),
        since=found.since,
        blocking=found.blocking,
        next=found.next,
        suggestions=found.suggestions,
    )


# -- words


def span(microseconds: int) -> str:
    """A length of time, with its largest unit only."""
    seconds = max(0, microseconds) / SECOND
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    for size, unit, following in ((1, "s", 120), (60, "min", 7200), (3600, "h", 172_800)):
        if seconds < following:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds / 86_400)} days"


def clock(at: int, now: int) -> str:
    text = rfc3339(at)
    day, time = text[:10], text[11:19]
    return f"{time} UTC" if abs(at - now) < CLOCK_SECONDS * SECOND else f"{day} {time} UTC"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_SAID else f"{line[:MAX_SAID]}…"


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _error(run: Run) -> str | None:
    if run.error is None:
        return None
    error = decode(run.error, type=Error)
    return _cut(f"{error.code}: {error.message}")


def _path(run: Run, verb: str = "") -> str:
    return f"/v1/runs/{public_run_id(run.id)}{verb}"


def _history(run: Run, seen: Situation) -> tuple[str, ...]:
    facts = []
    if run.losses and run.state is not State.FAILED:
        lost = "once" if run.losses == 1 else f"{run.losses} times"
        alone = " It runs alone until an attempt ends by itself." if run.alone and not run.state.final else ""
        facts.append(f"Its worker was lost {lost}; at {MAX_LOSSES} losses it fails.{alone}")
    if run.expires_at is not None and run.claims == 0 and not run.state.final:
        facts.append(f"It expires in {span(run.expires_at - seen.now)} if it has not started by then.")
    if run.schedule is not None:
        facts.append(f"The schedule `{run.schedule}` made it.")
    if run.replay_of is not None:
        facts.append(f"It replays {public_run_id(run.replay_of)}.")
    if run.logs_dropped:
        facts.append(_number(run.logs_dropped, "line of its log was dropped.", "lines of its log were dropped."))
    return tuple(facts)


# -- waiting


def _scheduled(run: Run, seen: Situation) -> Explanation:
    again = run.claims > 0
    why = "Its handler asked to be called again" if again else "It is to start"
    return Explanation(
        summary=f"Waits for its time. {why} in {span(run.due_at - seen.now)}.",
        since=run.started_at if again else run.created_at,
        blocking=(*_pauses(run, seen),),
        next=f"It is queued at {clock(run.due_at, seen.now)}.",
        suggestions=(f"To start it now: POST {_path(run, '/run-now')}.",),
    )


def _retrying(run: Run, seen: Situation) -> Explanation:
    most = run.settings.retry.max_attempts
    return Explanation(
        summary=f"Attempt {run.attempt} of {most} failed. The next one is due in {span(run.due_at - seen.now)}.",
        facts=tuple(f"The last error: {error}" for error in (_error(run),) if error),
        blocking=(*_pauses(run, seen),),
        since=run.started_at,
        next=f"Attempt {run.attempt + 1} is queued at {clock(run.due_at, seen.now)}.",
        suggestions=(f"To try again now: POST {_path(run, '/run-now')}.",),
    )


def _queued(run: Run, seen: Situation) -> Explanation:
    waits = f"Waits {span(seen.now - run.due_at)}."
    blocking = _blocking(run, seen)
    ahead = () if seen.ahead == 0 else (_ahead(seen.ahead),)
    error = _error(run)
    facts = (*ahead, *((f"The last error: {error}",) if error else ()))
    said = blocking[0].detail if blocking else _unblocked(seen)
    return Explanation(
        summary=f"{waits} {said}",
        facts=facts,
        since=run.due_at,
        blocking=blocking,
        next=_next(seen),
        suggestions=_remedies(run, seen),
    )


def _ahead(ahead: int) -> str:
    if ahead >= MOST_AHEAD:
        return f"At least {MOST_AHEAD} runs of its job type and queue are ahead."
    return _number(ahead, "run of its job type and queue is ahead.", "runs of its job type and queue are ahead.")


def _unblocked(seen: Situation) -> str:
    if seen.others:
        return "Workers of others take it from its queue in Redis."
    if seen.ahead:
        return "Nothing holds it back but the runs ahead."
    return "Nothing holds it back; it is about to start."


def _pauses(run: Run, seen: Situation) -> tuple[Blocking, ...]:
    found = []
    places = (("job_type", run.job_type, seen.job_type_paused), ("queue", run.queue, seen.queue_paused))
    for scope, name, pause in places:
        if pause is not None:
            what = scope.replace("_", " ")
            since = "" if pause.at is None else f" since {clock(pause.at, seen.now)}"
            by = "" if pause.by is None else f", by `{pause.by}`"
            link = f"/v1/{what.replace(' ', '-')}s/{name}"
            found.append(Blocking("paused", scope, name, f"The {what} `{name}` is paused{since}{by}.", link))
    return tuple(found)


def _blocking(run: Run, seen: Situation) -> tuple[Blocking, ...]:
    queue_link, type_link = f"/v1/queues/{run.queue}", f"/v1/job-types/{run.job_type}"
    match seen.reason:
        case "paused":
            return _pauses(run, seen) or (
                Blocking("paused", "job_type", run.job_type, "Its job type or its queue is paused.", type_link),
            )
        case "queue_unavailable":
            detail = f"The Redis of the queue `{run.queue}` cannot be reached, or refuses what it is asked."
            return (Blocking("queue_unavailable", "queue", run.queue, detail, queue_link),)
        case "waiting_children":
            detail = "Its job in Redis is the parent of a flow, and waits for its children."
            return (Blocking("waiting_children", "run", None, detail, None),)
        case "no_worker":
            return (Blocking("no_worker", "workers", None, _no_worker(run, seen), "/v1/workers"),)
        case "destination_unavailable":
            where = "" if seen.destination is None else f" ({seen.destination})"
            detail = f"Its HTTP handler{where} refuses connections."
            return (Blocking("destination_unavailable", "destination", seen.destination, detail, type_link),)
        case "concurrency_limit" if _is_full(seen):
            detail = f"The limit of `{run.job_type}` is reached: {seen.running} of {seen.limit} run."
            return (Blocking("concurrency_limit", "job_type", run.job_type, detail, type_link),)
        case "concurrency_limit":
            limit = seen.queue_limits.concurrency
            detail = f"The limit of the queue `{run.queue}` is reached: {seen.running_in_queue} of {limit} run."
            return (Blocking("concurrency_limit", "queue", run.queue, detail, queue_link),)
        case "rate_limit":
            return (Blocking("rate_limit", "queue", run.queue, _rate(run, seen), queue_link),)
        case None:
            return _busy(seen)
        case other:
            return (Blocking(other, "run", None, f"It is held back: {other.replace('_', ' ')}.", None),)


def _is_full(seen: Situation) -> bool:
    """Whether the limit of its job type is reached."""
    return seen.limit is not None and seen.running >= seen.limit


def _rate(run: Run, seen: Situation) -> str:
    rate = seen.queue_limits.rate_limit
    if rate is None:
        return f"The rate limit of the queue `{run.queue}` is reached."
    starts = _number(rate.limit, "start", "starts")
    return f"The rate limit of the queue `{run.queue}` is reached: {starts} in any {rate.per_seconds:g} seconds."


def _no_worker(run: Run, seen: Situation) -> str:
    if seen.outdated:
        workers = _number(seen.outdated, "worker that is here has", "workers that are here have")
        return f"The {workers} older code than the run: `{run.job_type}` in version {run.version}."
    left = "" if seen.left_at is None else f"; the last one left at {clock(seen.left_at, seen.now)}"
    return f"No worker that is here serves `{run.job_type}` in `{run.queue}`{left}."


def _busy(seen: Situation) -> tuple[Blocking, ...]:
    if not seen.slots or seen.busy < seen.slots:
        return ()
    slots = "The only slot" if seen.slots == 1 else f"All {seen.slots} slots"
    workers = _number(seen.workers, "worker that serves it is", "workers that serve it are")
    detail = f"{slots} of the {workers} busy."
    return (Blocking("workers_busy", "workers", None, detail, "/v1/workers"),)


def _next(seen: Situation) -> str | None:
    match seen.reason:
        case "destination_unavailable":
            return "The handler is tried again within a minute."
        case "concurrency_limit":
            return f"It starts when a run of its {'job type' if _is_full(seen) else 'queue'} ends."
        case "rate_limit" if seen.opens_at is not None:
            return f"The next run of the queue may start at {clock(seen.opens_at, seen.now)}."
        case "queue_unavailable":
            return "It goes on when Redis answers."
        case "waiting_children":
            return "It goes on when its children have finished."
        case "no_worker":
            return "It starts when a worker that serves it registers."
        case None if seen.slots and seen.busy >= seen.slots:
            return "It starts when a slot is free."
        case None if not seen.others:
            return "A worker takes it, the runs of higher priority and those due before it first."
    return None


def _remedies(run: Run, seen: Situation) -> tuple[str, ...]:
    match seen.reason:
        case "paused":
            names = [f"POST {pause.link}/resume" for pause in _pauses(run, seen)]
            return tuple(f"To let it start: {name}." for name in names)
        case "no_worker" if seen.outdated:
            return ("Deploy workers with the present code.",)
        case "no_worker":
            return (f"Start a worker that serves `{run.job_type}` in `{run.queue}`.",)
        case "destination_unavailable":
            return ("See whether the handler is up, and what is between it and the server.",)
        case "concurrency_limit":
            whose = f"`{run.job_type}`" if _is_full(seen) else f"the queue `{run.queue}`"
            return (f"To let more run at a time, raise the `concurrency` of {whose}.",)
        case "rate_limit":
            return (f"To let more start, raise the `rate_limit` of the queue `{run.queue}`.",)
        case "queue_unavailable":
            return ("See the server's log for what Redis answers.",)
        case None if seen.slots and seen.busy >= seen.slots:
            return ("Start more workers, or give the run a higher priority.",)
    return ()


# -- running


def _running(run: Run, seen: Situation) -> Explanation:
    started = run.started_at or seen.now
    took = span(seen.now - started)
    where = _whereabouts(run, seen)
    summary = f"Attempt {run.attempt} of {run.settings.retry.max_attempts} has run for {took} {where}."
    facts: list[str] = []
    blocking: tuple[Blocking, ...] = ()
    suggestions: tuple[str, ...] = ()
    following = None
    if run.cancel_requested:
        asked = "" if seen.cancel_asked_at is None else f" {span(seen.now - seen.cancel_asked_at)} ago"
        detail = f"Its cancel was asked{asked}, and its handler has not ended yet."
        summary = f"{detail} {summary}"
        blocking = (Blocking("cancelling", "run", public_run_id(run.id), detail, _path(run)),)
        suggestions = ("A handler ends when it asks whether it is cancelled, or at its next `await`.",)
    if run.cancel_requested and run.cancel_reason:
        facts.append(f"The reason given: {_cut(run.cancel_reason)}")
    if run.deadline_at is not None:
        limit = span(round(run.settings.timeout_seconds * SECOND))
        following = f"The attempt times out after {limit}; it is taken back in {span(run.deadline_at - seen.now)}."
    if run.attempt > 1 and (error := _error(run)) is not None:
        facts.append(f"The last error: {error}")
    return Explanation(
        summary=summary,
        facts=tuple(facts),
        since=run.started_at,
        blocking=blocking,
        next=following,
        suggestions=suggestions,
    )


def _whereabouts(run: Run, seen: Situation) -> str:
    if run.is_detached:
        return "at its HTTP handler, which reports by itself"
    if run.worker_id is None:
        return "with a worker of others"
    return f"on worker `{seen.worker}`" if seen.worker is not None else f"on {public_worker_id(run.worker_id)}"


# -- ended


def _kept(run: Run, seen: Situation) -> str | None:
    if run.delete_at is None:
        return None
    left = run.delete_at - seen.now
    return f"It is deleted in {span(left)}." if left > 0 else "Its retention is over; it is deleted soon."


def _completed(run: Run, seen: Situation) -> Explanation:
    ended = run.finished_at or seen.now
    took = span(ended - (run.started_at or ended))
    return Explanation(
        summary=f"Completed at {clock(ended, seen.now)}, in attempt {run.attempt}, which took {took}.",
        since=run.finished_at,
        next=_kept(run, seen),
    )


def _failed(run: Run, seen: Situation) -> Explanation:
    ended = run.finished_at or seen.now
    error = decode(run.error, type=Error) if run.error else Error("unknown", "It is not known why.")
    most = run.settings.retry.max_attempts
    facts = [_why_final(run, error)]
    suggestions: tuple[str, ...] = (
        f"When the cause is mended: POST {_path(run, '/replay')}.",
        f"If nothing is left to be done: POST {_path(run, '/resolve')}.",
    )
    if run.resolved_at is not None:
        facts.append(f"It was resolved at {clock(run.resolved_at, seen.now)}.")
        suggestions = ()
    return Explanation(
        summary=f"Failed at {clock(ended, seen.now)} after {run.attempt} of {_number(most, 'attempt', 'attempts')}: "
        f"{_cut(f'{error.code}: {error.message}')}",
        facts=tuple(facts),
        since=run.finished_at,
        next=_kept(run, seen),
        suggestions=suggestions,
    )


def _why_final(run: Run, error: Error) -> str:
    if error.code == "expired":
        return "It was not started in time."
    if error.code == "lease_lost":
        on_lost = run.settings.retry.on_lost == "fail" and run.losses < MAX_LOSSES
        return "Its job type says that a run whose worker is lost fails." if on_lost else "Its workers were lost."
    if run.attempt >= run.settings.retry.max_attempts:
        return "No attempts are left."
    return "The error is not one to be tried again."


def _cancelled(run: Run, seen: Situation) -> Explanation:
    ended = run.finished_at or seen.now
    before = "before it started" if run.claims == 0 else f"in attempt {max(run.attempt, 1)}"
    reason = () if not run.cancel_reason else (f"The reason given: {_cut(run.cancel_reason)}",)
    return Explanation(
        summary=f"Cancelled at {clock(ended, seen.now)}, {before}.",
        facts=reason,
        since=run.finished_at,
        next=_kept(run, seen),
        suggestions=(f"To run it after all: POST {_path(run, '/replay')}.",),
    )
