"""Waits for what the service's own tasks and threads do, in real time while the clock of the test stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.speed import stretched


async def until(look: Callable[[], Any], condition: Callable[[Any], object] = bool, seconds: float = 20) -> Any:
    """The first value of `look` of which `condition` is true. Each look gives the event loop a turn and lets other
    threads have the interpreter: so many turns and no more would be too few on a busy machine."""
    deadline = time.monotonic() + stretched(seconds)
    while True:
        found = look()
        if isinstance(found, Awaitable):
            found = await found
        if condition(found):
            return found
        assert time.monotonic() < deadline, f"it did not come about: {found!r}"
        await asyncio.to_thread(time.sleep, 0.0002)
