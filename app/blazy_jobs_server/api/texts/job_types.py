"""Of job types."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import (
    CREATED,
    CURSOR_OF_NEXT,
    NAME,
    NAME_IN_PUT,
    PAGE_DATA,
    SOURCE,
    UPDATED,
    of_a_change,
)

SHAPES = {
    "JobType": "The definition of a job. Each change creates a new version; a run keeps the version that it was "
    "dispatched with.",
    "JobTypePage": "A page of job types, newest first.",
    "JobTypeVersion": "A definition that the job type has had, and what it changed.",
    "JobTypeVersionPage": "A page of versions, the latest first.",
    "HandlerIn": "What executes the runs.",
    "HandlerOut": "What executes the runs.",
    "WorkerHandlerOut": "The runs are claimed by workers that serve this job type.",
    "HttpHandlerOut": "The server sends each run to a URL with POST.",
    "Completion": "What ends an attempt of an HTTP handler.",
    "RegisteredJobType": "The job type, and its signing secret where this request created one.",
    "JobTypeSecret": "A new signing secret.",
    "RetryOut": "The retry policy.",
    "Backoff": "How the delay before attempt n + 1 is computed: `exponential`: initial * factor^(n-1); `linear`: "
    "initial * n; `fixed`: initial.",
    "OnLost": "What happens to a run whose worker was lost: `retry` requeues it without spending an attempt, until the "
    "third loss; `fail` fails it.",
}

_RETRY = {
    "max_attempts": "Maximum number of attempts, including the first, from 1 to 1,000. Default: 4.",
    "backoff": "How the delay grows from attempt to attempt. Default: `exponential`.",
    "initial_seconds": "Delay before the second attempt, before jitter, in seconds; at most 366 days. Default: 1.",
    "factor": "Multiplier of an exponential delay, from 1 to 100. Default: 2.",
    "max_seconds": "Maximum delay in seconds; at most 366 days. Default: 3600.",
    "jitter": "Whether each delay is chosen randomly from the upper half of the computed one, so that runs that failed "
    "together are not retried together. Default: true.",
    "on_lost": "What happens to a run whose worker was lost. Use `fail` for work that must not be executed twice. "
    "Default: `retry`.",
}
_CHANGES = {
    "description": "For people, at most 4,096 characters. Default: empty.",
    "handler": "What executes the runs.",
    "queue": "The queue of its runs, unless a dispatch names another. Default: `default`.",
    "priority": "The priority of its runs in their queue, from -100 to 100; higher starts first. Default: 0.",
    "retry": "The retry policy, or the number of retries (one less than attempts, 0 to 999). Default: 4 attempts, "
    "exponential backoff from 1 second to an hour, with jitter.",
    "timeout_seconds": "Time limit of one attempt in seconds, more than 0 and at most 30 days; the attempt then fails "
    "with `timeout`. Default: 300.",
    "expires_seconds": "Seconds after its dispatch within which a run must start, more than 0 and at most 366 "
    "days; otherwise it is `failed` with `expired`. null (default): no limit.",
    "payload_schema": "The JSON Schema of payloads; a payload that does not match is refused with `422 "
    "invalid_payload`. null (default): any payload.",
    "result_schema": "The JSON Schema of results; a run whose result does not match is `failed` with "
    "`invalid_result`. null (default): any result.",
    "retention_seconds": "Seconds that finished runs are kept, at most ten years; 0 deletes them soon after they "
    "finish. Default: 604800, a week.",
    "retention_failed_seconds": "Seconds that failed runs are kept, instead of `retention_seconds`, at most ten years. "
    "null (default): as long as other runs.",
    "concurrency": "Maximum number of its runs at a time, across all workers, from 1 to 1,000,000. null (default): no "
    "limit.",
    "paused": "Whether its runs are held back. Not part of the definition: changing it creates no new version. "
    "Default: not changed; false for a new job type.",
    "tags": "At most 20 tags of 1 to 128 characters, to find it by. Default: none.",
    "redact": "JSON Pointers (RFC 6901) to values in payloads, results, progress data and log fields that are shown as "
    "`***` to keys without the scope `runs:reveal`; at most 50 of at most 256 characters. A pointer that leads nowhere "
    "in a document hides nothing there. Workers get the values. A key without `runs:reveal` cannot remove pointers. "
    "Default: none.",
}

FIELDS = {
    "JobTypePatch": of_a_change(_CHANGES),
    "JobTypeIn": {**_CHANGES, "name": NAME},
    "JobTypePut": {**_CHANGES, "name": NAME_IN_PUT},
    "RetryIn": _RETRY,
    "RetryOut": {
        "max_attempts": "Maximum number of attempts, including the first.",
        "backoff": "How the delay grows from attempt to attempt.",
        "initial_seconds": "Delay before the second attempt, before jitter, in seconds.",
        "factor": "Multiplier of an exponential delay.",
        "max_seconds": "Maximum delay in seconds.",
        "jitter": "Whether each delay is chosen randomly from the upper half of the computed one.",
        "on_lost": "What happens to a run whose worker was lost.",
    },
    "WorkerHandlerIn": {"kind": "The runs are claimed by workers."},
    "WorkerHandlerOut": {"kind": "The runs are claimed by workers."},
    "HttpHandlerIn": {
        "kind": "The server calls a URL.",
        "url": "Where to POST each run: `https`, or `http` into a network of `JOBS_HTTP_ALLOW`; at most 2,048 "
        "characters, without user information and fragment.",
        "headers": "Headers of each request, at most 20; not those that the server sets (`Host`, `Content-*`, "
        "`webhook-*` and those of a connection). `***` as a value keeps the present one, for the present origin only: "
        "otherwise `422 headers_required`. Default: none (for another origin, `{}` says so, if "
        "there were any); in a PATCH, not changed.",
        "completion": "`response`: the answer ends the attempt. `report`: after `202` the run goes on until an outcome "
        "is reported or its deadline passes. Default: `response`; in a PATCH, not changed.",
        "heartbeat_seconds": "With `completion` `report`, the seconds without a report after which the run is lost, "
        "more than 0 and at most 30 days. null (default): it may be silent until its deadline.",
    },
    "HttpHandlerOut": {
        "kind": "The server calls a URL.",
        "url": "Where each run is POSTed.",
        "headers": "The names of its headers; the values are not shown.",
        "completion": "Whether the answer ends an attempt, or a report.",
        "heartbeat_seconds": "The seconds without a report after which a run that goes on after its `202` is lost. "
        "null: it may be silent until its deadline.",
    },
    "RegisteredJobType": {
        "secret": "The secret that signs its requests, `whsec_` and base64. Shown once: omitted, or null, "
        "unless this request created it.",
    },
    "JobTypeSecret": {
        "secret": "The new secret, `whsec_` and base64. Shown once.",
        "previous_until": "Until when requests are signed with the previous secret too: RFC 3339, UTC. null: they are "
        "not.",
    },
    "JobType": {
        "name": "Unique among the job types that are not retired.",
        "description": "For people; may be empty.",
        "handler": "What executes the runs.",
        "queue": "The queue of its runs, unless a dispatch names another.",
        "priority": "The priority of its runs, unless a dispatch sets another: from -100 to 100, higher starts first.",
        "retry": "The retry policy.",
        "timeout_seconds": "Time limit of one attempt in seconds.",
        "expires_seconds": "Seconds after its dispatch within which a run must start; otherwise it is `failed` "
        "with `expired`. null: no limit.",
        "payload_schema": "The JSON Schema of payloads. null: any payload.",
        "result_schema": "The JSON Schema of results. null: any result.",
        "retention_seconds": "Seconds that finished runs are kept.",
        "retention_failed_seconds": "Seconds that failed runs are kept. null: `retention_seconds`.",
        "concurrency": "Maximum number of its runs at a time. null: no limit.",
        "paused": "Whether its runs are held back.",
        "tags": "Tags to find it by.",
        "redact": "JSON Pointers to what is shown as `***` to keys without the scope `runs:reveal`.",
        "version": "1 for the first definition under this name, incremented by each change.",
        "source": SOURCE,
        "created_at": CREATED,
        "updated_at": UPDATED,
    },
    "JobTypePage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
    "JobTypeVersion": {
        "version": "Its number, from 1 without gaps.",
        "changed": "The names of the fields that differ from the version before. Empty for the first.",
        "created_at": "When it was made: RFC 3339, UTC. null: it was replaced before this was recorded.",
        "created_by": "The API key that made it. null: a server without keys, code of its own workers, or unrecorded.",
    },
    "JobTypeVersionPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
}

_NO_PART_OF_A_VERSION = ("paused", "source", "created_at", "updated_at")
FIELDS["JobTypeVersion"] = {
    name: text for name, text in FIELDS["JobType"].items() if name not in _NO_PART_OF_A_VERSION
} | FIELDS["JobTypeVersion"]
FIELDS["RegisteredJobType"] = {**FIELDS["JobType"], **FIELDS["RegisteredJobType"]}

OPERATIONS = {
    "register_job_type": "Refused if the name is taken; `PUT /v1/job-types/{name}` replaces a definition.",
    "list_job_types": "Retired job types are not listed.",
    "get_job_type": "The current definition and its version.",
    "list_job_type_versions": "Runs keep the version that they were dispatched with. `paused` belongs to none.",
    "patch_job_type": "Omitted fields are not changed, also within `retry`. A change creates a new version. After a "
    "change over HTTP, declarations in code no longer change this job type.",
    "rotate_job_type_secret": "Until `previous_until` each request has a signature by both secrets. Needs the scope "
    "`admin`.",
    "end_previous_job_type_secret": "Ends the overlap of the last rotation at once. Idempotent. Needs the scope "
    "`admin`.",
    "pause_job_type": "Runs in progress continue, and dispatches are still accepted. Idempotent.",
    "resume_job_type": "Due runs start again, unless their queue is paused. Idempotent.",
}

PARAMETERS = {("job-types", "name"): "The name of the job type."}
