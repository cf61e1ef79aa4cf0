"""`client.errors` of the asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.fields import ErrorFields, ErrorGroup


class AsyncErrors:
    """`client.errors`: failures by what they have in common, as dicts with the API's names."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    def groups(self, **where: Unpack[ErrorFields]) -> AsyncIterator[ErrorGroup]:
        """The last failed first, page by page: of runs that have failed and are not resolved, or of those that retry.
        TypeError for a filter that there is not."""
        return self._groups(calls.error_filters(where))

    async def _groups(self, params: calls.Fields) -> AsyncIterator[ErrorGroup]:
        async for group in self._client.pages("/v1/errors", params):
            yield group
