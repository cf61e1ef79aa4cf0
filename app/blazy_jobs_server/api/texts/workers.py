"""Of workers, and of the worker protocol."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA

SHAPES = {
    "WorkerIn": "A process that claims runs, and the declarations in its code.",
    "WorkerRegistered": "The worker's id, and the intervals that it must keep.",
    "Worker": "A connected worker.",
    "RunInHand": "A run that a worker has now.",
    "WorkerPage": "A page of workers, newest first.",
    "ConflictOut": "A declaration that was not applied because the name belongs to somebody else.",
    "ClaimIn": "How many runs to claim, and how long to wait for the first.",
    "Lease": "A claimed run, exclusive to this worker until the lease expires.",
    "Leases": "The claimed runs.",
    "ReportIn": "What happened to the claimed runs, and which of them the worker still has. Reports are processed "
    "one by one: an invalid report is `rejected` and does not affect the others.",
    "ReportOut": "The outcome of each report.",
    "HeldRun": "Whether a run is still leased to this worker.",
    "ReportErrorIn": "Why an attempt failed.",
    "ProgressReport": "The handler's progress.",
    "LogReport": "A log line of the handler.",
    "ProgressWord": "The handler's progress.",
    "LogWord": "A log line of the handler.",
    "CompletedReport": "The handler returned.",
    "RunReportIn": "What an HTTP handler says of its run.",
    "RunReportOut": "The outcome of each report.",
    "RunProgress": "How far it is.",
    "RunLog": "A log line.",
    "RunCompleted": "The work is done.",
    "RunFailed": "The attempt failed.",
    "RunReleased": "The run is returned to the queue; no attempt is spent.",
    "RunSnoozed": "The run is due again later; no attempt is spent.",
    "RunCancelled": "The work has stopped after a cancel.",
    "RunLost": "The work was lost, and it is unknown whether this run was the cause.",
    "FailedReport": "The attempt failed.",
}

_REPORT = {
    "run_id": "The `id` of the leased run.",
    "attempt": "The lease's `attempt`.",
    "lease_token": "The lease's `lease_token`; proves that the run is still leased to this worker.",
    "type": "The kind of report; determines the other fields.",
}
_RUN_REPORT = {
    "run_id": "The run's id. Default: that of the token, which it must be.",
    "attempt": "The attempt. Default: that of the token, which it must be.",
    "type": "The kind of report; determines the other fields.",
}
_WORDS = ("Progress", "Log")
_REPORTS = "Progress Log Completed Failed Released Snoozed Cancelled Lost"
_OWN = {
    "Progress": {
        "percent": "Clamped to 0 to 100. null (default): not known.",
        "message": "A short status text; truncated to 8 KiB. null (default): none.",
        "data": "Any JSON value; larger than 16 KiB is truncated and marked. Default: null.",
    },
    "Log": {
        "level": "`debug`, `info`, `warning`, `error` or `critical`; any other is stored as `info`. null (default): "
        "`info`.",
        "message": "The text of the line; truncated to 8 KiB. null (default): empty.",
        "fields": "Fields logged with it; larger than 16 KiB is truncated and marked. null (default): none.",
        "dropped": "How many lines the worker has dropped since the last one that it sent. null (default): 0.",
        "written_at": "When the line was written, by the worker's clock (RFC 3339); the limit of lines per second uses "
        "it. null (default): when the report arrived.",
    },
    "Completed": {
        "result": "What the handler returned: any JSON value of at most 1 MiB (`JOBS_MAX_RESULT_BYTES`) that matches "
        "the `result_schema`. Default: null."
    },
    "Failed": {
        "error": "Why the attempt failed.",
        "retryable": "`false`: the run is not retried, even if attempts are left. null (default): true.",
        "retry_after_seconds": "Seconds until the next attempt, instead of the retry policy's delay; at most 366 days. "
        "null (default): the delay of the retry policy.",
    },
    "Released": {
        "reason": "For people; not stored. null (default): none.",
        "alone": "`true`: the run may have blocked its worker; its next leases carry `alone` until an attempt ends. "
        "null (default): false.",
    },
    "Snoozed": {
        "delay_seconds": "Seconds until it is due again, at most 366 days. null (default): 0.",
        "due_at": "When it is due again (RFC 3339), instead of `delay_seconds`. null (default): use `delay_seconds`.",
    },
    "Cancelled": {"reason": "For people; not stored. null (default): none."},
    "Lost": {},
}

FIELDS = {
    **{f"{kind}Report": {**_REPORT, **_OWN[kind]} for kind in _REPORTS.split()},
    **{f"Run{kind}": {**_RUN_REPORT, **_OWN[kind]} for kind in _REPORTS.split()},
    "RunReportIn": {
        "reports": "At most 1,000 reports, processed one by one, in order. Default: none, which is a sign of life."
    },
    "RunReportOut": {
        "data": "One item for each report, in the same order. Without reports: empty, or one that says that the "
        "attempt is over.",
        "cancel_requested": "Whether to stop the work and report `cancelled`.",
    },
    **{f"{kind}Word": {"type": "The kind of word; determines the other fields.", **_OWN[kind]} for kind in _WORDS},
    "WorkerIn": {
        "name": "For people, 1 to 255 characters; need not be unique.",
        "job_types": "The names of the job types that it serves, at most 1,000. They need not be registered yet.",
        "queues": "The names of the queues that it serves, at most 1,000. null (default): all queues.",
        "concurrency": "Maximum number of runs that it has at a time, from 1 to 10,000; informational, and used to "
        "distribute runs evenly. Default: 10.",
        "host": "The name of its machine, 1 to 255 characters; shown to people. null (default): not told.",
        "pid": "The number of its process, from 1 to 2,147,483,647; shown to people. null (default): not told.",
        "version": "The version of the package that it is made with, 1 to 64 characters; shown to people. null "
        "(default): not told.",
        "declares": "The job types, schedules and queues in its code, for up to 100 apps. null (default): none.",
    },
    "DeclaresIn": {
        "app": "The app: what is developed and deployed together. 1 to 255 characters. An app cannot overwrite the "
        "declarations of another.",
        "declared_at": "Ignored; kept for compatibility. Default: null.",
        "build": "The version of the code, any text of 1 to 255 characters. While a worker of a newer build is "
        "connected, its declarations apply; the newer of two builds is the one that the server saw for the first time "
        "later. null (default): none.",
        "start": "Identifies the start of the process or of its parent, 1 to 255 characters. A registration with the "
        "same text does not count as newly started. null (default): each registration does.",
        "modules": "The names of the modules that were loaded, at most 100, of 1 to 255 characters. Default: none.",
        "job_types": "At most 1,000, each as in `POST /v1/job-types`. Default: none.",
        "schedules": "At most 1,000, each as in `POST /v1/schedules`. Default: none.",
        "queues": "At most 100 queues in Redis. Default: none.",
    },
    "QueueDeclared": {
        "name": "The queue's name.",
        "engine": "A queue in Redis.",
        "bullmq": "Its settings in Redis. Default: the defaults of `prefix` and `consume`.",
        "redis": "The URL of its Redis, at most 1,000 characters; refused if the server uses another. null (default): "
        "the server's.",
    },
    "ConflictOut": {
        "kind": "The kind of the declaration.",
        "name": "The declared name.",
        "reason": "Why it was not applied, for people.",
    },
    "WorkerRegistered": {
        "id": "The worker's id, for its further requests.",
        "lease_seconds": "Duration of a lease in seconds. A worker that sends no request for this long is removed, and "
        "its runs are lost.",
        "columns": "Whether claims may set `columns` and reports may contain `completed`; always true.",
        "said": "Whether reports may contain `said`; always true.",
        "heartbeat_seconds": "Maximum seconds between two reports of the worker; each renews its leases.",
        "conflicts": "The declarations that were not applied; empty if all were.",
    },
    "Worker": {
        "id": "The worker's id, assigned at registration.",
        "name": "The worker's own name.",
        "job_types": "The names of the job types that it serves.",
        "queues": "The names of the queues that it serves. null: all queues.",
        "concurrency": "Maximum number of runs that it has at a time.",
        "slots": "The same as `concurrency`.",
        "busy": "How many runs it has now.",
        "running": "The first 20 of these, the one that started first at the front.",
        "draining": "Whether it gets no more runs, and stops when it has finished those that it has.",
        "host": "The name of its machine, as the worker gave it. null if it gave none.",
        "pid": "The number of its process, as the worker gave it. null if it gave none.",
        "version": "The version of the package that it is made with. null if it gave none.",
        "server": "The id of the server that it speaks to.",
        "last_seen_at": "The same as `seen_at`.",
        "registered_at": "When it registered: RFC 3339, UTC.",
        "seen_at": "When its last request arrived: RFC 3339, UTC.",
    },
    "RunInHand": {
        "run_id": "The run's id, as in `GET /v1/runs/{run_id}`.",
        "job_type": "The name of the job type that it was dispatched to.",
        "queue": "The name of the queue that it was claimed from.",
        "attempt": "The number of this attempt.",
        "started_at": "When this attempt started: RFC 3339, UTC.",
    },
    "WorkerPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
    "ClaimIn": {
        "max": "Maximum number of runs to claim, from 1 to 1,000. Default: 10.",
        "wait_seconds": "Seconds to wait for the first run, at most 3,600; the server limits it to "
        "`JOBS_MAX_WAIT_SECONDS` (60). Default: 30.",
        "columns": "Return runs that share their settings as columns, which costs both sides less. Default: false.",
    },
    "LeaseColumns": {
        "job_type": "The job type of all runs.",
        "job_type_version": "The version of its definition.",
        "queue": "The queue of all runs.",
        "attempt": "The number of this attempt: always 1; retries are returned in `data`.",
        "max_attempts": "Maximum number of attempts of each run, including the first.",
        "timeout_seconds": "Time limit of each run's attempt in seconds.",
        "lease_token": "The fencing token of all these leases; send it with each report.",
        "lease_until": "When the leases expire; a report request renews those of the runs that it names.",
        "deadline_at": "When the server revokes the leases in any case: the claim, plus the timeout, plus 15 seconds.",
        "run_ids": "The ids of the runs, at least one, in the order in which to start them.",
        "payloads": "The payload of each run.",
        "tags": "The tags of each run. Omitted if none has any.",
        "metadata": "The metadata of each run. Omitted if none has any.",
    },
    "Lease": {
        "run": "The run, with its payload.",
        "attempt": "The number of this attempt; send it with each report.",
        "claim": "How often the run has been claimed, this time included; greater than `attempt` after attempts that "
        "did not count.",
        "lease_token": "Proves that the run is leased to this worker; send it with each report.",
        "lease_until": "When the lease expires. Renewed by each report request that names the run.",
        "deadline_at": "When the server ends the attempt with `timeout`, whatever the worker does: claim, timeout and "
        "15 seconds.",
        "alone": "Whether to run it without other runs beside it, because workers were lost while they had it.",
    },
    "Leases": {
        "data": "Leases of one run each; if there is no run to claim, the response is `204`.",
        "columns": "Leases of several runs each. Omitted if there are none, or the claim did not set `columns`.",
    },
    "ReportErrorIn": {
        "message": "What went wrong, for people; truncated to 8 KiB.",
        "code": "For programs: a lower-case letter, then at most 63 lower-case letters, digits and `_`. Default: "
        "`handler_error`.",
        "type": "The class of the exception; truncated to 256 bytes. null (default): none.",
        "traceback": "The traceback; truncated to 32 KiB. null (default): none.",
    },
    "ReportIn": {
        "reports": "At most 10,000 reports, processed one by one, in order. Default: none.",
        "holding": "The ids of all runs that the worker still has, at most 10,000; renews their leases. Default: none.",
        "completed": "Completed runs, as columns, at most 10,000 in a call; processed after `reports`. Default: none.",
        "said": "Progress and log lines of runs, as columns, at most 10,000 in a call; processed before `reports`. "
        "Default: none.",
    },
    "SaidIn": {
        "lease_token": "The fencing token of their leases.",
        "attempt": "The attempt of their leases.",
        "run_ids": "The ids of the runs, at most 10,000; leases from `data` are allowed too.",
        "words": "For each run, at most 10,000, its progress and log lines in order: reports without `run_id`, "
        "`attempt` and `lease_token`. An invalid one is rejected by itself.",
        "before": "For each run, at most 10,000, how many words of it were sent in `said` of earlier calls. A call "
        "that is repeated because its answer was lost then writes no word twice. null (default): unknown.",
    },
    "NotHeard": {
        "run_id": "One of the `run_ids` of the item.",
        "status": "As in `data`; `accepted` if only a cancel is requested.",
        "error": "Why it was rejected, for people; null otherwise.",
        "cancel_requested": "Whether to stop the handler and report `cancelled`.",
        "place": "Which of the run's words was rejected, from 0; null if all words of the run are concerned.",
    },
    "CompletedIn": {
        "lease_token": "The fencing token of their leases.",
        "attempt": "The attempt of their leases.",
        "run_ids": "The ids of the completed runs, at most 10,000; leases from `data` are allowed too.",
        "results": "The result of each run, as many as `run_ids`, at most 10,000; each at most "
        "`JOBS_MAX_RESULT_BYTES`: report a run with a longer one by itself. null (default): null for each.",
    },
    "NotAccepted": {
        "run_id": "One of the `run_ids` of the item.",
        "status": "As in `data`; `accepted` if only a cancel is requested.",
        "error": "Why it was rejected, for people; null otherwise.",
        "cancel_requested": "Whether to stop the handler and report `cancelled`.",
    },
    "ReportOut": {
        "data": "One item for each report, in the same order.",
        "holding": "One item for each id in `holding`, in the same order.",
        "drain": "Whether the worker should stop: claim no more runs, finish those it has, and exit.",
        "said": "For each item of `said`, those of its runs and words that are not simply accepted. Left out if the "
        "request had no `said`.",
        "completed": "For each item of `completed`, those of its runs that are not simply accepted. Left out if the "
        "request had no `completed`.",
    },
    "Reported": {
        "run_id": "As in the report; null if that was not a string.",
        "attempt": "As in the report; null if that was not an integer.",
        "status": "`accepted`: recorded, now or before. `lease_lost`: the run is no longer leased to this worker; stop "
        "its handler. `rejected`: the report is invalid.",
        "error": "Why the report was rejected, for people; otherwise null.",
        "cancel_requested": "Whether to stop the handler and report `cancelled`.",
    },
    "HeldRun": {
        "run_id": "As in `holding`.",
        "held": "`false`: the run is no longer leased to this worker; stop its handler, and send no report.",
        "cancel_requested": "Whether to stop the handler and report `cancelled`.",
    },
}

OPERATIONS = {
    "report_run": "By the token that was sent with the run (`report.token`), which is good for this run and attempt "
    "and nothing else; an API key is not accepted. Reports are processed one by one. If the response is lost, the same "
    "request can safely be sent again. Each request is a sign of life, also one without reports.",
    "list_workers": "Workers whose last request is at most `lease_seconds` old.",
    "remove_worker": "For a worker that stops. Its runs are requeued (`interrupted` with `released`) without spending "
    "an attempt.",
    "claim_runs": "Returns due runs of the job types and queues that this worker serves, by priority, oldest first. "
    "Each is leased to this worker; reports renew the leases. A worker sends one claim at a time.",
}

PARAMETERS = {("workers", "worker_id"): "The `id` from the registration."}
