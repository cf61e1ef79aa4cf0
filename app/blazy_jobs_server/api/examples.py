"""What requests and answers look like: one run of `send-welcome-email`, from its registration to its end."""

from __future__ import annotations

from typing import Any

from blazy_jobs_server.api.describe import BULK_ID, RUN_ID, WORKER_ID, Examples

EVENT_ID = "evt_1i9lna4ic0001"
SERVER_ID = "srv_31jh8a0q5d2ne"
LEASE_TOKEN = "b1f6c2d07e9a4c5d"

# -- requests

PAYLOAD_SCHEMA = {"type": "object", "required": ["userId"], "properties": {"userId": {"type": "string"}}}
DEFINITION: dict[str, Any] = {
    "description": "Greets a new user",
    "handler": {"kind": "worker"},
    "retry": 3,
    "timeout_seconds": 30,
    "payload_schema": PAYLOAD_SCHEMA,
    "tags": ["mail"],
}
REGISTER: Examples = {
    "least": ("all that is required", {"name": "send-welcome-email", "handler": {"kind": "worker"}}),
    "usual": ("with retries, a timeout and a schema", {"name": "send-welcome-email"} | DEFINITION),
}
HTTP_HANDLER: dict[str, Any] = {
    "kind": "http",
    "url": "https://shop.example/jobs",
    "headers": {"Authorization": "Bearer 6f2a"},
    "completion": "response",
}
REGISTER["http"] = ("sent to a web app", {"name": "send-welcome-email", "handler": HTTP_HANDLER})
RUN_REPORT: Examples = {
    "progress": (
        "how far it is",
        {"reports": [{"type": "progress", "percent": 40, "message": "120 of 300"}]},
    ),
    "completed": ("its result", {"reports": [{"type": "completed", "result": {"sent": True}}]}),
    "alive": ("a sign of life", {"reports": []}),
}
REPLACE: Examples = {"usual": ("the whole definition", DEFINITION)}
CHANGE: Examples = {
    "timeout": ("one field", {"timeout_seconds": 60}),
    "retry": ("a part of the retry policy", {"retry": {"backoff": "linear", "initial_seconds": 5}}),
    "redact": ("what is not shown to everybody", {"redact": ["/card/number"]}),
}
DISPATCH: Examples = {
    "least": ("all that is required", {"payload": {"userId": "123"}}),
    "later": ("in an hour, before others", {"payload": {"userId": "123"}, "delay_seconds": 3600, "priority": 10}),
    "once": ("one unfinished run for each user", {"payload": {"userId": "123"}, "dedupe_key": "user-123"}),
    "other": (
        "with its own settings and marks",
        {
            "payload": {"userId": "123"},
            "queue": "mail",
            "retry": {"max_attempts": 2},
            "timeout_seconds": 10,
            "expires_seconds": 600,
            "tags": ["signup"],
            "metadata": {"request": "7f3a"},
        },
    ),
}
CONFIG: Examples = {
    "usual": (
        "a job type and its schedule",
        {
            "owner": "shop",
            "job_types": [{"name": "send-welcome-email", "handler": {"kind": "worker"}, "timeout_seconds": 30}],
            "schedules": [
                {
                    "name": "daily-greetings",
                    "job_type": "send-welcome-email",
                    "trigger": {"kind": "cron", "expression": "0 8 * * *"},
                    "payload": {"userId": "123"},
                }
            ],
        },
    ),
    "prune": ("nothing of this owner is left", {"owner": "shop", "prune": True}),
}
BATCH: Examples = {
    "two": (
        "two runs, both or none",
        {
            "runs": [
                {"job_type": "send-welcome-email", "payload": {"userId": "123"}},
                {"job_type": "send-welcome-email", "payload": {"userId": "124"}, "priority": 10},
            ]
        },
    )
}
CANCEL: Examples = {"reason": ("with a reason", {"reason": "not needed any more"})}
BULK: Examples = {
    "replay": (
        "replay what failed by a timeout in the last hour, if that is not too much",
        {
            "action": "replay",
            "filter": {"state": "failed", "error_code": "timeout", "finished_after": "2026-01-31T11:00:00Z"},
            "expect_at_most": 1000,
        },
    ),
    "dry_run": (
        "see what would be cancelled",
        {"action": "cancel", "filter": {"job_type": "send-welcome-email"}, "dry_run": True},
    ),
    "ids": ("runs that were picked", {"action": "erase", "ids": [RUN_ID]}),
}
REPLAY: Examples = {
    "same": ("with the same payload", {}),
    "payload": ("with another payload", {"payload": {"userId": "124"}}),
}
NOTHING: Examples = {"empty": ("no field is known here", {})}
QUEUE: Examples = {"paused": ("made before its first use, and held back", {"paused": True})}
KEY: Examples = {
    "producer": (
        "a service that makes runs of its job types",
        {"name": "shop", "scopes": ["runs:write"], "job_types": ["mail*"]},
    ),
    "worker": (
        "a worker, for a year",
        {"name": "workers", "scopes": ["workers"], "expires_at": "2127-01-31T12:00:00Z"},
    ),
}
SESSION: Examples = {"key": ("with an API key, or the key of the settings", {"key": "bjk_T1k2nQ8sWz_…"})}
ROTATE: Examples = {"hour": ("the old secret for an hour more", {"overlap_seconds": 3600})}
WEBHOOK: Examples = {
    "least": ("all that is required", {"name": "shop", "url": "https://shop.example/hooks/jobs"}),
    "some": (
        "of some job types what went wrong, and what came of them",
        {
            "name": "shop",
            "url": "https://shop.example/hooks/jobs",
            "events": ["run.completed", "run.failed"],
            "job_types": ["mail*"],
            "include": ["result"],
        },
    ),
}
QUEUE_CHANGE: Examples = {"limit": ("a hundred starts a minute", {"rate_limit": {"limit": 100, "per_seconds": 60}})}
WEBHOOK_CHANGE: Examples = {"enable": ("start it again", {"enabled": True})}
RECOVER: Examples = {"since": ("what was not received since noon", {"since": "2026-01-31T12:00:00Z"})}
SCHEDULE: Examples = {
    "cron": (
        "every night at three, by Berlin's clocks",
        {
            "name": "nightly-cleanup",
            "job_type": "cleanup-old-data",
            "payload": {},
            "trigger": {"kind": "cron", "expression": "0 3 * * *"},
            "timezone": "Europe/Berlin",
        },
    ),
    "interval": (
        "every five minutes, unless the last run is still at work",
        {
            "name": "poll",
            "job_type": "cleanup-old-data",
            "trigger": {"kind": "interval", "every_seconds": 300},
            "overlap": "skip",
        },
    ),
    "calendar": (
        "on the same day of each month",
        {
            "name": "invoices",
            "job_type": "cleanup-old-data",
            "trigger": {"kind": "calendar", "every": {"months": 1}, "hour": 6, "minute": 30},
            "start_at": "2026-02-01T00:00:00Z",
        },
    ),
    "date": (
        "once",
        {"name": "launch", "job_type": "cleanup-old-data", "trigger": {"kind": "date", "at": "2027-01-01T00:00:00Z"}},
    ),
}
SCHEDULE_CHANGE: Examples = {"trigger": ("another time", {"trigger": {"kind": "cron", "expression": "30 4 * * *"}})}
PREVIEW: Examples = {
    "cron": (
        "what a trigger would do",
        {"trigger": {"kind": "cron", "expression": "@daily"}, "timezone": "Europe/Berlin", "count": 3},
    )
}
WORKER: Examples = {
    "least": ("all that is required", {"name": "mail-1", "job_types": ["send-welcome-email"]}),
    "declares": (
        "announces the jobs in its code",
        {
            "name": "mail-1",
            "job_types": ["send-welcome-email"],
            "concurrency": 4,
            "declares": {
                "app": "shop",
                "start": "4f1c0a5e",
                "build": "2026-01-31.2",
                "job_types": [{"name": "send-welcome-email", "handler": {"kind": "worker"}}],
            },
        },
    ),
}
CLAIM: Examples = {"wait": ("up to ten, as soon as there is one", {"max": 10, "wait_seconds": 30})}
_ITEM = {"run_id": RUN_ID, "attempt": 1, "lease_token": LEASE_TOKEN}
REPORT: Examples = {
    "progress": (
        "how far it is",
        {"reports": [{**_ITEM, "type": "progress", "percent": 40, "message": "120 of 300"}]},
    ),
    "completed": ("done, with its result", {"reports": [{**_ITEM, "type": "completed", "result": {"sent": True}}]}),
    "failed": (
        "an attempt that is tried again",
        {"reports": [{**_ITEM, "type": "failed", "error": {"message": "no such mailbox", "type": "SMTPError"}}]},
    ),
    "heartbeat": ("nothing new: the lease is renewed", {"reports": [], "holding": [RUN_ID]}),
}

# -- answers, by the name of their schema

_RETRY = {
    "max_attempts": 4,
    "backoff": "exponential",
    "initial_seconds": 1.0,
    "factor": 2.0,
    "max_seconds": 3600.0,
    "jitter": True,
    "on_lost": "retry",
}
_JOB_TYPE = {
    "name": "send-welcome-email",
    "description": "Greets a new user",
    "handler": {"kind": "worker"},
    "queue": "default",
    "priority": 0,
    "retry": _RETRY,
    "timeout_seconds": 30.0,
    "expires_seconds": None,
    "payload_schema": PAYLOAD_SCHEMA,
    "result_schema": None,
    "retention_seconds": 604800.0,
    "retention_failed_seconds": None,
    "concurrency": None,
    "paused": False,
    "tags": ["mail"],
    "redact": [],
    "version": 1,
    "source": "api",
    "created_at": "2026-01-31T11:00:00.000000Z",
    "updated_at": "2026-01-31T11:00:00.000000Z",
}
_QUEUED = {
    "id": RUN_ID,
    "job_type": "send-welcome-email",
    "job_type_version": 1,
    "queue": "default",
    "state": "queued",
    "priority": 0,
    "payload": {"userId": "123"},
    "result": None,
    "error": None,
    "progress": None,
    "attempt": 0,
    "max_attempts": 4,
    "losses": 0,
    "timeout_seconds": 30,
    "due_at": "2026-01-31T12:00:00.000000Z",
    "expires_at": None,
    "created_at": "2026-01-31T12:00:00.000000Z",
    "created_by": {"id": "T1k2nQ8sWz", "name": "shop"},
    "started_at": None,
    "finished_at": None,
    "cancel_requested": False,
    "worker_id": None,
    "schedule": None,
    "replay_of": None,
    "dedupe_key": None,
    "tags": [],
    "metadata": {},
    "cancel_reason": None,
    "wait_reason": None,
    "resolved": False,
    "resolved_at": None,
}
_RUNNING = _QUEUED | {
    "state": "running",
    "attempt": 1,
    "started_at": "2026-01-31T12:00:00.250000Z",
    "worker_id": WORKER_ID,
}
_COMPLETED = _RUNNING | {
    "state": "completed",
    "result": {"sent": True},
    "progress": {"percent": 40, "message": "120 of 300", "data": None},
    "finished_at": "2026-01-31T12:00:01.500000Z",
}
ERROR_GROUP = "5f0c2a9d3b7e6148"
_ERROR = {
    "code": "handler_error",
    "type": "SMTPError",
    "message": "no such mailbox",
    "traceback": None,
    "group": ERROR_GROUP,
}
_LATENCY = {"count": 12, "mean_seconds": 0.012, "p50_seconds": 0.01, "p99_seconds": 0.05}
_COUNTS = {
    "scheduled": 0,
    "queued": 3,
    "running": 1,
    "retrying": 0,
    "completed": 12,
    "failed": 0,
    "cancelled": 0,
}
_PROGRESS = {"percent": 40, "message": "120 of 300", "data": None}


def _event(seq: int, kind: str, state: str, **data: Any) -> dict[str, Any]:
    return {
        "id": EVENT_ID,
        "seq": seq,
        "type": kind,
        "time": "2026-01-31T12:00:00.500000Z",
        "run_id": RUN_ID,
        "job_type": "send-welcome-email",
        "queue": "default",
        "state": state,
        "attempt": 0 if kind == "queued" else 1,
        "data": data,
    }


_LATER = "2026-01-31T12:00:02.500000Z"
_WEBHOOK: dict[str, Any] = {
    "name": "shop",
    "url": "https://shop.example/hooks/jobs",
    "events": ["run.completed", "run.failed", "run.cancelled", "run.retrying"],
    "job_types": None,
    "queues": None,
    "include": [],
    "enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "last_success_at": "2026-01-31T12:00:01.250000Z",
    "previous_secret_until": None,
    "source": "api",
    "created_at": "2026-01-31T11:00:00.000000Z",
    "updated_at": "2026-01-31T11:00:00.000000Z",
}
_CONFIG_SCHEDULE = {
    "name": "nightly-cleanup",
    "job_type": "cleanup-old-data",
    "payload": {},
    "timezone": "Europe/Berlin",
    "trigger": {"kind": "cron", "expression": "0 3 * * *"},
    "overlap": "allow",
    "catch_up": "latest",
    "jitter_seconds": 0,
    "start_at": None,
    "end_at": None,
    "queue": None,
    "priority": None,
    "tags": [],
    "source": "config",
    "owner": "shop",
}
_NO_PART_OF_A_VERSION = ("paused", "version", "source", "created_at", "updated_at")
_CONFIG_JOB_TYPE = {name: value for name, value in _JOB_TYPE.items() if name not in _NO_PART_OF_A_VERSION} | {
    "source": "config",
    "owner": "shop",
}
_CONFIG_QUEUE = {
    "name": "default",
    "engine": "database",
    "concurrency": None,
    "rate_limit": None,
    "max_queued": None,
    "bullmq": None,
}
ANSWERS: dict[str, list[Any]] = {
    "Config": [
        {"job_types": [_CONFIG_JOB_TYPE], "queues": [_CONFIG_QUEUE], "schedules": [_CONFIG_SCHEDULE], "webhooks": []}
    ],
    "ConfigDifference": [
        {
            "owner": "shop",
            "dry_run": True,
            "changes": [
                {
                    "kind": "job_type",
                    "name": "send-welcome-email",
                    "action": "update",
                    "fields": [{"path": "/timeout_seconds", "before": 300, "after": 30}],
                }
            ],
            "unchanged": 1,
        }
    ],
    "Webhook": [_WEBHOOK],
    "NewWebhook": [
        _WEBHOOK | {"last_success_at": None, "secret": "whsec_bm90IGEgc2VjcmV0LCBidXQgYW4gZXhhbXBsZSBvZiBvbmU="}
    ],
    "Delivery": [
        {
            "id": EVENT_ID,
            "type": "run.completed",
            "run_id": RUN_ID,
            "state": "pending",
            "attempts": 2,
            "next_attempt_at": "2026-01-31T12:05:07.000000Z",
            "last_attempt_at": "2026-01-31T12:00:07.000000Z",
            "error": {"code": "http_status", "message": "The endpoint answered with the status 500.", "status": 500},
            "created_at": "2026-01-31T12:00:01.250000Z",
        }
    ],
    "WebhookTest": [{"delivered": True, "status": 204, "error": None, "duration_seconds": 0.12}],
    "Schedule": [
        {
            "name": "nightly-cleanup",
            "job_type": "cleanup-old-data",
            "payload": {},
            "timezone": "Europe/Berlin",
            "trigger": {"kind": "cron", "expression": "0 3 * * *"},
            "overlap": "allow",
            "catch_up": "latest",
            "jitter_seconds": 0,
            "paused": False,
            "orphaned": False,
            "start_at": None,
            "end_at": None,
            "queue": None,
            "priority": None,
            "tags": [],
            "next_fire_at": "2026-02-01T02:00:00.000000Z",
            "last_fire_at": "2026-01-31T02:00:00.000000Z",
            "last_run_id": RUN_ID,
            "last_skipped_at": None,
            "missed": 0,
            "source": "code",
            "created_at": "2026-01-01T12:00:00.000000Z",
            "updated_at": "2026-01-01T12:00:00.000000Z",
        }
    ],
    "FireTimes": [{"data": ["2026-02-01T02:00:00.000000Z", "2026-02-02T02:00:00.000000Z"]}],
    "JobType": [_JOB_TYPE],
    "JobTypeVersion": [
        {
            "version": 2,
            "changed": ["timeout_seconds"],
            "created_at": "2026-01-31T12:00:00.000000Z",
            "created_by": {"id": "T1k2nQ8sWz", "name": "shop"},
        }
        | {name: _JOB_TYPE[name] for name in _JOB_TYPE if name not in _NO_PART_OF_A_VERSION}
    ],
    "Run": [_QUEUED, _RUNNING, _COMPLETED],
    "Batch": [{"data": [{"id": RUN_ID, "state": "queued"}]}],
    "Attempt": [
        {
            "number": 1,
            "attempt": 1,
            "worker_id": WORKER_ID,
            "started_at": "2026-01-31T12:00:00.250000Z",
            "finished_at": "2026-01-31T12:00:01.500000Z",
            "outcome": "failed",
            "error": _ERROR,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
        }
    ],
    "QueuedEvent": [_event(1, "queued", "queued", due_at="2026-01-31T12:00:00.000000Z")],
    "StartedEvent": [_event(2, "started", "running", worker_id=WORKER_ID)],
    "ProgressEvent": [_event(3, "progress", "running", **_PROGRESS)],
    "LogEvent": [_event(4, "log", "running", level="info", message="connected", fields={"host": "smtp.example.com"})],
    "RetryingEvent": [_event(5, "retrying", "retrying", error=_ERROR, due_at=_LATER)],
    "InterruptedEvent": [_event(5, "interrupted", "queued", reason="released", due_at=_LATER)],
    "CancellingEvent": [_event(5, "cancelling", "running", reason="not needed any more")],
    "CompletedEvent": [_event(5, "completed", "completed", result={"sent": True})],
    "FailedEvent": [_event(5, "failed", "failed", error=_ERROR)],
    "CancelledEvent": [_event(6, "cancelled", "cancelled", reason="not needed any more")],
    "Queue": [
        {
            "name": "default",
            "engine": "database",
            "paused": False,
            "concurrency": None,
            "rate_limit": None,
            "max_queued": None,
            "bullmq": None,
            "counts": _COUNTS,
        }
    ],
    "BullmqOut": [{"prefix": "bull", "consume": True}],
    "WorkerRegistered": [
        {
            "id": WORKER_ID,
            "lease_seconds": 15.0,
            "heartbeat_seconds": 5.0,
            "columns": True,
            "said": True,
            "conflicts": [],
        }
    ],
    "Worker": [
        {
            "id": WORKER_ID,
            "name": "mail-1",
            "job_types": ["send-welcome-email"],
            "queues": None,
            "concurrency": 4,
            "slots": 4,
            "busy": 1,
            "running": [
                {
                    "run_id": RUN_ID,
                    "job_type": "send-welcome-email",
                    "queue": "default",
                    "attempt": 1,
                    "started_at": "2026-01-31T12:00:00.000000Z",
                }
            ],
            "draining": False,
            "host": "mail-1.example",
            "pid": 4711,
            "version": "0.1.0",
            "server": SERVER_ID,
            "registered_at": "2026-01-31T11:00:00.000000Z",
            "seen_at": "2026-01-31T12:00:00.000000Z",
            "last_seen_at": "2026-01-31T12:00:00.000000Z",
        }
    ],
    "Server": [
        {
            "id": SERVER_ID,
            "self": True,
            "host": "jobs-1.example",
            "pid": 4242,
            "version": "0.1.0",
            "started_at": "2026-01-31T11:00:00.000000Z",
            "last_seen_at": "2026-01-31T12:00:00.000000Z",
            "draining": False,
            "workers": 1,
            "streams": 0,
            "loop_lag_p99_seconds": 0.001,
            "commits": {"count": 12, "requests": 24, "mean_requests": 2.0},
            "database": {"kind": "sqlite", "bytes": 1_310_720, "wal_bytes": 65_536, "free_bytes": 0},
            "settings": {"lease_seconds": 15.0, "workers": 2},
        }
    ],
    "Lease": [
        {
            "run": _RUNNING,
            "attempt": 1,
            "claim": 1,
            "lease_token": LEASE_TOKEN,
            "lease_until": "2026-01-31T12:00:15.250000Z",
            "deadline_at": "2026-01-31T12:00:45.250000Z",
            "alone": False,
        }
    ],
    "ReportOut": [
        {
            "data": [{"run_id": RUN_ID, "attempt": 1, "status": "accepted", "error": None, "cancel_requested": False}],
            "holding": [{"run_id": RUN_ID, "held": True, "cancel_requested": False}],
            "drain": False,
        }
    ],
    "Bulk": [
        {
            "id": BULK_ID,
            "action": "replay",
            "state": "running",
            "filter": {"state": ["failed"], "error_code": "timeout"},
            "ids": None,
            "priority": None,
            "matched": 1200,
            "at_least": False,
            "done": 500,
            "skipped": 0,
            "failed": 0,
            "created_at": "2026-01-31T12:00:00.000000Z",
            "created_by": {"id": "root", "name": "JOBS_API_KEY"},
            "finished_at": None,
        }
    ],
    "Health": [{"status": "ok"}],
    "Digest": [
        {
            "at": "2026-01-31T12:00:00.000000Z",
            "server": SERVER_ID,
            "counts": _COUNTS,
            "rates": {"started": 1.3, "completed": 1.2, "failed": 0.1, "cancelled": 0, "retried": 0, "lost": 0},
            "workers": {"connected": 1, "draining": 0, "slots": 4, "busy": 1},
            "trouble": [],
            "versions": {
                "runs": dict.fromkeys(_COUNTS, 1_769_860_800_000_000),
                **dict.fromkeys(("errors", "job_types", "queues", "schedules", "workers"), 1_769_860_700_000_000),
                **dict.fromkeys(("webhooks", "bulk", "keys", "audit"), 1_769_860_700_000_000),
                "servers": 2_768_625_435,
            },
            "queues": [
                {
                    "name": "default",
                    "queued": 1,
                    "unserved": 0,
                    "oldest_due_at": "2026-01-31T11:59:58.000000Z",
                    "paused": False,
                }
            ],
            "queues_left_out": 0,
            "new_errors": [],
            "lanes": [{"job_type": "send-welcome-email", "queue": "default", "counts": _COUNTS}],
            "other": None,
        }
    ],
    "Stats": [
        {
            "version": "0.1.0",
            "counts": _COUNTS,
            "finished_last_minute": 12,
            "started_last_minute": 13,
            "waited": _LATENCY,
            "ran": _LATENCY,
            "workers": 1,
            "open_streams": 0,
            "database_bytes": 1_310_720,
            "wal_bytes": 65_536,
            "free_bytes": 0,
            "oldest": {"queued": "2026-01-31T12:00:00.000000Z"},
        }
    ],
}
