"""The verbs of queues that another engine delivers, on PostgreSQL: `follow` and `save_place`."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from blazy_jobs_server.domain.errors import DefinitionChanged
from blazy_jobs_server.domain.limits import Scope
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports import Followed, Order, Sighting
from blazy_jobs_server.store.following import Follow, SavePlace, follow_one, with_payloads
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.dispatching import insert_runs, lane_of
from blazy_jobs_server.store.postgres.limiting import room_of
from blazy_jobs_server.store.postgres.transaction import Transaction

JobOfOthers = tuple[str, str]
"""Its id, and its queue."""
OURS = (
    "SELECT r.id, l.queue FROM runs AS r JOIN lanes AS l ON l.id = r.lane_id "
    "WHERE r.id = ANY($1::bigint[]) AND r.followed IS NOT NULL"
)


async def save_place(tx: Transaction, arguments: list[SavePlace]) -> list[None]:
    for queue, place in arguments:
        await tx.execute("UPDATE queues SET place = $2 WHERE name = $1", queue, place)
    return [None] * len(arguments)


async def follow(tx: Transaction, arguments: list[Follow]) -> list[list[Followed] | DefinitionChanged]:
    return [await _follow(tx, argument) for argument in arguments]


async def _follow(tx: Transaction, argument: Follow) -> list[Followed] | DefinitionChanged:
    sightings = argument.sightings
    for sighting in sightings:
        known = None if sighting.order is None else tx.ledger.job_types.get(sighting.order.job_type)
        if known is not None and sighting.order is not None and known.definition_id != sighting.order.definition_id:
            return DefinitionChanged(known.name)
    ours = await _ours(tx, sightings)
    adopted = await _adopted(tx, [s for s in sightings if s.run_id not in ours])
    await tx.lock(sorted(ours | {run_id for run_id, _ in adopted.values()}))
    room = await room_of(tx, _limited(tx, sightings))
    answer: list[Followed] = []
    for sighting in sightings:
        run = tx.locked.get(sighting.run_id or 0) if sighting.run_id in ours else await _find(tx, sighting, adopted)
        if run is None:
            answer.append(Followed(None))
            continue
        lane = tx.ledger.lanes[run.lane_id]
        followed = follow_one(tx, run, sighting, argument.lease_seconds, full=room.of(lane) == 0)
        if followed.run is not None:
            tx.locked[run.id] = followed.run
        if followed.leased:
            room.take(lane)
        answer.append(followed)
    return await _with_payloads(tx, answer)


def _limited(tx: Transaction, sightings: tuple[Sighting, ...]) -> list[Scope]:
    """The job types of which a lease may be too many."""
    if all(sighting.lease is None for sighting in sightings):
        return []
    names = {run.job_type for run in tx.locked.values()}
    names.update(sighting.order.job_type for sighting in sightings if sighting.order is not None)
    scopes = [Scope("job_type", name) for name in sorted(names)]
    return [scope for scope in scopes if tx.ledger.limits(scope).bounds_starts]


async def _ours(tx: Transaction, sightings: tuple[Sighting, ...]) -> set[int]:
    """The runs that are named and are here. The id of a job of others, as another database's, may look like one."""
    named = {s.run_id: s.queue for s in sightings if s.run_id is not None}
    rows = await tx.rows(OURS, sorted(named)) if named else ()
    return {run_id for run_id, queue in rows if named[run_id] == queue}


async def _adopted(tx: Transaction, sightings: Sequence[Sighting]) -> dict[JobOfOthers, tuple[int, int | None]]:
    """The newest run of each job of others, and that job's own time. No other server makes one until the end."""
    jobs = sorted({(s.job_id, s.queue) for s in sightings})
    if not jobs:
        return {}
    stripes = sorted({sql.LOCK_DEDUPE + crc32("\0".join(job).encode()) % sql.DEDUPE_STRIPES for job in jobs})
    await tx.rows(sql.LOCK_ALL, stripes)
    rows = await tx.rows(sql.FIND_JOBS, [job_id for job_id, _ in jobs], [queue for _, queue in jobs])
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def _find(tx: Transaction, sighting: Sighting, adopted: dict[JobOfOthers, tuple[int, int | None]]) -> Run | None:
    job, order = (sighting.job_id, sighting.queue), sighting.order
    known = adopted.get(job)
    if known is not None and (order is None or known[1] == order.job_added_at):
        return tx.locked.get(known[0])
    if order is None or order.job_type not in tx.ledger.job_types or not tx.ledger.elsewhere(order.queue):
        return None
    run = await _make(tx, order)
    adopted[job] = (run.id, run.job_added_at)
    return run


async def _make(tx: Transaction, order: Order) -> Run:
    run = tx.new_run(order, lane_of(tx, order), None)
    tx.locked[run.id] = run
    insert_runs(tx, [run])
    await tx.flush()  # its row is there before it moves on
    return run


async def _with_payloads(tx: Transaction, answer: list[Followed]) -> list[Followed]:
    leased = [item.run.id for item in answer if item.leased and item.run is not None]
    if not leased:
        return answer
    payloads = {run.id: run.payload for run in await tx.runs(sql.RUNS_BY_ID, leased)}
    return with_payloads(answer, payloads)
