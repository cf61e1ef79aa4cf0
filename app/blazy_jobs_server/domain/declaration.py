"""What code says of its job types and schedules, and which of several declarations holds.

A declaration has its number from the database, in the order in which processes were started with it: a process that
registers again has the one it had. No file time and no worker's clock counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Protocol, TypeVar

from msgspec import Struct

from blazy_jobs_server.domain.job_type import Definition
from blazy_jobs_server.domain.schedule import ScheduleDefinition


class DeclaredSchedule(Struct, frozen=True):
    definition: ScheduleDefinition
    paused: bool = False
    """How it begins."""


class Declaration(Struct, frozen=True, kw_only=True, dict=True):
    """What one start of an app declares. `start` names the process (or what started several at once) and stays the
    same when it registers again; None is a new start each time. `modules` are the names that the code was loaded by."""

    app: str
    build: str | None = None
    start: str | None = None
    modules: tuple[str, ...] = ()
    job_types: tuple[Definition, ...] = ()
    schedules: tuple[DeclaredSchedule, ...] = ()

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        return {definition.name: definition for definition in self.job_types}

    @cached_property
    def planned(self) -> dict[str, DeclaredSchedule]:
        return {declared.definition.name: declared for declared in self.schedules}

    def is_same_part(self, before: Declaration) -> bool:
        """An app may be served in parts, by workers of some of its modules each: what one lacks is another's then."""
        return not self.modules or not before.modules or set(self.modules) == set(before.modules)


class Started(Struct, frozen=True):
    """A declaration that a worker which is there has made. `build_order` is that of the builds' first appearance."""

    id: int
    app: str
    digest: str
    build: str | None = None
    build_order: int | None = None


class Placed(Protocol):
    @property
    def started(self) -> Started: ...


T = TypeVar("T", bound=Placed)


def holding(candidates: Iterable[T]) -> T:
    """The one that was started last; where a newer build than its own is there, the last of the newest build."""
    last = max(candidates := list(candidates), key=lambda c: c.started.id)
    order = last.started.build_order
    if order is None:
        return last
    newer = [c for c in candidates if c.started.build_order is not None and c.started.build_order >= order]
    return max(newer, key=lambda c: (c.started.build_order, c.started.id))
