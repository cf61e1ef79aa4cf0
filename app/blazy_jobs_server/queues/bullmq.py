"""Queues that live in Redis in BullMQ's own format, so that its producers and workers in any language share them.

All that changes a job goes through the Lua scripts of the official Python package, which are those of BullMQ itself.
What is done here beside is to send many of them in one round trip, and to read jobs in one consistent view.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, cast

import orjson
from bullmq import Job as BullmqJob
from bullmq.job import optsFromJSON
from bullmq.redis_connection import loadScript

from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.run import Error
from blazy_jobs_server.ports import Job, JobEnd, JobNews, Offer, QueueState
from blazy_jobs_server.queues import translation as words
from blazy_jobs_server.queues.connection import ANSWER_SECONDS, Connection
from blazy_jobs_server.queues.mending import Mending
from blazy_jobs_server.queues.reading import WORKER_NAME, Reading, job_of
from blazy_jobs_server.queues.repeating import Repeated, Repeating, repeated_of
from blazy_jobs_server.queues.taking import Taking, has_job
from blazy_jobs_server.queues.translation import MILLISECOND

LOCK_SECONDS = 30.0
STALLED_SECONDS = 5.0
"""Between two checks for lost workers. One check holds off everybody's next one for so long, so it is short."""
MAX_STALLS = 2
"""The third loss fails a job, as it fails a run."""
MAX_RESULT_BYTES = 1024 * 1024
NOT_ACTIVE = -3
"""What scripts say of a job that is not in the active list."""
SHORTEST_WAIT_SECONDS = 0.002
"""Redis before 7.0.8 takes one millisecond for none, and waits without an end."""
KNOWN_FIELDS = ["opts", "atm", "stacktrace", "rjk", "name", "data"]

RELOCK = """
-- Takes a lock anew that ran out, unless someone else has had the job since.
-- KEYS: job, lock, stalled set, active list. ARGV: token, milliseconds, job id, starts
if redis.call("EXISTS", KEYS[2]) == 1 then return 0 end
if redis.call("HGET", KEYS[1], "ats") ~= ARGV[4] then return 0 end
if not redis.call("LPOS", KEYS[4], ARGV[3]) then return 0 end
redis.call("SET", KEYS[2], ARGV[1], "PX", ARGV[2])
redis.call("SREM", KEYS[3], ARGV[3])
return 1
"""


class _Held(NamedTuple):
    """What ending a job needs to know of it."""

    opts: dict[str, Any]
    failures: int
    stacks: str | None
    """Of the attempts before."""
    repeated: Repeated | None
    """Where another is still to follow on it."""


class BullmqEngine:
    """Implements `ports.QueueEngine`."""

    def __init__(
        self,
        url: str,
        *,
        max_result_bytes: int = MAX_RESULT_BYTES,
        lock_seconds: float = LOCK_SECONDS,
        stalled_seconds: float = STALLED_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.lock_seconds = lock_seconds
        self._lock = round(lock_seconds * 1000)
        self._stalled = round(stalled_seconds * 1000)
        self._connection = Connection(url, now)
        self._reading = Reading(self._connection, max_result_bytes)
        self._relock = self._connection.redis.register_script(RELOCK)
        self._to_front = self._connection.redis.register_script(loadScript("moveJobFromActiveToWait-9.lua"))
        self._mending = Mending(self._connection.redis)
        self._taking = Taking(self._connection, self._lock)
        self._repeating = Repeating(self._connection.redis)
        self._held: dict[tuple[str, str], _Held] = {}
        self._due: dict[str, float] = {}
        """When the next delayed job of a queue is due (milliseconds), as far as its engine has told."""
        self._bounded: set[str] = set()
        """Queues that have a concurrency of their own, as was last seen."""
        self._limited: dict[str, float] = {}
        """Until when the rate limit of a queue lets nothing through (milliseconds)."""

    def is_at(self, url: str) -> bool:
        return self._connection.is_at(url)

    async def ping(self) -> None:
        await self._connection.ping()

    async def shortcomings(self) -> list[str]:
        return await self._connection.shortcomings()

    async def close(self) -> None:
        await self._connection.close()

    # -- putting in

    async def offer(self, queue: Queue, offers: Sequence[Offer], *, anew: bool = False) -> None:
        theirs = self._connection.queue_of(queue)
        now = self._connection.milliseconds()
        async with self._connection.asking(), self._connection.redis.pipeline(transaction=True) as pipe:
            for offer in offers:
                delay = max(0, -(-offer.due_at // MILLISECOND) - now)
                opts = words.options(offer.retry, offer.priority, delay) | {"jobId": offer.job_id, "timestamp": now}
                job = BullmqJob(theirs, offer.name, orjson.loads(offer.payload), opts)
                if anew:
                    await self._mending.clear(pipe, theirs, offer.job_id)
                await theirs.scripts.addJob(job, pipe)
                if offer.starts:
                    # One that was under way goes on with its counts.
                    pipe.hset(
                        theirs.toKey(offer.job_id),
                        mapping={"ats": offer.starts, "atm": offer.attempt, "stc": offer.losses},
                    )
            await pipe.execute()

    # -- taking and holding

    async def take(self, queue: Queue, tokens: Sequence[str]) -> list[Job]:
        theirs = self._connection.queue_of(queue)
        async with self._connection.asking():
            answers = await self._taking.ask(theirs, tokens)
        taken: list[Job] = []
        doomed: list[JobEnd] = []
        broken: list[str] = []
        for token, answer in answers:
            if not has_job(answer):
                self._put_down_times(theirs.qualifiedName, answer)
                continue
            fields = dict(zip(answer[0][::2], answer[0][1::2], strict=True))
            if "timestamp" not in fields:
                broken.append(str(answer[1]))
                continue
            job = job_of(answer[1], fields, JobSeen(stage="active", token=token, starts=int(fields.get("ats") or 1)))
            self._hold(queue, job.job_id, fields)
            if fields.get("defa"):
                # Its workers were lost too often: BullMQ leaves it to the next who takes it to say so.
                error = Error("lease_lost", fields["defa"])
                doomed.append(JobEnd(job_id=job.job_id, token=token, kind="failed", error=error))
            else:
                taken.append(job)
        if doomed:
            await self.end(queue, doomed)
        return [*taken, *await self._clear(theirs, broken)]

    async def _clear(self, theirs: Any, job_ids: Sequence[str]) -> list[Job]:
        """Of jobs of which only the id was left. They are missing, and nobody holds them."""
        if job_ids:
            async with self._connection.asking(), self._connection.redis.pipeline(transaction=False) as pipe:
                for job_id in job_ids:
                    await self._mending.clear(pipe, theirs, job_id)
                await pipe.execute()
        return [Job(job_id=job_id, seen=JobSeen(stage="missing")) for job_id in job_ids]

    async def put_back(self, queue: Queue, job_ids: Sequence[str]) -> list[str]:
        async with self._connection.asking():
            now = self._connection.milliseconds()
            return await self._mending.put_back(self._connection.queue_of(queue), job_ids, now)

    def _put_down_times(self, place: str, answer: Any) -> None:
        """Of an answer without a job: for how long the rate limit holds, and when a delayed job is due."""
        self._due.pop(place, None)
        self._limited.pop(place, None)
        if answer and answer[2]:
            self._limited[place] = self._connection.milliseconds() + float(answer[2])
        if answer and answer[3]:
            self._due[place] = float(answer[3])

    def _hold(self, queue: Queue, job_id: str, fields: dict[str, Any]) -> _Held:
        opts = optsFromJSON(orjson.loads(fields.get("opts") or "{}"))
        failures = int(fields.get("atm") or fields.get("attemptsMade") or 0)
        held = _Held(opts, failures, fields.get("stacktrace"), repeated_of(job_id, fields, opts))
        self._held[queue.name, job_id] = held
        return held

    async def begin(self, queue: Queue, job_ids: Sequence[str]) -> None:
        await self._make_next(queue, [job_id for job_id in job_ids if (queue.name, job_id) in self._held])

    async def _make_next(self, queue: Queue, job_ids: Sequence[str]) -> None:
        repeated = [r for job_id in job_ids if (r := self._held[queue.name, job_id].repeated) is not None]
        if not repeated:
            return
        theirs = self._connection.queue_of(queue)
        now = self._connection.milliseconds()
        async with self._connection.asking():
            await self._repeating.make_next(self._connection.redis, theirs, repeated, now)
        for job in repeated:
            if (held := self._held.get((queue.name, job.job_id))) is not None:
                self._held[queue.name, job.job_id] = held._replace(repeated=None)

    async def arrival(self, queue: Queue, seconds: float) -> bool:
        theirs = self._connection.queue_of(queue)
        place = theirs.qualifiedName
        now = self._connection.milliseconds()
        limited = self._limited.get(place, 0)
        if limited > now:
            # There may be a marker, and more jobs than the limit lets through.
            await asyncio.sleep(min(seconds, (limited - now) / 1000))
            return self._limited.get(place, 0) <= self._connection.milliseconds()
        until = min(now + seconds * 1000, now + ANSWER_SECONDS * 1000, self._due.get(place, now + 1e9))
        async with self._connection.waiting():
            # BZPOPMIN takes the marker from all who wait for it: whoever takes a job then puts it back for the next.
            wait_seconds = max(SHORTEST_WAIT_SECONDS, (until - now) / 1000)
            popped = await cast(
                Awaitable[Any], self._connection.patient.bzpopmin(theirs.keys["marker"], timeout=wait_seconds)
            )
        if popped and float(popped[2]) > self._connection.milliseconds():
            # Of a delayed job, whose time is known now and waited for the next time.
            self._due[place] = float(popped[2])
            return False
        return bool(popped) or self._due.get(place, now + 1e9) <= self._connection.milliseconds()

    async def pass_on(self, queue: Queue) -> None:
        async with self._connection.asking():
            await self._connection.redis.zadd(self._connection.queue_of(queue).keys["marker"], {"0": 0})

    async def hold(self, queue: Queue, locks: Sequence[tuple[str, str, int]]) -> list[str]:
        theirs = self._connection.queue_of(queue)
        async with self._connection.asking():
            ids, tokens = [lock[0] for lock in locks], [lock[1] for lock in locks]
            failed = set(await theirs.scripts.extendJobLocks(ids, tokens, self._lock))
            lost = []
            for job_id, token, starts in locks:
                if job_id in failed:
                    key = theirs.toKey(job_id)
                    keys = [key, f"{key}:lock", theirs.keys["stalled"], theirs.keys["active"]]
                    if not await self._relock(keys=keys, args=[token, self._lock, job_id, starts]):
                        lost.append(job_id)
        return lost

    # -- ending

    async def end(self, queue: Queue, ends: Sequence[JobEnd]) -> list[bool]:
        theirs = self._connection.queue_of(queue)
        async with self._connection.asking():
            await self._know(queue, [end.job_id for end in ends])
        await self._make_next(queue, [end.job_id for end in ends if end.spent or end.kind in ("completed", "failed")])
        async with self._connection.asking():
            codes = await self._tell_ends(theirs, queue, ends)
            lost = [n for n, code in enumerate(codes) if code == NOT_ACTIVE]
            if lost:
                locks = [(ends[n].job_id, ends[n].token) for n in lost]
                again = await self._mending.hold_again(theirs, locks, self._lock)
                lost = [n for n, held in zip(lost, again, strict=True) if held]
                codes_again = await self._tell_ends(theirs, queue, [ends[n] for n in lost])
                for n, code in zip(lost, codes_again, strict=True):
                    codes[n] = code
            done = [not (isinstance(code, int) and code < 0) for code in codes]
            for end, ok in zip(ends, done, strict=True):
                self._held.pop((queue.name, end.job_id), None)
                if ok and end.lost:
                    await self._connection.redis.hincrby(theirs.toKey(end.job_id), "stc", 1)
        return done

    async def _tell_ends(self, theirs: Any, queue: Queue, ends: Sequence[JobEnd]) -> list[Any]:
        """What the scripts say."""
        place, marker = theirs.qualifiedName, theirs.keys["marker"]
        was_bounded = place in self._bounded
        async with self._connection.redis.pipeline(transaction=False) as pipe:
            for end in ends:
                await self._end(pipe, theirs, queue, end)
            if was_bounded:
                # Room for another one under the queue's concurrency, which BullMQ tells to nobody.
                pipe.zadd(marker, {"0": 0})
            pipe.hget(theirs.keys["meta"], "concurrency")
            answers = await pipe.execute()
        if answers[-1] is None:
            self._bounded.discard(place)
        elif not was_bounded:
            self._bounded.add(place)
            await self._connection.redis.zadd(marker, {"0": 0})
        return answers[: len(ends)]

    async def _know(self, queue: Queue, job_ids: Sequence[str]) -> None:
        """Of those that were taken before this server began."""
        unknown = [job_id for job_id in job_ids if (queue.name, job_id) not in self._held]
        if unknown:
            theirs = self._connection.queue_of(queue)
            async with self._connection.redis.pipeline(transaction=False) as pipe:
                for job_id in unknown:
                    pipe.hmget(theirs.toKey(job_id), KNOWN_FIELDS)
                for job_id, values in zip(unknown, await pipe.execute(), strict=True):
                    self._hold(queue, job_id, dict(zip(KNOWN_FIELDS, values, strict=True)))

    async def _end(self, pipe: Any, theirs: Any, queue: Queue, end: JobEnd) -> None:
        held = self._held[queue.name, end.job_id]
        scripts = theirs.scripts
        if end.kind == "back":
            keys = scripts.getKeys(
                ["active", "wait", "stalled", "paused", "meta", "limiter", "prioritized", "marker", "events"]
            )
            await self._to_front(keys=keys, args=[end.job_id, end.token, theirs.toKey(end.job_id)], client=pipe)
            return
        error = end.error or Error("handler_error", "failed")
        stacks = words.stacks_of(held.stacks, held.opts, _stack(error))
        told = {"failedReason": error.message, "stacktrace": stacks}
        if end.kind == "again":
            now = self._connection.milliseconds()
            delay = max(0, -(-end.due_at // MILLISECOND) - now)
            fields = {"fieldsToUpdate": told} if end.spent else {}
            opts = {"skipAttempt": not end.spent, **fields}
            keys, args = scripts.moveToDelayedArgs(end.job_id, now, end.token, delay, opts)
            await scripts.commands["moveToDelayed"](keys=keys, args=args, client=pipe)
            return
        job = BullmqJob(theirs, "", None, held.opts, end.job_id)
        job.attemptsMade = held.failures
        if end.kind == "completed":
            keep = held.opts.get("removeOnComplete", False)
            keys, args = scripts.moveToCompletedArgs(job, None, keep, end.token, False)
            args[3] = end.result  # it is JSON already
        else:
            keep = held.opts.get("removeOnFail", False)
            keys, args = scripts.moveToFailedArgs(job, error.message, keep, end.token, False, told)
        await scripts.commands["moveToFinished"](keys=keys, args=args, client=pipe)

    async def remove(self, queue: Queue, job_ids: Sequence[str]) -> list[bool]:
        scripts = self._connection.queue_of(queue).scripts
        async with self._connection.asking(), self._connection.redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                keys = [scripts.toKey(job_id), scripts.keys["repeat"]]
                await scripts.commands["removeJob"](keys=keys, args=[job_id, 1, scripts.keys[""]], client=pipe)
            return [code == 1 for code in await pipe.execute()]

    # -- the queue, and what is read of it

    async def look(self, queue: Queue, wanted: Sequence[tuple[str, int]], *, payloads: bool) -> list[Job]:
        return await self._reading.look(queue, wanted, payloads=payloads)

    async def unfinished(self, queue: Queue, start: int, limit: int) -> tuple[list[str], bool]:
        return await self._reading.unfinished(queue, start, limit)

    async def state(self, queue: Queue) -> QueueState:
        return await self._reading.state(queue)

    async def newest_place(self, queue: Queue) -> str:
        return await self._reading.newest_place(queue)

    async def news(self, queue: Queue, place: str, seconds: float) -> tuple[list[JobNews], str]:
        return await self._reading.news(queue, place, seconds)

    async def tell_progress(self, queue: Queue, progress: Sequence[tuple[str, str]]) -> None:
        scripts = self._connection.queue_of(queue).scripts
        async with self._connection.asking(), self._connection.redis.pipeline(transaction=False) as pipe:
            for job_id, data in progress:
                keys = [scripts.toKey(job_id), scripts.keys["events"], scripts.keys["meta"]]
                value = orjson.dumps(words.to_progress(data)).decode()
                await scripts.commands["updateProgress"](keys=keys, args=[job_id, value], client=pipe)
            await pipe.execute()

    async def pause(self, queue: Queue, paused: bool) -> None:
        async with self._connection.asking():
            await self._connection.queue_of(queue).scripts.pause(paused)

    async def mark(self, queue: Queue) -> None:
        async with self._connection.asking():
            await self._connection.redis.set(self._connection.queue_of(queue).toKey(WORKER_NAME), "1")

    async def recover(self, queue: Queue) -> None:
        async with self._connection.asking():
            await self._connection.queue_of(queue).scripts.moveStalledJobsToWait(MAX_STALLS, self._stalled)


def _stack(error: Error) -> str:
    return error.traceback or f"{error.type or 'Error'}: {error.message}"
