"""The job that follows on one of a job scheduler: whoever begins a job of one makes the next, as Node's workers do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgpack
import orjson
import structlog
from bullmq import Job as BullmqJob
from redis.exceptions import ResponseError

from blazy_jobs_server.queues import node_cron
from blazy_jobs_server.queues.faults import fault_of

log = structlog.get_logger("queues")

ADVANCE = """
-- Moves an older repeatable job on, unless that was done, or it was removed.
-- KEYS: repeat set. ARGV: its key, the time of the job that begins, the next time
if redis.call("ZSCORE", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call("ZADD", KEYS[1], ARGV[3], ARGV[1])
return 1
"""
ENDS = "a job scheduler ends"
LEGACY_PARTS = 5
"""The key of a repeatable job of BullMQ before its job schedulers: `name:id:end:zone:pattern`."""


class Repeated(NamedTuple):
    """A job that another follows on."""

    job_id: str
    key: str
    """Of its scheduler."""
    name: str
    data: str
    opts: dict[str, Any]


def repeated_of(job_id: str, fields: Mapping[str, Any], opts: dict[str, Any]) -> Repeated | None:
    key = fields.get("rjk")
    if not key or not isinstance(opts.get("repeat"), dict):
        return None
    return Repeated(job_id, str(key), str(fields.get("name") or ""), str(fields.get("data") or "{}"), opts)


class Repeating:
    def __init__(self, redis: Any) -> None:
        self._advance = redis.register_script(ADVANCE)

    async def make_next(self, redis: Any, queue: Any, jobs: Sequence[Repeated], now: int) -> None:
        """Doing it again for the same job changes nothing. What cannot be repeated is logged, and ends."""
        following = [(job, *found) for job in jobs if (found := self._next_of(queue, job, now)) is not None]
        async with redis.pipeline(transaction=False) as pipe:
            calls = [call for call in following if not is_old(call[0])]
            for job, at, opts in calls:
                await self._update(pipe, queue, job, at, opts, now)
            answers = await pipe.execute(raise_on_error=False)
        for (job, _, _), answer in zip(calls, answers, strict=True):
            if isinstance(answer, Exception):
                if not isinstance(answer, ResponseError) or fault_of(answer).known:
                    raise answer
                log.warning(ENDS, queue=queue.name, scheduler=job.key, reason=str(answer))
        for job, at, opts in following:
            if is_old(job):
                await self._add(redis, queue, job, at, opts)

    def _next_of(self, queue: Any, job: Repeated, now: int) -> tuple[int, dict[str, Any]] | None:
        try:
            return next_of(job, now)
        except (ValueError, TypeError, OverflowError) as error:
            log.warning(ENDS, queue=queue.name, scheduler=job.key, reason=str(error))
            return None

    @staticmethod
    async def _update(pipe: Any, queue: Any, job: Repeated, at: int, opts: dict[str, Any], now: int) -> None:
        scripts = queue.scripts
        names = ["repeat", "delayed", "wait", "paused", "meta", "prioritized", "marker", "id", "events", "pc"]
        keys = [*scripts.getKeys(names), scripts.toKey(job.job_id), scripts.keys["active"]]
        packed = msgpack.packb(scripts.encodeOpts(opts), use_bin_type=True)
        args = [at, job.key, job.data, packed, now, scripts.keys[""], job.job_id]
        await scripts.commands["updateJobScheduler"](keys=keys, args=args, client=pipe)

    async def _add(self, redis: Any, queue: Any, job: Repeated, at: int, opts: dict[str, Any]) -> None:
        """Of a repeatable job from before job schedulers, of which no script is left."""
        stem, _, at_before = job.job_id.rpartition(":")
        standing = await redis.zscore(queue.keys["repeat"], job.key)
        if not at_before.isdigit() or standing != float(at_before):
            return
        added = BullmqJob(queue, job.name, orjson.loads(job.data), opts | {"jobId": f"{stem}:{at}"})
        added.repeatJobKey = job.key
        # The job first: a pointer to a job that is not there would end the repetition.
        await queue.scripts.addJob(added)
        await self._advance(keys=[queue.keys["repeat"]], args=[job.key, at_before, at])


def is_old(job: Repeated) -> bool:
    return job.key.count(":") + 1 >= LEGACY_PARTS


def next_of(job: Repeated, now: int) -> tuple[int, dict[str, Any]] | None:
    """When the next one is due (milliseconds; of `every`, the script says it) and its options; None where this was the
    last. Raises ValueError where the pattern or zone cannot be read."""
    repeat = {name: value for name, value in job.opts["repeat"].items() if name != "immediately"}
    pattern, every = repeat.get("pattern") or repeat.get("cron"), repeat.get("every")
    if bool(pattern) == bool(every):  # one of them
        raise ValueError("it has neither a pattern nor an interval, or both")
    count = int(repeat.get("count") or 0) + 1
    limit = repeat.get("limit")
    ends_at, starts_at = _milliseconds(repeat.get("endDate")), _milliseconds(repeat.get("startDate"))
    if (limit is not None and count > limit) or (ends_at is not None and now > ends_at):
        return None
    base = max(now, int(job.opts.get("prevMillis") or 0))
    if pattern:
        begin = base if starts_at is None else max(base, starts_at)
        found = node_cron.next_time(str(pattern), begin, repeat.get("tz"))
        if found is None or (ends_at is not None and found > ends_at):
            return None
        at = max(found, base)
    else:
        at = base // int(every or 1) * int(every or 1) + int(every or 1)
    offset = repeat.get("offset") or 0
    repeat |= {"count": count}
    if starts_at is not None:
        repeat["startDate"] = starts_at
    if ends_at is not None:
        repeat["endDate"] = ends_at
    opts = {name: value for name, value in job.opts.items() if name != "prevMillis"} | {
        "jobId": f"repeat:{job.key}:{at}",
        "delay": max(0, at + (int(offset) if every else 0) - now),
        "timestamp": now,
        "repeatJobKey": job.key,
        "repeat": repeat,
    }
    return at, opts | ({"prevMillis": at} if pattern or is_old(job) else {})


def _milliseconds(value: Any) -> int | None:
    """A date as BullMQ keeps it: milliseconds, or text as JSON writes a date."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    text = str(value)
    if text.isdigit():
        return int(text)
    parsed = datetime.fromisoformat(text)
    return int((parsed.timestamp() if parsed.tzinfo else time.mktime(parsed.timetuple())) * 1000)
