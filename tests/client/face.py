"""The asynchronous client with a synchronous face, so that one test holds for both clients."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from blazy_jobs import AsyncClient
from blazy_jobs.client.aio.bulk import AsyncBulk
from blazy_jobs.client.aio.run import AsyncRun


class Face:
    """Stands before an object of the asynchronous client; what it awaits is awaited on a loop of its own."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return Face(value, self._loop) if type(value).__module__.startswith("blazy_jobs") else value

        def call(*arguments: Any, **options: Any) -> Any:
            async def on_the_loop() -> Any:
                answer = value(*arguments, **options)
                return await answer if inspect.isawaitable(answer) else answer

            return self._shown(asyncio.run_coroutine_threadsafe(on_the_loop(), self._loop).result(60))

        return call

    def _shown(self, value: Any) -> Any:
        if isinstance(value, (AsyncRun, AsyncBulk)):
            return Face(value, self._loop)
        return self._steps(value) if isinstance(value, AsyncIterator) else value

    def _steps(self, iterator: AsyncIterator[Any]) -> Iterator[Any]:
        try:
            while True:
                step = asyncio.run_coroutine_threadsafe(anext(iterator, StopIteration), self._loop)  # type: ignore[arg-type]
                value = step.result(60)
                if value is StopIteration:
                    return
                yield self._shown(value)
        finally:
            closing: Any = iterator
            asyncio.run_coroutine_threadsafe(closing.aclose(), self._loop).result(10)


class FacedClient(Face):
    """An `AsyncClient` on a loop in a thread."""

    def __init__(self, url: str, **options: Any) -> None:
        loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=loop.run_forever, name="faced client", daemon=True)
        self._thread.start()

        async def make() -> AsyncClient:
            return AsyncClient(url, **options)

        super().__init__(asyncio.run_coroutine_threadsafe(make(), loop).result(10), loop)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._inner.aclose(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
