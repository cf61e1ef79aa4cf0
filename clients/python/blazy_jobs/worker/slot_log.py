"""What became of a slot's runs, in memory that it shares with the control process, so that nothing of it is lost when
the slot is killed.

Processors may show a process the stores of another one in any order. So nobody reads what is being written: the slot
says by the socket how far it has written, and hears so how far it was read. When it is dead, all of it is there.
"""

from __future__ import annotations

import mmap
import struct
from typing import NamedTuple

COMPLETED, SPOKEN, WORDS = b"c", b"s", b"w"
"""Kinds of records: `data` is the result; what was said before it and the result (`Last`); or a frame."""
_LAST = struct.Struct("<III")
_RECORD = struct.Struct("<qdIc3x")
_HEAD = _RECORD.size
_POSITION = struct.Struct("<q")


class Record(NamedTuple):
    number: int
    seconds: float
    kind: bytes
    data: bytes


class Last(NamedTuple):
    """So many words after those before, JSON with commas between, and the result after them."""

    before: int
    number: int
    words: bytes
    result: bytes

    def pack(self) -> bytes:
        return _LAST.pack(self.before, self.number, len(self.words)) + self.words + self.result

    @classmethod
    def unpack(cls, data: bytes) -> Last:
        before, number, length = _LAST.unpack_from(data)
        result_at = _LAST.size + length
        return cls(before, number, data[_LAST.size : result_at], data[result_at:])


class SlotLog:
    """A ring in the `size` bytes from `start` on. Each side has one of its own; positions only grow."""

    def __init__(self, memory: mmap.mmap, start: int, size: int) -> None:
        self._memory = memory
        self._start = start
        self._ring = start + _POSITION.size
        self._size = size - _POSITION.size
        self.written = 0
        self.read = 0

    def append(self, number: int, seconds: float, kind: bytes, data: bytes) -> bool:
        """False where there is no room."""
        need = _aligned(_HEAD + len(data))
        place = self.written % self._size
        left = self._size - place
        skipped = left if left < need else 0
        if self.written + skipped + need - self.read > self._size:
            return False
        if skipped:
            if left >= _HEAD:
                _RECORD.pack_into(self._memory, self._ring + place, -1, 0.0, left - _HEAD, b"-")
            place = 0
        at = self._ring + place
        _RECORD.pack_into(self._memory, at, number, seconds, len(data), kind)
        self._memory[at + _HEAD : at + _HEAD + len(data)] = data
        self.written += skipped + need
        _POSITION.pack_into(self._memory, self._start, self.written)
        return True

    def take(self, written: int) -> list[Record]:
        """Those before this position that were not taken yet."""
        found = []
        while self.read < written:
            place = self.read % self._size
            if self._size - place < _HEAD:
                self.read += self._size - place
                continue
            number, seconds, length, kind = _RECORD.unpack_from(self._memory, self._ring + place)
            at = self._ring + place + _HEAD
            if number >= 0:
                found.append(Record(number, seconds, kind, self._memory[at : at + length]))
            self.read += _aligned(_HEAD + length)
        return found

    def take_all(self) -> list[Record]:
        """When the slot is dead."""
        return self.take(_POSITION.unpack_from(self._memory, self._start)[0])


def _aligned(size: int) -> int:
    return (size + 7) & ~7
