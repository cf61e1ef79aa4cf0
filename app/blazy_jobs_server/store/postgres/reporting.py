"""The verbs `report` and `cancel` on PostgreSQL: the rows are locked first, all in one order, and judged then."""

from __future__ import annotations

from blazy_jobs_server.domain.errors import RunFinished
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Completed, Held, Judged, Reported
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.reporting import ACCEPTED, Cancel, Reports, cancel_one, judge


def touched(verb: str, argument: Reports | Cancel) -> list[int]:
    """The runs that a verb will want locked."""
    if isinstance(argument, Cancel):
        return [argument.run_id]
    said = [item.run_id for item in argument.reports]
    ended = [run_id for item in argument.completed for run_id in item.run_ids]
    return said + ended + list(argument.holding)


async def report(tx: Transaction, arguments: list[Reports]) -> list[Judged]:
    renewed: dict[int, int] = {}
    answers = []
    for argument in arguments:
        lease_until = after(tx.now, argument.lease_seconds)
        reported = [judge(tx, tx.locked, argument.worker_id, item, lease_until) for item in argument.reports]
        completed = [_complete(tx, argument.worker_id, item, lease_until) for item in argument.completed]
        held = [_renew(tx, argument.worker_id, run_id, lease_until, renewed) for run_id in argument.holding]
        answers.append(Judged(reported, completed, held))
    tx.later(sql.RENEW, [item for item in renewed.items() if not tx.moved(item[0])])
    return answers


def _complete(tx: Transaction, worker_id: int, item: Completed, lease_until: int) -> dict[int, Reported]:
    judged = {report.run_id: judge(tx, tx.locked, worker_id, report, lease_until) for report in item.reports()}
    return {run_id: answer for run_id, answer in judged.items() if answer is not ACCEPTED}


def _renew(tx: Transaction, worker_id: int, run_id: int, lease_until: int, renewed: dict[int, int]) -> Held:
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
