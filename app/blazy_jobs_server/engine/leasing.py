"""The worker protocol: who is there, what they get, and what they say of it.

The workers that are there are in `membership`, their claims wait in `claims`, and queues of other engines get their
share of these by `sharing`. What workers report is taken here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.engine.claims import Claims
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import Member, Membership
from blazy_jobs_server.engine.results import Call, Results
from blazy_jobs_server.engine.sharing import Sharing
from blazy_jobs_server.engine.throttle import Heard, Throttle
from blazy_jobs_server.ports import ANY_WORKER, Clock, Completed, Judged, Report, Said, Store, WorkerRecord

log = structlog.get_logger("leasing")


class Answer(NamedTuple):
    judged: Judged
    drain: bool


class Leasing:
    def __init__(self, store: Store, clock: Clock, *, lease_seconds: float, heartbeat_seconds: float) -> None:
        self._store = store
        self.lease_seconds = lease_seconds
        self.heartbeat_seconds = heartbeat_seconds
        self.membership = Membership(store, clock, lease_seconds)
        self.claims = Claims(store, clock, self.membership, lease_seconds)
        self.sharing = Sharing(self.claims, self.membership)
        self._tasks = Tasks()
        self._throttle = Throttle(clock, self._send_late)
        self.results = Results(self._record, clock, lease_seconds)
        self.claims.on_leased = self.results.leased
        nobody = WorkerRecord(id=ANY_WORKER, name="", job_types=(), queues=None, concurrency=1, registered_at=0)
        self._anybody = Member(nobody, clock.now(), called=True)
        self.too_old_for: Callable[[WorkerRecord, int], Awaitable[int | None]] = _for_nothing
        """The run's definition, where the worker's code is older."""
        self.before_report: Callable[[Sequence[Report]], Awaitable[None]] | None = None

    async def start(self) -> None:
        await self.membership.load()
        self._tasks.keep("watch workers", self._watch)

    async def stop(self) -> None:
        self.membership.draining = True
        await self.claims.stop()
        await self._tasks.stop()
        await self.results.stop()

    def drain(self) -> None:
        """No new claims; those that wait are answered empty."""
        self.membership.draining = True
        self.claims.answer_all()

    async def _watch(self) -> None:
        while True:
            # So often, to notice that this server stood still; and neighbours tell each other whom they have heard.
            most = self.lease_seconds / 4 if self._store.neighbours is None else min(1.0, self.lease_seconds / 4)
            await asyncio.sleep(min(most, self.membership.silent_in_seconds()))
            await self.membership.give_up_silent()
            self._throttle.forget_idle()

    async def report(
        self,
        worker_id: int,
        reports: Sequence[Report],
        holding: Sequence[int],
        completed: Sequence[Completed] = (),
        said: Sequence[Said] = (),
    ) -> Answer:
        """Raises WorkerNotFound, StoreUnavailable and TooBusy."""
        member = await self.membership.known(worker_id)
        call = Call(reports, completed, holding, said)
        repeated = self.results.repeated(worker_id, call)
        if repeated is not None:
            held = (await self._record(worker_id, [], holding, [], [])).held
            judged = replace(await self.results.answer(repeated), held=held)
            return Answer(judged, self.membership.drains(member))
        heard = self._throttle.hear(worker_id, said, completed)
        reports = [*heard.singles, *[await self._given_back(member, report) for report in reports]]
        written, places = self._throttle.admit(worker_id, reports)
        written += self._throttle.end(worker_id, completed)
        try:
            judged = await self.results.report(member, call, written, places, heard)
        except StoreUnavailable:
            heard.forget()
            # The worker sends its reports again, but not those that were held back for it here.
            for late in written:
                if late.kind == "progress" and not any(late is report for report in reports):
                    self._throttle.hold_back(worker_id, late)
            raise
        return Answer(judged, self.membership.drains(member))

    async def hear(self, reports: Sequence[Report]) -> Judged:
        """What is said of runs by their own tokens, whoever has them. Raises StoreUnavailable and TooBusy."""
        call = Call(reports, (), ())
        repeated = self.results.repeated(ANY_WORKER, call)
        if repeated is not None:
            return await self.results.answer(repeated)
        written, places = self._throttle.admit(ANY_WORKER, reports)
        return await self.results.report(self._anybody, call, written, places, Heard([], [], [], []))

    async def _record(
        self,
        worker_id: int,
        reports: Sequence[Report],
        holding: Sequence[int],
        completed: Sequence[Completed],
        said: Sequence[Said],
    ) -> Judged:
        if not (reports or holding or completed or said):
            return Judged([], [], [])  # an idle worker's sign of life, of which the store keeps nothing
        if self.before_report is not None:
            heard = [report for item in said for report in item.reports()]
            ended = [report for item in completed for report in item.reports()]
            await self.before_report([*heard, *reports, *ended])
        return await self._store.report(worker_id, reports, holding, self.lease_seconds, completed, said)

    async def _given_back(self, member: Member, report: Report) -> Report:
        """An invalid payload is no failure where the worker's code is older than the run's version of its job type."""
        if report.kind != "failed" or report.error is None or report.error.code != "invalid_payload":
            return report
        definition_id = await self.too_old_for(member.record, report.run_id)
        if definition_id is None:
            return report
        await self.membership.note_unknown(member, definition_id)
        log.warning(
            "run requeued: its version is newer than the worker's code",
            run=public_run_id(report.run_id),
            worker=member.record.name,
        )
        return replace(report, kind="released", error=None)

    def _send_late(self, worker_id: int, report: Report) -> None:
        self._tasks.spawn("late progress", self._write_late(worker_id, report))

    async def _write_late(self, worker_id: int, report: Report) -> None:
        try:
            await self._store.report(worker_id, [report], [], self.lease_seconds)
        except StoreUnavailable:
            self._throttle.hold_back(worker_id, report)


async def _for_nothing(record: WorkerRecord, run_id: int) -> int | None:
    return None
