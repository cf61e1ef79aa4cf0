"""Names for the shell's completion, from the server: quickly, or none. Never a word about what went wrong."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import typer

from blazy_jobs import address

TIMEOUT_SECONDS = 0.5
TOTAL_SECONDS = 1.5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def job_type_names(ctx: typer.Context, incomplete: str) -> list[str]:
    return _completed(ctx, "/v1/job-types?limit=200", "name", incomplete)


def queue_names(ctx: typer.Context, incomplete: str) -> list[str]:
    return _completed(ctx, "/v1/queues?limit=200", "name", incomplete)


def schedule_names(ctx: typer.Context, incomplete: str) -> list[str]:
    return _completed(ctx, "/v1/schedules?limit=200", "name", incomplete)


def run_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest ones."""
    return _completed(ctx, "/v1/runs?limit=30", "id", incomplete, pages=1)


def _completed(ctx: typer.Context, path: str, key: str, incomplete: str, pages: int = 20) -> list[str]:
    try:
        return [name for name in _names(ctx, path, key, pages) if name.startswith(incomplete)]
    except Exception:  # noqa: BLE001  # whatever it is, a person in the middle of a line cannot use it
        return []


def _names(ctx: typer.Context, path: str, key: str, pages: int) -> Iterator[str]:
    import http.client
    import json

    until = time.monotonic() + TOTAL_SECONDS
    parts = urlsplit(_given(ctx, "url") or os.environ.get("JOBS_URL") or address.DEFAULT_URL)
    api_key = _given(ctx, "api_key") or address.key_of(os.environ).text()
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    cursor = ""
    for _ in range(pages):
        connection.request("GET", parts.path.rstrip("/") + path + cursor, headers=headers)
        response = connection.getresponse()
        page = json.loads(response.read())
        if response.status != 200:
            return
        # Only what is a name by its form: the shell is to get nothing else.
        yield from (item[key] for item in page["data"] if _NAME.fullmatch(item[key]))
        if page["next_cursor"] is None or time.monotonic() > until:
            return
        cursor = f"&cursor={quote(page['next_cursor'], safe='')}"


def _given(ctx: Any, name: str) -> str | None:
    """An option of the command or of those before it."""
    while ctx is not None:
        if ctx.params.get(name):
            return str(ctx.params[name])
        ctx = ctx.parent
    return None
