"""Messages between the control process and its children: length, kind, a JSON header and raw bytes after it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

_PREFIX = struct.Struct("<IcI")  # bytes after these four; kind; bytes of the header
MAX_FRAME_BYTES = 256 * 1024 * 1024

# control → child
LEASES = b"L"  # header (host): the first one's number; blob: a claim's answer. The runs begin when there is room
GROUP = b"G"  # header: the first one's number, and what runs have in common with their ids; blob: their payloads
STOP = b"C"  # header: [[run_id, reason], ...]
RECALL = b"W"  # header: none. The child gives back what it has not begun
RETURNED = b"O"  # header: the report of a slot's run, for the middleware that waits for it
QUIT = b"Q"  # the child ends
# child → control
READY = b"H"  # header: what the modules declare
REFUSED = b"F"  # header: why the modules cannot be loaded
WORDS = b"D"  # header: {"items": [[run_id, type, bytes], ...], ...}; blob: the reports
SPOKEN = b"T"  # header: [run ids, how many words each has said before, how many now, how far the slot has written its
# log]; blob: a list of words for each
ENDED = b"E"  # header: [[run id, ...]]; blob: their results, with commas between; none: all null
LOGGED = b"K"  # header: how far the slot has written its log
STUCK = b"S"  # header: run ids that were told to stop and did not
CALL = b"X"  # header: [run_id, payload, traceparent or null]: middleware has come to its process handler
HANG_UP = b"Y"  # header: run_id: that middleware was told to stop

EVENTS = frozenset(("progress", "log"))
"""The types of words that do not end their run."""
IMPORT_FAILED = 3
"""The exit code of a child whose modules cannot be used."""


class Frame(NamedTuple):
    kind: bytes
    header: Any
    blob: bytes


def pack(kind: bytes, header: Any = None, blob: bytes = b"") -> bytes:
    head = b"" if header is None else orjson.dumps(header)
    return _PREFIX.pack(5 + len(head) + len(blob), kind, len(head)) + head + blob


class Unpacker:
    """Takes bytes as they come and gives the frames that are whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Raises ValueError where the bytes are no frames: the other side has been overwritten."""
        buffer = self._buffer
        buffer += data
        place, end = 0, len(buffer)
        try:
            while end - place >= 9:
                length, kind, head = _PREFIX.unpack_from(buffer, place)
                if length > MAX_FRAME_BYTES or head + 5 > length:
                    raise ValueError("not a frame")
                if end - place < length + 4:
                    break
                start, place = place + 9, place + length + 4
                header = orjson.loads(buffer[start : start + head]) if head else None
                yield Frame(kind, header, bytes(buffer[start + head : place]))
        finally:
            del buffer[:place]
