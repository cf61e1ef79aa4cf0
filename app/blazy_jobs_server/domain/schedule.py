"""A schedule: when runs of a job type are made, and what is done with times that were missed or that overlap."""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.job_type import Declarer, Source

Overlap = Literal["allow", "skip", "cancel_running"]
CatchUp = Literal["none", "latest", "all"]

MAX_CAUGHT_UP = 1000
"""So many missed times `catch_up: all` makes up for; those before them are only counted."""


class Cron(Struct, frozen=True, tag="cron", tag_field="kind"):
    """Five fields, as in cron(5) of Debian, in the schedule's time zone."""

    expression: str


class Interval(Struct, frozen=True, tag="interval", tag_field="kind"):
    """At a fixed interval from `start_at`, or from the schedule's creation; it first fires one interval later."""

    every_seconds: float


class Every(Struct, frozen=True):
    months: int = 0
    weeks: int = 0
    days: int = 0


class Calendar(Struct, frozen=True, tag="calendar", tag_field="kind"):
    """At a local time on days that are counted from `start_at` or creation; months without that day are skipped."""

    every: Every
    hour: int = 0
    minute: int = 0


class Date(Struct, frozen=True, tag="date", tag_field="kind"):
    """Once. `at` in microseconds since the epoch."""

    at: int


Trigger = Cron | Interval | Calendar | Date


class Plan(Struct, frozen=True, kw_only=True):
    """When a schedule fires. Instants in microseconds since the epoch; `end_at` is the last instant that may fire."""

    trigger: Trigger
    timezone: str = "UTC"
    start_at: int | None = None
    end_at: int | None = None


class ScheduleDefinition(Struct, frozen=True, kw_only=True):
    """What its owner says of a schedule. `payload` is JSON text."""

    name: str
    job_type: str
    plan: Plan
    payload: str = "null"
    overlap: Overlap = "allow"
    catch_up: CatchUp = "latest"
    jitter_seconds: float = 0
    queue: str | None = None
    priority: int | None = None
    tags: tuple[str, ...] = ()


class Schedule(Struct, frozen=True, kw_only=True):
    """A schedule as it stands. `revision` counts its changes and its fires; `next_fire_at` is None while it is paused,
    and at its end."""

    definition: ScheduleDefinition
    source: Source
    declarer: Declarer | None = None
    owner: str | None = None
    """As in `JobType`."""
    paused: bool = False
    orphaned: bool = False
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0
    next_fire_at: int | None = None
    last_fire_at: int | None = None
    last_run_id: int | None = None
    last_skipped_at: int | None = None
    missed: int = 0
    """Times that passed without a run, over its life: no server was there, or `catch_up` let them go."""
    wall: str | None = None
    """What the wall clock shows at `next_fire_at`, where that depends on the rules of its time zone,"""
    rules: str | None = None
    """and by which of them."""

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def wake_at(self) -> int | None:
        """When the next fire is carried out: its time and this schedule's jitter."""
        return None if self.next_fire_at is None else self.next_fire_at + jitter(self.definition)


def jitter(definition: ScheduleDefinition) -> int:
    """Microseconds by which this schedule is always late: spread over its `jitter_seconds` by its name, so that many
    schedules of one time do not fire in one instant, and each keeps its distance."""
    width = int(definition.jitter_seconds * SECOND)
    if width <= 0:
        return 0
    drawn = int.from_bytes(hashlib.blake2b(definition.name.encode(), digest_size=8).digest())
    return drawn % (width + 1)
