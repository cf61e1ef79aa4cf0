"""`client.stats`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from blazy_jobs.client.call import Call
from blazy_jobs.client.live_fields import Series, series_query
from blazy_jobs.client.sync.connection import Connection
from blazy_jobs.declared import JobName


class Stats:
    """`client.stats`: how the server stands, and the history, as dicts with the API's names."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def now(self) -> dict[str, Any]:
        """Runs by state, throughput, latencies and sizes."""
        found: dict[str, Any] = self._client.ask(Call("GET", "/v1/stats"))
        return found

    def series(
        self,
        since: datetime | timedelta | None = None,
        until: datetime | None = None,
        *,
        step: timedelta | float | None = None,
        job_type: JobName | None = None,
        queue: str | None = None,
    ) -> Series:
        """What happened from `since` (an instant, or so long before `until`; an hour) to `until` (now), in points of
        `step` seconds; of a job type or queue, or of all. Raises ApiError `invalid_request` for more than 2,000 points.
        """
        query = series_query(since, until, step, job_type, queue)
        found: Series = self._client.ask(Call("GET", "/v1/stats/series", params=query))
        return found
