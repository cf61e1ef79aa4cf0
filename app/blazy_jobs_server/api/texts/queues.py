"""Of queues."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, NAME_IN_PUT, PAGE_DATA, of_a_change

SHAPES = {
    "Queue": "A queue in which runs wait for workers. It is created when it is first used.",
    "QueuePage": "A page of queues, newest first.",
    "QueueEngine": "`database`: in the server's database. `bullmq`: in Redis, shared with the producers and workers of "
    "BullMQ.",
    "RateLimit": "At most `limit` runs start within any `per_seconds`.",
    "StateCounts": "The number of runs in each state.",
}

_COUNTS = {
    "scheduled": "Runs that are due later.",
    "queued": "Runs that are due and wait for a worker.",
    "running": "Runs that a worker has claimed.",
    "retrying": "Runs that failed and wait for their next attempt.",
    "completed": "Runs that completed and are still stored.",
    "failed": "Runs that failed permanently and are still stored.",
    "cancelled": "Runs that were cancelled and are still stored.",
}
STATES = tuple(_COUNTS)
_BULLMQ = {
    "prefix": "The start of its Redis keys, before `:` and the queue's name: 1 to 64 letters, digits, `.`, "
    "`_`, `:`, `{`, `}` and `-`.",
    "consume": "Whether this server's workers process its jobs. false: only external workers do; the server "
    "records the runs.",
}

_LIMITS = {
    "concurrency": "Maximum number of its runs at a time, from 1 to 1,000,000.",
    "rate_limit": "Maximum number of starts in a period.",
    "max_queued": "Maximum number of waiting runs (scheduled, queued and retrying), from 1 to 1,000,000,000; further "
    "dispatches are refused with `429 queue_full`.",
}

FIELDS = {
    "StateCounts": _COUNTS,
    "RateLimit": {
        "limit": "Maximum number of starts, from 1 to 1,000,000.",
        "per_seconds": "The period, more than 0 seconds and at most 366 days.",
    },
    "Bullmq": {
        "prefix": f"{_BULLMQ['prefix']} Default: `bull`.",
        "consume": f"{_BULLMQ['consume']} Default: true.",
    },
    "BullmqOut": _BULLMQ,
    "QueueIn": {
        "name": NAME_IN_PUT,
        "engine": "Where the queue is stored. Default: not changed; `database` for a new queue.",
        "paused": "Whether its runs are held back. Default: not changed; false for a new queue.",
        **{name: f"{text} null (default): no limit." for name, text in _LIMITS.items()},
        "bullmq": "Its settings in Redis, if `engine` is `bullmq`. null (default): the defaults of `prefix` and "
        "`consume`.",
    },
    "QueuePatch": of_a_change(
        {
            "paused": "Whether its runs are held back.",
            **{name: f"{text} null: no limit." for name, text in _LIMITS.items()},
        }
    ),
    "Queue": {
        "name": "Unique among queues.",
        "engine": "Where the queue is stored.",
        "paused": "Whether its runs are held back.",
        "concurrency": "Maximum number of its runs at a time. null: no limit.",
        "rate_limit": "Maximum number of starts in a period. null: no limit.",
        "max_queued": "Maximum number of waiting runs. null: no limit.",
        "bullmq": "Its settings in Redis. null for queues in the database.",
        "counts": "The number of its runs, by state.",
    },
    "QueuePage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
}

OPERATIONS = {
    "list_queues": "Newest first, each with the number of its runs by state.",
    "get_queue": "Its settings, and the number of its runs by state.",
    "put_queue": "Idempotent. The engine can be changed only while the queue has no unfinished runs.",
    "patch_queue": "What is left out is not changed, and a limit that is null ends. Limits hold at once, also for runs "
    "that wait; a lower one ends none that run.",
    "pause_queue": "Runs in progress continue, and dispatches are still accepted. A BullMQ queue is paused for all of "
    "its workers. Idempotent.",
    "resume_queue": "Due runs start again, unless their job type is paused. Idempotent.",
}

PARAMETERS = {("queues", "name"): "The name of the queue."}
