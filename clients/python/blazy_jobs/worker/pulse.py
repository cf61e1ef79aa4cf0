"""A page of memory that the control process and one child share: signs of life that need no descriptor and no lock.

Each field has one writer. Instants are of the monotonic clock, which all processes share, in seconds.
"""

from __future__ import annotations

import mmap
import os
import struct
import time

SIZE = mmap.PAGESIZE
_INSTANT = struct.Struct("<d")
_NUMBER = struct.Struct("<q")

_CONTROL_AT, _CHILD_AT, _BLOCKED, _BLOCKED_SINCE, _BLOCKED_DEADLINE, _STOP, _STOP_REASON, _LEASE = range(0, 64, 8)

REASONS = ("", "timeout", "cancel", "release", "abandon")


class Page:
    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SIZE)

    @classmethod
    def create(cls) -> tuple[Page, int]:
        """A new page, and the descriptor to hand to the child; the caller closes it."""
        descriptor = os.memfd_create("blazy-jobs-pulse")
        os.ftruncate(descriptor, SIZE)
        return cls(descriptor), descriptor

    def close(self) -> None:
        self._memory.close()

    def beat(self, lease_seconds: float) -> None:
        """Control: I am here. A child that has not heard it for `lease_seconds` ends itself."""
        _INSTANT.pack_into(self._memory, _LEASE, lease_seconds)
        _INSTANT.pack_into(self._memory, _CONTROL_AT, time.monotonic())

    def control_silent(self) -> bool:
        at = _INSTANT.unpack_from(self._memory, _CONTROL_AT)[0]
        return bool(at) and time.monotonic() - at > _INSTANT.unpack_from(self._memory, _LEASE)[0]

    def child_beat(self) -> None:
        _INSTANT.pack_into(self._memory, _CHILD_AT, time.monotonic())

    @property
    def child_at(self) -> float:
        """When the child's watching thread last ran; 0 before the first time."""
        return float(_INSTANT.unpack_from(self._memory, _CHILD_AT)[0])

    def set_blocked(self, number: int, since: float, deadline: float) -> None:
        """Child: run `number` (0: nobody knows whose) has held the loop since then; `number` -1: nobody does."""
        _INSTANT.pack_into(self._memory, _BLOCKED_SINCE, since)
        _INSTANT.pack_into(self._memory, _BLOCKED_DEADLINE, deadline)
        _NUMBER.pack_into(self._memory, _BLOCKED, number + 1)

    @property
    def blocked(self) -> tuple[int, float, float] | None:
        """(number, since, deadline), as `set_blocked` was told; None when the loop turns."""
        number = _NUMBER.unpack_from(self._memory, _BLOCKED)[0]
        if number <= 0:
            return None
        since = _INSTANT.unpack_from(self._memory, _BLOCKED_SINCE)[0]
        return number - 1, since, _INSTANT.unpack_from(self._memory, _BLOCKED_DEADLINE)[0]

    def ask_to_stop(self, number: int, reason: str) -> None:
        """Control: run `number` of this slot shall stop. A signal follows; it holds for that run alone."""
        _NUMBER.pack_into(self._memory, _STOP_REASON, REASONS.index(reason))
        _NUMBER.pack_into(self._memory, _STOP, number)

    def stop_of(self, number: int) -> str | None:
        """The reason for which run `number` was asked to stop."""
        if _NUMBER.unpack_from(self._memory, _STOP)[0] != number:
            return None
        return REASONS[_NUMBER.unpack_from(self._memory, _STOP_REASON)[0]] or None
