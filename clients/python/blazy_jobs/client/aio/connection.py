"""The connections to one server, awaited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from weakref import WeakSet

import httpx

from blazy_jobs import address
from blazy_jobs.client.answers import read_json
from blazy_jobs.client.call import Call, Pause, Steps
from blazy_jobs.client.key import KeyAuth
from blazy_jobs.client.listening import AsyncListening
from blazy_jobs.client.stream import Following
from blazy_jobs.client.tries import LIMITS, Tries
from blazy_jobs.errors import ConnectionFailed, JobsError
from blazy_jobs.tracing import sending

if TYPE_CHECKING:
    from blazy_jobs._generated.client import Client as GeneratedClient


T = TypeVar("T")


class AsyncConnection:
    """The connections to one server, and what is asked over them."""

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        at = self.address = address.find(url, api_key)
        self.url = at.url
        self._http = httpx.AsyncClient(
            base_url=at.base_url,
            auth=KeyAuth(at.key),
            transport=_Trying(
                transport or httpx.AsyncHTTPTransport(verify=at.secure, uds=at.socket_path, limits=LIMITS)
            ),
        )
        self.listenings: WeakSet[AsyncListening] = WeakSet()

    @property
    def api(self) -> GeneratedClient:
        """For the functions of `blazy_jobs._generated.api`: the whole API, on this client's connections."""
        from blazy_jobs._generated.client import Client as GeneratedClient

        return GeneratedClient(base_url=self.url).set_async_httpx_client(self._http)

    async def aclose(self) -> None:
        for listening in list(self.listenings):
            await listening.stop()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def request(self, method: str, path: str, *, waits_seconds: float = 0.0, **options: Any) -> Any:
        """The answer's JSON. `waits_seconds`: how much longer than usual the server may take, as it was asked to."""
        extensions = {"waits_seconds": waits_seconds, "repeatable": options.pop("repeatable", False)}
        try:
            return read_json(await self._http.request(method, path, extensions=extensions, **options))
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.url}: {error or type(error).__name__}") from error

    async def ask(self, call: Call[T]) -> T:
        """What the call's answer is to its caller. Raises ApiError and ConnectionFailed."""
        if call.sends is not None and (tracer := sending.tracer()) is not None:
            with tracer.span(call.sends, self.url) as span:
                return call.read(span.told(await self._answer(call, span.headers())))
        return call.read(await self._answer(call))

    async def _answer(self, call: Call[Any], headers: Mapping[str, str] | None = None) -> Any:
        try:
            return read_json(await self._http.request(call.method, call.path, **call.request(headers)))
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.url}: {error or type(error).__name__}") from error

    async def carry_out(self, steps: Steps[T]) -> T:
        """All of them, one after the other."""
        try:
            step = next(steps)
            while True:
                try:
                    answer: Any = None
                    if isinstance(step, Pause):
                        await asyncio.sleep(step.seconds)
                    else:
                        answer = await self.ask(step)
                except JobsError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    async def pages(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[Any]:
        """The items of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page: Any = await self.ask(Call("GET", path, params={**params, **cursor}))
            for item in page["data"]:
                yield item
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    async def follow(self, place: Following[T]) -> AsyncIterator[T]:
        while not place.ended:
            options: dict[str, Any] = {"headers": place.headers(), "params": place.params}
            try:
                extensions = {"stream": True, "timeout": place.limits()}
                async with self._http.stream("GET", place.path, extensions=extensions, **options) as response:
                    if response.status_code == 200:
                        async for chunk in response.aiter_raw():
                            for event in place.feed(chunk):
                                yield event
                            place.deadline.left(0)
                        pause: float | None = place.pause()
                    else:
                        await response.aread()
                        pause = place.refused(response)
            except httpx.TransportError:
                pause = place.pause()
            if pause is not None:
                await asyncio.sleep(pause)


class _Trying(httpx.AsyncBaseTransport):
    """Tries again below everything that uses the connections, the generated client too."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.extensions.get("stream"):
            return await self._inner.handle_async_request(request)
        tries = Tries(request)
        while True:
            tries.begin(request)
            try:
                response = await self._inner.handle_async_request(request)
                await response.aread()
            except httpx.TransportError:
                pause = tries.pause(None)
                if pause is None:
                    raise
            else:
                pause = tries.pause(response)
                if pause is None:
                    return response
            await asyncio.sleep(pause)

    async def aclose(self) -> None:
        await self._inner.aclose()


def closed_with_its_loop(connection: AsyncConnection) -> AsyncGenerator[None, None]:
    """A generator that has begun: `asyncio.run` ends those of its loop before it closes it, and with it this."""

    async def kept() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await connection.aclose()

    begun = kept()
    with contextlib.suppress(StopIteration):
        begun.__anext__().send(None)  # to its yield, without waiting
    return begun
