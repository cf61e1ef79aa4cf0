"""Bulk operations of the asynchronous client."""

from __future__ import annotations

from blazy_jobs.client import calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.facts import BulkFacts
from blazy_jobs.client.waiting import Deadline


class AsyncBulk(BulkFacts):
    """A bulk operation on the server."""

    def __init__(self, client: AsyncConnection, data: calls.Fields) -> None:
        super().__init__(data)
        self._client = client

    async def refresh(self) -> AsyncBulk:
        """Reads it again, and returns itself. Raises ApiError `bulk_not_found`."""
        self.data = await self._client.ask(calls.get_bulk(self.id))
        return self

    async def wait(self, timeout: float | None = None) -> AsyncBulk:
        """Until it has ended, and returns itself. TimeoutError after `timeout` seconds."""
        await self._client.carry_out(calls.waiting_for_bulk(self, Deadline(timeout, f"bulk operation {self.id}")))
        return self

    async def cancel(self) -> None:
        """What was done stays done. Raises ApiError `bulk_finished`."""
        self.data = await self._client.ask(calls.cancel_bulk(self.id))
