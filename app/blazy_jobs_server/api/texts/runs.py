"""Of runs: dispatch, reading, attempts, errors and problem documents."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA, QUEUE_FILTER, TAG_FILTER

SHAPES = {
    "Run": "One execution of a job with all its attempts: its input, state and outcome.",
    "RunPage": "A page of runs, newest first.",
    "ListedRun": "A run of a list: as it is read, or with `fields=brief` without payload, result and metadata.",
    "Searched": "How far a search for text has come.",
    "RunCount": "How many runs there are.",
    "ListedFields": "`brief`: without payload, result and metadata.",
    "RunBrief": "A run of a batch: its id, and its state at the time of the response.",
    "Batch": "The runs of a batch, in the order of the request.",
    "BatchIn": "Runs to dispatch in one transaction: either all are stored, or none.",
    "BatchItem": "One run of a batch. Omitted fields are taken from the job type.",
    "CancelIn": "Why the run is cancelled.",
    "ReplayIn": "What is different in the new run.",
    "RunError": "Why an attempt or a run failed.",
    "Progress": "The progress reported by the handler.",
    "Attempt": "One claim of a run by a worker, and how it ended.",
    "AttemptPage": "A page of attempts, oldest first.",
    "RunState": "`scheduled`: due later. `queued`: due, waiting for a worker. `running`: claimed by a worker. "
    "`retrying`: an attempt failed, and the next one is due later. `completed`, `failed` and `cancelled` are final.",
    "ProblemError": "One error of a request.",
}

_DISPATCH = {
    "payload": "The handler's input: any JSON value that matches the job type's `payload_schema`. The request body is "
    "limited to 1 MiB (`JOBS_MAX_BODY_BYTES`).",
    "queue": "The queue of the run. Default: that of the job type.",
    "priority": "The priority in its queue, from -100 to 100; higher starts first. Default: that of the job type.",
    "delay_seconds": "Seconds from now until the run is due, at most 366 days; mutually exclusive with `run_at`. "
    "null (default): due immediately.",
    "run_at": "When the run is due (RFC 3339), at most 366 days ahead; a time in the past is due immediately. Mutually "
    "exclusive with `delay_seconds`. null (default): due immediately.",
    "retry": "The retry policy of this run, or the number of retries (one less than attempts, 0 to 999). Omitted "
    "fields of a policy are taken from the job type. Default: that of the job type.",
    "timeout_seconds": "Time limit of one attempt in seconds, more than 0 and at most 30 days. Default: that of the "
    "job type.",
    "expires_seconds": "Seconds after the dispatch within which the run must start, more than 0 and at most 366 "
    "days; otherwise it is `failed` with `expired`. null: no limit. Default: that of the job type.",
    "dedupe_key": "1 to 255 characters. While an unfinished run of this job type has the same key, that run is "
    "returned and no new one is created. null (default): no deduplication.",
    "tags": "At most 20 tags of 1 to 128 characters, to find the run by. Default: none.",
    "metadata": "The caller's own data about the run: at most 50 names of 128 characters with values of 4,096. "
    "The server does not interpret it. Default: none.",
}

_RUN = {
    "id": "The id of the run, assigned by the server; ids sort by creation.",
    "job_type": "The name of its job type.",
    "job_type_version": "The version of the job type with which it was dispatched, and whose settings it keeps.",
    "queue": "The name of the queue in which it waits or waited.",
    "state": "The current state.",
    "priority": "The priority in its queue, from -100 to 100; higher starts first.",
    "payload": "The handler's input, as dispatched.",
    "result": "What the handler returned. null until the run is `completed`, or if the handler returned null.",
    "error": "The error of the last failed attempt, while the run is `retrying` or `failed`; otherwise null.",
    "progress": "The latest progress reported by the handler; null if there is none.",
    "attempt": "The number of attempts started so far. Attempts that were released, snoozed, or lost with their "
    "worker do not count.",
    "max_attempts": "Maximum number of attempts, including the first.",
    "losses": "How often its worker was lost while it ran. After the third loss the run is `failed`.",
    "timeout_seconds": "Time limit of one attempt in seconds.",
    "due_at": "When the run, or its next attempt, is due: RFC 3339, UTC.",
    "expires_at": "When it is `failed` with `expired` unless it has started by then. null: never.",
    "created_at": "When it was dispatched.",
    "created_by": "The API key that it was dispatched, replayed or triggered with; `root` is that of the settings."
    " null: a schedule, a handler of the server's own workers, or a server without keys.",
    "started_at": "When its latest attempt started; null before the first.",
    "finished_at": "When it reached its final state; null before.",
    "cancel_requested": "Whether its handler has been told to stop.",
    "worker_id": "The worker that has claimed it; null if there is none, or if it is an external BullMQ worker.",
    "schedule": "The schedule that created it; null if it was dispatched.",
    "replay_of": "The run that it replays; null if it is no replay.",
    "dedupe_key": "The key with which it was dispatched; null if there is none.",
    "tags": "Tags to find it by.",
    "metadata": "The caller's own data, as dispatched.",
    "cancel_reason": "The reason given with the cancel request; null if there is none.",
    "resolved": "Whether nothing is left to be done about the failure: someone said so, or has replayed the run. "
    "false of every run that has not failed.",
    "resolved_at": "When that was; null if it is not resolved.",
    "wait_reason": "Why a due run does not start; null if nothing blocks it, and in every state except `queued`.",
}

FIELDS = {
    "DispatchIn": _DISPATCH,
    "BatchItem": {**_DISPATCH, "job_type": "The name of the job type to run."},
    "BatchIn": {"runs": "1 to 10,000 runs, of any job types."},
    "Batch": {"data": "The id and state of each run, at the position of its item in the request."},
    "RunBrief": {
        "id": "The id of the run.",
        "state": "The state at the time of the response; read the run for its current state.",
    },
    "CancelIn": {
        "reason": "For people, at most 1,024 characters; stored in `cancel_reason` and in the event. null (default): "
        "none."
    },
    "ReplayIn": {
        "payload": "The payload of the new run. `***` where a value is redacted stands for the value of this run. "
        "Default: the payload of this run."
    },
    "Run": _RUN,
    "ListedRun": _RUN
    | {
        "payload": "The handler's input, as dispatched. Omitted with `fields=brief`.",
        "result": "What the handler returned. null until the run is `completed`, or if the handler returned null. "
        "Omitted with `fields=brief`.",
        "metadata": "The caller's own data, as dispatched. Omitted with `fields=brief`.",
    },
    "Searched": {
        "runs": "How many runs' texts were looked at for this page.",
        "complete": "Whether there is nothing left to be looked at.",
        "cursor": "Where the search goes on: the `next_cursor` of the page. null if it is complete.",
    },
    "RunCount": {
        "count": "How many match.",
        "at_least": "Whether there may be more: counting ended at 10,000, or at the bounds of a search for text.",
    },
    "RunPage": {
        "data": PAGE_DATA,
        "next_cursor": CURSOR_OF_NEXT,
        "searched": "How far the search has come. Omitted, and never null, without `q`.",
    },
    "RunError": {
        "code": "Stable, for programs: `handler_error` for an exception, `timeout`, `crashed`, `lease_lost`, "
        "`expired`, `invalid_payload`, `invalid_result`, or a code chosen by the handler.",
        "type": "The class of the exception; null if there is none.",
        "message": "For people, at most 8 KiB.",
        "traceback": "The traceback in the handler's code, at most 32 KiB; null if it is not known.",
        "group": "The group of errors that it belongs to, 16 hexadecimal digits: the same for the same code, type, "
        "place in the job's own files, and message without its numbers, ids and quoted parts. null of errors "
        "from before there were groups.",
        "status": "The HTTP status that the handler answered. Omitted, or null, if there was none.",
    },
    "Progress": {
        "percent": "From 0 to 100; null if not reported.",
        "message": "A short status text, at most 8 KiB; null if not reported.",
        "data": "Any JSON value, at most 16 KiB; larger values are truncated and marked with `cut`. null if not "
        "reported.",
    },
    "Attempt": {
        "number": "Counts the claims of the run, from 1.",
        "attempt": "The number of the attempt. Claims that were released, snoozed or lost do not count: the next claim "
        "has the same number.",
        "worker_id": "The worker that claimed it; null if it was an external BullMQ worker.",
        "started_at": "When the worker claimed it.",
        "finished_at": "When it ended; null while it is running.",
        "outcome": "How it ended; null while it is running.",
        "error": "Why it failed; null if it did not fail.",
        "trace_id": "The trace of the attempt's span, if its worker records spans (OpenTelemetry).",
    },
    "AttemptPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
    "Problem": {
        "type": "Always `about:blank`; `code` identifies the problem.",
        "title": "A short summary of the kind of problem.",
        "status": "The HTTP status.",
        "detail": "What is wrong in this case, for people; the wording may change.",
        "code": "A stable identifier of the kind of problem, for programs.",
        "errors": "The individual errors, at most 100. Omitted, and never null, if `detail` says everything.",
    },
    "ProblemError": {
        "path": "Where the error is in the request body: a JSON Pointer (RFC 6901). For a query parameter, `/` and its "
        "name.",
        "message": "What is wrong there, for people. It never contains the value.",
        "code": "The rule that was violated; for a payload, the keyword of its schema.",
    },
}

OPERATIONS = {
    "dispatch_batch": "Responds when all runs are durable. One invalid item refuses the whole batch; the errors name "
    "the position of each. The body is limited to 16 MiB (`JOBS_MAX_BATCH_BYTES`).",
    "list_runs": "Filters are combined with AND. A page ends early at 4 MiB; continue with `next_cursor` until it is "
    "null. A search for text (`q`) looks at the newest 100,000 runs that the other filters leave, or for 200 ms, "
    "whichever ends first, and says in `searched` how far it has come; it does not find what is redacted for the key.",
    "count_runs": "With the filters of the list. Exact if it filters by nothing but state, job type and queue; "
    "otherwise up to 10,000.",
    "get_run": "The complete run, with its payload and result.",
    "erase_run": "Permanently deletes payload, result, events and attempts. An unfinished run is refused; cancel it "
    "first.",
    "list_attempts": "A run that was retried, released or lost has several. Attempts are kept as long as their run.",
    "resolve_run": "Nothing is left to be done about its failure: it no longer counts in `GET /v1/errors`. A replay "
    "resolves the run that it replays. The run, its log and its retention stay as they are; again changes nothing.",
    "cancel_run": "A run that is not running is `cancelled` immediately. Otherwise its handler is told to stop and "
    "gets a grace period; then the run is `cancelled`. A finished run is refused.",
    "replay_run": "Creates a new run of the current definition of the job type, with the payload, tags, metadata and "
    "own settings of this run, due immediately. Its `replay_of` is the id of this run. "
    "`payload` gives it another payload.",
    "run_now": "It is due immediately: `queued`, with an event that says so. Any other run is refused, also one in a "
    "BullMQ queue.",
}

PARAMETERS = {
    ("runs", "run_id"): "The `id` of the run.",
    ("runs", "id"): "Only this run; repeat for several, at most 200.",
    ("runs", "error_code"): "Only runs whose error has this code.",
    ("runs", "error_group"): "Only runs whose error is of this group (`error.group`).",
    ("runs", "resolved"): "Only runs that are resolved, or that are not.",
    ("runs", "worker_id"): "Only runs whose latest attempt this worker has, or had when it ended.",
    ("runs", "attempt_min"): "Only runs of which at least so many attempts have started.",
    ("runs", "finished_after"): "Only runs finished at this time or later (RFC 3339 with an offset).",
    ("runs", "finished_before"): "Only runs finished before this time (RFC 3339 with an offset).",
    ("runs", "q"): "Only runs with this text in payload, result, error, tags or metadata, whatever the case of A to Z;"
    " 1 to 256 characters.",
    ("runs", "fields"): "`brief`: without payload, result and metadata.",
    ("runs", "state"): "Only runs in this state; repeat for several states.",
    ("runs", "job_type"): "Only runs of this job type.",
    ("runs", "queue"): QUEUE_FILTER,
    ("runs", "tag"): TAG_FILTER,
    ("runs", "schedule"): "Only runs created by this schedule.",
    ("runs", "created_after"): "Only runs dispatched after this time (RFC 3339 with an offset).",
    ("runs", "created_before"): "Only runs dispatched before this time (RFC 3339 with an offset).",
    (
        "runs",
        "wait_seconds",
    ): "Seconds to wait for the run to finish, limited to `JOBS_MAX_WAIT_SECONDS` (60). Default: do not wait.",
    ("runs", "after"): "Only events after this number.",
}
