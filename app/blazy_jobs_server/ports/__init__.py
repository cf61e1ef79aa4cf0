"""What the engine asks of the outside, at the grain of verbs.

Instants are microseconds since the epoch. Every writing verb is one transaction: a run's change, its events, counts and
idempotency record commit together, and the call returns after the commit is durable. A verb that raises wrote nothing.
All raise `StoreUnavailable` when the database cannot be read or written; the next call tries again.
"""

from blazy_jobs_server.ports.clock import Clock, Timer
from blazy_jobs_server.ports.lists import Counted, Listed, RunFilter, Tally
from blazy_jobs_server.ports.neighbours import Elsewhere, Neighbours
from blazy_jobs_server.ports.queues import Followed, Job, JobEnd, JobNews, Offer, QueueEngine, QueueState, Sighting
from blazy_jobs_server.ports.runs import (
    ANY_WORKER,
    Claim,
    Commit,
    Completed,
    Dispatched,
    EventFilter,
    Hand,
    Held,
    IdempotencyKey,
    Judged,
    Leased,
    Many,
    Order,
    Report,
    Reported,
    Said,
    Swept,
    Unjudged,
    Verdict,
    WorkerRecord,
)
from blazy_jobs_server.ports.schedules import Fire, Fired
from blazy_jobs_server.ports.store import Store

__all__ = [
    "ANY_WORKER",
    "Claim",
    "Clock",
    "Commit",
    "Completed",
    "Counted",
    "Dispatched",
    "Elsewhere",
    "EventFilter",
    "Fire",
    "Fired",
    "Followed",
    "Hand",
    "Held",
    "IdempotencyKey",
    "Job",
    "JobEnd",
    "JobNews",
    "Judged",
    "Leased",
    "Listed",
    "Many",
    "Neighbours",
    "Offer",
    "Order",
    "QueueEngine",
    "QueueState",
    "Report",
    "Reported",
    "RunFilter",
    "Said",
    "Sighting",
    "Store",
    "Swept",
    "Tally",
    "Timer",
    "Unjudged",
    "Verdict",
    "WorkerRecord",
]
