"""Threads of the host, which know for which run each of them works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from blazy_jobs.worker.standing import Standing, current

P = ParamSpec("P")
T = TypeVar("T")


class RunThreads(ThreadPoolExecutor):
    """`asyncio.to_thread` of handlers. A call that does not end cannot be stopped: it keeps its thread for good."""

    def __init__(self, most: int) -> None:
        super().__init__(most, "asyncio")
        self.most = most
        self._working: dict[int, Standing] = {}

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        standing = current.get()
        if standing is None:
            return super().submit(fn, *args, **kwargs)
        return super().submit(self._work, standing, fn, args, kwargs)

    def outlived(self) -> list[Standing]:
        """The runs that have ended while a thread works for them on, one for each such thread."""
        return [standing for standing in list(self._working.values()) if standing.ended]

    def _work(self, standing: Standing, call: Callable[..., T], args: Any, kwargs: Any) -> T:
        thread = threading.get_ident()
        self._working[thread] = standing
        try:
            return call(*args, **kwargs)
        finally:
            del self._working[thread]
