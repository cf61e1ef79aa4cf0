"""Other servers on the same database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports.runs import WorkerRecord


class Elsewhere(Struct, frozen=True, kw_only=True):
    """What other servers on the same database have changed: a hint, which comes within some ten milliseconds.

    As one may be lost, each second one comes that says nothing in particular (None: it may be anything).
    """

    runs: frozenset[int] | None = None
    """Those that have changed."""
    cancelling: frozenset[int] = frozenset()
    """Workers whose handlers are asked to end."""
    ready: bool = True
    """There may be something to claim."""
    definitions: bool = True
    """Job types, queues or workers may have changed."""
    due_at: int | None = None
    fire_at: int | None = None
    """As in `Commit`."""
    topics: int = 0
    """As in `Commit`."""
    moved: frozenset[tuple[str, str, State]] | None = frozenset()
    """States in which runs of a job type and queue are that have changed; None: it may be any."""
    departed: bool = False
    """One of them is gone, and with it what it had still to tell other systems of its commits."""


class Neighbours(Protocol):
    """What a store adds whose database several servers share, all of them equal.

    Only here are events of all runs not published in the order of this server's commits: `on_feed` gives them, of all
    servers, in the order of their keys, once, and never one that goes before another already given.
    """

    server: int
    """This one's number, another one after each start."""
    alone: bool
    """No other server is there."""
    about: Callable[[], str]
    """What this server says of itself (JSON), asked for about once a second."""
    on_elsewhere: Callable[[Elsewhere], None]
    on_feed: Callable[[list[Event], int], None]
    """Events, and the key up to which none will come any more."""
    on_feed_torn: Callable[[], None]
    """The next ones may not follow on the last: whoever reads along reads from the store, from where it stands."""

    def follow_feed(self, wanted: bool) -> None:
        """Whether anybody reads along; else `on_feed` is not called."""
        ...

    async def revision(self) -> int:
        """Another one than before says that a job type, queue or lane has changed."""
        ...

    async def standing(self, run_ids: Sequence[int]) -> dict[int, tuple[int, bool]]:
        """Of those that are there, the number of the last event, and whether it is the final one."""
        ...

    async def worker(self, worker_id: int) -> WorkerRecord | None: ...
    async def heard(self, seen_at: Mapping[int, int]) -> list[int]:
        """This server is there, and has heard these workers, then. Answers those that are no more."""
        ...

    async def silent_workers(self, seconds: float) -> list[tuple[WorkerRecord, bool]]:
        """Those that no server has heard for so long, and whether there was one to hear them (else it is no loss)."""
        ...

    async def servers(self, since: int) -> list[tuple[int, int, str | None]]:
        """Those that have said something since then: number, when, and what they say of themselves."""
        ...

    def at_home(self, worker: WorkerRecord) -> bool:
        """Whether it is of the pool of this server, or of the one before it in the same place."""
        ...
