"""The store's verbs of bulk operations."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from msgspec import Struct

from blazy_jobs_server.domain.bulk import Bulk, BulkState
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports.runs import Order


class Advance(Struct, frozen=True, kw_only=True):
    """The next step of a bulk operation: its action on these runs, and the place after it, in one transaction."""

    bulk: Bulk
    """As it was before: the step is made from there, or not at all."""
    lease: str
    lease_until: int
    run_ids: list[int]
    place: int
    states: frozenset[State] = frozenset()
    """That a run must be in still; none: any."""
    orders: dict[int, Order] = {}
    """Of a replay: by the run that is replayed."""
    failed: int = 0
    """Runs besides that could not be dealt with."""
    end: BulkState | None = None
    """It is the last step, which ends it so."""


class Advanced(NamedTuple):
    bulk: Bulk
    cancelling: frozenset[int] = frozenset()
    """Workers that have a run whose handler is to stop."""


class BulkStore(Protocol):
    async def create_bulk(self, bulk: Bulk) -> Bulk:
        """As it is stored, with its id, which is greater than that of each run that is there."""
        ...

    async def bulk(self, bulk_id: int) -> Bulk | None: ...
    async def bulks(self, before: int | None, limit: int) -> list[Bulk]:
        """The newest first, from the id `before` (exclusive)."""
        ...

    async def running_bulks(self) -> list[Bulk]:
        """The oldest first."""
        ...

    async def lease_bulk(self, bulk_id: int, lease: str, until: int) -> Bulk | None:
        """As it is now, if it runs and no other lease on it is valid."""
        ...

    async def advance_bulk(self, step: Advance) -> Advanced | None:
        """None, and nothing is written, where it does not run any more, is at another place, or the lease is another's.
        Raises DefinitionChanged where an order is of a definition that another server has changed."""
        ...

    async def cancel_bulk(self, bulk_id: int) -> Bulk | None:
        """As it is after it; None when there is none. Raises BulkFinished."""
        ...
