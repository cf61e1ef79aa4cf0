"""Requests about keys answered from the database itself, without a server or beside one: how the first key is made.

The client's command line calls `keys` by its entry point.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from blazy_jobs_server.api.key_models import KeyIn, RotateIn
from blazy_jobs_server.api.keys import OVERLAP_SECONDS, key_json, wanted_of
from blazy_jobs_server.api.problems import document
from blazy_jobs_server.api.requests import fit
from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.domain.audit import Act
from blazy_jobs_server.domain.errors import JobsError, PathNotFound
from blazy_jobs_server.domain.keys import Actor, ApiKey
from blazy_jobs_server.ports.audit import acting
from blazy_jobs_server.ports.keys import KeyStore
from blazy_jobs_server.settings import Settings, messages
from blazy_jobs_server.store import beside
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.trust.access import Access
from blazy_jobs_server.trust.keys import Keys

BY = "command"
Ask = Callable[[str, str, bytes | None], tuple[int, Any]]


def keys(data: str | None, database_url: str | None) -> Ask:
    """What answers a method, path and body as `/v1/keys` does: the status, and the JSON of the answer or problem.

    Without what is given, JOBS_DATA and JOBS_DATABASE_URL say where, as for a server. Raises ValueError for a setting
    that cannot be, OSError where the database cannot be used.
    """
    flags: dict[str, Any] = {}
    if data is not None:
        flags["data"] = Path(data)
    if database_url is not None:
        flags["database_url"] = database_url
    try:
        settings = Settings(**flags)
    except ValidationError as error:
        raise ValueError("; ".join(messages(error))) from None

    def ask(method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        try:
            return asyncio.run(_answer(settings, method, path, body))
        except JobsError as error:
            return error.status, orjson.loads(document(error))
        except DatabaseUnusable as error:
            raise OSError(str(error)) from None

    return ask


async def _answer(settings: Settings, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
    clock = SystemClock()
    act = by_command()
    async with _store(settings, clock) as store:
        access = Access(store, clock, None)
        await access.fresh()
        verbs = Keys(store, clock, access)
        given = {} if body is None else orjson.loads(body)
        acting.set(act)
        match [method, *path.split("/")[3:]]:
            case ["GET"]:
                data = [key_json(key, key.last_used_at) for key in access.keys]
                return 200, {"data": data, "next_cursor": None}
            case ["POST"]:
                return 201, _new(*await verbs.create(wanted_of(fit(KeyIn, given), clock.now()), BY))
            case ["POST", key_id, "rotate"]:
                seconds = fit(RotateIn, given).overlap_seconds
                return 200, _new(*await verbs.rotate(key_id, OVERLAP_SECONDS if seconds is None else seconds))
            case ["DELETE", key_id]:
                await verbs.revoke(key_id)
                return 204, None
    raise PathNotFound


def by_command() -> Act:
    """Who runs a command here."""
    return Act(Actor(BY, _user()))


def _user() -> str:
    """Who calls the command. A container may have no name for its user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"


def _new(key: ApiKey, text: str) -> dict[str, Any]:
    return key_json(key, key.last_used_at) | {"key": text}


@asynccontextmanager
async def _store(settings: Settings, clock: SystemClock) -> AsyncIterator[KeyStore]:
    if settings.database_url is None:
        with beside.opened(settings.database, clock.now) as store:
            yield store
    else:
        from blazy_jobs_server.store.postgres import beside as beside_postgres

        async with beside_postgres.opened(settings.database_url.get_secret_value(), clock) as other:
            yield other
