"""What a process has for all its code, and a run may change for the next one: remembered, and put back."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # without the enums that `signal` makes of every answer
import contextlib
import gc
import locale
import operator
import os
import resource
import signal
import socket
import sys
import time
import warnings
from typing import Any

from blazy_jobs.worker.descriptors import out_of_reach

_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_LIMITS = tuple(sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}))


class Settings:
    """Working directory, umask, environment and import path."""

    def __init__(self) -> None:
        self._folder = out_of_reach(os.open(".", os.O_PATH | os.O_DIRECTORY))
        self._umask = os.umask(0o077)
        os.umask(self._umask)
        self._environment = _environment().copy()
        self._path = list(sys.path)

    def restore(self) -> None:
        os.fchdir(self._folder)
        os.umask(self._umask)
        if _environment() != self._environment:
            self._restore_environment()
        if sys.path != self._path:
            sys.path[:] = self._path

    def close(self) -> None:
        os.close(self._folder)

    def _restore_environment(self) -> None:
        now = dict(os.environb)
        for name in now.keys() - self._environment.keys():
            del os.environb[name]
        for name, value in self._environment.items():
            if now.get(name) != value:
                os.environb[name] = value
        time.tzset()


class Surroundings:
    """All that can be put back. `restore` is False where something can not, as a limit that was lowered for good: the
    process is of no use to other runs then."""

    def __init__(self, signals_of_others: frozenset[signal.Signals]) -> None:
        self._settings = Settings()
        numbers = signal.valid_signals() - signals_of_others - {signal.SIGKILL, signal.SIGSTOP}
        handlers = {number: _signal.getsignal(number) for number in numbers}
        self._handlers = {number: handler for number, handler in handlers.items() if handler is not None}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._limits = {number: resource.getrlimit(number) for number in _LIMITS}
        self._filters = list(warnings.filters)
        self._locale = locale.setlocale(locale.LC_ALL)
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._recursion = sys.getrecursionlimit()
        self._socket_seconds = socket.getdefaulttimeout()
        self._collects = gc.isenabled()
        self._owner = _owner()

    def restore(self) -> bool:
        self._restore_signals()
        try:
            self._settings.restore()
        except OSError:  # the folder's descriptor was closed, or the folder is no longer ours to enter
            return False
        sys.stdin, sys.stdout, sys.stderr = self._streams
        if warnings.filters != self._filters:
            warnings.resetwarnings()
            warnings.filters[:] = self._filters  # type: ignore[index]  # a list, whatever its stub says
        if locale.setlocale(locale.LC_ALL) != self._locale:
            locale.setlocale(locale.LC_ALL, self._locale)
        if sys.getrecursionlimit() != self._recursion:
            sys.setrecursionlimit(self._recursion)
        if socket.getdefaulttimeout() != self._socket_seconds:
            socket.setdefaulttimeout(self._socket_seconds)
        if gc.isenabled() != self._collects:
            (gc.enable if self._collects else gc.disable)()
        return self._restore_limits() and _owner() == self._owner

    def _restore_signals(self) -> None:
        for timer in _TIMERS:
            if signal.getitimer(timer) != (0.0, 0.0):
                signal.setitimer(timer, 0)
        if any(map(operator.is_not, map(_signal.getsignal, self._handlers), self._handlers.values())):
            for number, handler in self._handlers.items():
                if _signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
        _signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _restore_limits(self) -> bool:
        if all(map(operator.eq, map(resource.getrlimit, self._limits), self._limits.values())):
            return True
        for number, limits in self._limits.items():
            if resource.getrlimit(number) != limits:
                with contextlib.suppress(ValueError, OSError):
                    resource.setrlimit(number, limits)
                if resource.getrlimit(number) != limits:
                    return False
        return True


def _environment() -> dict[bytes, bytes]:
    """As it is kept, which is compared in a microsecond; its public face takes fifty."""
    kept: dict[bytes, bytes] = getattr(os.environ, "_data", None) or dict(os.environb)
    return kept


def _owner() -> tuple[Any, ...]:
    return os.getresuid(), os.getresgid(), os.getpriority(os.PRIO_PROCESS, 0)
