"""Of runs: dispatch, reading, attempts, errors and problem documents."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, QUEUE_FILTER, TAG_FILTER

SHAPES = {
    "Run": "One execution of a job, with all its attempts: what was asked for, where it stands, and what came of it.",
    "RunPage": "A page of runs, newest first.",
    "RunBrief": "A run of a batch: its id, and its state when the answer was made.",
    "Batch": "The runs of a batch, in the order of the request.",
    "BatchIn": "Runs to dispatch in one transaction: all of them are stored, or none.",
    "BatchItem": "One run of a batch. What is left out comes from the job type.",
    "CancelIn": "Why a run is cancelled.",
    "RunError": "Why an attempt failed, or why the run did.",
    "Progress": "How far a handler says that it is.",
    "Attempt": "One claim of a run by a worker, and how it ended.",
    "AttemptPage": "A page of attempts, oldest first.",
    "RunState": "`scheduled`: due later. `queued`: due, waits for a worker. `running`: a worker holds it. "
    "`retrying`: an attempt "
    "failed, the next one is due later. `completed`, `failed` and `cancelled` are final.",
    "ProblemError": "One fault of a request.",
}

_DISPATCH = {
    "payload": "The handler's input: any JSON value. It must fit the job type's `payload_schema`; with its request "
    "it may have 1 MiB "
    "(the server's setting `JOBS_MAX_BODY_BYTES`).",
    "queue": "The queue that the run waits in. Default: the job type's.",
    "priority": "From -100 to 100; of the runs that wait in a queue, those of the highest number start first. "
    "Default: the job type's.",
    "delay_seconds": "Seconds from now until the run is due, at most 366 days; not together with `run_at`. "
    "Default, and null: due at once.",
    "run_at": "The instant at which the run is due (RFC 3339), at most 366 days ahead; one in the past is due at "
    "once. Not together with "
    "`delay_seconds`. Default, and null: due at once.",
    "retry": "The retry policy of this run, or the number of retries (one less than attempts, 0 to 999). What a "
    "policy "
    "leaves out comes from the "
    "job type. Default: the job type's.",
    "timeout_seconds": "Seconds that one attempt may take, more than 0 and at most 30 days. Default: the job type's.",
    "expires_seconds": "Seconds from the dispatch by which it must have started, more than 0 and at most 366 days; "
    "if not, it is `failed` with `expired`. "
    "null: no such bound. Default: the job type's.",
    "dedupe_key": "1 to 255 characters. While an unfinished run of this job type has the same key, that run is the "
    "answer and none is "
    "made. Default, and null: no such check.",
    "tags": "At most 20 words of 1 to 128 characters, to find the run by. Default: none.",
    "metadata": "The caller's own words about the run: at most 50 names of 128 characters with values of 4,096. "
    "The server does not look at "
    "them. Default: none.",
}

FIELDS = {
    "DispatchIn": _DISPATCH,
    "BatchItem": {**_DISPATCH, "job_type": "The name of the job type to run."},
    "BatchIn": {"runs": "1 to 10,000 runs, of any job types."},
    "Batch": {"data": "Each with its id and state, at the place of its item in the request."},
    "RunBrief": {
        "id": "Names the run in every other request.",
        "state": "As of this answer; read the run for what it is now.",
    },
    "CancelIn": {
        "reason": "For people, at most 1,024 characters; kept in `cancel_reason` and in the event. Default, and "
        "null: none is given."
    },
    "Run": {
        "id": "Names the run in every other request; given by the server, in order of creation.",
        "job_type": "The name of its job type.",
        "job_type_version": "The version of the job type's definition that the run was dispatched with; it keeps "
        "that one.",
        "queue": "The queue that it waits in, or waited in.",
        "state": "Where it stands in its life.",
        "priority": "From -100 to 100; the highest of a queue starts first.",
        "payload": "The handler's input, as it was dispatched.",
        "result": "What the handler returned. null until the run is `completed`, and where the handler returned null.",
        "error": "Of the last failed attempt, while the run is `retrying` or `failed`; null otherwise.",
        "progress": "The newest that the handler has said; null until it says any.",
        "attempt": "The attempts begun so far, 1 with the first. What is given back, snoozed or lost with its "
        "worker is not counted.",
        "max_attempts": "A run whose attempt of this number fails is `failed`.",
        "losses": "How often its worker was lost while it ran. With the third the run is `failed`.",
        "timeout_seconds": "Seconds that one attempt may take.",
        "due_at": "When it may start, or may start again: RFC 3339, UTC.",
        "expires_at": "When it is `failed` with `expired` if it has never started by then. null: never.",
        "created_at": "When it was dispatched.",
        "started_at": "When its newest attempt started; null before the first.",
        "finished_at": "When it came into its final state; null before.",
        "cancel_requested": "Whether a running handler has been asked to end.",
        "worker_id": "The worker that holds it; null while none does, and where a BullMQ worker elsewhere does.",
        "schedule": "The schedule that made it; null of a run that was dispatched.",
        "replay_of": "The run whose payload this one repeats; null where it repeats none.",
        "dedupe_key": "The key that it was dispatched with; null where there was none.",
        "tags": "Words to find it by.",
        "metadata": "The caller's own words, as they were dispatched.",
        "cancel_reason": "What was said when its cancel was asked for; null where nothing was, or no cancel was "
        "asked for.",
        "wait_reason": "Why a run that is due does not start; null where nothing holds it up, and in every state "
        "but `queued`.",
    },
    "RunPage": {"data": "At most `limit` of them.", "next_cursor": CURSOR_OF_NEXT},
    "RunError": {
        "code": "Stable, for programs: `handler_error` of an exception, `timeout`, `crashed`, `lease_lost`, "
        "`expired`, `invalid_payload`, `invalid_result`, or what "
        "the handler says.",
        "type": "The exception's class; null where there is none.",
        "message": "For people, at most 8 KiB.",
        "traceback": "Where in the handler's code it arose, at most 32 KiB; null where that is not known.",
    },
    "Progress": {
        "percent": "From 0 to 100; null where the handler does not say.",
        "message": "What it is at, at most 8 KiB; null where it does not say.",
        "data": "Any JSON value of its own, at most 16 KiB; more is cut and marked with `cut`. null where there is "
        "none.",
    },
    "Attempt": {
        "number": "Counts the claims of the run, from 1.",
        "attempt": "The run's attempt that it was. Claims that ended without cost (released, snoozed, lost) have "
        "the same as the next.",
        "worker_id": "The worker that held it; null where a BullMQ worker elsewhere did.",
        "started_at": "When the worker took it.",
        "finished_at": "When it ended; null while it goes on.",
        "outcome": "How it ended; null while it goes on.",
        "error": "Why it failed; null of one that did not fail.",
    },
    "AttemptPage": {"data": "At most `limit` of them.", "next_cursor": CURSOR_OF_NEXT},
    "Problem": {
        "type": "Always `about:blank`: `code` says which problem it is.",
        "title": "What kind of problem it is, in a few words.",
        "status": "The HTTP status, again.",
        "detail": "What is wrong in this case, for people; its words may change.",
        "code": "Stable, for programs to branch on.",
        "errors": "The single faults, at most 100. Left out, and never null, where the detail says all.",
    },
    "ProblemError": {
        "path": "Where in the request's body: a JSON Pointer (RFC 6901). Of a query parameter, `/` and its name.",
        "message": "What is wrong there, for people. It never quotes the value.",
        "code": "Which rule is broken: of a payload, the keyword of its schema.",
    },
}

OPERATIONS = {
    "dispatch_batch": "Answered when all runs are durable. One bad item refuses the whole batch; each is named by "
    "its place. The body may have 16 MiB "
    "(`JOBS_MAX_BATCH_BYTES`).",
    "list_runs": "Filters narrow each other. A page ends early at 4 MiB; go on with `next_cursor` until it is null.",
    "get_run": "The whole run, with payload and result.",
    "erase_run": "For good: payload, result, events and attempts. An unfinished run is refused; cancel it first.",
    "list_attempts": "A run that was retried, released or lost has several. Attempts are kept as long as their run.",
    "cancel_run": "A run that has not started is `cancelled` at once. A running handler is asked to end, and has a "
    "grace for it; the run is then "
    "`cancelled`. Asking again changes nothing.",
    "replay_run": "A new run of the present definition of its job type, with the payload, tags, metadata and own "
    "settings of this one, due at once. "
    "`replay_of` names this one.",
}

PARAMETERS = {
    ("runs", "run_id"): "The `id` of the run.",
    ("runs", "state"): "Only runs in this state; given several times, in any of these.",
    ("runs", "job_type"): "Only runs of the job type of this name.",
    ("runs", "queue"): QUEUE_FILTER,
    ("runs", "tag"): TAG_FILTER,
    ("runs", "schedule"): "Only runs that the schedule of this name has made.",
    ("runs", "created_after"): "Only runs dispatched after this instant (RFC 3339 with an offset).",
    ("runs", "created_before"): "Only runs dispatched before this instant (RFC 3339 with an offset).",
    (
        "runs",
        "wait_seconds",
    ): "Seconds to wait for the run to finish, cut at the server's bound (`JOBS_MAX_WAIT_SECONDS`). Default: do "
    "not wait.",
    ("runs", "after"): "Begin after the event of this number.",
}
