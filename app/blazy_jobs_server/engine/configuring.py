"""Whole configurations: read, compared, and applied in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson
import structlog

from blazy_jobs_server.domain.config import Standing, Step, Wanted, WantedSchedule, steps
from blazy_jobs_server.domain.errors import (
    DefinitionChanged,
    FieldError,
    InvalidRequest,
    InvalidSchema,
    JobTypeNotFound,
)
from blazy_jobs_server.domain.job_type import Definition, JobType, Queue
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.engine.catalogue import Catalogue, differences
from blazy_jobs_server.engine.checking import MAX_LISTED_ERRORS
from blazy_jobs_server.engine.plans import check_plan
from blazy_jobs_server.engine.schedules import changed, made
from blazy_jobs_server.engine.schemas import Schema
from blazy_jobs_server.ports import Clock, Store
from blazy_jobs_server.ports.config import Changes, JobTypeWrite, QueueWrite

log = structlog.get_logger("configuration")

PAGE = 200
TURN = 20
"""After so many checks of definitions others have their turn."""


class Configuring:
    def __init__(self, store: Store, clock: Clock, catalogue: Catalogue) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self.on_queue: Callable[[Queue], Awaitable[None]] | None = None
        """Told of each queue that was changed."""

    async def standing(self) -> Standing:
        """What there is."""
        await self._catalogue.fresh()
        return await self._standing()

    async def _standing(self) -> Standing:
        schedules: dict[str, Schedule] = {}
        before: int | None = None
        more = True
        while more:
            page, more = await self._store.schedules(before, PAGE)
            schedules |= {schedule.name: schedule for _, schedule in page}
            before = page[-1][0] if page else None
        return Standing(
            {job_type.name: job_type for job_type in self._catalogue.job_types()},
            {queue.name: queue for _, queue in self._catalogue.queues()},
            schedules,
            {webhook.name: webhook for webhook in await self._store.webhooks()},
        )

    async def apply(self, ask: Callable[[Standing], Wanted], *, dry_run: bool) -> tuple[list[Step], int]:
        """Brings everything to what `ask` wants of what stands, or nothing: what changes, and how much stays as it is.

        Whoever changes something meanwhile comes before or after it. Raises InvalidRequest, which names each place,
        ConfigConflict, JobTypeInUse, QueueInUse and TooBusy, and what `ask` raises.
        """

        async def attempt() -> tuple[list[Step], int]:
            standing = await self._standing()
            wanted = ask(standing)
            if errors := await _faults(standing, wanted):
                raise InvalidRequest(errors[:MAX_LISTED_ERRORS])
            found = steps(standing, wanted, self._made, self._changed)
            named = len(wanted.job_types) + len(wanted.queues) + len(wanted.schedules) + len(wanted.webhooks)
            unchanged = named - sum(step.after is not None for step in found)
            if found and not dry_run:
                await self._write(standing, wanted, found)
            return found, unchanged

        found, unchanged = await self._catalogue.write(attempt)
        if not dry_run:
            await self._tell(found)
        return found, unchanged

    def _made(self, item: WantedSchedule) -> Schedule:
        return made(item.definition, "config", bool(item.paused), self._clock.now(), owner=item.owner)

    def _changed(self, known: Schedule, item: WantedSchedule) -> Schedule:
        return changed(known, item.definition, "config", item.paused, self._clock.now(), owner=item.owner)

    async def _write(self, standing: Standing, wanted: Wanted, found: Sequence[Step]) -> None:
        changes = _changes(standing, wanted, found)
        written = await self._store.apply(changes)
        if written is None:
            raise DefinitionChanged("what the configuration names")
        self._catalogue.take_in(written, changes.retired_job_types)

    async def _tell(self, found: Sequence[Step]) -> None:
        for step in found:
            fields = ""
            if isinstance(step.before, JobType) and isinstance(step.after, JobType):
                fields = differences(step.before.definition, step.after.definition)
            log.info("configuration applied", kind=step.kind, name=step.name, action=step.action, changed=fields)
            if isinstance(step.after, Queue) and self.on_queue is not None:
                await self.on_queue(step.after)


async def _faults(standing: Standing, wanted: Wanted) -> list[FieldError]:
    """What is wrong with what is new. What is there may stay, whatever the rules were when it was made. Raises
    TooBusy."""
    definitions = {name: job_type.definition for name, job_type in standing.job_types.items()}
    new: set[str] = set()
    errors: list[FieldError] = []
    for number, item in enumerate(wanted.job_types):
        await _turn(number)
        definition = item.definition
        if definitions.get(definition.name) != definition:
            definitions[definition.name] = definition
            new.add(definition.name)
            try:
                Catalogue.check(definition, item.path)
            except InvalidSchema as refused:
                errors += refused.errors
    faulty = bool(errors)
    for number, schedule in enumerate(wanted.schedules):
        await _turn(number)
        known = standing.schedules.get(schedule.definition.name)
        if known is None or known.definition.plan != schedule.definition.plan:
            errors += _faults_of_plan(schedule)
        changes = known is None or known.definition != schedule.definition
        if not faulty and (changes or schedule.definition.job_type in new):
            errors += await _misfits(schedule.definition, schedule.path, definitions)
    return errors


async def _turn(number: int) -> None:
    if number % TURN == 0:
        await asyncio.sleep(0)


def _faults_of_plan(item: WantedSchedule) -> list[FieldError]:
    """One that never fires any more is taken too: a date in a document passes one day, and it is as right as it was."""
    try:
        check_plan(item.definition.plan, item.path)
    except InvalidRequest as refused:
        return refused.errors
    return []


async def _misfits(
    definition: ScheduleDefinition, path: str, definitions: Mapping[str, Definition]
) -> list[FieldError]:
    job_type = definitions.get(definition.job_type)
    if job_type is None:
        unknown = JobTypeNotFound(definition.job_type)
        return [FieldError(f"{path}/job_type", unknown.detail, unknown.code)]
    if job_type.payload_schema is None:
        return []
    return await Schema(job_type.payload_schema).faults(orjson.loads(definition.payload), f"{path}/payload")


def _changes(standing: Standing, wanted: Wanted, found: Sequence[Step]) -> Changes:
    """With all that the document names, and what goes, as it was seen."""
    job_types = [item.definition.name for item in wanted.job_types] + _names(found, "job_type")
    schedules = [item.definition.name for item in wanted.schedules] + _names(found, "schedule")
    webhooks = [item.webhook.name for item in wanted.webhooks] + _names(found, "webhook")
    needed = [item.definition.job_type for item in wanted.schedules]
    return Changes(
        seen_job_types={name: standing.job_types.get(name) for name in [*job_types, *needed]},
        seen_queues={item.name: standing.queues.get(item.name) for item in wanted.queues},
        seen_schedules={name: standing.schedules.get(name) for name in schedules},
        seen_webhooks={name: standing.webhooks.get(name) for name in webhooks},
        job_types=tuple(
            JobTypeWrite(
                definition=step.after.definition,
                source=step.after.source,
                declarer=step.after.declarer,
                owner=step.after.owner,
                paused=step.after.paused,
                secrets=step.after.secrets,
            )
            for step in found
            if isinstance(step.after, JobType)
        ),
        queues=tuple(
            QueueWrite(name=step.name, paused=step.after.paused, bullmq=step.after.bullmq, limits=step.after.limits)
            for step in found
            if isinstance(step.after, Queue)
        ),
        schedules=tuple(step.after for step in found if isinstance(step.after, Schedule)),
        webhooks=tuple(step.after for step in found if isinstance(step.after, Webhook)),
        deleted_webhooks=tuple(step.name for step in found if step.kind == "webhook" and step.after is None),
        deleted_schedules=tuple(step.name for step in found if step.kind == "schedule" and step.after is None),
        retired_job_types=tuple(step.name for step in found if step.kind == "job_type" and step.after is None),
    )


def _names(found: Sequence[Step], kind: str) -> list[str]:
    return [step.name for step in found if step.kind == kind]
