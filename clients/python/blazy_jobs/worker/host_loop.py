"""The host's event loop: it knows for which run a timer's callback was set."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blazy_jobs.worker import subprocesses
from blazy_jobs.worker.standing import Standing, current

if TYPE_CHECKING:
    _Loop = asyncio.SelectorEventLoop
else:
    try:
        from uvloop import Loop as _Loop
    except ImportError:
        _Loop = asyncio.SelectorEventLoop


class HostLoop(_Loop):
    timer_of: Standing | None = None
    """The run that has set the timer whose callback is being called."""

    def call_later(  # type: ignore[override]  # the same, but for the types of `args`
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_later(delay, self._owned(callback, context), *args, context=context)

    def call_at(  # type: ignore[override]  # as above
        self, when: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when, self._owned(callback, context), *args, context=context)

    async def subprocess_exec(self, *arguments: Any, **options: Any) -> Any:
        return self._noted(await super().subprocess_exec(*arguments, **options))

    async def subprocess_shell(self, *arguments: Any, **options: Any) -> Any:
        return self._noted(await super().subprocess_shell(*arguments, **options))

    def _noted(self, made: tuple[asyncio.SubprocessTransport, Any]) -> tuple[asyncio.SubprocessTransport, Any]:
        subprocesses.note(made[0].get_pid())
        return made

    def _owned(self, callback: Callable[..., Any], context: contextvars.Context | None) -> Callable[..., Any]:
        standing = current.get() if context is None else context.get(current)
        if standing is None or isinstance(callback, _Owned) or _of_asyncio(callback):
            return callback
        return _Owned(self, standing, callback)


class _Owned:
    __slots__ = ("_callback", "_loop", "_standing")

    def __init__(self, loop: HostLoop, standing: Standing, callback: Callable[..., Any]) -> None:
        self._loop = loop
        self._standing = standing
        self._callback = callback

    def __call__(self, *args: Any) -> None:
        self._loop.timer_of = self._standing
        try:
            self._callback(*args)
        finally:
            self._loop.timer_of = None

    def __repr__(self) -> str:
        return repr(self._callback)


def _of_asyncio(callback: Callable[..., Any]) -> bool:
    """`asyncio.sleep` and time limits, which block nobody."""
    return str(getattr(callback, "__module__", "")).startswith("asyncio")
