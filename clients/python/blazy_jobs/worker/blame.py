"""Who is to blame when the host does not turn: whose time is over, who runs by itself next, who is just given back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from blazy_jobs.worker.held import Held

ENDED_RUN = "what a run that has ended left behind blocks the loop"
BLOCKED = "a handler blocks the loop"
UNKNOWN = "the event loop is blocked by an unknown run"
SILENT = "the process does not respond"
WORN = "threads are still running for runs that have ended"


class Blame(NamedTuple):
    """The host is to be replaced. What is neither guilty nor suspected is given back as it is."""

    why: str
    guilty: frozenset[str] = frozenset()
    """Their time is over, and it is theirs: `timeout`."""
    suspects: frozenset[str] = frozenset()
    """Each runs alone next, where its end is nobody else's."""


class Blocked(NamedTuple):
    """What the host's watchdog says: `number` 0 where it does not know the run."""

    number: int
    since: float
    deadline: float


def of_blocked(runs: Mapping[str, Held], blocked: Blocked, now: float, grace_seconds: float) -> Blame | None:
    """None while it is to be borne. A handler may block until its time is over, if it costs no other its own."""
    if blocked.number == 0:
        return Blame(UNKNOWN, suspects=frozenset(runs)) if now >= blocked.since + grace_seconds else None
    culprit = next((held for held in runs.values() if held.number == blocked.number), None)
    if culprit is None:
        return Blame(ENDED_RUN) if now >= blocked.since + grace_seconds else None
    names = frozenset((culprit.run_id,))
    if now >= over_at(culprit, blocked.deadline) + grace_seconds:
        return Blame(BLOCKED, guilty=names)
    # The host began it later than it was sent there, and its own time is what counts.
    others = (held for held in runs.values() if held is not culprit)
    return Blame(BLOCKED, suspects=names) if overdue(others, now, grace_seconds) else None


def of_silent(
    runs: Mapping[str, Held], silent_seconds: float, now: float, grace_seconds: float, *, first: bool
) -> Blame | None:
    """Nobody in the process can say who it is. `first`: nothing ran in it before, so that a single run is to blame."""
    if not runs:
        return Blame(SILENT) if silent_seconds > grace_seconds else None
    if not overdue(runs.values(), now, grace_seconds):
        return None
    return (
        Blame(SILENT, guilty=frozenset(runs)) if first and len(runs) == 1 else Blame(SILENT, suspects=frozenset(runs))
    )


def overdue(runs: Iterable[Held], now: float, grace_seconds: float) -> Sequence[Held]:
    return [held for held in runs if now >= over_at(held, held.deadline) + grace_seconds]


def over_at(held: Held, deadline: float) -> float:
    """When its time was over, or it was told to stop."""
    return min(deadline, held.stop_at) if held.stop_reason is not None else deadline
