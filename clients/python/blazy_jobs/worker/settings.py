"""What the worker is told: by its command line, and by JOBS_* in the environment."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blazy_jobs import address
from blazy_jobs.limits import NAME
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
    queues: tuple[str, ...] | None = None
    """Only runs of these are asked for; None: of all."""
    concurrency: int = 100
    slots: int = 2
    stop_grace_seconds: float = 5.0
    drain_seconds: float = 30.0
    trace_parent: str = "link"
    trace_calls: str = "off"


def read_settings(
    targets: tuple[str, ...],
    url: str | None,
    socket_path: str | None,
    name: str | None,
    *,
    app: str | None = None,
    build: str | None = None,
    start: str | None = None,
    queues: Sequence[str] = (),
    concurrency: int | None = None,
    slots: int | None = None,
    env: Mapping[str, str] = os.environ,
) -> Settings:
    """What is given wins over the environment. `queues` are names, or several with commas between them. Raises
    ValueError that names the setting."""
    at = address.Address(address.unix_url(socket_path)) if socket_path else address.find(url, env=env)
    return Settings(
        targets=targets,
        address=at,
        endpoint=Endpoint(at.base_url, at.socket_path, at.key),
        name=name or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}",
        app=_label("JOBS_APP", app or env.get("JOBS_APP")) or DEFAULT_APP,
        build=_label("JOBS_BUILD", build or env.get("JOBS_BUILD")),
        start=start or uuid.uuid4().hex,
        queues=_queues(queues or [env.get("JOBS_WORKER_QUEUES", "")], given=bool(queues)),
        concurrency=_count(env, "JOBS_WORKER_CONCURRENCY", 100, concurrency),
        slots=_count(env, "JOBS_WORKER_SLOTS", 2, slots),
        stop_grace_seconds=_number(env, "JOBS_STOP_GRACE_SECONDS", 5.0),
        drain_seconds=_number(env, "JOBS_DRAIN_SECONDS", 30.0),
        trace_parent=_one_of(env, "JOBS_TRACE_PARENT", ("link", "parent")),
        trace_calls=_one_of(env, "JOBS_TRACE_CALLS", ("off", "on")),
    )


def _one_of(env: Mapping[str, str], name: str, known: tuple[str, str]) -> str:
    """The first where nothing is said. What it means is read where it is needed."""
    text = env.get(name, "") or known[0]
    if text not in known:
        raise ValueError(f"{name} is {known[0]} or {known[1]}, not {text!r:.200}")
    return text


def _queues(texts: Sequence[str], *, given: bool) -> tuple[str, ...] | None:
    names = tuple(dict.fromkeys(name for text in texts for name in text.replace(",", " ").split()))
    if given and not names:
        raise ValueError("--queues names no queue")
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(f"JOBS_WORKER_QUEUES (or --queues): {name!r:.200} cannot be a queue's name")
    return names or None


def _count(env: Mapping[str, str], name: str, default: int, given: int | None) -> int:
    return int(_number(env if given is None else {name: str(given)}, name, default, least=1))


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
