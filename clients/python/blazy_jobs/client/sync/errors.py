"""`client.errors`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.fields import ErrorFields, ErrorGroup
from blazy_jobs.client.sync.connection import Connection


class Errors:
    """`client.errors`: failures by what they have in common, as dicts with the API's names."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def groups(self, **where: Unpack[ErrorFields]) -> Iterator[ErrorGroup]:
        """The last failed first, page by page: of runs that have failed and are not resolved, or of those that retry.
        TypeError for a filter that there is not."""
        return self._groups(calls.error_filters(where))

    def _groups(self, params: calls.Fields) -> Iterator[ErrorGroup]:
        yield from self._client.pages("/v1/errors", params)
