"""openapi.json: all that the server and its clients share."""

from __future__ import annotations

import json
from pathlib import Path

from blazy_jobs_server.api import render, strict_json
from blazy_jobs_server.api.application import build
from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.openapi import document
from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.handlers.exchange import Formats
from blazy_jobs_server.handlers.service import Handlers, Limits
from blazy_jobs_server.outbound.sender import GuardedSender
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.store.sqlite import SqliteStore
from blazy_jobs_server.trust.access import Access
from blazy_jobs_server.trust.keyring import Keyring
from blazy_jobs_server.webhooks.deliverer import Deliverer
from blazy_jobs_server.webhooks.registry import Webhooks


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(build(unopened(None))), indent=2, ensure_ascii=False) + "\n"


def unopened(api_key: str | None) -> Context:
    """Of a server that is asked nothing but what it is."""
    clock = SystemClock()
    store = SqliteStore(Path("unused"), clock, lease_seconds=15)
    jobs = Jobs(store, clock, lease_seconds=15, heartbeat_seconds=5)
    sender, sealer = GuardedSender(), Keyring(None, makes=False)
    webhooks = Webhooks(store, clock, sender, sealer, Deliverer(store, clock, sender, sealer))
    formats = Formats(render.run_json, strict_json.parse)
    handlers = Handlers(jobs, sender, sealer, formats, Limits())
    return Context(jobs, Settings.model_construct(), Access(store, clock, api_key), webhooks, handlers)
