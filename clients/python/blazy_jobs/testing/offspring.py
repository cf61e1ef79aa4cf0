"""Which threads a thread has started."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_families: list[set[threading.Thread]] = []
_lock = threading.Lock()
_start = threading.Thread.start


@contextmanager
def offspring() -> Iterator[set[threading.Thread]]:
    """This thread, and those that it or one of them starts meanwhile. Python does not keep a thread's parent, so
    `threading.Thread.start` is another function meanwhile."""
    family = {threading.current_thread()}
    with _lock:
        _families.append(family)
        threading.Thread.start = _noted_start  # type: ignore[method-assign]
    try:
        yield family
    finally:
        with _lock:
            _families[:] = [each for each in _families if each is not family]
            if not _families:
                threading.Thread.start = _start  # type: ignore[method-assign]


def _noted_start(self: threading.Thread) -> None:
    parent = threading.current_thread()
    with _lock:
        for family in _families:
            if parent in family:
                family.add(self)
    _start(self)
