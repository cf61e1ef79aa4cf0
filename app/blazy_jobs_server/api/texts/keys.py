"""Of API keys."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT, PAGE_DATA

SHAPES = {
    "Key": "An API key, without its secret.",
    "NewKey": "An API key with its secret, which is shown only here.",
    "KeyIn": "An API key to create. Scopes and restrictions cannot be changed later.",
    "KeyPage": "A page of API keys, newest first; revoked and expired ones are kept.",
    "KeyRate": "At most `limit` runs may be made with the key within any `per_seconds`, on each server.",
    "KeyRateOut": "At most `limit` runs may be made with the key within any `per_seconds`, on each server.",
    "KeyScope": "`runs:read`: every GET below /v1 except keys, audit and config. `runs:write`: dispatch, cancel, replay"
    " and erase runs, trigger schedules. `runs:reveal`: with another scope, see what job types redact."
    " `workers`: the worker protocol. `config`: job types, queues, schedules."
    " `metrics`: /metrics only. `admin`: everything.",
    "RotateIn": "How long the previous secret remains valid.",
    "Self": "What the key of the request allows. `root` is the key of the server's settings, `anyone` a request to a"
    " server without keys.",
}
_JOB_TYPES = (
    "Names of job types, or prefixes that end with `*`; what does not match does not exist for the key. null: all."
)
_QUEUES = "Names of queues, or prefixes that end with `*`; others do not exist for the key. null: all."
_RATE = {
    "limit": "Maximum number of runs, from 1 to 1,000,000.",
    "per_seconds": "The period, more than 0 seconds and at most 366 days.",
}
_KEY = {
    "id": "Ten letters and digits; it remains the same when the key is rotated.",
    "name": "What the key is for, 1 to 128 characters. Need not be unique.",
    "scopes": "What the key may do.",
    "job_types": _JOB_TYPES,
    "queues": _QUEUES,
    "rate_limit": "How many runs may be made with it. null: any number.",
    "created_at": "When it was created.",
    "created_by": "The id of the key that created it; `root`: the key of the settings, `command`: the command line,"
    " `anyone`: a request while there was no key.",
    "expires_at": "When it ceases to be valid. null: never.",
    "last_used_at": "When it was last used, to the minute. null: never.",
    "revoked_at": "When it was revoked. null: it was not.",
    "previous_until": "Until when the secret before the last rotation remains valid. null: it was never rotated, or"
    " without overlap.",
}
FIELDS = {
    "Key": _KEY,
    "NewKey": _KEY | {"key": "The key itself, for `Authorization: Bearer`. It cannot be read again."},
    "KeyIn": {
        "name": _KEY["name"],
        "scopes": "What the key may do, 1 to 10 scopes.",
        "job_types": f"{_JOB_TYPES} Not with the scopes `metrics` and `admin`. At most 100. Default: null.",
        "queues": f"{_QUEUES} Not with the scopes `metrics` and `admin`. At most 100. Default: null.",
        "expires_at": "When it ceases to be valid, in the future. null: never. Default: null.",
        "rate_limit": "How many runs may be made with it, on each server. null: any number. Default: null.",
    },
    "KeyRate": _RATE,
    "KeyRateOut": _RATE,
    "KeyPage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
    "RotateIn": {
        "overlap_seconds": "For how long the previous secret remains valid, 0 to 2,592,000 seconds. 0: it ends at once,"
        " also one that a rotation before has left valid. Default: 86400.",
    },
    "Self": {name: _KEY[name] for name in ("id", "name", "scopes", "job_types", "queues")},
}
OPERATIONS = {
    "create_key": "Needs the scope `admin`.",
    "list_keys": "Needs the scope `admin`.",
    "get_own_key": "Any valid key may read it.",
    "revoke_key": "It ceases to be valid on every server within two seconds: streams and waiting requests end."
    " Needs the scope `admin`.",
    "rotate_key": "The id, scopes and restrictions remain. `409 rotation_pending` while two secrets are valid, unless"
    " `overlap_seconds` is 0. Needs the scope `admin`.",
}
PARAMETERS = {
    ("keys", "key_id"): "The id of the key.",
    ("keys", "cursor"): "The `next_cursor` of the previous page; opaque.",
}
