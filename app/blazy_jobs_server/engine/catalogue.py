"""The job types and queues: registered over HTTP or declared by code, and kept at hand for every dispatch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog
from msgspec import UNSET, Struct, UnsetType

from blazy_jobs_server.domain.errors import (
    DefinitionChanged,
    JobTypeExists,
    JobTypeInUse,
    JobTypeNotFound,
    QueueNotFound,
)
from blazy_jobs_server.domain.job_type import (
    NO_OVERRIDES,
    Bullmq,
    Declarer,
    Definition,
    JobType,
    Queue,
    Settings,
    Source,
)
from blazy_jobs_server.domain.limits import Limits
from blazy_jobs_server.domain.redaction import EVERYTHING
from blazy_jobs_server.engine.schemas import Schema, compile_schema
from blazy_jobs_server.ports import Store
from blazy_jobs_server.ports.config import Changed

log = structlog.get_logger("catalogue")

T = TypeVar("T")
TRIES = 5


class Entry(Struct, frozen=True):
    """A job type with what a dispatch needs of it, made once."""

    job_type: JobType
    settings: Settings
    payload: Schema | None


class Conflict(Struct, frozen=True):
    """A declaration that was not taken."""

    kind: str
    name: str
    reason: str


class Chosen(Struct, frozen=True):
    """What a job type is to be, and why."""

    definition: Definition
    declarer: Declarer
    why: str


Seal = Callable[[Definition, JobType | None], tuple[Definition, str | None]]
"""Of a definition to be saved over what is there: without what must not be stored in the clear, and the sealed secrets
that its job type has from then on."""


def _as_it_is(definition: Definition, known: JobType | None) -> tuple[Definition, str | None]:
    return definition, None if known is None else known.secrets


class Catalogue:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: dict[str, Entry] = {}
        self._retired: dict[str, Definition] = {}
        """Of the names that are free again, the last ones: their runs are still there."""
        self._queues: dict[str, Queue] = {}
        self._writing = asyncio.Lock()
        self.on_load: Callable[[], None] = lambda: None
        """Told when all was read anew, because another server has changed something."""
        self.on_change: Callable[[], None] = lambda: None
        """Told when a job type is not as it was."""
        self.seal: Seal = _as_it_is
        self.revision = 0
        """Of the database, where several servers share it: what is known here is as of it."""

    async def load(self) -> None:
        neighbours = self._store.neighbours
        revision = 0 if neighbours is None else await neighbours.revision()
        job_types = await self._store.job_types()
        queues = {queue.name: queue for queue in await self._store.queues()}
        retired = await self._store.retired_job_types()
        # What was met, but is not stored yet, stays.
        self._queues = queues | {name: queue for name, queue in self._queues.items() if name not in queues}
        self._retired = {definition.name: definition for definition in retired}
        for name in self._entries.keys() - {job_type.name for job_type in job_types}:
            del self._entries[name]
            self.on_change()
        for job_type in job_types:
            known = self._entries.get(job_type.name)
            if known is None or known.job_type != job_type:
                self._keep(job_type)
        self.revision = revision
        self.on_load()

    async def fresh(self) -> None:
        """What other servers on the same database have changed by now is known when this returns."""
        if self._store.neighbours is not None:
            async with self._writing:
                await self._catch_up()

    async def _catch_up(self) -> None:
        neighbours = self._store.neighbours
        if neighbours is not None and await neighbours.revision() != self.revision:
            await self.load()

    def _keep(self, job_type: JobType) -> None:
        definition = job_type.definition
        schema = definition.payload_schema
        payload = None if schema is None else Schema(schema)
        self._retired.pop(job_type.name, None)
        self._entries[job_type.name] = Entry(job_type, NO_OVERRIDES.settings(definition), payload)
        if definition.queue not in self._queues:
            self.met_queue(definition.queue)
        self.on_change()

    def met_queue(self, name: str) -> None:
        """A queue came into being by its use."""
        self._queues.setdefault(name, Queue(name=name))

    # -- reading

    def entry(self, name: str) -> Entry:
        """Raises JobTypeNotFound."""
        entry = self._entries.get(name)
        if entry is None:
            raise JobTypeNotFound(name)
        return entry

    async def found(self, name: str) -> Entry:
        """One that another server has registered just now too. Raises JobTypeNotFound."""
        if name not in self._entries:
            await self.fresh()
        return self.entry(name)

    def get(self, name: str) -> JobType | None:
        entry = self._entries.get(name)
        return None if entry is None else entry.job_type

    def redacts(self, name: str) -> tuple[str, ...]:
        """The JSON Pointers of what is not shown to everybody of its runs and schedules, by its present definition, or
        the last one of a name that is free again. Of what is not known here yet: everything."""
        last = self.last(name)
        return EVERYTHING if last is None else last.redact

    def has_met(self, name: str) -> bool:
        """Also one that is free again."""
        return name in self._entries or name in self._retired

    def last(self, name: str) -> Definition | None:
        """The present definition, or the last one of a name that is free again."""
        entry = self._entries.get(name)
        return self._retired.get(name) if entry is None else entry.job_type.definition

    def job_types(self) -> list[JobType]:
        """Newest first."""
        return sorted(
            (entry.job_type for entry in self._entries.values()), key=lambda j: (j.created_at, j.name), reverse=True
        )

    def queue(self, name: str) -> Queue:
        """Raises QueueNotFound."""
        queue = self._queues.get(name)
        if queue is None:
            raise QueueNotFound(name)
        return queue

    def is_paused(self, job_type: str, queue: str) -> bool:
        """Also of a job type that is no more."""
        entry = self._entries.get(job_type)
        known = self._queues.get(queue)
        return entry is None or entry.job_type.paused or (known is not None and known.paused)

    def has_queue(self, name: str) -> bool:
        return name in self._queues

    def queues(self) -> list[tuple[tuple[int, str], Queue]]:
        """Newest first, each with its place in the order of creation; no queue ever goes."""
        return [((place, queue.name), queue) for place, queue in enumerate(self._queues.values())][::-1]

    # -- writing

    async def write(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """One writer at a time, who knows what other servers have written. Of two servers that write at once one is
        told so by the store, and tries again on what is there then."""
        async with self._writing:
            for left in reversed(range(TRIES)):
                await self._catch_up()
                try:
                    return await attempt()
                except DefinitionChanged:
                    if not left:
                        raise
        raise AssertionError

    async def register(self, definition: Definition, paused: bool | None, seal: Seal | None = None) -> JobType:
        """Raises JobTypeExists, and what `seal` raises."""
        self.check(definition)

        async def attempt() -> JobType:
            if definition.name in self._entries:
                raise JobTypeExists(definition.name)
            sealed, secrets = (seal or self.seal)(definition, None)
            return await self._save(sealed, None, "api", None, paused, secrets)

        return await self.write(attempt)

    async def replace(
        self, definition: Definition, paused: bool | None, seal: Seal | None = None
    ) -> tuple[JobType, bool]:
        """Registers or replaces; says whether the name was new. Raises what `seal` raises."""
        self.check(definition)

        async def attempt() -> tuple[JobType, bool]:
            known = self.get(definition.name)
            sealed, secrets = (seal or self.seal)(definition, known)
            if known is None:
                return await self._save(sealed, None, "api", None, paused, secrets), True
            if known.definition == sealed:
                # A pause is no change of the definition: what is the code's stays the code's.
                same = paused in (None, known.paused)
                return known if same else await self._pause(definition.name, bool(paused)), False
            return await self._save(sealed, known.version, "api", None, paused, secrets), False

        return await self.write(attempt)

    async def change(
        self, name: str, change: Callable[[Definition], Definition], paused: bool | None, seal: Seal | None = None
    ) -> JobType:
        """Raises JobTypeNotFound, and what `seal` raises."""

        async def attempt() -> JobType:
            known = self.entry(name).job_type
            definition = change(known.definition)
            self.check(definition)
            definition, secrets = (seal or self.seal)(definition, known)
            if known.definition == definition:
                return known if paused in (None, known.paused) else await self._pause(name, bool(paused))
            return await self._save(definition, known.version, "api", None, paused, secrets)

        return await self.write(attempt)

    @staticmethod
    def check(definition: Definition, path: str = "") -> None:
        """Of a definition that stands at `path` of the request. Raises InvalidSchema."""
        for field in ("payload_schema", "result_schema"):
            schema = getattr(definition, field)
            if schema is not None:
                compile_schema(schema, f"{path}/{field}")

    async def _save(
        self,
        definition: Definition,
        expect: int | None,
        source: Source,
        declarer: Declarer | None,
        paused: bool | None,
        secrets: str | None,
    ) -> JobType:
        saved = await self._store.save_job_type(
            definition, expect=expect, source=source, declarer=declarer, paused=paused, secrets=secrets
        )
        if saved is None:
            raise DefinitionChanged(definition.name)  # another server was quicker
        self._keep(saved)
        log.info("job type saved", name=saved.name, version=saved.version, source=saved.source)
        return saved

    async def retire(self, name: str) -> None:
        """Raises JobTypeNotFound and JobTypeInUse."""

        async def attempt() -> None:
            self.entry(name)
            if not await self._store.retire_job_type(name):
                raise JobTypeInUse(name)
            self._retired[name] = self._entries.pop(name).job_type.definition
            self.on_change()
            log.info("job type retired", name=name)

        await self.write(attempt)

    async def pause(self, name: str, paused: bool) -> JobType:
        """Raises JobTypeNotFound."""

        async def attempt() -> JobType:
            self.entry(name)
            return await self._pause(name, paused)

        return await self.write(attempt)

    async def _pause(self, name: str, paused: bool) -> JobType:
        job_type = await self._store.pause_job_type(name, paused)
        if job_type is None:
            raise DefinitionChanged(name)  # retired by another server
        self._keep(job_type)
        log.info("job type paused" if paused else "job type resumed", name=name)
        return job_type

    async def keep_secrets(self, name: str, change: Callable[[JobType], str]) -> JobType:
        """Changes a job type's sealed secrets. Raises JobTypeNotFound, and what `change` raises."""

        async def attempt() -> JobType:
            known = self.entry(name).job_type
            kept = await self._store.keep_secrets(name, change(known), before=known.secrets)
            if kept is None:
                raise DefinitionChanged(name)
            self._keep(kept)
            return kept

        return await self.write(attempt)

    async def save_queue(
        self,
        name: str,
        paused: bool | None,
        bullmq: Bullmq | UnsetType | None = UNSET,
        limits: Limits | None = None,
    ) -> Queue:
        """What is left out stays. Raises QueueInUse."""
        queue = await self._store.save_queue(name, paused, bullmq, limits)
        self._queues[name] = queue
        return queue

    # -- configurations

    def take_in(self, changed: Changed, retired: Iterable[str]) -> None:
        """What was applied is known here from now on."""
        for job_type in changed.job_types:
            self._keep(job_type)
        for queue in changed.queues:
            self._queues[queue.name] = queue
        for name in retired:
            self._retired[name] = self._entries.pop(name).job_type.definition
            self.on_change()

    # -- declarations

    async def declare(self, name: str, choose: Callable[[JobType | None], Chosen | None]) -> None:
        """Brings it to what code says of it. `choose` is asked about the job type as it stands, and says None where it
        is to stay so."""

        def wanted() -> Chosen | None:
            known, chosen = self.get(name), choose(self.get(name))
            if known is None or chosen is None or known.definition != chosen.definition or known.declarer is None:
                return chosen
            # Whose it is may change alone; which of the app's declarations said it first is left as it is.
            settled = known.declarer.declaration is not None and known.declarer.app == chosen.declarer.app
            return None if settled else chosen

        async def attempt() -> None:
            chosen, known = wanted(), self.get(name)
            if chosen is None:
                return
            sealed, secrets = self.seal(chosen.definition, known)
            saved = await self._save(
                sealed, None if known is None else known.version, "code", chosen.declarer, None, secrets
            )
            if known is not None and known.definition != saved.definition:
                log.info(
                    "job type changed by code",
                    name=name,
                    was=f"version {known.version}",
                    now=f"version {saved.version}",
                    changed=differences(known.definition, saved.definition),
                    why=chosen.why,
                )

        if wanted() is not None:
            await self.write(attempt)


def differences(was: Struct, now: Struct) -> str:
    """In one line: short values as they were and are, long ones by their name."""
    told = []
    for field in now.__struct_fields__:
        before, after = getattr(was, field), getattr(now, field)
        if before != after:
            plain = isinstance(before, str | int | float | None) and isinstance(after, str | int | float | None)
            told.append(f"{field} {_short(before)} → {_short(after)}" if plain else field)
    return ", ".join(told)


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value!r:.60}"
