"""Of configurations."""

from __future__ import annotations

from blazy_jobs_server.api.texts import job_types, queues, schedules, webhooks

_SOURCE = "`config`: applied as a configuration; `code`: declared by a worker; `api`: made or changed otherwise."
_OWNER = "Who applied it, where `source` is `config`. null: nobody."
_PAUSED = "Present and true if it is paused."
_IGNORED = {
    "source": "Ignored; accepted so that an export can be applied. null (default): as if it were not there.",
    "owner": "Whose it becomes if the document names no owner. null (default): `default`.",
}
SHAPES = {
    "Config": "Everything that is defined: job types, queues, schedules and webhooks by name, without what is secret.",
    "ConfigJobType": "A job type in a configuration.",
    "ConfigQueue": "A queue in a configuration.",
    "ConfigSchedule": "A schedule in a configuration.",
    "ConfigWebhook": "A webhook in a configuration, without its secret.",
    "ConfigIn": "A configuration to apply. What it does not name stays, unless `prune` is true.",
    "ConfigJobTypeIn": "A job type as it is to be. Omitted fields get their defaults, except `paused`.",
    "ConfigQueueIn": "A queue as it is to be. An omitted engine is not changed.",
    "ConfigWebhookIn": "A webhook as it is to be. Omitted fields get their defaults, except `enabled`.",
    "ConfigScheduleIn": "A schedule as it is to be. Omitted fields get their defaults, except `paused`.",
    "ConfigDifference": "What applying changed, or would change.",
    "ConfigChange": "One job type, queue, schedule or webhook that changes.",
    "ConfigField": "A field that changes. Of something new, only fields that differ from their default are listed.",
    "ConfigSource": "Where a definition comes from.",
    "ConfigKind": "What changes.",
    "ConfigAction": "How it changes.",
}
_JOB_TYPE = {
    name: text
    for name, text in job_types.FIELDS["JobType"].items()
    if name not in ("version", "source", "created_at", "updated_at", "paused")
}
_SCHEDULE = {
    name: text
    for name, text in schedules.FIELDS["Schedule"].items()
    if name in ("name", "job_type", "payload", "timezone", "trigger", "overlap", "catch_up", "jitter_seconds")
    or name in ("start_at", "end_at", "queue", "priority", "tags")
}
_QUEUE = {name: text for name, text in queues.FIELDS["Queue"].items() if name not in ("paused", "counts")}
_WEBHOOK = {
    name: text
    for name, text in webhooks.FIELDS["Webhook"].items()
    if name in ("name", "url", "events", "job_types", "queues", "include")
}
_OWN = {"paused": _PAUSED, "source": _SOURCE, "owner": _OWNER}
FIELDS = {
    "Config": {
        "owner": "Present if the request asked for the configuration of one owner.",
        "job_types": "The job types, by name.",
        "queues": "The queues, by name; none if the request asked for one owner.",
        "schedules": "The schedules, by name.",
        "webhooks": "The webhooks, by name.",
    },
    "ConfigJobType": _JOB_TYPE | _OWN,
    "ConfigQueue": _QUEUE | {"paused": _PAUSED},
    "ConfigSchedule": _SCHEDULE | _OWN,
    "ConfigWebhook": _WEBHOOK
    | {"enabled": "Present and false if somebody disabled it.", "source": _SOURCE, "owner": _OWNER},
    "ConfigIn": {
        "owner": "Who applies it: 1 to 128 letters, digits, `.`, `_` and `-`. What it creates or changes belongs to"
        " this owner. null (default): `default`.",
        "prune": "Whether what belongs to the owner and is not in the document is removed: schedules and webhooks are"
        " deleted, job types retired. Queues are never removed. Default: false.",
        "job_types": "The job types, at most 5,000. Default: none.",
        "queues": "The queues, at most 5,000. Default: none.",
        "schedules": "The schedules, at most 5,000. Default: none.",
        "webhooks": "The webhooks, at most 100. Default: none.",
    },
    "ConfigJobTypeIn": job_types.FIELDS["JobTypeIn"] | _IGNORED,
    "ConfigQueueIn": queues.FIELDS["QueueIn"] | {"name": "The name of the queue."},
    "ConfigScheduleIn": schedules.FIELDS["ScheduleIn"] | _IGNORED,
    "ConfigWebhookIn": webhooks.FIELDS["WebhookIn"] | _IGNORED,
    "ConfigDifference": {
        "owner": "Who applied it.",
        "dry_run": "Whether nothing was written.",
        "changes": "What changes, in the order of the document; removals last. Empty if nothing does.",
        "unchanged": "How many things in the document are already as it says.",
    },
    "ConfigChange": {
        "kind": "What it is.",
        "name": "The name of the job type, queue, schedule or webhook.",
        "action": "`create`, `update` or `delete`.",
        "fields": "The fields that change.",
        "secret": "Of a new HTTP handler or webhook: the secret that signs its requests. It is not shown again.",
    },
    "ConfigField": {
        "path": "A JSON Pointer into the definition.",
        "before": "The present value; null if there is none.",
        "after": "The new value; null if there is none.",
    },
}
OPERATIONS = {
    "export_config": "Needs the scope `config`. Contains neither keys nor secrets; values that job types redact are"
    " `***` for a key without `runs:reveal`. Can be applied as it is.",
    "apply_config": "Needs the scope `config`, and `admin` for HTTP handlers. Applying the same document again changes"
    " nothing. What differs and belongs to another owner is a `409 config_conflict`; what a worker's code declares is"
    " taken from it where it differs. `***` in a schedule's payload keeps a redacted value.",
}
PARAMETERS = {
    ("config", "owner"): "Only what this owner has applied.",
    ("config", "dry_run"): "Whether to return the difference without applying it. Default: false.",
}
