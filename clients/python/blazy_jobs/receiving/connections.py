"""Connections for reports, shared by all runs: one pool for each server, and when awaited for each event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from blazy_jobs.client.aio.connection import AsyncConnection, closed_with_its_loop
from blazy_jobs.client.sync.connection import Connection

NO_KEY = ""
"""A report brings its own token: the key of JOBS_API_KEY, which may do more, is not for the address that it goes to."""

_Kept = tuple[AsyncConnection, AsyncGenerator[None, None]]
_lock = threading.Lock()
_connections: dict[tuple[int, str], Connection] = {}
_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Kept]] = WeakKeyDictionary()


def connection(url: str) -> Connection:
    origin = _origin(url)
    place = (os.getpid(), origin)  # those of a parent are its own
    with _lock:
        if place not in _connections:
            _connections[place] = Connection(origin, api_key=NO_KEY)
        return _connections[place]


def async_connection(url: str) -> AsyncConnection:
    """Of the running loop."""
    origin = _origin(url)
    with _lock:
        for loop in [loop for loop in _of_loops if loop.is_closed()]:
            del _of_loops[loop]  # its connections hold it
        known = _of_loops.setdefault(asyncio.get_running_loop(), {})
    if origin not in known:
        made = AsyncConnection(origin, api_key=NO_KEY)
        known[origin] = (made, closed_with_its_loop(made))
    return known[origin][0]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
