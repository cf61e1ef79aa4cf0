"""Bulk operations."""

from __future__ import annotations

from blazy_jobs.client import calls
from blazy_jobs.client.facts import BulkFacts
from blazy_jobs.client.sync.connection import Connection
from blazy_jobs.client.waiting import Deadline


class Bulk(BulkFacts):
    """A bulk operation on the server."""

    def __init__(self, client: Connection, data: calls.Fields) -> None:
        super().__init__(data)
        self._client = client

    def refresh(self) -> Bulk:
        """Reads it again, and returns itself. Raises ApiError `bulk_not_found`."""
        self.data = self._client.ask(calls.get_bulk(self.id))
        return self

    def wait(self, timeout: float | None = None) -> Bulk:
        """Until it has ended, and returns itself. TimeoutError after `timeout` seconds."""
        self._client.carry_out(calls.waiting_for_bulk(self, Deadline(timeout, f"bulk operation {self.id}")))
        return self

    def cancel(self) -> None:
        """What was done stays done. Raises ApiError `bulk_finished`."""
        self.data = self._client.ask(calls.cancel_bulk(self.id))
