"""What BullMQ has no script for: jobs of which Redis has lost a part, by eviction, a deleted key, a half-done write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CLEAR = """
-- What is left of a job that has lost itself: without it, it can be put in anew. Nothing of one that is whole.
-- KEYS: job, lock, wait, paused, active, stalled, prioritized, delayed. ARGV: job id
if redis.call("HEXISTS", KEYS[1], "timestamp") == 1 then return 0 end
redis.call("DEL", KEYS[1], KEYS[2])
for i = 3, 5 do redis.call("LREM", KEYS[i], 0, ARGV[1]) end
redis.call("SREM", KEYS[6], ARGV[1])
for i = 7, 8 do redis.call("ZREM", KEYS[i], ARGV[1]) end
return 1
"""

PUT_BACK = """
-- Puts a job back that stands in no list, and that nobody holds.
-- KEYS: job, lock, dependencies, wait, paused, active, prioritized, delayed, waiting-children, completed, failed, meta,
-- pc, marker, events. ARGV: job id, milliseconds
local job = redis.call("HMGET", KEYS[1], "timestamp", "finishedOn", "priority", "delay")
if not job[1] or job[2] or redis.call("EXISTS", KEYS[2]) == 1 then return 0 end
for i = 4, 6 do if redis.call("LPOS", KEYS[i], ARGV[1]) then return 0 end end
for i = 7, 11 do if redis.call("ZSCORE", KEYS[i], ARGV[1]) then return 0 end end
local meta = redis.call("HMGET", KEYS[12], "paused", "concurrency")
local priority, due = tonumber(job[3]) or 0, (tonumber(job[1]) or 0) + (tonumber(job[4]) or 0)
local event = "waiting"
if redis.call("SCARD", KEYS[3]) > 0 then
  redis.call("ZADD", KEYS[9], ARGV[2], ARGV[1])
  event = "waiting-children"
elseif (tonumber(job[4]) or 0) > 0 and due > tonumber(ARGV[2]) then
  redis.call("ZADD", KEYS[8], due * 0x1000, ARGV[1])
  redis.call("ZADD", KEYS[14], redis.call("ZRANGE", KEYS[8], 0, 0, "WITHSCORES")[2] / 0x1000, "1")
  event = "delayed"
else
  if priority > 0 then
    redis.call("ZADD", KEYS[7], priority * 0x100000000 + redis.call("INCR", KEYS[13]) % 0x100000000, ARGV[1])
  elseif meta[1] and redis.call("EXISTS", KEYS[5]) == 1 then
    redis.call("LPUSH", KEYS[5], ARGV[1])
  else
    redis.call("LPUSH", KEYS[4], ARGV[1])
  end
  if not meta[1] then redis.call("ZADD", KEYS[14], 0, "0") end
end
redis.call("XADD", KEYS[15], "*", "event", event, "jobId", ARGV[1], "delay", due)
return 1
"""

HOLD_AGAIN = """
-- A job that was under this lock and is in no list any more is active again, so that it can be ended: the script that
-- found it so has taken the lock off.
-- KEYS: job, lock, active, wait, paused, prioritized, delayed. ARGV: job id, token, milliseconds
local lock = redis.call("GET", KEYS[2])
if (lock and lock ~= ARGV[2]) or redis.call("HEXISTS", KEYS[1], "timestamp") == 0 then return 0 end
if redis.call("HEXISTS", KEYS[1], "finishedOn") == 1 then return 0 end
for i = 3, 5 do if redis.call("LPOS", KEYS[i], ARGV[1]) then return 0 end end
for i = 6, 7 do if redis.call("ZSCORE", KEYS[i], ARGV[1]) then return 0 end end
redis.call("LPUSH", KEYS[3], ARGV[1])
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
return 1
"""


class Mending:
    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._clear = redis.register_script(CLEAR)
        self._put_back = redis.register_script(PUT_BACK)
        self._hold_again = redis.register_script(HOLD_AGAIN)

    async def clear(self, pipe: Any, queue: Any, job_id: str) -> None:
        key = queue.toKey(job_id)
        names = ["wait", "paused", "active", "stalled", "prioritized", "delayed"]
        await self._clear(keys=[key, f"{key}:lock", *(queue.keys[n] for n in names)], args=[job_id], client=pipe)

    async def put_back(self, queue: Any, job_ids: Sequence[str], now: int) -> list[str]:
        """Those of them that stood nowhere."""
        names = [
            *("wait", "paused", "active", "prioritized", "delayed", "waiting-children", "completed", "failed"),
            *("meta", "pc", "marker", "events"),
        ]
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                key = queue.toKey(job_id)
                keys = [key, f"{key}:lock", f"{key}:dependencies", *(queue.keys[name] for name in names)]
                await self._put_back(keys=keys, args=[job_id, now], client=pipe)
            answers = await pipe.execute()
        return [job_id for job_id, done in zip(job_ids, answers, strict=True) if done]

    async def hold_again(self, queue: Any, locks: Sequence[tuple[str, str]], milliseconds: int) -> list[bool]:
        """Of jobs and their tokens, those that are active again."""
        names = ["active", "wait", "paused", "prioritized", "delayed"]
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id, token in locks:
                key = queue.toKey(job_id)
                keys = [key, f"{key}:lock", *(queue.keys[name] for name in names)]
                await self._hold_again(keys=keys, args=[job_id, token, milliseconds], client=pipe)
            return [bool(answer) for answer in await pipe.execute()]
