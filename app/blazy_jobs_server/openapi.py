"""openapi.json: all that the server and its clients share."""

from __future__ import annotations

import json
from pathlib import Path

from blazy_jobs_server.api.application import build
from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.openapi import document
from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.store.sqlite import SqliteStore


def text() -> str:
    """The document as it is committed."""
    settings = Settings.model_construct(api_key=None)
    clock = SystemClock()
    store = SqliteStore(Path("unused"), clock, lease_seconds=15)
    jobs = Jobs(store, clock, lease_seconds=15, heartbeat_seconds=5)
    return json.dumps(document(build(Context(jobs, settings))), indent=2, ensure_ascii=False) + "\n"
