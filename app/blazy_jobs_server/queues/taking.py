"""Jobs asked of BullMQ, as many as its limits and our workers have room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgpack

from blazy_jobs_server.queues.connection import Connection
from blazy_jobs_server.queues.reading import WORKER_NAME

TAKE_KEYS = "wait active prioritized events stalled limiter delayed paused meta pc marker".split()  # noqa: SIM905


class Taking:
    def __init__(self, connection: Connection, lock_milliseconds: int) -> None:
        self._connection = connection
        self._lock_milliseconds = lock_milliseconds
        self._came: dict[str, int] = {}
        """How many jobs of a queue the last answer brought."""

    async def ask(self, theirs: Any, tokens: Sequence[str]) -> list[tuple[str, Any]]:
        """At first for as many as came the last time, then for twice as many, until there are no more: limits of the
        queue may let through one at a time, of the hundreds that our workers have room for."""
        scripts = theirs.scripts
        keys = scripts.getKeys(TAKE_KEYS)
        now = self._connection.milliseconds()
        answers: list[tuple[str, Any]] = []
        size = max(1, self._came.get(theirs.qualifiedName, len(tokens)))
        while len(answers) < len(tokens) and (not answers or has_job(answers[-1][1])):
            asked = tokens[len(answers) : len(answers) + size]
            async with self._connection.redis.pipeline(transaction=False) as pipe:
                for token in asked:
                    opts = {
                        "token": token,
                        "lockDuration": self._lock_milliseconds,
                        "limiter": None,
                        "name": WORKER_NAME,
                    }
                    packed = msgpack.packb(opts, use_bin_type=True)
                    await scripts.commands["moveToActive"](keys=keys, args=[scripts.keys[""], now, packed], client=pipe)
                answers += zip(asked, await pipe.execute(), strict=True)
            size *= 2
        self._came[theirs.qualifiedName] = sum(has_job(answer) for _, answer in answers)
        return answers


def has_job(answer: Any) -> bool:
    return bool(answer and answer[0])
