"""Of groups of errors."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA, QUEUE_FILTER

SHAPES = {
    "ErrorGroup": "Failures that are the same problem, and how many runs have it.",
    "ErrorGroupPage": "A page of groups of errors, the last failed first.",
}
FIELDS = {
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
