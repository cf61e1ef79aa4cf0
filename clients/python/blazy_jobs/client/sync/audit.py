"""`client.audit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from blazy_jobs.client.fields import AuditEntry, AuditFields
from blazy_jobs.client.sync.connection import Connection


class Audit:
    """`client.audit`: who changed what, as dicts with the API's names. Needs the scope `admin`."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self, **where: Unpack[AuditFields]) -> Iterator[AuditEntry]:
        """Newest first, page by page; only entries that match all that is given."""
        yield from self._client.pages("/v1/audit", where)
