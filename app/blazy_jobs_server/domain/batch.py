"""Plain runs that one claim leases together, of which no more is known than what they have in common."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.domain.job_type import Settings


class Batch(Struct, kw_only=True, eq=False):
    """Runs of one job type and queue in their first attempt (`lifecycle.is_plain`), leased together.

    Treated as a value. Instants are microseconds since the epoch.
    """

    run_ids: list[int]
    """In the order of starts."""
    payloads: str
    """JSON texts, with commas between them."""
    tags: dict[int, str]
    """Of those runs that have any (JSON text)."""
    metadata: dict[int, str]
    """Of those runs that have any (JSON text)."""
    lane_id: int
    job_type: str
    queue: str
    definition_id: int
    version: int
    settings: Settings
    worker_id: int
    token: str
    started_at: int
    lease_until: int
    deadline_at: int

    def without_payloads(self) -> Batch:
        return replace(self, payloads="")

    def with_runs(self, run_ids: list[int]) -> Batch:
        """Some of its runs."""
        return replace(self, run_ids=run_ids, payloads="")

    @property
    def ends_at(self) -> int:
        """When the lease ends, unless it is renewed."""
        return min(self.lease_until, self.deadline_at)
