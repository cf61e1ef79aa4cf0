"""Of workers, and of the protocol that they speak."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT

SHAPES = {
    "WorkerIn": "A process that takes runs, and what its code declares.",
    "WorkerRegistered": "The worker's id, and the times that it must keep.",
    "Worker": "A worker that is there.",
    "WorkerPage": "A page of workers, newest first.",
    "ConflictOut": "Something declared that was not taken, as somebody else has the name.",
    "ClaimIn": "How much to take, and how long to wait for it.",
    "Lease": "A run that is this worker's until the lease ends.",
    "Leases": "What to run now.",
    "ReportIn": "What happened to the runs in hand, and which they are. Each report is judged by itself: one that "
    "does not fit its shape is answered "
    "with `rejected` and harms no other.",
    "ReportOut": "What was made of a report.",
    "HeldRun": "Whether a run is still this worker's.",
    "ReportErrorIn": "Why an attempt failed.",
    "ProgressReport": "How far the handler is.",
    "LogReport": "A line that the handler wrote.",
    "CompletedReport": "The handler returned.",
    "FailedReport": "The attempt failed.",
}

_REPORT = {
    "run_id": "The run that it is about.",
    "attempt": "The lease's `attempt`.",
    "lease_token": "The lease's `lease_token`: it proves that the run is still this worker's.",
    "type": "What happened, and so which other fields there are.",
}
_REPORTS = "Progress Log Completed Failed Released Snoozed Cancelled Lost"
_OWN = {
    "Progress": {
        "percent": "Clamped to 0 to 100. Default, and null: not known.",
        "message": "What it is at; more than 8 KiB is cut. Default, and null: nothing.",
        "data": "Any JSON value; more than 16 KiB is cut and marked. Default: null.",
    },
    "Log": {
        "level": "`debug`, `info`, `warning`, `error` or `critical`. Default, null and any other: `info`.",
        "message": "The line; more than 8 KiB is cut. Default, and null: empty.",
        "fields": "What the handler wrote beside it; more than 16 KiB is cut and marked. Default, and null: none.",
        "dropped": "How many lines the worker has not sent since the last one that it did. Default, and null: 0.",
        "written_at": "When the line was written, by the worker's clock (RFC 3339): the limit of lines a second counts "
        "by it. Default, and null: when it came.",
    },
    "Completed": {
        "result": "What the handler returned: any JSON value, at most 1 MiB (`JOBS_MAX_RESULT_BYTES`), that fits "
        "the `result_schema`. Default: null."
    },
    "Failed": {
        "error": "Why.",
        "retryable": "`false`: it is not tried again, whatever is left of its attempts. Default, and null: true.",
        "retry_after_seconds": "Seconds until the next attempt, instead of the policy's delay; at most 366 days. "
        "Default, and null: the policy's.",
    },
    "Released": {
        "reason": "For people; not kept. Default, and null: none.",
        "alone": "`true`: it may have held up its worker, so that its next leases carry `alone` until an attempt "
        "ends. Default, and null: false.",
    },
    "Snoozed": {
        "delay_seconds": "Seconds until it is due again, at most 366 days. Default, and null: 0.",
        "due_at": "When it is due again (RFC 3339), instead of `delay_seconds`. Default, and null: as that says.",
    },
    "Cancelled": {"reason": "For people; not kept. Default, and null: none."},
    "Lost": {},
}

FIELDS = {
    **{f"{kind}Report": {**_REPORT, **_OWN[kind]} for kind in _REPORTS.split()},
    "WorkerIn": {
        "name": "For people, 1 to 255 characters; not unique.",
        "job_types": "The names of the job types that it serves, at most 1,000. They need not be registered yet.",
        "queues": "The names of the queues that it serves, at most 1,000. Default, and null: all.",
        "concurrency": "How many runs it will hold at most, from 1 to 10,000; for people, and to share runs out "
        "evenly. Default: 10.",
        "declares": "The job types, schedules and queues in its code, of one app or of several, at most 100. "
        "Default, and null: "
        "nothing.",
    },
    "DeclaresIn": {
        "app": "Names what is developed and deployed together, 1 to 255 characters. What one app has declared, no "
        "other overwrites.",
        "declared_at": "Not looked at: no worker's clock counts. Default: null.",
        "build": "Any text of 1 to 255 characters that names the code's version: while a worker of a newer build "
        "is there, that one holds; the newer is "
        "the one that appeared later. Default, and null: none.",
        "start": "1 to 255 characters that name the process, or what started several: one that registers again "
        "with the same text is no new start. "
        "Default, and null: each registration is one.",
        "modules": "The names that the code was loaded by, at most 100 of 1 to 255 characters: those of two parts "
        "of one app differ. Default: none.",
        "job_types": "At most 1,000, each as `POST /v1/job-types` takes it. Default: none.",
        "schedules": "At most 1,000, each as `POST /v1/schedules` takes it. Default: none.",
        "queues": "At most 100 that live in Redis. Default: none.",
    },
    "QueueDeclared": {
        "name": "The queue's name.",
        "engine": "Says that it lives in Redis.",
        "bullmq": "How it lives there. Default: as `prefix` and `consume` are by default.",
        "redis": "The Redis that it must be, as a URL of at most 1,000 characters; refused where the server's is "
        "another. Default, and null: the server's.",
    },
    "ConflictOut": {
        "kind": "What it is.",
        "name": "Of what was declared.",
        "reason": "Why it was not taken, for people.",
    },
    "WorkerRegistered": {
        "id": "Names the worker in its requests.",
        "lease_seconds": "Seconds without a request of the worker after which its runs are lost.",
        "heartbeat_seconds": "Seconds at most between two of its reports, to be on the safe side.",
        "conflicts": "What it declared and was not taken; empty where all was.",
    },
    "Worker": {
        "id": "Given at its registration.",
        "name": "As it called itself.",
        "job_types": "The names of the job types that it serves.",
        "queues": "The names of the queues that it serves. null: all.",
        "concurrency": "How many runs it will hold at most.",
        "registered_at": "When it came: RFC 3339, UTC.",
        "seen_at": "When it was heard of last.",
    },
    "WorkerPage": {"data": "At most `limit` of them.", "next_cursor": CURSOR_OF_NEXT},
    "ClaimIn": {
        "max": "How many runs at most, from 1 to 1,000. Default: 10.",
        "wait_seconds": "Seconds to wait for the first run, at most 3,600 and cut at the server's bound "
        "(`JOBS_MAX_WAIT_SECONDS`). "
        "Default: 30.",
    },
    "Lease": {
        "run": "With its payload.",
        "attempt": "The number of this attempt, to be sent with each report.",
        "lease_token": "Proves that the run is this worker's; to be sent with each report.",
        "lease_until": "When the run is lost unless the worker is heard of before; each report renews it.",
        "deadline_at": "When the server takes the run back whatever the worker does: the claim, its timeout and 15 "
        "seconds.",
        "alone": "Whether to run it with nothing else beside it, as workers were lost that held it.",
    },
    "Leases": {"data": "At least one; where there is none, the answer is `204`."},
    "ReportErrorIn": {
        "message": "What went wrong, for people; more than 8 KiB is cut.",
        "code": "For programs: a small letter, then at most 63 small letters, digits and `_`. Default: "
        "`handler_error`.",
        "type": "The exception's class; more than 256 bytes are cut. Default, and null: none.",
        "traceback": "More than 32 KiB are cut. Default, and null: none.",
    },
    "ReportIn": {
        "reports": "At most 10,000, judged one by one in their order. Default: none.",
        "holding": "The ids of all runs in hand, at most 10,000: the answer says of each whether it is still held. "
        "Default: none.",
    },
    "ReportOut": {
        "data": "One for each report, in their order.",
        "holding": "One for each id in `holding`, in their order.",
        "drain": "Whether to claim no more, finish what is in hand, and leave.",
    },
    "Reported": {
        "run_id": "As the report had it; null where that was no text.",
        "attempt": "As the report had it; null where that was no whole number.",
        "status": "`accepted`: it counts, or counted already. `lease_lost`: the run is another's now, let go of "
        "it. `rejected`: the report is none.",
        "error": "Why it was rejected, for people; null where it was not.",
        "cancel_requested": "Whether to end the handler and report `cancelled`.",
    },
    "HeldRun": {
        "run_id": "As it was in `holding`.",
        "held": "`false`: the run is another's now, let go of it without a report.",
        "cancel_requested": "Whether to end the handler and report `cancelled`.",
    },
}

OPERATIONS = {
    "list_workers": "Those that were heard of within `lease_seconds`.",
    "remove_worker": "For a worker that stops: its runs are interrupted with `released`, at no cost, and wait for "
    "another.",
    "claim_runs": "Of the runs that this worker serves, the highest priority and the oldest first. Each is this "
    "worker's until its lease ends; reports renew "
    "the leases. One claim at a time.",
}

PARAMETERS = {("workers", "worker_id"): "The `id` that the registration gave."}
