"""The keys in a database, as the server's distribution reads and writes them: no server need run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from blazy_jobs.cli.failures import Unusable, missing
from blazy_jobs.client.call import Call
from blazy_jobs.errors import ApiError

T = TypeVar("T")
GROUP = "blazy_jobs.offline"


class Offline:
    """In place of a connection to a server."""

    def __init__(self, data: str | None, database_url: str | None) -> None:
        """Raises Unusable."""
        from importlib.metadata import entry_points

        entry = next(iter(entry_points(group=GROUP, name="keys")), None)
        if entry is None:
            raise Unusable(missing("keys without a server"))
        try:
            self._ask = entry.load()(data, database_url)
        except ValueError as error:
            raise Unusable(str(error)) from None

    def ask(self, call: Call[T]) -> T:
        status, answer = self._ask(call.method, call.path, call.body)
        if status >= 400:
            raise ApiError(status, answer["code"], answer["detail"], answer.get("errors") or ())
        return call.read(answer)

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        yield from self.ask(Call("GET", path))["data"]
