"""Children that a handler forks off: they have Python's own ways with signals, not the worker's."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import thread as executor_threads
from typing import Any

Handler = Callable[[int, Any], object]

_DEFAULTS: dict[signal.Signals, Any] = {
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGINT: signal.default_int_handler,
}
_own: set[Handler] = set()


class _Forking(threading.local):
    """The signals that this thread had blocked before."""

    mask: set[signal.Signals] | set[int] = set()


_forking = _Forking()


def handle(number: signal.Signals, handler: Handler) -> None:
    """As `signal.signal`, for the worker's own: a forked child, which would not end by it, does not have it."""
    _own.add(handler)
    signal.signal(number, handler)


def give_children_their_signals() -> None:
    os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_go, after_in_child=_become_a_child)


def _hold_signals() -> None:
    """One that is sent to the child at once waits until that knows what to do with it."""
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _DEFAULTS)


def _let_signals_go() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _become_a_child() -> None:
    signal.set_wakeup_fd(-1)  # the parent's loop must not hear of the child's signals
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) in _own:
            signal.signal(number, default)
    # They have not come along; the child's end would wait for them, and fail where it is one of them itself.
    getattr(executor_threads, "_threads_queues", {}).clear()
    _let_signals_go()
