"""One queue that another engine delivers: our runs there are handed over, followed, leased out and ended.

The job is the truth, and the run follows it. Whatever is done here looks at the job as it is and levels the two, so it
may be done twice, late or after a crash; the engine's event stream only says where to look, and brings what a look can
no longer find. What is lost between the two sides is found by `_reconcile`, which compares them from end to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum
from itertools import islice
from typing import NamedTuple, Protocol

import msgspec
import orjson
import structlog

from blazy_jobs_server.domain.errors import JobTypeNotFound, QueueUnavailable, StoreUnavailable
from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.ids import parse_run_id
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.instants import SECOND, after
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.run import Error, Run, State
from blazy_jobs_server.engine.dispatch import Dispatcher, Wish
from blazy_jobs_server.engine.leasing import Leasing, Waiting
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.ports import (
    Clock,
    Followed,
    Job,
    JobEnd,
    JobNews,
    Offer,
    Order,
    QueueEngine,
    QueueState,
    Report,
    Sighting,
    Store,
)

log = structlog.get_logger("queues")

TOKEN = "blazy-"
"""How the locks begin that servers like this one hold: what runs under one is no worker's of others."""
PAGE = 200
MOST_TAKEN = 200
LOOK_AHEAD = 20
PASS_SECONDS = 5.0
"""How long a job is put off that none of our workers can take now."""
AGAIN_SECONDS = 0.5
TICK_SECONDS = 1.0
ARRIVAL_SECONDS = 5.0
NEWS_SECONDS = 5.0
RECONCILE_SECONDS = 60.0
GUARD_SECONDS = 1.0
PROBE_SECONDS = 0.25
MOST_EXPECTED = 200_000

ENDED = (EventType.RETRYING, EventType.INTERRUPTED, EventType.COMPLETED, EventType.FAILED, EventType.CANCELLED)
IDLE_WORDS = frozenset(("drained", "retries-exhausted", "cleaned", "duplicated", "deduplicated", "debounced", ""))
LAST_WORDS = frozenset(("completed", "failed", "released", "snoozed", "cancelled", "lost"))


class Hand(NamedTuple):
    """A job that our workers have, under our lock."""

    job_id: str
    token: str
    starts: int
    losses: int


class Dealt(NamedTuple):
    gifts: dict[int, list[Run]]
    """Place of the claim → what it gets."""
    ends: list[JobEnd]


class Served(Enum):
    SOME = 0
    NOTHING = 1
    """There was no job."""
    IN_VAIN = 2
    """What there was is not for those who wait."""


class Ear(Protocol):
    """Who hears how the engine is."""

    def up(self) -> None: ...
    def down(self, error: QueueUnavailable) -> None: ...
    async def paused(self, queue: str, paused: bool) -> None: ...


class FollowedQueue:
    def __init__(
        self,
        queue: Queue,
        engine: QueueEngine,
        store: Store,
        clock: Clock,
        dispatcher: Dispatcher,
        leasing: Leasing,
        ear: Ear,
        home: str,
    ) -> None:
        """`home` names this server's place, the same after a restart."""
        self.queue = queue
        self.name = queue.name
        self._engine = engine
        self._store = store
        self._clock = clock
        self._dispatcher = dispatcher
        self._leasing = leasing
        self._ear = ear
        self._home_mark = f"{TOKEN}{home}-"
        self._mark = f"{self._home_mark}{secrets.token_hex(4)}-"
        """How the locks begin that are taken here."""
        self._tasks = Tasks()
        self._fresh: set[int] = set()
        """Runs to be offered, which have just been made."""
        self._dirty: set[int] = set()
        """Runs of which the job may not know what became."""
        self._progress: dict[int, str] = {}
        self._hands: dict[int, Hand] = {}
        self._take = asyncio.Lock()
        self._taking: set[str] = set()
        """Jobs that were just taken, and are not yet anybody's."""
        self._following: set[int] = set()
        self._others: dict[str, int] = {}
        """Jobs that workers of others have, and how many lines of their logs were read."""
        self._expected: Counter[tuple[str, str]] = Counter()
        """What the event stream will say of what was done here."""
        self._work = asyncio.Event()
        self._newcomer = asyncio.Event()
        self._unsure = asyncio.Event()
        self._compared = asyncio.Event()
        self.state: QueueState | None = None
        """As it was a moment ago; None while it cannot be asked."""
        self._breaks, self._healed = 1, 0
        """How often the engine was out of reach, and after how many of these both sides were compared."""
        self._held_at = 0
        self._names: set[str] = set()
        """Of the jobs that were taken last."""

    # -- the life of the service

    def start(self) -> None:
        self._unsure.set()
        self._tasks.keep(f"level {self.name}", lambda: self._trying(self._level))
        self._tasks.keep(f"follow {self.name}", lambda: self._trying(self._follow))
        self._tasks.keep(f"watch {self.name}", lambda: self._trying(self._watch))
        self._tasks.keep(f"reconcile {self.name}", lambda: self._trying(self._reconcile))
        if self.queue.bullmq is not None and self.queue.bullmq.consume:
            self._tasks.keep(f"consume {self.name}", lambda: self._trying(self._consume))

    async def stop(self) -> None:
        """What is still to be told is told, where Redis answers; else the next start finds it."""
        await self._tasks.stop()
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                while self.backlog and self.state is not None:
                    await self._level_once()
        except (QueueUnavailable, StoreUnavailable, TimeoutError) as error:
            log.warning("stopped with a backlog", queue=self.name, runs=self.backlog, reason=str(error))

    async def _trying(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except QueueUnavailable as error:
                self._lost(error)
                await asyncio.sleep(AGAIN_SECONDS)

    @property
    def reconciled(self) -> bool:
        """Whether both sides were compared since the start."""
        return self._compared.is_set()

    @property
    def backlog(self) -> int:
        """Runs whose job is not known to be in the queue, or to know what became of them."""
        return len(self._fresh) + len(self._dirty)

    # -- from the store's commits

    def on_event(self, event: Event) -> None:
        run_id = event.run_id
        if event.type is EventType.QUEUED:
            self._fresh.add(run_id)
        elif event.type is EventType.PROGRESS and run_id in self._hands:
            self._progress[run_id] = event.data
        elif event.type in ENDED and (run_id in self._hands or run_id not in self._following):
            self._dirty.add(run_id)
        else:
            return
        self._work.set()

    # -- levelling: what our rows say, told to the engine

    async def _level(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._fresh or self._dirty or self._progress:
                await self._level_once()

    async def _level_once(self) -> None:
        progress, self._progress = self._progress, {}
        told = [(hand.job_id, data) for run_id, data in progress.items() if (hand := self._hands.get(run_id))]
        if told:
            self._expect(*((job_id, "progress") for job_id, _ in told))
            await self._engine.tell_progress(self.queue, told)
        fresh, dirty = _some(self._fresh, PAGE), _some(self._dirty, PAGE)
        self._fresh -= fresh
        self._dirty -= dirty
        try:
            await self._level_these(fresh, dirty)
        except BaseException:
            self._fresh |= fresh
            self._dirty |= dirty
            self._work.set()
            raise

    async def _level_these(self, fresh: set[int], dirty: set[int]) -> None:
        runs = await self._store.runs_of([*fresh, *(dirty - fresh)])
        await self._offer([run for run in runs if run.id in fresh and not run.state.final and run.claims == 0])
        changed = [run for run in runs if run.id in dirty]
        in_hand = {run.id for run in changed if run.id in self._hands}
        await self._end_in_hand([run for run in changed if run.id in in_hand])
        await self.level([run for run in changed if run.id not in in_hand])

    async def _offer(self, runs: Sequence[Run]) -> None:
        ours = [run for run in runs if run.job_id is None]
        for start in range(0, len(ours), PAGE):
            page = ours[start : start + PAGE]
            for run in page:
                job_id = public_run_id(run.id)
                self._expect((job_id, "added"), (job_id, "waiting" if run.due_at <= self._clock.now() else "delayed"))
            await self._engine.offer(self.queue, [_offer(run) for run in page])

    async def _end_in_hand(self, runs: Sequence[Run]) -> None:
        """Of what our workers had: what has become of it."""
        ended = [run for run in runs if run.state is not State.RUNNING or run.lease_token != self._hands[run.id].token]
        if not ended:
            return
        # Out of hand first: what goes back may be taken again before the answer is here.
        hands = {run.id: self._hands.pop(run.id) for run in ended}
        ends = [_end(run, hands[run.id]) for run in ended]
        self._expect(*(_echo(end) for end in ends))
        try:
            done = await self._engine.end(self.queue, ends)
        except BaseException:
            self._hands = hands | self._hands
            raise
        await self.level([run for run, ok in zip(ended, done, strict=True) if not ok])

    async def level(self, runs: Sequence[Run]) -> None:
        """Compares runs that no worker of ours has with their jobs, and brings the one that is behind to the other."""
        runs = [run for run in runs if run.id not in self._hands and _job_id(run) not in self._taking]
        if not runs:
            return
        jobs = await self._engine.look(
            self.queue,
            [(_job_id(run), self._others.get(_job_id(run), run.followed_lines)) for run in runs],
            payloads=False,
        )
        offers: list[Run] = []
        ends: list[JobEnd] = []
        removals: list[str] = []
        sightings: list[Sighting] = []
        orphans: list[tuple[Run | None, Job]] = []
        for run, job in zip(runs, jobs, strict=True):
            seen = job.seen
            mine = seen.stage == "active" and seen.token is not None and seen.token == run.lease_token
            if seen.stage == "missing" and run.job_id is None and not run.state.final and run.worker_id is None:
                if run.state is State.RUNNING:
                    sightings.append(self._sighting(run.id, job))
                offers.append(run)
            elif mine and run.state is not State.RUNNING:
                ends.append(_end(run, _hand(job, run)))
            elif not mine and self._may_be_orphan(job):
                orphans.append((run, job))
            elif run.state.final:
                if seen.stage in ("waiting", "delayed"):
                    removals.append(job.job_id)
            elif seen.stage != "missing" or run.job_id is not None:
                sightings += self._told(run.id, job)
        if ends:
            self._expect(*(_echo(end) for end in ends))
            await self._engine.end(self.queue, ends)
        await self._remove(removals)
        await self._sight(sightings)
        await self._give_back_orphans(orphans)
        if offers:
            await self._offer([run for run in await self._store.runs_of([r.id for r in offers]) if not run.state.final])

    def _may_be_orphan(self, job: Job) -> bool:
        """Whether it is locked by us for no run: the answer with it was lost, or the server that was here before ended
        with it. Otherwise it would wait until its lock has run out."""
        token = job.seen.token or ""
        ours = token.startswith(self._mark) or (not self.reconciled and token.startswith(self._home_mark))
        return job.seen.stage == "active" and ours

    async def _give_back_orphans(self, found: Sequence[tuple[Run | None, Job]]) -> None:
        if not found:
            return
        async with self._take:
            pass  # what was being taken when it was looked at is somebody's now
        in_hand = self._taking | {hand.job_id for hand in self._hands.values()}
        orphans = [(run, job) for run, job in found if job.job_id not in in_hand]
        if orphans:
            log.info("jobs of a lost answer go back", queue=self.name, jobs=len(orphans))
            await self._finish(
                [
                    _end(run, _hand(job, run)) if run is not None and run.state.final else _back(job)
                    for run, job in orphans
                ]
            )

    async def _remove(self, job_ids: Sequence[str]) -> bool:
        """Whether nobody holds any of them."""
        if not job_ids:
            return True
        self._expect(*((job_id, "removed") for job_id in job_ids))
        return all(await self._engine.remove(self.queue, job_ids))

    def _expect(self, *echoes: tuple[str, str]) -> None:
        if len(self._expected) > MOST_EXPECTED:
            self._expected.clear()  # it saves looks, and nothing hangs on it
        self._expected.update(echoes)

    # -- following: what the engine says, told to the store

    def _sighting(self, run_id: int | None, job: Job, order: Order | None = None, **told: object) -> Sighting:
        return Sighting(
            queue=self.name,
            job_id=job.job_id,
            seen=job.seen,
            run_id=run_id,
            order=order,
            **told,  # type: ignore[arg-type]
        )

    def _told(
        self, run_id: int | None, job: Job, order: Order | None = None, progress: str | None = None
    ) -> list[Sighting]:
        """Of a job, and first what its worker has said of the attempt that it was in, which may have ended since."""
        seen = job.seen
        if seen.stage == "active" and (seen.token or "").startswith(TOKEN):
            return []  # a server like this one has just taken it, and says so itself
        words = {"progress": progress, "lines": job.lines, "line_from": job.line_from}
        if seen.stage == "active":
            return [self._sighting(run_id, job, order, **words)]
        sightings = []
        if (progress is not None or job.lines) and seen.stage != "missing":
            before = seen.failed_before if seen.final else max(seen.failures - 1, 0)
            then = JobSeen(stage="active", starts=seen.starts, failures=before, stalls=seen.stalls)
            sightings.append(self._sighting(run_id, msgspec.structs.replace(job, seen=then), order, **words))
        return [*sightings, self._sighting(run_id, job, order)]

    async def _sight(self, sightings: Sequence[Sighting]) -> list[Followed]:
        if not sightings:
            return []
        following = {s.run_id for s in sightings if s.run_id is not None}
        self._following |= following
        try:
            followed = await self._store.follow(sightings, self._leasing.lease_seconds)
        finally:
            self._following -= following
        for sighting, item in zip(sightings, followed, strict=True):
            run = item.run
            if run is None:
                continue
            if run.state is State.RUNNING and run.worker_id is None:
                self._others[sighting.job_id] = run.followed_lines
            else:
                self._others.pop(sighting.job_id, None)
            if run.state.final and sighting.lease is None and sighting.seen.stage in ("waiting", "delayed"):
                self._dirty.add(run.id)
                self._work.set()
        return followed

    async def _follow(self) -> None:
        place = await self._store.place(self.name)
        newest = await self._engine.newest_place(self.queue)
        if place is None or _order_of(newest) < _order_of(place):
            # Never followed before, or Redis has lost what it had: from here on.
            place = newest if place is None else "0-0"
        caught_up, saved_at = False, 0
        while True:
            news, reached = await self._engine.news(self.queue, place, NEWS_SECONDS if caught_up else 0.001)
            self._ear.up()
            if news:
                await self._digest(news)
            elif not caught_up:
                caught_up = True
                self._unsure.set()
            now = self._clock.now()
            if reached != place and now - saved_at >= SECOND:
                await self._store.save_place(self.name, reached)
                saved_at = now
            place = reached

    async def _digest(self, news: Sequence[JobNews]) -> None:
        async with self._take:
            pass  # what is being taken at this moment is known to be an echo when it has been taken
        hints: dict[str, list[JobNews]] = {}
        for item in news:
            if item.kind in ("paused", "resumed"):
                await self._ear.paused(self.name, item.kind == "paused")
            elif item.word not in IDLE_WORDS and not self._is_echo(item):
                hints.setdefault(item.job_id, []).append(item)
        if hints:
            await self._look_into(hints)

    def _is_echo(self, item: JobNews) -> bool:
        echo = (item.job_id, item.word)
        if self._expected[echo] > 0:
            self._expected[echo] -= 1
            if not self._expected[echo]:
                del self._expected[echo]
            return True
        del self._expected[echo]
        return False

    async def _look_into(self, hints: dict[str, list[JobNews]]) -> None:
        theirs = {job_id for job_id in hints if parse_run_id(job_id) is None}
        wanted = [(job_id, self._others.get(job_id, 0)) for job_id in hints if job_id not in self._taking]
        jobs = [
            *await self._engine.look(self.queue, [w for w in wanted if w[0] not in theirs], payloads=False),
            *await self._engine.look(self.queue, [w for w in wanted if w[0] in theirs], payloads=True),
        ]
        sightings: list[Sighting] = []
        for job in jobs:
            said = hints[job.job_id]
            progress = next((item.progress for item in reversed(said) if item.progress is not None), None)
            ended = next((item.ended for item in reversed(said) if item.ended is not None), None)
            if job.seen.stage == "missing":
                if ended is None and not any(item.kind == "removed" for item in said):
                    continue
                job = msgspec.structs.replace(job, seen=ended or JobSeen(stage="missing", removed=True))
            run_id = parse_run_id(job.job_id)
            if run_id in self._hands and job.seen.stage == "active":
                continue
            sightings += self._told(run_id, job, self._order(job) if run_id is None else None, progress)
        await self._lost_hands(sightings)
        followed = await self._sight(sightings)
        await self._adopt([s for s, item in zip(sightings, followed, strict=True) if item.run is None])

    async def _lost_hands(self, sightings: Sequence[Sighting]) -> None:
        """A job that our worker has and that is not under our lock any more goes its own way."""
        for sighting in sightings:
            if sighting.run_id is not None and sighting.run_id in self._hands:
                hand = self._hands[sighting.run_id]
                if sighting.seen.starts > hand.starts or sighting.seen.stage in ("waiting", "delayed"):
                    self._hands.pop(sighting.run_id)

    async def _adopt(self, unknown: Sequence[Sighting]) -> None:
        """Jobs with ids like ours that are none of our runs: another server's, in the same Redis."""
        job_ids = [s.job_id for s in unknown if s.order is None and s.run_id is not None and not s.seen.final]
        jobs = await self._engine.look(self.queue, [(job_id, 0) for job_id in job_ids], payloads=True)
        orders = [(job, order) for job in jobs if (order := self._order(job)) is not None]
        await self._sight([s for job, order in orders for s in self._told(None, job, order)])

    def _order(self, job: Job) -> Order | None:
        """What to make of a job of others; nothing where its name is no job type."""
        if job.payload is None or job.seen.stage == "missing":
            return None
        try:
            entry = self._dispatcher.at_hand(job.name)
            payload = orjson.loads(job.payload)
        except (JobTypeNotFound, orjson.JSONDecodeError):
            return None
        wish = Wish(
            payload=payload,
            queue=self.name,
            priority=job.priority,
            retry={"max_attempts": job.max_attempts},
            expires_seconds=None,
        )
        due_at = job.seen.due_at if job.seen.stage == "delayed" else 0
        return msgspec.structs.replace(
            self._dispatcher.order(entry, wish), job_id=job.job_id, job_added_at=job.added_at, due_at=due_at
        )

    # -- watching

    async def _watch(self) -> None:
        while True:
            await self._look_after()
            await asyncio.sleep(TICK_SECONDS)

    async def look_at_queue(self) -> QueueState | None:
        """As it is now; None where it cannot be asked at once."""
        if self.state is None:
            return None
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                return await self._engine.state(self.queue)
        except (QueueUnavailable, TimeoutError) as error:
            self._lost(error)
            return None

    def _lost(self, error: QueueUnavailable | TimeoutError) -> None:
        self.state = None
        self._breaks += 1
        self._ear.down(error if isinstance(error, QueueUnavailable) else QueueUnavailable("no answer"))

    async def _look_after(self) -> None:
        self.state = state = await self._engine.state(self.queue)
        self._ear.up()
        await self._ear.paused(self.name, state.paused)
        if not state.marked or not self.is_level:
            self._unsure.set()
        if self._clock.now() - self._held_at >= self._engine.lock_seconds / 3 * SECOND:
            await self._hold(list(self._hands))
            self._held_at = self._clock.now()
        if self._others:
            jobs = await self._engine.look(self.queue, list(self._others.items()), payloads=False)
            jobs = [job for job in jobs if job.lines or job.seen.stage not in ("active", "missing")]
            await self._sight([s for job in jobs for s in self._told(parse_run_id(job.job_id), job)])
        if self.queue.bullmq is not None and self.queue.bullmq.consume:
            await self._engine.recover(self.queue)
        if not self._unsure.is_set() and self._clock.now() - self._reconciled_at >= RECONCILE_SECONDS * SECOND:
            self._unsure.set()

    async def _hold(self, run_ids: Iterable[int]) -> None:
        """Renews the locks of these; what is lost goes its own way."""
        hands = {run_id: hand for run_id in run_ids if (hand := self._hands.get(run_id)) is not None}
        if not hands:
            return
        locks = [(hand.job_id, hand.token, hand.starts) for hand in hands.values()]
        lost = set(await self._engine.hold(self.queue, locks))
        gone = [run_id for run_id, hand in hands.items() if hand.job_id in lost]
        if not gone:
            return
        jobs = await self._engine.look(self.queue, [(hands[run_id].job_id, 0) for run_id in gone], payloads=False)
        # A job that is missing was lost by its engine: our worker's word is all that there will be of it.
        seen = [run_id for run_id, job in zip(gone, jobs, strict=True) if job.seen.stage != "missing"]
        for run_id in seen:
            log.warning("lock lost", queue=self.name, run=public_run_id(run_id))
            self._hands.pop(run_id, None)
        await self.level(await self._store.runs_of(seen))

    async def guard(self, reports: Sequence[Report]) -> None:
        """Before a worker's last word on a run is taken: that its lock is still ours. Where Redis cannot say so at
        once, our row decides, and the job hears of it later."""
        ending = [report.run_id for report in reports if report.kind in LAST_WORDS and report.run_id in self._hands]
        if not ending or self.state is None:
            return
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                await self._hold(ending)
        except (QueueUnavailable, TimeoutError) as error:
            self._lost(error)

    # -- reconciling

    _reconciled_at = 0

    @property
    def is_level(self) -> bool:
        """Whether both sides were compared since they were last apart."""
        return self._breaks == self._healed

    def compare(self) -> None:
        """Both sides may have been left apart."""
        self._unsure.set()

    async def _reconcile(self) -> None:
        while True:
            await self._unsure.wait()
            self._unsure.clear()
            self._reconciled_at = self._clock.now()
            breaks = self._breaks
            try:
                await self._engine.mark(self.queue)
                await self._reconcile_runs()
                await self._reconcile_jobs()
            except BaseException:
                self._unsure.set()
                raise
            self._compared.set()
            self._healed = breaks

    async def _reconcile_runs(self) -> None:
        after_id, more = 0, True
        leased: set[int] = set()
        while more:
            runs, more = await self._store.unfinished(self.name, after_id, PAGE)
            for run in runs:
                if run.state is State.RUNNING and run.worker_id is not None and run.lease_token is not None:
                    leased.add(run.id)
                    hand = Hand(_job_id(run), run.lease_token, run.followed or 0, run.losses)
                    if self._hands.setdefault(run.id, hand).token != run.lease_token:
                        self._hands[run.id] = hand
            await self.level([run for run in runs if run.id not in leased])
            after_id = runs[-1].id if runs else after_id
        await self._hold(leased)
        stale = [run_id for run_id in self._hands if run_id not in leased]
        if stale:
            self._dirty.update(stale)
            self._work.set()

    async def _reconcile_jobs(self) -> None:
        """What lies in the queue and is no unfinished run: of others, or of a run that has ended."""
        start, more = 0, True
        while more:
            job_ids, more = await self._engine.unfinished(self.queue, start, PAGE)
            start += PAGE
            ours = {run_id: job_id for job_id in job_ids if (run_id := parse_run_id(job_id)) is not None}
            known = {run.id: run for run in await self._store.runs_of(list(ours))}
            await self.level([run for run in known.values() if run.state.final])
            theirs = [job_id for job_id in job_ids if parse_run_id(job_id) not in known and job_id not in self._taking]
            jobs = await self._engine.look(self.queue, [(j, self._others.get(j, 0)) for j in theirs], payloads=True)
            orders = [(job, order) for job in jobs if (order := self._order(job)) is not None]
            await self._sight([s for job, order in orders for s in self._told(None, job, order)])
            await self._give_back_orphans([(None, job) for job in jobs if self._may_be_orphan(job)])

    # -- delivering to our workers

    def wake(self) -> None:
        """One more claim waits that may get runs of this queue."""
        self._newcomer.set()

    async def _consume(self) -> None:
        await self._compared.wait()
        self.state = await self._engine.state(self.queue)  # an engine that does not answer is asked without any claims
        arrived = False
        while True:
            self._newcomer.clear()
            served = await self._serve(await self._claims(arrived))
            arrived = served is Served.NOTHING and await self._arrival()
            if served is Served.IN_VAIN:
                await self._engine.pass_on(self.queue)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_SECONDS):
                        await self._newcomer.wait()

    async def _arrival(self) -> bool:
        """Until there may be a job, and whether its arrival was told here, and so to nobody else. Meanwhile claims are
        for others."""
        while not await self._engine.arrival(self.queue, ARRIVAL_SECONDS):
            counts = self.state.counts if self.state is not None else {}
            if self.state is None or counts[State.QUEUED] or counts[State.SCHEDULED]:
                return False  # the word of an arrival may have been lost
        return True

    async def _claims(self, arrived: bool) -> list[Waiting]:
        """Some that wait for jobs of this queue. Of one that has arrived others hear where there are none soon."""
        if arrived and self._leasing.wants(self.name):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    return await self._leasing.reserve(self.name, self._names)
        if arrived:
            await self._engine.pass_on(self.queue)
        return await self._leasing.reserve(self.name, self._names)

    def _wanted(self, reserved: Sequence[Waiting]) -> int:
        """How many jobs waiting claims can take. A job's name is known only when it is taken, so claims that serve none
        of the names that came last are not counted on; where there are no others, a few jobs show what comes now."""
        likely = [waiting for waiting in reserved if waiting.member.job_types & self._names]
        if likely:
            return min(sum(waiting.limit for waiting in likely), MOST_TAKEN)
        return min(sum(waiting.limit for waiting in reserved), LOOK_AHEAD)

    async def _serve(self, reserved: Sequence[Waiting]) -> Served:
        """Takes as many jobs as these claims may take, and hands them back."""
        dealt = Dealt({}, [])
        try:
            wanted = self._wanted(reserved)
            if not wanted:
                return Served.SOME
            tokens = [self._mark + secrets.token_hex(8) for _ in range(wanted)]
            async with self._take:
                try:
                    jobs = await self._engine.take(self.queue, tokens)
                except QueueUnavailable:
                    self._unsure.set()  # it may have taken some
                    raise
                self._taking.update(job.job_id for job in jobs)
                self._expect(*((job.job_id, "active") for job in jobs))
            if not jobs:
                return Served.NOTHING
            self._names = {job.name for job in jobs}
            try:
                dealt = await self._deal(jobs, reserved)
            finally:
                self._taking.difference_update(job.job_id for job in jobs)
            await self._finish(dealt.ends)
            in_vain = not dealt.gifts and any(end.kind == "back" for end in dealt.ends)
            return Served.IN_VAIN if in_vain else Served.SOME
        finally:
            for place, waiting in enumerate(reserved):
                runs = sorted(dealt.gifts.get(place, []), key=lambda run: (-run.priority, run.due_at, run.id))
                if not self._leasing.hand(waiting, runs) and runs:
                    self._tasks.spawn("give back", self._give_back(waiting, runs))

    async def _give_back(self, waiting: Waiting, runs: Sequence[Run]) -> None:
        """The claimer went away while it was being served."""
        reports = [Report(run_id=r.id, attempt=r.attempt, token=r.lease_token or "", kind="released") for r in runs]
        await self._store.report(waiting.member.record.id, reports, [], self._leasing.lease_seconds)

    async def _deal(self, jobs: Sequence[Job], reserved: Sequence[Waiting]) -> Dealt:
        """To the claims in turn; what nobody gets goes back."""
        places = self._places(jobs, reserved)
        sightings = [
            self._sighting(
                parse_run_id(job.job_id),
                job,
                self._order(job),
                lease=Lease(reserved[places[job.job_id]].member.record.id, job.seen.token or "", 0),
            )
            for job in jobs
            if job.job_id in places
        ]
        try:
            followed = await self._sight(sightings)
        except StoreUnavailable:
            await self._finish([self._put_off(job) for job in jobs])
            raise
        found = {sighting.job_id: item for sighting, item in zip(sightings, followed, strict=True)}
        dealt = Dealt({}, [])
        for job in reversed(jobs):  # what goes back to the front is in its order again
            item = found.get(job.job_id, Followed(None))
            if item.leased and item.run is not None:
                self._hands[item.run.id] = _hand(job, item.run)
                dealt.gifts.setdefault(places[job.job_id], []).append(item.run)
            elif item.run is not None and item.run.state.final:
                dealt.ends.append(_end(item.run, _hand(job, item.run)))
            elif self._may_come(job, item.run) and (item.run is not None or job.job_id not in found):
                dealt.ends.append(_back(job))
            else:
                dealt.ends.append(self._put_off(job))
        return dealt

    def _may_come(self, job: Job, run: Run | None) -> bool:
        """Whether one of our workers takes it as soon as it has room."""
        try:
            paused = self._dispatcher.at_hand(job.name).job_type.paused
        except JobTypeNotFound:
            return False
        return not paused and self._leasing.served(job.name, self.name) and (run is not None or bool(self._order(job)))

    def _places(self, jobs: Sequence[Job], reserved: Sequence[Waiting]) -> dict[str, int]:
        """Job → place of the claim that gets it. A job that can have no run gets none."""
        room = [waiting.limit for waiting in reserved]
        places: dict[str, int] = {}
        turn = 0
        for job in jobs:
            place = self._place_for(job, reserved, room, turn)
            if place is not None and (parse_run_id(job.job_id) is not None or self._order(job) is not None):
                turn = place + 1
                room[place] -= 1
                places[job.job_id] = place
        return places

    async def _finish(self, ends: Sequence[JobEnd]) -> None:
        if ends:
            self._expect(*(_echo(end) for end in ends))
            try:
                await self._engine.end(self.queue, ends)
            except QueueUnavailable as error:
                self._unsure.set()
                log.warning("jobs not given back", queue=self.name, jobs=len(ends), reason=error.detail)

    def _put_off(self, job: Job) -> JobEnd:
        """Out of the way of others."""
        due_at = after(self._clock.now(), PASS_SECONDS)
        return JobEnd(job_id=job.job_id, token=job.seen.token or "", kind="again", due_at=due_at)

    def _place_for(self, job: Job, reserved: Sequence[Waiting], room: Sequence[int], turn: int) -> int | None:
        n = len(reserved)
        places = [(turn + i) % n for i in range(n)]
        return next((p for p in places if room[p] > 0 and job.name in reserved[p].member.job_types), None)

    # -- cancelling

    async def before_cancel(self, run: Run) -> None:
        """Takes the job out of the queue, so that nobody begins it; where someone has, the run hears of it first."""
        if run.state is State.RUNNING or self.state is None:
            return
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                if not await self._remove([_job_id(run)]):
                    await self.level([run])
        except (QueueUnavailable, TimeoutError) as error:
            log.warning("job not removed yet", queue=self.name, run=public_run_id(run.id), reason=str(error))

    async def before_erase(self, run: Run) -> None:
        """Takes the job of a finished run out of the queue, where it would be one of others without it. Raises
        QueueUnavailable."""
        if self.state is None:
            raise QueueUnavailable("Redis does not answer")
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                await self._level_these(set(), {run.id})
        except (QueueUnavailable, TimeoutError) as error:
            self._lost(error)
            raise QueueUnavailable(str(error) or "no answer") from error


def _some(found: set[int], limit: int) -> set[int]:
    return set(islice(found, limit))


def _order_of(place: str) -> tuple[int, int]:
    milliseconds, _, counter = place.partition("-")
    return int(milliseconds), int(counter or 0)


def _job_id(run: Run) -> str:
    return public_run_id(run.id) if run.job_id is None else run.job_id


def _offer(run: Run) -> Offer:
    return Offer(
        job_id=public_run_id(run.id),
        name=run.job_type,
        payload=run.payload,
        priority=run.priority,
        due_at=run.due_at,
        retry=run.settings.retry,
        attempt=run.attempt,
        starts=run.followed or 0,
        losses=run.losses,
    )


def _end(run: Run, hand: Hand) -> JobEnd:
    """What has become of the run, in the engine's words."""
    match run.state:
        case State.COMPLETED:
            return JobEnd(job_id=hand.job_id, token=hand.token, kind="completed", result=run.result or "null")
        case State.FAILED:
            return JobEnd(job_id=hand.job_id, token=hand.token, kind="failed", error=_error(run))
        case State.CANCELLED:
            reason = f"cancelled: {run.cancel_reason}" if run.cancel_reason else "cancelled"
            return JobEnd(job_id=hand.job_id, token=hand.token, kind="failed", error=Error("cancelled", reason))
    spent = run.state is State.RETRYING
    return JobEnd(
        job_id=hand.job_id,
        token=hand.token,
        kind="again",
        due_at=run.due_at,
        spent=spent,
        error=_error(run) if spent else None,
        lost=run.losses > hand.losses,
    )


def _back(job: Job) -> JobEnd:
    return JobEnd(job_id=job.job_id, token=job.seen.token or "", kind="back")


def _hand(job: Job, run: Run) -> Hand:
    return Hand(job.job_id, job.seen.token or "", job.seen.starts, run.losses)


def _error(run: Run) -> Error:
    return msgspec.json.decode(run.error or '{"code":"handler_error","message":"failed"}', type=Error)


ECHOES = {"again": "delayed", "back": "waiting"}


def _echo(end: JobEnd) -> tuple[str, str]:
    return (end.job_id, ECHOES.get(end.kind, end.kind))
