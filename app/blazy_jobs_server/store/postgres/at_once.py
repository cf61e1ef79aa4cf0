"""Reports and a claim as one statement, which is a transaction of its own: one way to the database and back.

It does what most calls of busy workers need: what was said to have completed ends, and one claim gets the first plain
runs of one lane. What is left of them then, or cannot go this way, goes the ordinary one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.ports import Judged, Leased
from blazy_jobs_server.store import columns as shared
from blazy_jobs_server.store.claiming import Claims
from blazy_jobs_server.store.columns import start_of
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.postgres import column_statements as sql
from blazy_jobs_server.store.postgres.claiming import takers
from blazy_jobs_server.store.postgres.columns import Ends, Share, note_started
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.reporting import Reports

MAX_RUNS = 100_000


class Plan(NamedTuple):
    """What is asked for. `share` None: there is no claim."""

    reports: list[Reports]
    share: Share | None
    lease_seconds: float


class Done(NamedTuple):
    """The answer to each report, None where some of it is left to be judged; and what the claim got, with how many runs
    that are still to be leased one by one."""

    judged: list[Judged | None]
    leased: Leased
    left: int


def plan(ledger: Ledger, reports: list[Reports], claims: list[Claims]) -> Plan | None:
    """None where the ordinary way is needed."""
    if not all(
        argument.completed and not (argument.reports or argument.said or argument.holding) for argument in reports
    ):
        return None
    if sum(len(item.run_ids) for argument in reports for item in argument.completed) > MAX_RUNS or not ledger.versions:
        return None
    if not claims:
        return Plan(reports, None, 0.0)
    claim = claims[0].claims[0]
    if len(claims) > 1 or len(claims[0].claims) > 1 or not claim.columns or claim.unknown or not claim.limit:
        return None
    lanes = list(takers(ledger, (claim,)))
    if len(lanes) != 1 or ledger.scopes(ledger.lanes[lanes[0]]):
        return None
    return Plan(reports, Share(0, claim, ledger.lanes[lanes[0]]), claims[0].lease_seconds)


async def perform(
    connection: Any, ledger: Ledger, revision: int, now: int, shard: int, draw: Callable[[], float], asked: Plan
) -> tuple[Done, Transaction] | None:
    """None where nothing was done, since the ordinary way is needed."""
    ends = Ends()
    numbers = [[ends.add(argument.worker_id, item, ()) for item in argument.completed] for argument in asked.reports]
    lease_until = after(now, asked.lease_seconds)
    ending = ends.parameters(ledger, now)
    rows = await connection.fetch(
        sql.AT_ONCE, revision, *ending, shard, *_claiming(ledger, now, asked.share, lease_until), shared.MAX_CLAIM_BYTES
    )
    if not rows:
        return None
    tx = Transaction(
        connection,
        ledger,
        now,
        draw,
        number=0,
        first_event=rows[0][2][0],
        shard=shard,
        due=False,
        workers=frozenset(),
    )
    ended = ends.note(tx, [(row[1], row[2], row[3], row[5], row[6]) for row in rows if row[0] == ENDED])
    leased, left = Leased([], []), 0
    for row in rows:
        if row[0] == STARTED and asked.share is not None:
            claim, lane = asked.share.claim, asked.share.lane
            started = note_started(tx, asked.share, start_of(ledger, now, claim, lane), lease_until, row[1:])
            left = len(started.others)
            if started.batch is not None:
                leased.batches.append(started.batch)
    tx.changed_counts()
    how_many = Counter(ended.values())
    judged = [_judged(argument, of_items, how_many) for argument, of_items in zip(asked.reports, numbers, strict=True)]
    return Done(judged, leased, left), tx


ENDED, STARTED = 1, 2


def _claiming(ledger: Ledger, now: int, share: Share | None, lease_until: int) -> Sequence[Any]:
    """$12 to $19."""
    if share is None:
        return (None, 0, 0, 0, "", 0, 0, "")
    claim, lane = share.claim, share.lane
    started = start_of(ledger, now, claim, lane)
    definition_id = ledger.job_types[lane.job_type].definition_id
    where = (claim.worker_id, lane.id, claim.limit, definition_id)
    return (*where, claim.token, lease_until, started.deadline_at, started.data)


def _judged(argument: Reports, numbers: list[int], how_many: Counter[int]) -> Judged | None:
    for item, number in zip(argument.completed, numbers, strict=True):
        if how_many[number] < len(item.run_ids):
            return None
    return Judged([], [{} for _ in argument.completed], [])


def rest_of(claims: Claims, left: int) -> Claims:
    """The same claim for so many runs, which are the first of its lane now."""
    [claim] = claims.claims
    return Claims((replace(claim, limit=left),), claims.lease_seconds)


def merged(first: Leased, rest: Leased | None) -> Leased | None:
    """None where the worker has left meanwhile, and nothing was leased to it."""
    if rest is None:
        return first if first.batches else None
    return Leased(rest.runs, first.batches + rest.batches)
