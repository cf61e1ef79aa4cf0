"""openapi.json: all that the server and its clients share."""

from __future__ import annotations

import json
from pathlib import Path

from app.api.application import build
from app.api.context import Context
from app.api.openapi import document
from app.clock import SystemClock
from app.engine.jobs import Jobs
from app.engine.schemas import ResultSchemas
from app.settings import Settings
from app.store.sqlite import SqliteStore


def text() -> str:
    """The document as it is committed."""
    settings = Settings.model_construct(api_key=None)
    clock = SystemClock()
    store = SqliteStore(Path("unused"), clock, lease_seconds=15, fits=ResultSchemas().fits)
    jobs = Jobs(store, clock, lease_seconds=15, heartbeat_seconds=5)
    return json.dumps(document(build(Context(jobs, settings))), indent=2, ensure_ascii=False) + "\n"
