"""What of the code's declarations holds: seen to whenever a worker that declares something comes or goes.

Of the declarations of the workers that are there, for each name the one holds that was started last, unless a worker of
a newer build is there (`domain/declaration.py`). With no worker there, what held last stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

import structlog
from msgspec import Struct

from blazy_jobs_server.domain.declaration import Declaration, Started, holding
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.job_type import Declarer, JobType
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.engine.catalogue import Catalogue, Chosen, Conflict
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import Membership
from blazy_jobs_server.engine.schedules import Planned, Schedules
from blazy_jobs_server.ports import Store, WorkerRecord

log = structlog.get_logger("deployments")

ROUNDS = 10
AGAIN_SECONDS = 1.0
OVER_HTTP = "it was made or changed over HTTP; DELETE gives the name back to the code"


class View(Struct, frozen=True):
    """A declaration of a worker that is there."""

    started: Started
    declaration: Declaration


class Deployments:
    def __init__(self, store: Store, catalogue: Catalogue, schedules: Schedules, membership: Membership) -> None:
        self._store = store
        self._catalogue = catalogue
        self._schedules = schedules
        self._membership = membership
        self._settling = asyncio.Lock()
        self._known: dict[int, View] = {}
        self._tasks = Tasks()
        self._again = asyncio.Event()
        membership.on_left = self._left

    async def start(self) -> None:
        """A worker may have gone when no server was there to see to what it leaves. Raises StoreUnavailable."""
        await self.settle()
        self._tasks.keep("deployments", self._settle_again)

    async def stop(self) -> None:
        await self._tasks.stop()

    async def register(
        self, record: WorkerRecord, declares: Sequence[Declaration]
    ) -> tuple[WorkerRecord, list[Conflict]]:
        """The registered worker, and what of its declarations does not hold. It gets nothing before they do."""
        conflicts: list[Conflict] = []

        async def place(stored: WorkerRecord) -> None:
            refused = await self.settle()
            for number in stored.declares:
                conflicts.extend(refused.get(number, ()))

        registered = await self._membership.register(record, declares, place)
        for conflict in conflicts:
            log.warning(
                "declaration not applied",
                worker=record.name,
                kind=conflict.kind,
                name=conflict.name,
                reason=conflict.reason,
            )
        return registered, conflicts

    async def _left(self, record: WorkerRecord | None) -> None:
        if record is None or record.declares:
            try:
                await self.settle()
            except StoreUnavailable:
                self._again.set()

    async def _settle_again(self) -> None:
        while True:
            await self._again.wait()
            self._again.clear()
            try:
                await self.settle()
            except StoreUnavailable:
                self._again.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def settle(self) -> dict[int, list[Conflict]]:
        """What holds now is in place when this returns, whatever other servers see to at once. By the number of the
        declaration, what of it does not hold. Raises StoreUnavailable."""
        refused: dict[int, list[Conflict]] = {}
        async with self._settling:
            for _ in range(ROUNDS):
                there = await self._there()
                await self._catalogue.fresh()
                refused = await Settlement(self._store, self._catalogue, self._schedules, there).settle()
                if {view.started.id for view in there} == {started.id for started in await self._store.started()}:
                    break
        return refused

    async def too_old_for(self, record: WorkerRecord, run_id: int) -> int | None:
        """The run's definition, where code declared it after what this worker declares of its job type was first seen.
        What was changed over HTTP is newer than nobody's code."""
        run = await self._store.run(run_id)
        job_type = None if run is None else self._catalogue.get(run.job_type)
        if run is None or run.followed is not None or job_type is None or job_type.declarer is None:
            return None
        declared = [
            declaration.definitions[run.job_type]
            for _, declaration in (await self._store.declarations(record.declares)).values()
            if run.job_type in declaration.definitions
        ]
        said = [one for one in await self._store.versions(run.job_type) if one.definition in declared]
        if not declared or any(one.definition_id == run.definition_id for one in said):
            return None
        first = min((one.version for one in said), default=0)
        return run.definition_id if first < run.version else None

    async def _there(self) -> list[View]:
        numbers = [started.id for started in await self._store.started()]
        if missing := [number for number in numbers if number not in self._known]:
            for number, found in (await self._store.declarations(missing)).items():
                self._known[number] = View(*found)
        self._known = {number: self._known[number] for number in numbers if number in self._known}
        return list(self._known.values())


class Settlement:
    """Once through all that is declared."""

    def __init__(self, store: Store, catalogue: Catalogue, schedules: Schedules, there: list[View]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._schedules = schedules
        self._there = there
        self._digests = {(view.started.app, view.started.digest) for view in there}
        self._earlier: dict[int, View] = {view.started.id: view for view in there}
        self._refused: dict[int, dict[tuple[str, str], str]] = {}

    async def settle(self) -> dict[int, list[Conflict]]:
        apps = {view.started.app for view in self._there}
        claims: dict[str, list[View]] = {}
        for view in self._there:
            for name in view.declaration.definitions:
                claims.setdefault(name, []).append(view)
                if (known := self._catalogue.get(name)) is not None and known.declarer is not None:
                    apps.add(known.declarer.app)
        for name, views in claims.items():
            await self._catalogue.declare(name, partial(self._job_type, name, views))
        await self._settle_schedules(apps)
        return {
            number: [Conflict(kind, name, reason) for (kind, name), reason in refused.items()]
            for number, refused in self._refused.items()
        }

    def _refuse(self, view: View, kind: str, name: str, reason: str) -> None:
        self._refused.setdefault(view.started.id, {})[kind, name] = reason

    # -- job types

    def _job_type(self, name: str, claims: list[View], known: JobType | None) -> Chosen | None:
        """What it is to be, and who is told that it is not so."""
        if known is not None and known.declarer is None:
            for view in claims:
                if view.declaration.definitions[name] != known.definition:
                    self._refuse(view, "job_type", name, OVER_HTTP)
            return None
        declarer = None if known is None else known.declarer
        chosen = _last_of_its_app(_of_owner(claims, declarer))
        definition = chosen.declaration.definitions[name]
        for view in claims:
            if view.declaration.definitions[name] != definition:
                self._refuse(view, "job_type", name, _why_not(view, chosen))
        return Chosen(definition, Declarer(chosen.started.app, chosen.started.id), _why(chosen, declarer))

    # -- schedules

    async def _settle_schedules(self, apps: Iterable[str]) -> None:
        stored = {known.name: known for app in apps for known in await self._store.schedules_of_app(app)}
        claims: dict[str, list[View]] = {name: [] for name in stored}
        for view in self._there:
            for name in view.declaration.planned:
                claims.setdefault(name, []).append(view)
        await self._know(known.declarer for known in stored.values())
        for name, views in claims.items():
            known = stored.get(name) or await self._store.schedule(name)
            await self._know([None if known is None else known.declarer])
            await self._settle_schedule(name, views, known)

    async def _know(self, declarers: Iterable[Declarer | None]) -> None:
        """What the schedules were declared by, also where no worker of it is there."""
        numbers = {declarer.declaration for declarer in declarers if declarer is not None} - self._earlier.keys()
        if wanted := {number for number in numbers if number is not None}:
            for number, found in (await self._store.declarations(wanted)).items():
                self._earlier[number] = View(*found)

    async def _settle_schedule(self, name: str, claims: list[View], known: Schedule | None) -> None:
        reason = await self._schedules.declare(name, known, partial(self._schedule, name, claims))
        if reason is not None:
            for view in claims:
                self._refuse(view, "schedule", name, reason)

    def _schedule(self, name: str, claims: list[View], known: Schedule | None) -> Planned | None:
        """What it is to be, and who is told that it is not so."""
        if known is not None and known.declarer is None:
            for view in claims:
                if view.declaration.planned[name].definition != known.definition:
                    self._refuse(view, "schedule", name, OVER_HTTP)
            return None
        speakers = self._new_schedule(name, claims) if known is None else self._speakers(name, claims, known)
        if not speakers:
            return None
        chosen = _last_of_its_app(speakers)
        declared = chosen.declaration.planned.get(name)
        for view in claims:
            if declared is None or view.declaration.planned[name] != declared:
                self._refuse(view, "schedule", name, _why_not(view, chosen))
        return self._planned(chosen, name, known)

    def _planned(self, chosen: View, name: str, known: Schedule | None) -> Planned | None:
        declared = chosen.declaration.planned.get(name)
        before = None if known is None else known.declarer
        declarer = Declarer(chosen.started.app, chosen.started.id)
        same = before is not None and self._is_same(before, chosen)
        if declared is None:
            # A person may have resumed what this declaration lacks: it changes nothing any more.
            lacking = known is not None and not known.orphaned and not same
            return Planned(None, False, declarer, _why(chosen, before)) if lacking else None
        return Planned(
            declared.definition, declared.paused, before if before and same else declarer, _why(chosen, before)
        )

    def _is_same(self, declarer: Declarer, view: View) -> bool:
        earlier = None if declarer.declaration is None else self._earlier.get(declarer.declaration)
        return earlier is not None and (earlier.started.app, earlier.started.digest) == (
            view.started.app,
            view.started.digest,
        )

    def _new_schedule(self, name: str, claims: list[View]) -> list[View]:
        """A later start of the app may have dropped it before it was ever made."""
        job_types = {view.declaration.planned[name].definition.job_type for view in claims}
        apps = {view.started.app for view in claims}
        return [
            view
            for view in self._there
            if view in claims or (view.started.app in apps and job_types & view.declaration.definitions.keys())
        ]

    def _speakers(self, name: str, claims: list[View], known: Schedule) -> list[View]:
        """Those that say what it is to be: they declare it, or they are another version of the code that it is from."""
        assert known.declarer is not None
        app, job_type = known.declarer.app, known.definition.job_type
        own = [view for view in self._there if view.started.app == app]
        before = None if known.declarer.declaration is None else self._earlier.get(known.declarer.declaration)
        versions = [
            view
            for view in own
            if name in view.declaration.planned
            or job_type in view.declaration.definitions
            or (before is not None and _is_version(view.declaration, before.declaration))
        ]
        if versions or claims:
            return versions or claims
        if before is not None and (rewritten := [view for view in own if self._rewrites(view, before)]):
            return rewritten
        # It goes with its job type, which another app has taken over.
        owner = self._catalogue.get(job_type)
        heir = None if owner is None or owner.declarer is None else owner.declarer.app
        return [v for v in self._there if v.started.app == heir and job_type in v.declaration.definitions]

    def _rewrites(self, view: View, before: View) -> bool:
        """Whether it has taken the place of what has no job in common with it."""
        gone = (before.started.app, before.started.digest) not in self._digests
        return gone and view.started.id > before.started.id and view.declaration.is_same_part(before.declaration)


def _is_version(declaration: Declaration, before: Declaration) -> bool:
    return declaration.is_same_part(before) and bool(declaration.definitions.keys() & before.definitions.keys())


def _of_owner(claims: list[View], declarer: Declarer | None) -> list[View]:
    """Those of the app that has it; where that declares it no more, or nobody of it is there, all."""
    owned = [] if declarer is None else [view for view in claims if view.started.app == declarer.app]
    return owned or claims


def _last_of_its_app(views: list[View]) -> View:
    """Of several apps, that which was there first."""
    first = min(views, key=lambda view: view.started.id).started.app
    return holding([view for view in views if view.started.app == first])


def _named(started: Started) -> str:
    return f"app {started.app!r}" if started.build is None else f"app {started.app!r}, build {started.build!r}"


def _why(chosen: View, before: Declarer | None) -> str:
    started = chosen.started
    if before is None:
        return f"{_named(started)} declares it"
    if before.app != started.app:
        return f"{_named(started)} declares it, and no worker of the app {before.app!r} does any more"
    if before.declaration is not None and before.declaration > started.id:
        return f"no worker of what was started after {_named(started)} holds it any more"
    return f"{_named(started)} was started last"


def _why_not(view: View, chosen: View) -> str:
    mine, other = view.started, chosen.started
    if mine.app != other.app:
        return (
            f"it belongs to the app {other.app!r}, of which a worker is there, and this is the app {mine.app!r}: "
            "give both one name (JOBS_APP or --app) if they are one, else rename it here"
        )
    if other.id < mine.id:
        return f"a worker of the newer build {other.build!r} is there; this one counts when that is gone"
    return f"a worker that was started later is there ({_named(other)}); this one counts when that is gone"
