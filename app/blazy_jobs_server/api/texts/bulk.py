"""Of bulk operations."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA

SHAPES = {
    "BulkAction": "`run_now`: scheduled and retrying runs are due immediately. `reprioritise`: waiting runs get another"
    " priority. `resolve`: failed runs no longer count in `GET /v1/errors`. The others as of a single run.",
    "BulkState": "`failed`: it could not go on; the log of the server says why.",
    "BulkFilter": "Which runs: the filters of `GET /v1/runs`, combined with AND.",
    "BulkIn": "What to do, and with which runs.",
    "BulkPreview": "What a dry run found.",
    "Bulk": "A bulk operation, and how far it is.",
    "BulkPage": "A page of bulk operations, newest first.",
}
_OMITTED = "null (default): any."
FIELDS = {
    "BulkFilter": {
        "id": f"An id, or at most 200. {_OMITTED}",
        "state": f"A state, or several. {_OMITTED}",
        "job_type": f"The job type. {_OMITTED}",
        "queue": f"The queue. {_OMITTED}",
        "tag": f"A tag. {_OMITTED}",
        "schedule": f"The schedule that created them. {_OMITTED}",
        "error_code": f"The code of their error. {_OMITTED}",
        "error_group": f"The group of their error. {_OMITTED}",
        "resolved": f"Whether they are resolved. {_OMITTED}",
        "worker_id": f"The worker that has their latest attempt, or had it when it ended. {_OMITTED}",
        "attempt_min": f"At least so many attempts were started. {_OMITTED}",
        "created_after": f"They were dispatched at this time or later (RFC 3339). {_OMITTED}",
        "created_before": f"They were dispatched before this time (RFC 3339). {_OMITTED}",
        "finished_after": f"They were finished at this time or later (RFC 3339). {_OMITTED}",
        "finished_before": f"They were finished before this time (RFC 3339). {_OMITTED}",
        "q": "Text in payload, result, error, tags or metadata, whatever the case of A to Z; 1 to 256 characters. "
        + _OMITTED,
    },
    "BulkIn": {
        "action": "What to do with each run.",
        "filter": "Which runs. An empty one is refused, unless `all` is true. null (default): none is given.",
        "ids": "The ids of 1 to 10,000 runs, instead of a filter. null (default): none are given.",
        "all": "Whether all runs are meant where there is neither a filter nor ids. Default: false.",
        "priority": "From -100 to 100; of `reprioritise`, which needs it. null (default): none.",
        "dry_run": "Whether only to say what would be done. Default: false.",
        "expect_at_most": "If more runs match, nothing is done (`409 too_many_matches`). null (default): no limit.",
    },
    "BulkPreview": {
        "matched": "How many runs match.",
        "at_least": "Whether there may be more: they are counted for about a second.",
        "by_state": "How many there are in each state that has any.",
        "sample": "The newest of them, at most ten.",
    },
    "Bulk": {
        "id": "The id of the bulk operation, assigned by the server; ids sort by creation.",
        "action": "What is done with each run.",
        "state": "Whether it is under way.",
        "filter": "The filter that was given. null: none was.",
        "ids": "How many ids were given. null: none were.",
        "priority": "The priority that runs get. null: none.",
        "matched": "How many runs matched when it was created, as far as they were counted.",
        "at_least": "Whether there may be more than `matched`. false once it has ended.",
        "done": "With so many runs it was done.",
        "skipped": "So many were no more as the filter or the action wants them when their turn came.",
        "failed": "With so many it could not be done: they cannot be replayed, or their BullMQ queue is unavailable.",
        "created_at": "When it was created.",
        "created_by": "The API key that it was created with. null: a server without keys.",
        "finished_at": "When it ended. null: it has not.",
    },
    "BulkPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
}
OPERATIONS = {
    "create_bulk": "Goes on in the background, also over restarts of the server, with each run at most once. It meets"
    " no run that is created after it. With `dry_run` it says what would be done, and does nothing.",
    "list_bulks": "They are kept for 90 days after their end. A restricted key sees those that lie within its"
    " restrictions.",
    "get_bulk": "To follow how far it is, read it again.",
    "cancel_bulk": "What was done stays done. One that has ended is refused.",
}
PARAMETERS = {
    ("bulk", "bulk_id"): "The `id` of the bulk operation.",
    ("bulk", "limit"): "Maximum number of items on the page, from 1 to 200.",
    ("bulk", "cursor"): "The `next_cursor` of the previous page; opaque.",
}
