"""Of events."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import QUEUE_FILTER, TAG_FILTER

SHAPES = {
    "EventPage": "A page of a run's events, oldest first.",
    "EventType": "`completed`, `failed` and `cancelled` are the last events of their run.",
    "LogLevel": "How grave a line is.",
    "QueuedData": "When the run may start.",
    "StartedData": "Who runs it.",
    "LogData": "A line that the handler wrote.",
    "RetryingData": "Why the attempt failed, and when the next one is due.",
    "InterruptedData": "Why the claim ended without cost to the run, and when it may start again.",
    "CancellingData": "Why the cancel was asked for.",
    "CompletedData": "What came of it.",
    "FailedData": "Why the run failed.",
    "CancelledData": "Why the run was cancelled.",
}

_EVENT = {
    "id": "Of the event, unique in the database.",
    "seq": "Its number within its run: 1, 2, 3 …, without gaps.",
    "time": "When it was stored: RFC 3339, UTC, with microseconds.",
    "run_id": "The run that it is of.",
    "job_type": "The run's job type.",
    "queue": "The run's queue.",
    "state": "The run's state after this event.",
    "attempt": "The run's attempts begun by then; 0 before the first.",
    "type": "Which kind of event it is, and so what `data` has.",
    "data": "What happened, by the event's `type`.",
}
_EVENTS = "Queued Started Progress Log Retrying Interrupted Cancelling Completed Failed Cancelled"

FIELDS = {
    **{f"{kind}Event": _EVENT for kind in _EVENTS.split()},
    "QueuedData": {"due_at": "When it may start: the future of a run that was dispatched for later."},
    "StartedData": {"worker_id": "The worker that took it; null where a BullMQ worker elsewhere did."},
    "LogData": {
        "level": "As the handler gave it; an unknown one counts as `info`.",
        "message": "The line, at most 8 KiB.",
        "fields": "What the handler wrote beside it, at most 16 KiB; empty where there is nothing.",
    },
    "RetryingData": {"error": "Of the attempt that failed.", "due_at": "When the next attempt may start."},
    "InterruptedData": {
        "reason": "`released`: a stopping worker gave it back. `snoozed`: the handler asked to be called later. "
        "`lost`: its worker was not heard of "
        "any more.",
        "due_at": "When it may start again.",
    },
    "CancellingData": {"reason": "What was said with the cancel; null where nothing was."},
    "CompletedData": {"result": "What the handler returned: any JSON value."},
    "FailedData": {"error": "Of the last attempt, or of the run where there was none."},
    "CancelledData": {
        "reason": "What was said with the cancel, or why the server did it; null where nothing was said."
    },
    "EventPage": {
        "data": "At most `limit` of them.",
        "next_cursor": "Where the next page begins: send it as `cursor`. null where all events so far have been read.",
    },
}

OPERATIONS: dict[str, str] = {}

PARAMETERS = {
    ("events", "type"): "Only events of this type; given several times, of any of these. Default: all.",
    ("events", "job_type"): "Only events of runs of the job type of this name.",
    ("events", "queue"): QUEUE_FILTER,
    ("events", "tag"): TAG_FILTER,
    ("events", "from"): "`start`: begin with the oldest event that is kept. Default: with what happens from now on.",
}
