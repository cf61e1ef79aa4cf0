"""Of events."""

from __future__ import annotations

SHAPES = {
    "EventPage": "A page of a run's events, oldest first.",
    "EventType": "`completed`, `failed` and `cancelled` are final: the last event of a run.",
    "LogLevel": "The severity of a log line.",
    "QueuedData": "The run waits for a worker, or for its due time.",
    "StartedData": "A worker has claimed the run.",
    "LogData": "A log line of the handler.",
    "RetryingData": "Why the attempt failed, and when the next one is due.",
    "InterruptedData": "Why the run was requeued without spending an attempt, and when it is due again.",
    "CancellingData": "Why the run was cancelled.",
    "CompletedData": "The result of the run.",
    "FailedData": "Why the run failed.",
    "CancelledData": "Why the run was cancelled.",
}

_EVENT = {
    "id": "The event's id, unique in the database.",
    "seq": "The event's number within its run: 1, 2, 3 …, without gaps.",
    "time": "When the event was stored: RFC 3339, UTC, with microseconds.",
    "run_id": "The run that the event belongs to.",
    "job_type": "The run's job type.",
    "queue": "The run's queue.",
    "state": "The run's state after this event.",
    "attempt": "The number of attempts started so far; 0 before the first.",
    "type": "The kind of event; determines the fields of `data`.",
    "data": "The details of the event; the fields depend on `type`.",
}
_EVENTS = "Queued Started Progress Log Retrying Interrupted Cancelling Completed Failed Cancelled"

FIELDS = {
    **{f"{kind}Event": _EVENT for kind in _EVENTS.split()},
    "QueuedData": {"due_at": "When the run is due; in the future if it was dispatched with a delay."},
    "StartedData": {"worker_id": "The worker that claimed it; null if it was an external BullMQ worker."},
    "LogData": {
        "level": "The level set by the handler; an unknown level is stored as `info`.",
        "message": "The text of the line, at most 8 KiB.",
        "fields": "The fields logged with it, at most 16 KiB; an empty object if there are none.",
    },
    "RetryingData": {"error": "The error of the failed attempt.", "due_at": "When the next attempt is due."},
    "InterruptedData": {
        "reason": "`released`: the worker returned it, or never confirmed that it received it. `snoozed`: the handler "
        "asked to be called again later. `lost`: its worker died or its heartbeat stopped.",
        "due_at": "When the run is due again.",
    },
    "CancellingData": {"reason": "The reason given with the cancel request; null if none was given."},
    "CompletedData": {"result": "What the handler returned: any JSON value."},
    "FailedData": {"error": "The error of the last attempt, or of the run if it was never started."},
    "CancelledData": {
        "reason": "The reason given with the cancel request, or the server's reason; null if there is none."
    },
    "EventPage": {
        "data": "At most `limit` events.",
        "next_cursor": "The `cursor` of the next page. null if there are no more events so far.",
    },
}

OPERATIONS: dict[str, str] = {}

PARAMETERS = {
    ("events", "type"): "Only events of this type; repeat for several types. Default: all types.",
    ("events", "job_type"): "Only events of runs of this job type.",
    ("events", "queue"): "Only events of runs in the queue of this name.",
    ("events", "tag"): "Only events of runs with this tag.",
    ("events", "from"): "`start`: begin with the oldest stored event. Default: only events from now on.",
}
