"""How another engine is, as all that is asked of it shows; said once, and not with each try."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from blazy_jobs_server.domain.errors import QueueUnavailable

log = structlog.get_logger("queues")


class Health:
    def __init__(self, on_up: Callable[[], None] = lambda: None) -> None:
        """`on_up` is called when it begins to answer, and when it does so again."""
        self._on_up = on_up
        self._troubles: dict[tuple[str, str], QueueUnavailable] = {}
        """Of a queue and what is done there: why it cannot be done. It stands until the same succeeds."""
        self._told: set[str] = set()
        self._answers = False

    @property
    def is_up(self) -> bool:
        return self._answers and not self._troubles

    def troubled(self, queue: str) -> bool:
        """Whether something of that queue cannot be done now, or nothing was ever asked."""
        return not self._answers or any(place[0] == queue for place in self._troubles)

    def down(self, queue: str, task: str, error: QueueUnavailable) -> None:
        self._troubles[queue, task] = error
        if error.cause and error.cause not in self._told:
            self._told.add(error.cause)
            log.warning("waiting for Redis", reason=error.detail)

    def up(self, queue: str, task: str, *, in_full: bool = True) -> None:
        """`in_full` False: it answers, which says nothing of what it has refused."""
        trouble = self._troubles.get((queue, task))
        if trouble is not None and (in_full or not trouble.refused):
            del self._troubles[queue, task]
        if self._troubles or (self._answers and not self._told):
            return
        log.info("Redis is available again" if self._told else "Redis is available")
        self._told.clear()
        self._answers = True
        self._on_up()

    def forget(self, queue: str) -> None:
        """Nobody asks for it any more."""
        for place in [place for place in self._troubles if place[0] == queue]:
            del self._troubles[place]
