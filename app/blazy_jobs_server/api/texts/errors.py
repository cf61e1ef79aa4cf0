"""Of groups of errors, and of explanations."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA, QUEUE_FILTER

SHAPES = {
    "Explanation": "Why a run is where it is, in plain words; the wording may change.",
    "Blocking": "Something that holds a run back.",
    "ErrorGroup": "Failures that are the same problem, and how many runs have it.",
    "ErrorGroupPage": "A page of groups of errors, the last failed first.",
}
FIELDS = {
    "Explanation": {
        "run_id": "The run that this is about.",
        "summary": "The whole in one or two sentences.",
        "facts": "What else is known: how many runs are ahead, losses, an expiry, where the run is from.",
        "since": "When this began (RFC 3339): since when it is due, runs, or has ended; null if that is not known.",
        "blocking": "What holds it back; empty if nothing does.",
        "next": "What happens next without anybody's doing; null if nothing does.",
        "suggestions": "What can be done.",
    },
    "Blocking": {
        "reason": "A `wait_reason`, `workers_busy`, or `cancelling`.",
        "scope": "What holds it back: `job_type`, `queue`, `workers`, `destination` or `run`.",
        "name": "Its name; null if it has none.",
        "detail": "A sentence.",
        "link": "The path of the API that shows it; null if there is none.",
    },
    "ErrorGroup": {
        "group": "The group's id, as in `error.group`: 16 hexadecimal digits, the same on every server.",
        "code": "As in `error.code`.",
        "type": "The class of the exception; null if there is none.",
        "message": "That of the newest run in the group, at most 1,000 characters.",
        "job_types": "The job types of the runs in it, by name.",
        "count": "How many runs are in it, exactly: failed and not resolved, or `retrying`.",
        "first_at": "When an attempt failed so for the first time since there are runs in the group.",
        "last_at": "When one did for the last time.",
        "sample_run_id": "The newest run in the group.",
    },
    "ErrorGroupPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
}
OPERATIONS = {
    "explain_run": "For people: what `wait_reason` says and what lies behind it, of a run in any state. Who paused "
    "something is told to keys with the scope `admin`, and workers only as far as the key sees them.",
    "list_errors": "Failed runs as work to be done: of a thousand failures of one kind it is one piece. A run leaves "
    "its group when it is resolved (`POST /v1/runs/{run_id}/resolve`), replayed, erased or past its retention. Its "
    "runs: `GET /v1/runs?error_group=`.",
}
PARAMETERS = {
    ("errors", "state"): "`failed` (default): of runs that have failed and are not resolved. `retrying`: of runs that "
    "are to be tried again.",
    ("errors", "job_type"): "Only what runs of this job type have; counts them alone.",
    ("errors", "queue"): QUEUE_FILTER,
    ("errors", "group"): "Only this group.",
    ("errors", "cursor"): "The `next_cursor` of the previous page; opaque.",
}
