"""What runs, and how: the definition of a job type, and the settings that a run takes from it."""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from blazy_jobs_server.domain.limits import NO_LIMITS, Limits
from blazy_jobs_server.domain.retry import RetryPolicy

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)

Source = Literal["api", "code", "config"]


Completion = Literal["response", "report"]


class Handler(Struct, frozen=True, omit_defaults=True):
    """`headers` has a name that stands for each value (`domain/handler_secrets.py`), never the value itself."""

    kind: Literal["worker", "http"]
    url: str | None = None
    headers: dict[str, str] = {}
    completion: Completion = "response"
    heartbeat_seconds: float | None = None
    given: dict[str, str] | None = None
    """The values themselves, on their way from a request to where they are sealed; None in what is stored."""
    omitted: bool = False
    """The request replaces the handler and says nothing of headers; False in what is stored."""


class Definition(Struct, frozen=True, kw_only=True):
    """The versioned part of a job type. Durations in seconds."""

    name: str
    handler: Handler
    description: str = ""
    queue: str = "default"
    priority: int = 0
    retry: RetryPolicy = RetryPolicy()
    timeout_seconds: float = 300
    expires_seconds: float | None = None
    payload_schema: Any = None
    result_schema: Any = None
    retention_seconds: float = 604800
    retention_failed_seconds: float | None = None
    """Of failed runs; None: as of all others."""
    concurrency: int | None = None
    tags: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    """JSON Pointers (RFC 6901) to what is not shown to everybody, of payloads and of results."""


class Settings(Struct, frozen=True):
    """What one run keeps of its definition for its life: the definition's values with the dispatch's own over them."""

    retry: RetryPolicy
    timeout_seconds: float
    retention_seconds: float
    retention_failed_seconds: float


class Overrides(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a dispatch says itself. Stored with the run, so that a replay can lay it over the present definition."""

    queue: str | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    retry: dict[str, Any] | UnsetType = UNSET
    timeout_seconds: float | UnsetType = UNSET

    def settings(self, definition: Definition) -> Settings:
        retry = definition.retry
        if self.retry is not UNSET:
            retry = RetryPolicy(**{**{f: getattr(retry, f) for f in retry.__struct_fields__}, **self.retry})
        timeout = definition.timeout_seconds if self.timeout_seconds is UNSET else self.timeout_seconds
        kept, failed = definition.retention_seconds, definition.retention_failed_seconds
        return Settings(retry, timeout, kept, kept if failed is None else failed)


NO_OVERRIDES = Overrides()


class Declarer(Struct, frozen=True):
    """The code that declared a job type or schedule: its app, and the number of the declaration that holds. None is of
    a version of this server that knew none."""

    app: str
    declaration: int | None = None


class Version(Struct, frozen=True, kw_only=True):
    """A definition that a job type has, or has had. `created_at` and `created_by` (an Actor as text) None where that
    is not known; `created_by` also where no key was asked for."""

    definition_id: int
    version: int
    definition: Definition
    created_at: int | None
    created_by: str | None


class JobType(Struct, frozen=True, kw_only=True):
    definition: Definition
    definition_id: int
    version: int
    source: Source
    declarer: Declarer | None
    owner: str | None = None
    """Who applied the configuration that it is from, where `source` is `config`."""
    paused: bool
    created_at: int
    updated_at: int
    secrets: str | None = None
    """Of an HTTP handler: its signing secret and the values of its headers, sealed."""

    @property
    def name(self) -> str:
        return self.definition.name


class Bullmq(Struct, frozen=True):
    """How a queue lives in Redis. `consume` false: others' workers deliver it, and our runs only follow."""

    prefix: str = "bull"
    consume: bool = True


class Queue(Struct, frozen=True, kw_only=True):
    name: str
    paused: bool = False
    bullmq: Bullmq | None = None
    """None: the queue is the database's own."""
    limits: Limits = NO_LIMITS

    @property
    def engine(self) -> Literal["database", "bullmq"]:
        return "database" if self.bullmq is None else "bullmq"
