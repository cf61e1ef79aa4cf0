"""Webhooks: who is told what became of runs, and how a message is tried again."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec
from msgspec import Struct

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import State

MessageType = Literal["run.completed", "run.failed", "run.cancelled", "run.retrying"]
MESSAGE_TYPES: tuple[MessageType, ...] = get_args(MessageType)
EVENT_TYPES: dict[str, EventType] = {
    "run.completed": EventType.COMPLETED,
    "run.failed": EventType.FAILED,
    "run.cancelled": EventType.CANCELLED,
    "run.retrying": EventType.RETRYING,
}
_NAMES = {kind: name for name, kind in EVENT_TYPES.items()}

RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The delays between ten attempts, 75.6 hours in all: the table that the Standard Webhooks specification suggests."""
MAX_ATTEMPTS = len(RETRY_SECONDS) + 1
JITTER = 0.1
FAILING_SECONDS = 5 * 86_400
"""A webhook without any success for so long is disabled."""
KEPT_SECONDS = 30 * 86_400
"""How long a delivery is kept that has failed for good."""
MAX_RESULT_CHARACTERS = 64 * 1024
"""A longer result is left out of a message."""

DisabledReason = Literal["gone", "failing"]


class Webhook(Struct, frozen=True, kw_only=True):
    """What it is, and how it stands: all matching events up to `cursor` are delivered, or have a delivery of their own.

    `secret` and `previous_secret` are sealed. `revision` goes up whenever what it is changes. Instants as everywhere.
    """

    name: str
    url: str
    events: tuple[str, ...] = MESSAGE_TYPES
    within: Within = EVERYTHING
    include: tuple[str, ...] = ()
    enabled: bool = True
    disabled_reason: str | None = None
    secret: str = ""
    previous_secret: str | None = None
    previous_until: int | None = None
    source: str = "api"
    owner: str | None = None
    """As in `JobType`."""
    id: int = 0
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0
    cursor: int = 0
    read_until: int = 0
    """No event that is dated before is still to be delivered for the first time."""
    expired_key: int = 0
    """The newest event of which it was noted that retention deleted it before it was read; 0: none was."""
    failing_since: int | None = None
    """Of the first failed attempt after the last success."""
    last_success_at: int | None = None

    @property
    def types(self) -> frozenset[EventType]:
        return frozenset(EVENT_TYPES[name] for name in self.events)


class Happened(Struct, frozen=True, kw_only=True):
    """An event that a webhook may be about. `error` and `result` are JSON texts; `result` None: it was not asked for,
    or is too long (then `result_omitted`)."""

    id: int
    run_id: int
    job_type: str
    queue: str
    type: EventType
    seq: int
    state: State
    attempt: int
    time: int
    error: str | None = None
    result: str | None = None
    result_omitted: bool = False

    @property
    def name(self) -> str:
        return _NAMES[self.type]


class _Data(Struct, frozen=True):
    job_type: str
    queue: str


class _Message(Struct, frozen=True):
    """As much of a message as tells what it is about."""

    data: _Data


_decode = msgspec.json.Decoder(_Message).decode


class Delivery(Struct, frozen=True, kw_only=True):
    """A message whose first attempt failed. `event_id` is the event's key; `body` is sent as it is, whatever has become
    of the run. `next_at` None: it has failed for good, or until it is asked for."""

    webhook_id: int
    event_id: int
    run_id: int
    type: str
    body: str
    attempts: int
    next_at: int | None
    created_at: int
    """When its first attempt failed."""
    tried_at: int
    error_code: str
    error_message: str
    status: int | None = None
    """Of the last answer, where there was one."""

    @property
    def is_pending(self) -> bool:
        return self.next_at is not None

    def is_within(self, within: Within) -> bool:
        """Whether the run that it tells of is: the webhook may have been about more when it was first sent."""
        if within.is_everything:
            return True
        data = _decode(self.body).data
        return within.admits(data.job_type, data.queue)


def next_attempt(attempts: int, now: int, draw: float, at_least_seconds: float = 0) -> int | None:
    """When to try again after so many failed attempts; None: never. `draw` is from [0, 1), for the jitter."""
    if attempts >= MAX_ATTEMPTS:
        return None
    seconds = RETRY_SECONDS[attempts - 1] * (1 - JITTER + 2 * JITTER * draw)
    return now + round(max(seconds, at_least_seconds) * SECOND)


def has_been_failing(since: int | None, now: int) -> bool:
    """Whether it is so for so long that the webhook is to be disabled."""
    return since is not None and now - since >= FAILING_SECONDS * SECOND


def lies_inside(webhook: Within, caller: Within) -> bool:
    """Whether all that the webhook tells of is there for a key with these restrictions."""
    return _covers(caller.job_types, webhook.job_types) and _covers(caller.queues, webhook.queues)


def _covers(outer: tuple[str, ...] | None, inner: tuple[str, ...] | None) -> bool:
    if outer is None:
        return True
    return inner is not None and all(covers(outer, pattern) for pattern in inner)


def covers(outer: tuple[str, ...], pattern: str) -> bool:
    """Whether each name that the pattern matches is matched by one of these."""
    if not pattern.endswith("*"):
        return any(pattern.startswith(o[:-1]) if o.endswith("*") else o == pattern for o in outer)
    return any(o.endswith("*") and pattern[:-1].startswith(o[:-1]) for o in outer)
