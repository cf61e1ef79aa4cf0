"""What the worker is told: by its command line, and by JOBS_* in the environment."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from blazy_jobs import address
from blazy_jobs.worker.http import Endpoint

DEFAULT_APP = "default"
"""One name for all that is served with one command, wherever its modules lie and whatever they are called."""
MAX_LABEL_CHARS = 255


@dataclass(frozen=True)
class Settings:
    """`name` tells worker processes apart in the server's list; `start` names what started this one, with others of a
    pool. Durations in seconds."""

    targets: tuple[str, ...]
    address: address.Address
    endpoint: Endpoint
    name: str
    app: str = DEFAULT_APP
    build: str | None = None
    start: str = field(default_factory=lambda: uuid.uuid4().hex)
    concurrency: int = 100
    slots: int = 2
    stop_grace_seconds: float = 5.0
    drain_seconds: float = 30.0


def read_settings(
    targets: tuple[str, ...],
    url: str | None,
    socket_path: str | None,
    name: str | None,
    *,
    app: str | None = None,
    build: str | None = None,
    start: str | None = None,
    env: Mapping[str, str] = os.environ,
) -> Settings:
    """Raises ValueError that names the setting."""
    at = address.Address(address.unix_url(socket_path)) if socket_path else address.find(url, env=env)
    return Settings(
        targets=targets,
        address=at,
        endpoint=Endpoint(at.base_url, at.socket_path, at.key),
        name=name or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
        app=_label("JOBS_APP", app or env.get("JOBS_APP")) or DEFAULT_APP,
        build=_label("JOBS_BUILD", build or env.get("JOBS_BUILD")),
        start=start or uuid.uuid4().hex,
        concurrency=int(_number(env, "JOBS_WORKER_CONCURRENCY", 100, least=1)),
        slots=int(_number(env, "JOBS_WORKER_SLOTS", 2, least=1)),
        stop_grace_seconds=_number(env, "JOBS_STOP_GRACE_SECONDS", 5.0),
        drain_seconds=_number(env, "JOBS_DRAIN_SECONDS", 30.0),
    )


def _label(name: str, value: str | None) -> str | None:
    text = (value or "").strip()
    if len(text) > MAX_LABEL_CHARS:
        raise ValueError(f"{name} has more than {MAX_LABEL_CHARS} characters")
    return text or None


def _number(env: Mapping[str, str], name: str, default: float, least: float = 0) -> float:
    text = env.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        raise ValueError(f"{name} is not a number: {text!r}") from None
    if not least <= value <= 10**6 or (least == 1 and value != int(value)):
        raise ValueError(f"{name} is out of range: {text!r}")
    return value
