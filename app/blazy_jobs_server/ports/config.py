"""Many job types, queues, schedules and webhooks written at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType

from blazy_jobs_server.domain.job_type import Bullmq, Declarer, Definition, JobType, Queue, Source
from blazy_jobs_server.domain.limits import Limits
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.webhook import Webhook


class JobTypeWrite(Struct, frozen=True, kw_only=True):
    """`paused` None leaves it, and `secrets` UNSET those that it has."""

    definition: Definition
    source: Source
    declarer: Declarer | None = None
    owner: str | None = None
    paused: bool | None = None
    secrets: str | UnsetType | None = UNSET


class QueueWrite(Struct, frozen=True, kw_only=True):
    """What is left out stays."""

    name: str
    paused: bool | None = None
    bullmq: Bullmq | UnsetType | None = UNSET
    limits: Limits | None = None


class Changes(Struct, frozen=True, kw_only=True):
    """All of it happens, or nothing. `seen_*` is what it was made from, by name, with None for what was not there: what
    is written and what is to stay as it is. A queue that is not there is one without settings."""

    seen_job_types: Mapping[str, JobType | None]
    seen_queues: Mapping[str, Queue | None]
    seen_schedules: Mapping[str, Schedule | None]
    seen_webhooks: Mapping[str, Webhook | None] = {}
    job_types: tuple[JobTypeWrite, ...] = ()
    queues: tuple[QueueWrite, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    deleted_schedules: tuple[str, ...] = ()
    deleted_webhooks: tuple[str, ...] = ()
    retired_job_types: tuple[str, ...] = ()
    by: str | None = None
    """Who is kept with the versions that are made: said by the store, which knows for whom it is asked."""


class Changed(Struct, frozen=True):
    """What is stored now of what was written."""

    job_types: list[JobType]
    queues: list[Queue]
    schedules: list[Schedule]
    webhooks: list[Webhook]


class ConfigStore(Protocol):
    """The part of the store that writes a whole configuration."""

    async def apply(self, changes: Changes) -> Changed | None:
        """None where something is not as it was seen: nothing is written then. A schedule that only fired since is as
        it was, unless it is written.

        Raises JobTypeInUse and QueueInUse, and JobTypeNotFound for a schedule without its job type.
        """
        ...
