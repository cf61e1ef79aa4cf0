"""Of job types."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CREATED, CURSOR_OF_NEXT, SOURCE, UPDATED, of_a_change

SHAPES = {
    "JobType": "What runs, and how. A change makes a new version; runs keep the version that they were dispatched "
    "with.",
    "JobTypePage": "A page of job types, newest first.",
    "HandlerIn": "Who does the work.",
    "HandlerOut": "Who does the work.",
    "WorkerHandlerOut": "Worker processes that serve this name take the runs.",
    "HttpHandlerOut": "The server POSTs each run to a URL.",
    "RetryOut": "When a failed attempt is tried again, and how often.",
    "Backoff": "How the delay before attempt n + 1 grows: `exponential`: initial * factor^(n-1); `linear`: initial "
    "* n; `fixed`: initial.",
    "OnLost": "What becomes of a run whose worker was lost: `retry` at no attempt's cost, until the third loss, or "
    "`fail` at once.",
}

_RETRY = {
    "max_attempts": "From 1 to 1,000, the first one counted. Default: 4.",
    "backoff": "How the delay grows from attempt to attempt. Default: `exponential`.",
    "initial_seconds": "Seconds before the second attempt, before jitter; at most 366 days. Default: 1.",
    "factor": "From 1 to 100: what an exponential delay is multiplied with each time. Default: 2.",
    "max_seconds": "No delay is longer than so many seconds; at most 366 days. Default: 3600.",
    "jitter": "Whether each delay is drawn from the upper half of the computed one, so that many failures do not "
    "come back together. Default: true.",
    "on_lost": "What becomes of a run whose worker was lost. `fail` is for work that must not be done twice. "
    "Default: `retry`.",
}
_CHANGES = {
    "description": "For people, at most 4,096 characters. Default: empty.",
    "handler": "Who does the work.",
    "queue": "The queue that its runs wait in where a dispatch names none. Default: `default`.",
    "priority": "From -100 to 100; of the runs that wait in a queue, those of the highest number start first. "
    "Default: 0.",
    "retry": "The retry policy, or the number of retries (one less than attempts, 0 to 999). Default: 4 attempts, "
    "exponentially from 1 second to "
    "an hour, with jitter.",
    "timeout_seconds": "Seconds that one attempt may take, more than 0 and at most 30 days; then it fails with "
    "`timeout`. Default: 300.",
    "expires_seconds": "Seconds from its dispatch by which a run must have started, more than 0 and at most 366 "
    "days; if not, it is `failed` with `expired`. "
    "Default, and null: no such bound.",
    "payload_schema": "What a payload must fit; one that does not is refused with `422 invalid_payload`. Default, "
    "and null: anything fits.",
    "result_schema": "What a result must fit; a run whose result does not is `failed` with `invalid_result`. "
    "Default, and null: anything fits.",
    "retention_seconds": "Seconds that a finished run is kept before it is erased; 0 erases it soon, the most is "
    "ten years. Default: 604800, a week.",
    "concurrency": "How many runs of it may be running at once, from 1 to 1,000,000, over all workers. Default, "
    "and null: no limit.",
    "paused": "Whether its runs are held back. No part of the definition: a change makes no new version. Default: "
    "it stays as it is, false of a new one.",
    "tags": "At most 20 words of 1 to 128 characters, to find it by. Default: none.",
}
_NAME = "1 to 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit."

FIELDS = {
    "JobTypePatch": of_a_change(_CHANGES),
    "JobTypeIn": {**_CHANGES, "name": _NAME},
    "JobTypePut": {
        **_CHANGES,
        "name": "Where it is given, it must be the one of the path. Default, and null: that one.",
    },
    "RetryIn": _RETRY,
    "RetryOut": {
        "max_attempts": "The first one counted.",
        "backoff": "How the delay grows from attempt to attempt.",
        "initial_seconds": "Seconds before the second attempt, before jitter.",
        "factor": "What an exponential delay is multiplied with each time.",
        "max_seconds": "No delay is longer than so many seconds.",
        "jitter": "Whether each delay is drawn from the upper half of the computed one.",
        "on_lost": "What becomes of a run whose worker was lost.",
    },
    "WorkerHandlerIn": {"kind": "Says that workers take the runs."},
    "WorkerHandlerOut": {"kind": "Says that workers take the runs."},
    "HttpHandlerIn": {
        "kind": "Says that the server calls a URL.",
        "url": "Where to POST each run: `http` or `https`, at most 2,048 characters.",
    },
    "HttpHandlerOut": {"kind": "Says that the server calls a URL.", "url": "Where each run is POSTed."},
    "JobType": {
        "name": "Unique among the job types that are not retired.",
        "description": "For people; may be empty.",
        "handler": "Who does the work.",
        "queue": "The queue that its runs wait in where a dispatch names none.",
        "priority": "Of its runs where a dispatch names none: from -100 to 100, the highest of a queue starts first.",
        "retry": "When a failed attempt is tried again, and how often.",
        "timeout_seconds": "Seconds that one attempt may take.",
        "expires_seconds": "Seconds from its dispatch by which a run must have started; if not, it is `failed` "
        "with `expired`. null: no such bound.",
        "payload_schema": "What a payload must fit. null: anything does.",
        "result_schema": "What a result must fit. null: anything does.",
        "retention_seconds": "Seconds that a finished run is kept before it is erased.",
        "concurrency": "How many runs of it may be running at once. null: no limit.",
        "paused": "Whether its runs are held back.",
        "tags": "Words to find it by.",
        "version": "1 of the first definition under this name, one more with each change.",
        "source": SOURCE,
        "created_at": CREATED,
        "updated_at": UPDATED,
    },
    "JobTypePage": {"data": "At most `limit` of them.", "next_cursor": CURSOR_OF_NEXT},
}

OPERATIONS = {
    "register_job_type": "Refused where the name is taken; `PUT /v1/job-types/{name}` replaces.",
    "list_job_types": "Without those that were retired.",
    "get_job_type": "Its present definition, and which version that is.",
    "patch_job_type": "Fields that are left out stay as they are, also within `retry`. A change makes a new "
    "version, and takes what code declared out of the "
    "code's hands.",
    "pause_job_type": "What runs goes on to its end; dispatches are still taken. Pausing again changes nothing.",
    "resume_job_type": "Runs that are due start again, unless their queue is paused. Resuming again changes nothing.",
}

PARAMETERS = {("job-types", "name"): "The name of the job type."}
