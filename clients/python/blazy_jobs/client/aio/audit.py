"""`client.audit` of the asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Unpack

from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.fields import AuditEntry, AuditFields


class AsyncAudit:
    """`client.audit`: who changed what, as dicts with the API's names. Needs the scope `admin`."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def list(self, **where: Unpack[AuditFields]) -> AsyncIterator[AuditEntry]:
        """Newest first, page by page; only entries that match all that is given."""
        async for entry in self._client.pages("/v1/audit", where):
            yield entry
