"""Of queues."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT

SHAPES = {
    "Queue": "A line in which runs wait. It comes into being when it is first used.",
    "QueuePage": "A page of queues, newest first.",
    "QueueEngine": "`database`: the server's own. `bullmq`: it lives in Redis, shared with BullMQ's producers and "
    "workers.",
    "RateLimit": "At most `limit` runs start within any `per_seconds`.",
    "StateCounts": "How many runs are in each state.",
}

_COUNTS = {
    "scheduled": "Due later.",
    "queued": "Due, waiting for a worker.",
    "running": "Held by a worker.",
    "retrying": "Waiting for their next attempt.",
    "completed": "Finished, and not erased yet.",
    "failed": "Failed for good, and not erased yet.",
    "cancelled": "Cancelled, and not erased yet.",
}
STATES = tuple(_COUNTS)
_BULLMQ = {
    "prefix": "What its keys in Redis begin with, before `:` and the queue's name: 1 to 64 letters, digits, `.`, "
    "`_`, `:`, `{`, `}` and `-`.",
    "consume": "Whether this server's workers take its jobs. false: others' workers do, and our runs only follow.",
}

FIELDS = {
    "StateCounts": _COUNTS,
    "RateLimit": {"limit": "From 1 to 1,000,000 runs.", "per_seconds": "More than 0 seconds, at most 366 days."},
    "Bullmq": {
        "prefix": f"{_BULLMQ['prefix']} Default: `bull`.",
        "consume": f"{_BULLMQ['consume']} Default: true.",
    },
    "BullmqOut": _BULLMQ,
    "QueueIn": {
        "name": "Where it is given, it must be the one of the path. Default, and null: that one.",
        "engine": "Who delivers it. Default: it stays as it is, `database` of a new one.",
        "paused": "Whether its runs are held back. Default: it stays as it is, false of a new one.",
        "concurrency": "How many of its runs may be running at once, from 1 to 1,000,000. Default, and null: no limit.",
        "rate_limit": "How many of its runs may start in a span of time. Default, and null: no limit.",
        "max_queued": "How many runs may wait in it, from 1 to 1,000,000,000; a dispatch beyond is `429 "
        "queue_full`. Default, and null: no limit.",
        "bullmq": "How it lives in Redis, where `engine` is `bullmq`. Default, and null: as `prefix` and `consume` "
        "are by default.",
    },
    "Queue": {
        "name": "Unique among queues.",
        "engine": "Who delivers it.",
        "paused": "Whether its runs are held back.",
        "concurrency": "How many of its runs may be running at once. null: no limit.",
        "rate_limit": "How many of its runs may start in a span of time. null: no limit.",
        "max_queued": "How many runs may wait in it. null: no limit.",
        "bullmq": "How it lives in Redis. null where it is the database's own.",
        "counts": "Its runs by their state.",
    },
    "QueuePage": {"data": "At most `limit` of them.", "next_cursor": CURSOR_OF_NEXT},
}

OPERATIONS = {
    "list_queues": "Newest first, each with its runs counted.",
    "get_queue": "Its settings, and its runs counted by state.",
    "put_queue": "Idempotent. An engine can be changed while the queue has no unfinished runs.",
    "pause_queue": "What runs goes on to its end; dispatches are still taken. Of a BullMQ queue, for all its "
    "workers. Pausing again changes nothing.",
    "resume_queue": "Runs that are due start again, unless their job type is paused. Resuming again changes nothing.",
}

PARAMETERS = {("queues", "name"): "The name of the queue."}
