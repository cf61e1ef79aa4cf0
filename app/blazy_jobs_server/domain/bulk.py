"""Bulk operations: one action on all runs that a filter matches, a few at a time, over crashes."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from blazy_jobs_server.domain.keys import EVERYTHING, Within


class BulkAction(StrEnum):
    CANCEL = "cancel"
    REPLAY = "replay"
    ERASE = "erase"
    REPRIORITISE = "reprioritise"
    RUN_NOW = "run_now"
    RESOLVE = "resolve"


class BulkState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It cannot go on, through no fault of single runs."""


class Bulk(Struct, frozen=True, kw_only=True):
    """It goes from its own key downwards, so that it never meets a run that was made after it. One that is not stored
    yet has the id 0. `filter` is JSON text; `named` are the keys of runs that were named one by one."""

    id: int = 0
    action: BulkAction
    filter: str = "{}"
    named: tuple[int, ...] | None = None
    priority: int | None = None
    within: Within = EVERYTHING
    """What whoever asked for it is restricted to;"""
    reveals: bool = True
    """and whether they are shown what job types redact."""
    place: int = 0
    """What has a greater key, or this one, is done."""
    matched: int = 0
    """When it was made, as far as was counted; at its end, how many it was."""
    at_least: bool = False
    """Whether it was not counted to the end."""
    done: int = 0
    skipped: int = 0
    """They were no more as the filter or the action wants them when their turn came."""
    failed: int = 0
    state: BulkState = BulkState.RUNNING
    created_at: int = 0
    created_by: str | None = None
    """As in `Run`."""
    finished_at: int | None = None
