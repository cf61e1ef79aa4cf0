"""Of the audit log."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA

SHAPES = {
    "Actor": "An API key, by its id and name.",
    "AuditEntry": "One change, and by whom it was made; or requests that were refused, counted by the minute.",
    "AuditPage": "A page of the audit log, newest first.",
}
FIELDS = {
    "Actor": {
        "id": "The id of the key; `root` is the key of the settings, `command` the command line.",
        "name": "The name of the key.",
    },
    "AuditEntry": {
        "id": "The entry's id; newer entries have greater ones.",
        "time": "When it was stored; of refused requests the minute.",
        "actor": "The key that it was done with. null: the server itself (a definition declared in code), a request"
        " without a valid key, or a server without keys.",
        "action": "What was done, such as `job_type.update`, `key.revoke` or `run.cancel`; `request.refuse`: a request"
        " was refused.",
        "target": "The name or id of what was changed. null: nothing in particular.",
        "changed": "The names of the fields that have changed, of an update.",
        "address": "The network address of the client. null: not over the network.",
        "outcome": "`done`, or the code of the error with which requests were refused.",
        "count": "How many requests were refused in that minute; of a change always 1.",
    },
    "AuditPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
}
OPERATIONS = {
    "list_audit": "Entries are stored in the transaction of the change and kept for 90 days. Needs the scope `admin`.",
}
PARAMETERS = {
    ("audit", "actor"): "Only entries of the key with this id.",
    ("audit", "action"): "Only entries of this action, such as `job_type.update`.",
    ("audit", "target"): "Only entries of what has this name or id.",
    ("audit", "outcome"): "Only entries with this outcome: `done`, or an error code such as `unauthorized`.",
    ("audit", "cursor"): "The `next_cursor` of the previous page; opaque.",
}
