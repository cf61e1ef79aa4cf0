"""A page of memory that the control process and one child share: signs of life that need no descriptor and no lock.

Each field has one writer. Instants are of the monotonic clock, which all processes share, in seconds.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time

from blazy_jobs.worker.slot_log import SlotLog

PULSE_SECONDS = 0.25
"""A child beats, and looks at this page, so often."""
IDLE_PULSE_SECONDS = 1.0
"""At most, while it has nothing to do."""
SIZE = mmap.PAGESIZE
LOG_BYTES = 1 << 20
_INSTANT = struct.Struct("<d")
_NUMBER = struct.Struct("<q")
_NUMBERS = struct.Struct("<qqq")

_RENEWED_AT, _CHILD_AT, _BLOCKED, _BLOCKED_SINCE, _BLOCKED_DEADLINE, _STOP, _STOP_REASON, _LEASE = range(0, 64, 8)
_ENDED, _WORN, _WORN_THREADS, _BEGUN, _RUNNING = range(64, 104, 8)

END_EARLY_SECONDS = 0.5
"""Looks at this page are a quarter of a second apart, and a process must be dead before its lease is another's."""
NOT_WORN, WORN, WORN_OUT = 0, 1, 2
"""A host is to be replaced when it has nothing to do, or as soon as may be."""
REASONS = ("", "timeout", "cancel", "release", "abandon")


class Page:
    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, SIZE + LOG_BYTES)
        self.log = SlotLog(self._memory, SIZE, LOG_BYTES)

    @classmethod
    def create(cls) -> tuple[Page, int]:
        """A new page, and the descriptor to hand to the child; the caller closes it."""
        descriptor = os.memfd_create("blazy-jobs-pulse")
        os.ftruncate(descriptor, SIZE + LOG_BYTES)
        return cls(descriptor), descriptor

    def close(self) -> None:
        self._memory.close()

    def renewed(self, at: float, lease_seconds: float) -> None:
        """Control: all leases hold for so long from `at` on, when the renewal that the server has answered was sent."""
        _INSTANT.pack_into(self._memory, _LEASE, lease_seconds)
        _INSTANT.pack_into(self._memory, _RENEWED_AT, at)

    def leases_end(self) -> bool:
        """The leases are about to end, or have; false before the first was taken."""
        at = _INSTANT.unpack_from(self._memory, _RENEWED_AT)[0]
        lease_seconds = _INSTANT.unpack_from(self._memory, _LEASE)[0]
        return bool(at) and time.monotonic() - at > lease_seconds - min(END_EARLY_SECONDS, lease_seconds / 5)

    @property
    def idle_pulse_seconds(self) -> float:
        """So often a child without runs beats: one that gets a run just then looks in time whether its lease ends."""
        lease_seconds = _INSTANT.unpack_from(self._memory, _LEASE)[0]
        return float(max(PULSE_SECONDS, min(IDLE_PULSE_SECONDS, lease_seconds / 8)))

    def end_itself(self) -> None:
        """Child: I am about to end because the leases do."""
        _NUMBER.pack_into(self._memory, _ENDED, 1)

    @property
    def ended_itself(self) -> bool:
        return bool(_NUMBER.unpack_from(self._memory, _ENDED)[0])

    def set_begun(self, number: int) -> None:
        """Host: the runs up to this number have begun, or were given back."""
        _NUMBER.pack_into(self._memory, _BEGUN, number)

    @property
    def begun(self) -> int:
        return int(_NUMBER.unpack_from(self._memory, _BEGUN)[0])

    def set_running(self, number: int, begun_at_ns: int) -> None:
        """Slot: run `number` begins now."""
        _NUMBERS.pack_into(self._memory, _RUNNING, number, begun_at_ns, number ^ begun_at_ns)

    @property
    def running(self) -> tuple[int, float]:
        """(number, when it began) of the run that began last. (0, 0.0) where none has, or one is just being noted: the
        third number shows that the others belong together, in whatever order they are seen."""
        number, begun_at_ns, check = _NUMBERS.unpack_from(self._memory, _RUNNING)
        return (number, begun_at_ns / 1e9) if check == number ^ begun_at_ns else (0, 0.0)

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

    def set_worn(self, worn: int, threads: int) -> None:
        """Child: so many of its threads are lost to calls that do not end. `worn`: NOT_WORN, WORN, WORN_OUT."""
        _NUMBER.pack_into(self._memory, _WORN_THREADS, threads)
        _NUMBER.pack_into(self._memory, _WORN, worn)

    @property
    def worn(self) -> tuple[int, int]:
        return (
            _NUMBER.unpack_from(self._memory, _WORN)[0],
            _NUMBER.unpack_from(self._memory, _WORN_THREADS)[0],
        )

    def ask_to_stop(self, number: int, reason: str) -> None:
        """Control: run `number` of this slot shall stop. A signal follows; it holds for that run alone."""
        _NUMBER.pack_into(self._memory, _STOP_REASON, REASONS.index(reason))
        _NUMBER.pack_into(self._memory, _STOP, number)

    def stop_of(self, number: int) -> str | None:
        """The reason for which run `number` was asked to stop."""
        if _NUMBER.unpack_from(self._memory, _STOP)[0] != number:
            return None
        return REASONS[_NUMBER.unpack_from(self._memory, _STOP_REASON)[0]] or None


def end_with_leases(pulse: Page) -> None:
    """The control process, stopped or cut off, has not renewed them: others run this process's runs in a moment."""
    if pulse.leases_end():
        pulse.end_itself()
        os.killpg(os.getpgrp(), signal.SIGKILL)
