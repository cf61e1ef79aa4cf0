"""Standard `logging` of handlers in this process, to their runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from blazy_jobs.worker.run_log import RunLogHandler

_lock = threading.Lock()
_handler = RunLogHandler()
_users = 0
_level_before: int | None = None


@contextmanager
def logs_caught() -> Iterator[None]:
    """Meanwhile, records made for a run are its log lines; from INFO on where nobody has set the root's level."""
    _begin()
    try:
        yield
    finally:
        _end()


def _begin() -> None:
    global _users, _level_before
    with _lock:
        _users += 1
        if _users == 1:
            logging.root.addHandler(_handler)
            if logging.root.level == logging.WARNING:
                _level_before = logging.root.level
                logging.root.setLevel(logging.INFO)


def _end() -> None:
    global _users, _level_before
    with _lock:
        _users -= 1
        if _users == 0:
            logging.root.removeHandler(_handler)
            if _level_before is not None:
                logging.root.setLevel(_level_before)
                _level_before = None
