"""What each verb changes, beside runs."""

from __future__ import annotations

from blazy_jobs_server.domain.topics import Topic

TOPICS: dict[str, int] = {
    "save_job_type": Topic.JOB_TYPES | Topic.QUEUES,
    "retire_job_type": Topic.JOB_TYPES,
    "pause_job_type": Topic.JOB_TYPES,
    "keep_secrets": Topic.JOB_TYPES,
    "save_queue": Topic.QUEUES,
    "apply": Topic.JOB_TYPES | Topic.QUEUES | Topic.SCHEDULES | Topic.WEBHOOKS,
    "register_worker": Topic.WORKERS,
    "note_unknown": Topic.WORKERS,
    "drain_worker": Topic.WORKERS,
    "give_up_worker": Topic.WORKERS,
    "save_schedule": Topic.SCHEDULES,
    "delete_schedule": Topic.SCHEDULES,
    "fire": Topic.SCHEDULES,
    "save_key": Topic.KEYS,
    "note_used": Topic.KEYS,
    "save_webhook": Topic.WEBHOOKS,
    "delete_webhook": Topic.WEBHOOKS,
    "lease_webhook": Topic.WEBHOOKS,
    "record_webhook": Topic.WEBHOOKS,
    "retry_deliveries": Topic.WEBHOOKS,
    "create_bulk": Topic.BULK,
    "cancel_bulk": Topic.BULK,
    "advance_bulk": Topic.BULK,
    "note_audit": Topic.AUDIT,
}
"""Verbs that change only runs, or what no list shows, are not here."""
