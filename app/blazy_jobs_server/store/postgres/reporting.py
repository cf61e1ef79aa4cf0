"""The verbs `report` and `cancel` on PostgreSQL: the rows are locked first, all in one order, and judged then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from blazy_jobs_server.domain.errors import RunFinished
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Held, Judged, Report, Reported
from blazy_jobs_server.store.dispatching import Dispatch
from blazy_jobs_server.store.postgres import column_statements as sql_of_many
from blazy_jobs_server.store.postgres import columns
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.columns import Ends
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.reporting import ACCEPTED, Cancel, Reports, cancel_one, judge


async def lock(
    tx: Transaction, reports: Sequence[Reports], cancels: Sequence[Cancel], dispatches: Sequence[Dispatch] = ()
) -> None:
    """All runs that these verbs may change, in the order of keys. What is said of many at once is written by one
    statement, which locks as it goes, where there is nothing else."""
    singly = {item.run_id for argument in reports for item in argument.reports}
    singly.update(argument.run_id for argument in cancels)
    orders = [order for argument in dispatches for order in argument.orders]
    singly.update(order.replay_of for order in orders if order.replay_of is not None)
    ended = {run_id for argument in reports for item in argument.completed for run_id in item.run_ids}
    held = {run_id for argument in reports for run_id in argument.holding}
    if sum(map(bool, (singly, ended, held))) > 1:
        await tx.rows(sql_of_many.LOCK_KEYS, [*singly, *ended, *held])
    await tx.lock(sorted(singly))


async def report(tx: Transaction, arguments: list[Reports]) -> list[Judged]:
    untils = [after(tx.now, argument.lease_seconds) for argument in arguments]
    reported = [
        [judge(tx, tx.locked, argument.worker_id, item, until) for item in argument.reports]
        for argument, until in zip(arguments, untils, strict=True)
    ]
    completed = await _complete(tx, arguments, untils)
    held = await _renew(tx, arguments, untils)
    return [Judged(*answer) for answer in zip(reported, completed, held, strict=True)]


async def _complete(tx: Transaction, arguments: list[Reports], untils: list[int]) -> list[list[dict[int, Reported]]]:
    """Those that are still as they were leased end together, the others one by one; what is not simply accepted."""
    ends = Ends()
    numbers = {
        (place, index): ends.add(argument.worker_id, item, tx.locked)
        for place, argument in enumerate(arguments)
        for index, item in enumerate(argument.completed)
    }
    if not numbers:
        return [[] for _ in arguments]
    ended = await ends.save(tx)
    how_many = Counter(ended.values())
    left: dict[tuple[int, int], list[Report]] = {}
    for (place, index), number in numbers.items():
        item = arguments[place].completed[index]
        if how_many[number] < len(item.run_ids):
            left[place, index] = [one for one in item.reports() if ended.get(one.run_id) != number]
    await tx.lock(sorted({report.run_id for reports in left.values() for report in reports}))
    answers: list[list[dict[int, Reported]]] = [[{} for _ in argument.completed] for argument in arguments]
    for (place, index), reports in left.items():
        worker_id = arguments[place].worker_id
        judged = {item.run_id: judge(tx, tx.locked, worker_id, item, untils[place]) for item in reports}
        answers[place][index] = {run_id: answer for run_id, answer in judged.items() if answer is not ACCEPTED}
    return answers


async def _renew(tx: Transaction, arguments: list[Reports], untils: list[int]) -> list[list[Held]]:
    asked: dict[int, tuple[int, int]] = {}
    for argument, until in zip(arguments, untils, strict=True):
        for run_id in argument.holding:
            if run_id not in tx.locked:
                asked.setdefault(run_id, (argument.worker_id, until))
    renewed = await columns.renew(tx, asked)
    await tx.lock(sorted(asked.keys() - renewed.keys()))
    singly: dict[int, int] = {}
    answers = []
    for argument, until in zip(arguments, untils, strict=True):
        held = []
        for run_id in argument.holding:
            if run_id in renewed:
                mine = asked[run_id][0] == argument.worker_id
                held.append(Held(run_id, mine, mine and renewed[run_id]))
            else:
                held.append(_renew_one(tx, argument.worker_id, run_id, until, singly))
        answers.append(held)
    tx.later(sql.RENEW, [item for item in singly.items() if not tx.moved(item[0])])
    return answers


def _renew_one(tx: Transaction, worker_id: int, run_id: int, lease_until: int, renewed: dict[int, int]) -> Held:
    run = tx.locked.get(run_id)
    if run is None or run.state is not State.RUNNING or run.worker_id != worker_id:
        return Held(run_id, False, False)
    run.lease_until = lease_until
    renewed[run_id] = lease_until
    return Held(run_id, True, run.cancel_requested)


async def cancel(tx: Transaction, arguments: list[Cancel]) -> list[Run | RunFinished | None]:
    answers = []
    for argument in arguments:
        answer = cancel_one(tx, tx.locked, argument)
        if isinstance(answer, Run) and answer.state is State.RUNNING and answer.worker_id is not None:
            tx.cancelling.add(answer.worker_id)
        answers.append(answer)
    return answers
