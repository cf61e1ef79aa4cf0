"""The connections to one server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from blazy_jobs import address
from blazy_jobs.client.answers import read_json
from blazy_jobs.client.call import Call, Pause, Steps
from blazy_jobs.client.key import KeyAuth
from blazy_jobs.client.stream import Following
from blazy_jobs.client.tries import LIMITS, Tries
from blazy_jobs.errors import ConnectionFailed, JobsError
from blazy_jobs.tracing import sending

if TYPE_CHECKING:
    from blazy_jobs._generated.client import Client as GeneratedClient


T = TypeVar("T")


class Connection:
    """The connections to one server, and what is asked over them."""

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        at = self.address = address.find(url, api_key)
        self.url = at.url
        self._http = httpx.Client(
            base_url=at.base_url,
            auth=KeyAuth(at.key),
            transport=_Trying(transport or httpx.HTTPTransport(verify=at.secure, uds=at.socket_path, limits=LIMITS)),
        )

    @property
    def api(self) -> GeneratedClient:
        """For the functions of `blazy_jobs._generated.api`: the whole API, on this client's connections."""
        from blazy_jobs._generated.client import Client as GeneratedClient

        return GeneratedClient(base_url=self.url).set_httpx_client(self._http)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(self, method: str, path: str, *, waits_seconds: float = 0.0, **options: Any) -> Any:
        """The answer's JSON. `waits_seconds`: how much longer than usual the server may take, as it was asked to."""
        extensions = {"waits_seconds": waits_seconds, "repeatable": options.pop("repeatable", False)}
        try:
            return read_json(self._http.request(method, path, extensions=extensions, **options))
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.url}: {error or type(error).__name__}") from error

    def ask(self, call: Call[T]) -> T:
        """What the call's answer is to its caller. Raises ApiError and ConnectionFailed."""
        if call.sends is not None and (tracer := sending.tracer()) is not None:
            with tracer.span(call.sends, self.url) as span:
                return call.read(span.told(self._answer(call, span.headers())))
        return call.read(self._answer(call))

    def _answer(self, call: Call[Any], headers: Mapping[str, str] | None = None) -> Any:
        try:
            return read_json(self._http.request(call.method, call.path, **call.request(headers)))
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.url}: {error or type(error).__name__}") from error

    def carry_out(self, steps: Steps[T]) -> T:
        """All of them, one after the other."""
        try:
            step = next(steps)
            while True:
                try:
                    answer: Any = None
                    if isinstance(step, Pause):
                        time.sleep(step.seconds)
                    else:
                        answer = self.ask(step)
                except JobsError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """The items of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page: Any = self.ask(Call("GET", path, params={**params, **cursor}))
            yield from page["data"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def follow(self, place: Following[T]) -> Iterator[T]:
        while not place.ended:
            options: dict[str, Any] = {"headers": place.headers(), "params": place.params}
            try:
                extensions = {"stream": True, "timeout": place.limits()}
                with self._http.stream("GET", place.path, extensions=extensions, **options) as response:
                    if response.status_code == 200:
                        for chunk in response.iter_raw():
                            yield from place.feed(chunk)
                            place.deadline.left(0)
                        pause: float | None = place.pause()
                    else:
                        response.read()
                        pause = place.refused(response)
            except httpx.TransportError:
                if self._http.is_closed:
                    raise
                pause = place.pause()
            if pause is not None:
                time.sleep(pause)


class _Trying(httpx.BaseTransport):
    """Tries again below everything that uses the connections, the generated client too."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.extensions.get("stream"):
            return self._inner.handle_request(request)
        tries = Tries(request)
        while True:
            tries.begin(request)
            try:
                response = self._inner.handle_request(request)
                response.read()
            except httpx.TransportError:
                pause = tries.pause(None)
                if pause is None:
                    raise
            else:
                pause = tries.pause(response)
                if pause is None:
                    return response
            time.sleep(pause)

    def close(self) -> None:
        self._inner.close()
