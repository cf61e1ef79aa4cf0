"""The events on their way to one webhook, in the order of the feed. They may be received in any other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from blazy_jobs_server.domain.webhook import Delivery, Happened


class Window:
    """`cursor`: everything up to it was received, or has a delivery of its own."""

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.reached = cursor
        """How far was read."""
        self.passed_at: int | None = None
        """The time of the newest event that the cursor has passed."""
        self._waiting: deque[tuple[int, int]] = deque()
        self._done: dict[int, Delivery | None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def oldest_at(self) -> int | None:
        """The time of the oldest event in it."""
        return self._waiting[0][1] if self._waiting else None

    @property
    def can_move(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] in self._done

    def add(self, events: Iterable[Happened], reached: int) -> None:
        self._waiting.extend((event.id, event.time) for event in events)
        self.reached = reached

    def finish(self, event_id: int, failed: Delivery | None) -> bool:
        """It was received, or has `failed`. Whether the cursor can move."""
        self._done[event_id] = failed
        return self._waiting[0][0] == event_id

    def move(self) -> list[Delivery]:
        """Moves the cursor as far as it goes; the failures that it has passed."""
        failed: list[Delivery] = []
        while self.can_move:
            event_id, self.passed_at = self._waiting.popleft()
            delivery = self._done.pop(event_id)
            if delivery is not None:
                failed.append(delivery)
            self.cursor = event_id
        if not self._waiting:
            self.cursor = self.reached
        return failed
