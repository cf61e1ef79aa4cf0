"""Of the digest."""

from __future__ import annotations

from blazy_jobs_server.api.texts import queues

SHAPES = {
    "Digest": "How everything stands at one instant, as far as the key may see it.",
    "SomeCounts": "Runs by state; states without any are left out.",
    "LaneCounts": "The runs of one job type in one queue.",
    "OtherCounts": "The runs of the job types and queues that have no room in the digest.",
    "Rates": "What has happened, a second, on average over the last ten seconds.",
    "LateQueue": "A queue in which runs wait.",
    "WorkersNow": "The connected workers.",
    "RunVersions": "For each state, a number that is another one whenever runs entered, left or changed within it.",
    "ListVersions": "For each list, a number that is another one when the list may have changed: read it again then. "
    "Numbers can only be compared with each other; after a reconnect to another server all are others.",
    "NewError": "A group of errors that was seen for the first time within the last ten minutes.",
}

_CHANGED = "Another number whenever this list may have changed."
_OF_STATE = "Another number whenever runs entered or left this state, or changed within it."

FIELDS = {
    "Digest": {
        "at": "When the digest was made: RFC 3339, UTC.",
        "server": "The id of the server that made it.",
        "counts": "All runs, by state.",
        "rates": "What has happened, a second.",
        "workers": "The connected workers.",
        "trouble": "What cannot be used: `store`, the database; `redis`, that of BullMQ queues. Usually empty.",
        "versions": "For each list, a number that is another one when the list may have changed.",
        "queues": "Queues in which runs wait, the one whose run has been due for longest first.",
        "queues_left_out": "How many more such queues there are, for which there is no room.",
        "new_errors": "Groups of errors that were seen for the first time within the last ten minutes, newest first.",
        "lanes": "Runs by job type, queue and state: those with most unfinished runs, as many as have room.",
        "other": "The runs of all other job types and queues together. null if all are in `lanes`.",
    },
    "SomeCounts": dict.fromkeys(queues.STATES, "Runs in this state. Omitted, and never null, if there is none."),
    "LaneCounts": {
        "job_type": "The name of the job type.",
        "queue": "The name of the queue.",
        "counts": "Its runs, by state.",
    },
    "OtherCounts": {
        "lanes": "How many pairs of job type and queue they are of.",
        "counts": "Their runs, by state.",
    },
    "Rates": {
        "started": "Attempts that started.",
        "completed": "Runs that completed.",
        "failed": "Runs that failed.",
        "cancelled": "Runs that were cancelled.",
        "retried": "Attempts that failed and are followed by another.",
        "lost": "Runs that were lost with their worker.",
    },
    "LateQueue": {
        "name": "The name of the queue.",
        "queued": "The runs that are due and wait.",
        "unserved": "Those of them that no connected worker serves.",
        "oldest_due_at": "Since when the first of them has been due (RFC 3339, UTC). null if it has just started.",
        "paused": "Whether the queue is paused.",
    },
    "WorkersNow": {
        "connected": "The number of connected workers.",
        "draining": "Those of them that get no more runs.",
        "slots": "How many runs they can have together.",
        "busy": "How many runs are running.",
    },
    "RunVersions": dict.fromkeys(queues.STATES, _OF_STATE),
    "ListVersions": {
        "runs": "By state.",
        "errors": "Another number whenever an attempt failed, or a group of errors was resolved.",
        **dict.fromkeys(("job_types", "queues", "schedules", "workers", "webhooks", "bulk", "servers"), _CHANGED),
        "keys": f"{_CHANGED} Only for keys with the scope `admin`.",
        "audit": f"{_CHANGED} Only for keys with the scope `admin`.",
    },
    "NewError": {
        "group": "The id of the group.",
        "code": "The code of its errors.",
        "type": "The class of the exception. null if there is none.",
        "message": "The message of the first one, cut to 200 characters.",
        "job_type": "The job type of the first one.",
        "first_at": "When it was first seen: RFC 3339, UTC.",
    },
}

OPERATIONS: dict[str, str] = {}

PARAMETERS = {("live", "run"): "The id of a run whose events are to come with the digests."}
