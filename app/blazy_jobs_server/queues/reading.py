"""What is in Redis, read: jobs in one consistent view, the queue, its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from msgspec.structs import replace

from blazy_jobs_server.domain.following import UNKNOWN, JobSeen
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Job, JobNews, QueueState
from blazy_jobs_server.queues import translation as words
from blazy_jobs_server.queues.connection import ANSWER_SECONDS, Connection

NEWS_AT_ONCE = 500
WORKER_NAME = "blazy-jobs"

HASH_FIELDS = (
    "timestamp",
    "name",
    "atm",
    "attemptsMade",
    "ats",
    "stc",
    "finishedOn",
    "returnvalue",
    "failedReason",
    "stacktrace",
    "priority",
    "delay",
    "opts",
)

COUNTED = (
    ("wait", State.QUEUED),
    ("paused", State.QUEUED),
    ("prioritized", State.QUEUED),
    ("delayed", State.SCHEDULED),
    ("waiting-children", State.QUEUED),
    ("active", State.RUNNING),
)


class Reading:
    def __init__(self, connection: Connection, max_result_bytes: int) -> None:
        self._connection = connection
        self._max_result = max_result_bytes

    async def look(self, queue: Queue, wanted: Sequence[tuple[str, int]], *, payloads: bool) -> list[Job]:
        if not wanted:
            return []
        theirs = self._connection.queue_of(queue)
        fields = (*HASH_FIELDS, "data") if payloads else HASH_FIELDS
        async with self._connection.asking(), self._connection.redis.pipeline(transaction=True) as pipe:
            pipe.lrange(theirs.keys["active"], 0, -1)
            for job_id, first_line in wanted:
                key = theirs.toKey(job_id)
                pipe.hmget(key, fields)
                pipe.zscore(theirs.keys["delayed"], job_id)
                pipe.zscore(theirs.keys["waiting-children"], job_id)
                pipe.get(f"{key}:lock")
                pipe.lrange(f"{key}:logs", first_line, -1)
            active, *rest = await pipe.execute()
        actives, now = set(active), self._connection.milliseconds() * words.MILLISECOND
        jobs = []
        for place, (job_id, first_line) in enumerate(wanted):
            values, score, since, token, lines = rest[place * 5 : place * 5 + 5]
            found = dict(zip(fields, values, strict=True))
            seen = words.from_hash(found, active=job_id in actives, score=score, token=token)
            seen = words.bounded(seen, self._max_result)
            if since is not None and seen.stage == "waiting":
                seen = replace(seen, has_children=True)
            elif seen.stage == "waiting" and (due_at := words.due_by_hash(found)) > now:
                # It stands nowhere: the delayed set was lost, and it is put back there when both sides are compared.
                seen = replace(seen, stage="delayed", due_at=due_at)
            jobs.append(job_of(job_id, found, seen, lines, first_line))
        return jobs

    async def unfinished(self, queue: Queue, start: int, limit: int) -> tuple[list[str], bool]:
        keys = self._connection.queue_of(queue).keys
        last = start + limit - 1
        async with self._connection.asking(), self._connection.redis.pipeline(transaction=True) as pipe:
            for name in ("active", "wait", "paused"):
                pipe.lrange(keys[name], start, last)
            for name in ("prioritized", "delayed", "waiting-children"):
                pipe.zrange(keys[name], start, last)
            parts = await pipe.execute()
        return [job_id for part in parts for job_id in part], any(len(part) == limit for part in parts)

    async def state(self, queue: Queue) -> QueueState:
        theirs = self._connection.queue_of(queue)
        async with self._connection.asking(), self._connection.redis.pipeline(transaction=True) as pipe:
            pipe.hexists(theirs.keys["meta"], "paused")
            # A write, which says that this is no replica: the mark as it is, if it is there.
            pipe.set(theirs.toKey(WORKER_NAME), "1", xx=True)
            for name, _ in COUNTED:
                if name in ("wait", "paused", "active"):
                    pipe.llen(theirs.keys[name])
                else:
                    pipe.zcard(theirs.keys[name])
            paused, marked, *sizes = await pipe.execute()
        counts = dict.fromkeys((State.SCHEDULED, State.QUEUED, State.RUNNING), 0)
        for (_, state), size in zip(COUNTED, sizes, strict=True):
            counts[state] += size
        return QueueState(paused=bool(paused), marked=bool(marked), counts=counts)

    async def newest_place(self, queue: Queue) -> str:
        key = self._connection.queue_of(queue).keys["events"]
        async with self._connection.asking():
            newest = await self._connection.redis.xrevrange(key, count=1)
        return str(newest[0][0]) if newest else "0-0"

    async def news(self, queue: Queue, place: str, seconds: float) -> tuple[list[JobNews], str]:
        key = self._connection.queue_of(queue).keys["events"]
        async with self._connection.waiting():
            block = max(1, round(min(seconds, ANSWER_SECONDS) * 1000))
            answer = await self._connection.patient.xread({key: place}, count=NEWS_AT_ONCE, block=block)
        if not answer:
            return [], place
        entries = cast(list[Any], answer)[0][1]
        return [_news(fields, self._max_result) for _, fields in entries], str(entries[-1][0])


def job_of(job_id: str, fields: dict[str, Any], seen: JobSeen, lines: Sequence[str] = (), first: int = 0) -> Job:
    """`seen` stands where more is known than the hash says, as of a job that was just taken."""
    if seen.stage == "active":
        counted = words.from_hash(fields, active=True, score=None, token=seen.token)
        seen = counted if counted.stage == "active" else seen
    return Job(
        job_id=job_id,
        seen=seen,
        name=fields.get("name") or "",
        payload=fields.get("data"),
        priority=words.from_priority(int(fields.get("priority") or 0)),
        added_at=int(fields.get("timestamp") or 0),
        max_attempts=words.attempts_of(fields.get("opts")),
        retry=words.retry_of(fields.get("opts")),
        lines=tuple(words.from_line(line) for line in lines),
        line_from=first,
    )


def _news(fields: dict[str, str], max_result_bytes: int) -> JobNews:
    word, job_id = fields.get("event", ""), fields.get("jobId", "")
    match word:
        case "paused" | "resumed":
            return JobNews(kind=word, word=word)
        case "progress":
            data = words.from_progress(fields.get("data", "null"))
            return JobNews(kind="progress", word=word, job_id=job_id, progress=data)
        case "removed":
            return JobNews(kind="removed", word=word, job_id=job_id)
        case "completed":
            ended = JobSeen(stage="completed", starts=UNKNOWN, result=words.from_result(fields.get("returnvalue")))
            ended = words.bounded(ended, max_result_bytes)
            return JobNews(kind="changed", word=word, job_id=job_id, ended=ended)
        case "failed":
            ended = JobSeen(stage="failed", starts=UNKNOWN, **words.from_failure(fields.get("failedReason"), None))
            return JobNews(kind="changed", word=word, job_id=job_id, ended=ended)
    return JobNews(kind="changed", word=word, job_id=job_id)
