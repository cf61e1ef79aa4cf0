"""What the worker is told: by its command line, and by JOBS_* in the environment."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from blazy_jobs import address
from blazy_jobs.worker.http import Endpoint


@dataclass(frozen=True)
class Settings:
    """`name` tells worker processes apart in the server's list. Durations in seconds."""

    targets: tuple[str, ...]
    address: address.Address
    endpoint: Endpoint
    name: str
    concurrency: int = 100
    slots: int = 2
    stop_grace_seconds: float = 5.0
    drain_seconds: float = 30.0


def read_settings(
    targets: tuple[str, ...],
    url: str | None,
    socket_path: str | None,
    name: str | None,
    env: Mapping[str, str] = os.environ,
) -> Settings:
    """Raises ValueError that names the setting."""
    at = address.Address(address.unix_url(socket_path)) if socket_path else address.find(url, env=env)
    return Settings(
        targets=targets,
        address=at,
        endpoint=Endpoint(at.base_url, at.socket_path, at.key),
        name=name or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
        concurrency=int(_number(env, "JOBS_WORKER_CONCURRENCY", 100, least=1)),
        slots=int(_number(env, "JOBS_WORKER_SLOTS", 2, least=1)),
        stop_grace_seconds=_number(env, "JOBS_STOP_GRACE_SECONDS", 5.0),
        drain_seconds=_number(env, "JOBS_DRAIN_SECONDS", 30.0),
    )


def _number(env: Mapping[str, str], name: str, default: float, least: float = 0) -> float:
    text = env.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        raise ValueError(f"{name} is not a number: {text!r}") from None
    if not least <= value <= 10**6 or (least == 1 and value != int(value)):
        raise ValueError(f"{name} is out of range: {text!r}")
    return value
