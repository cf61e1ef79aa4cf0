"""A configuration: job types, queues, schedules and webhooks that are to be as a document says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import ConfigConflict, FieldError
from blazy_jobs_server.domain.job_type import Bullmq, Definition, JobType, Queue
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.domain.webhook import Webhook

Kind = Literal["job_type", "queue", "schedule", "webhook"]
Thing = JobType | Queue | Schedule | Webhook
Action = Literal["create", "update", "delete"]

DEFAULT_OWNER = "default"


class WantedJobType(Struct, frozen=True, kw_only=True):
    """`paused` None leaves it, as of all that follow; `path` is where it stands in the document."""

    definition: Definition
    owner: str
    path: str
    paused: bool | None = None
    secrets: str | None = None
    """As in `JobType`: those that it has from then on."""


class WantedQueue(Struct, frozen=True, kw_only=True):
    """`bullmq` UNSET leaves the engine."""

    name: str
    path: str
    bullmq: Bullmq | UnsetType | None = UNSET
    paused: bool | None = None
    limits: Limits = NO_LIMITS


class WantedSchedule(Struct, frozen=True, kw_only=True):
    definition: ScheduleDefinition
    owner: str
    path: str
    paused: bool | None = None


class WantedWebhook(Struct, frozen=True, kw_only=True):
    """`webhook` is as it is where it is new; of one that is there only what it is told of, and where, counts."""

    webhook: Webhook
    owner: str
    path: str
    enabled: bool | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """`prunes` says of what an owner has whether it goes where the document lacks it; None: nothing goes."""

    owner: str
    job_types: Sequence[WantedJobType] = ()
    queues: Sequence[WantedQueue] = ()
    schedules: Sequence[WantedSchedule] = ()
    webhooks: Sequence[WantedWebhook] = ()
    prunes: Callable[[JobType | Schedule | Webhook], bool] | None = None


class Standing(Struct, frozen=True):
    """What there is, by name."""

    job_types: Mapping[str, JobType]
    queues: Mapping[str, Queue]
    schedules: Mapping[str, Schedule]
    webhooks: Mapping[str, Webhook]


class Step(Struct, frozen=True, kw_only=True):
    """One thing that changes: from `before` (None: it is not there) to `after` (None: it goes)."""

    kind: Kind
    name: str
    before: Thing | None
    after: Thing | None

    @property
    def action(self) -> Action:
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"


def steps(
    standing: Standing,
    wanted: Wanted,
    made: Callable[[WantedSchedule], Schedule],
    changed: Callable[[Schedule, WantedSchedule], Schedule],
) -> list[Step]:
    """What is to be done, in the order of the document. `made` and `changed` say how a schedule goes on then.

    What is as it is to be changes nothing, whoever has it. What somebody else than an owner has made is its own when it
    changes it. Raises ConfigConflict where another owner has it.
    """
    conflicts: list[FieldError] = []
    found = [*_job_types(standing, wanted, conflicts), *_queues(standing, wanted)]
    found += _schedules(standing, wanted, made, changed, conflicts)
    found += _webhooks(standing, wanted, conflicts)
    if conflicts:
        raise ConfigConflict(conflicts)
    return [*found, *_pruned(standing, wanted)]


def _foreign(known: JobType | Schedule | Webhook, owner: str, path: str, conflicts: list[FieldError]) -> bool:
    if known.owner in (None, owner):
        return False
    conflicts.append(FieldError(path, f"belongs to the owner {known.owner!r} and differs", "owned_by_another"))
    return True


def _job_types(standing: Standing, wanted: Wanted, conflicts: list[FieldError]) -> Iterator[Step]:
    for item in wanted.job_types:
        name = item.definition.name
        known = standing.job_types.get(name)
        blank = JobType(
            definition=item.definition,
            definition_id=0,
            version=1,
            source="config",
            declarer=None,
            owner=item.owner,
            paused=bool(item.paused),
            created_at=0,
            updated_at=0,
            secrets=item.secrets,
        )
        if known is None:
            yield Step(kind="job_type", name=name, before=None, after=blank)
            continue
        paused = known.paused if item.paused is None else item.paused
        if known.definition == item.definition:
            after = replace(known, paused=paused)
        elif _foreign(known, item.owner, item.path, conflicts):
            continue
        else:
            after = replace(blank, paused=paused, version=known.version + 1, created_at=known.created_at)
        if after != known:
            yield Step(kind="job_type", name=name, before=known, after=after)


def _queues(standing: Standing, wanted: Wanted) -> Iterator[Step]:
    for item in wanted.queues:
        known = standing.queues.get(item.name)
        before = known or Queue(name=item.name)
        after = Queue(
            name=item.name,
            paused=before.paused if item.paused is None else item.paused,
            bullmq=before.bullmq if item.bullmq is UNSET else item.bullmq,
            limits=item.limits,
        )
        if known is None or after != known:
            yield Step(kind="queue", name=item.name, before=known, after=after)


def _schedules(
    standing: Standing,
    wanted: Wanted,
    made: Callable[[WantedSchedule], Schedule],
    changed: Callable[[Schedule, WantedSchedule], Schedule],
    conflicts: list[FieldError],
) -> Iterator[Step]:
    for item in wanted.schedules:
        name = item.definition.name
        known = standing.schedules.get(name)
        if known is None:
            yield Step(kind="schedule", name=name, before=None, after=made(item))
        elif known.definition != item.definition and _foreign(known, item.owner, item.path, conflicts):
            continue
        elif known.definition != item.definition or item.paused not in (None, known.paused):
            yield Step(kind="schedule", name=name, before=known, after=changed(known, item))


def _webhooks(standing: Standing, wanted: Wanted, conflicts: list[FieldError]) -> Iterator[Step]:
    for item in wanted.webhooks:
        name = item.webhook.name
        known = standing.webhooks.get(name)
        if known is None:
            made = replace(item.webhook, source="config", owner=item.owner, enabled=item.enabled is not False)
            yield Step(kind="webhook", name=name, before=None, after=made)
            continue
        after = _as_asked(known, item)
        if after != known and _is_other(known, after):
            if _foreign(known, item.owner, item.path, conflicts):
                continue
            after = replace(after, source="config", owner=item.owner)
        if after != known:
            yield Step(kind="webhook", name=name, before=known, after=after)


def _as_asked(known: Webhook, item: WantedWebhook) -> Webhook:
    asked = item.webhook
    after = replace(known, url=asked.url, events=asked.events, within=asked.within, include=asked.include)
    if item.enabled is None:
        return after
    return replace(after, enabled=item.enabled, disabled_reason=None)


def _is_other(known: Webhook, after: Webhook) -> bool:
    return replace(after, enabled=known.enabled, disabled_reason=known.disabled_reason) != known


def _pruned(standing: Standing, wanted: Wanted) -> Iterator[Step]:
    if wanted.prunes is None:
        return
    named = {item.definition.name for item in wanted.schedules}
    for schedule in standing.schedules.values():
        if schedule.owner == wanted.owner and schedule.name not in named and wanted.prunes(schedule):
            yield Step(kind="schedule", name=schedule.name, before=schedule, after=None)
    named = {item.webhook.name for item in wanted.webhooks}
    for webhook in standing.webhooks.values():
        if webhook.owner == wanted.owner and webhook.name not in named and wanted.prunes(webhook):
            yield Step(kind="webhook", name=webhook.name, before=webhook, after=None)
    named = {item.definition.name for item in wanted.job_types}
    for job_type in standing.job_types.values():
        if job_type.owner == wanted.owner and job_type.name not in named and wanted.prunes(job_type):
            yield Step(kind="job_type", name=job_type.name, before=job_type, after=None)
