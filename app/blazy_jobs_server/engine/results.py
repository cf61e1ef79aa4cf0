"""Whether results fit the result schema of their runs: judged before they are stored, outside of any transaction.

Which runs have a result schema, the store says: it records no result of one without a verdict for the run's own
definition (`Unjudged`), and renews its lease. From then on the definition's schema is known here, and results of the
runs leased out afterwards bring their verdicts along. What has no result schema is not looked at.

What may take long is judged by a process of its own. All else in the same call is recorded at once; the call is
answered when everything is, or when its worker should hear something, and the leases are renewed until then.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec
import orjson
import structlog
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import Draining, InvalidSchema, StoreUnavailable, TooBusy
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.run import INVALID_RESULT, Error
from blazy_jobs_server.engine.examiner import NoTime
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import Member
from blazy_jobs_server.engine.schemas import Closely, Schema
from blazy_jobs_server.engine.throttle import Heard
from blazy_jobs_server.ports import Clock, Completed, Held, Judged, Leased, Report, Reported, Said, Unjudged, Verdict

log = structlog.get_logger("results")

MOST_SCHEMAS = 10_000
MOST_RUNS = 100_000
TRIES = 3
AGAIN_SECONDS = 1.0
TURN_SECONDS = 0.01
"""After so much work the loop has a turn."""
MISFIT = Error(INVALID_RESULT, "The result does not fit the job type's result schema.")
TOO_COMPLEX = Error(INVALID_RESULT, "The result takes too long to check against the job type's result schema.")
ACCEPTED = Reported("accepted")
_OPEN = frozenset(("progress", "log", "touch"))
"""Kinds of reports that end no lease."""

Record = Callable[[int, Sequence[Report], Sequence[int], Sequence[Completed], Sequence[Said]], Awaitable[Judged]]
"""Stores what a worker reports: (worker's key, reports, keys of the runs it holds, what has completed by columns, what
was said by columns)."""


class Call(NamedTuple):
    """What a worker sent."""

    reports: Sequence[Report]
    completed: Sequence[Completed]
    holding: Sequence[int]
    said: Sequence[Said] = ()

    def digest(self) -> bytes:
        """Of what it sends again if it sends the call again."""
        said = [(report.run_id, report.attempt, report.token, report.kind, report.data) for report in self.reports]
        return hashlib.blake2b(msgspec.json.encode((said, self.completed, self.said)), digest_size=16).digest()


class Columns:
    """What has completed by columns: left so, as far as no verdict is needed."""

    def __init__(self, completed: Sequence[Completed]) -> None:
        self._completed = completed
        self._spread: dict[int, list[int]] = {}
        """The places of the reports made of an item."""
        self._answers: dict[int, dict[int, Reported]] = {}
        self.left = completed

    def spread(self, reports: list[Report], definitions: dict[int, int]) -> None:
        """Makes reports of the items with runs of these."""
        left = []
        for index, item in enumerate(self._completed):
            if any(run_id in definitions for run_id in item.run_ids):
                self._append(index, item.reports(), reports)
            else:
                left.append(item)
        self.left = left

    def _append(self, index: int, these: list[Report], reports: list[Report]) -> None:
        self._spread.setdefault(index, []).extend(range(len(reports), len(reports) + len(these)))
        reports.extend(these)

    def merge(self, judged: Judged, reports: list[Report]) -> list[Reported]:
        """The answers to the reports, with those made here of what the store did not judge."""
        reported = list(judged.reported)
        indexes = [index for index in range(len(self._completed)) if index not in self._spread]
        for index, answers in zip(indexes, judged.completed, strict=True):
            unjudged = {run_id: answer for run_id, answer in answers.items() if type(answer) is Unjudged}
            self._answers[index] = answers
            if unjudged:
                self._answers[index] = {run_id: a for run_id, a in answers.items() if run_id not in unjudged}
                these = {report.run_id: report for report in self._completed[index].reports()}
                self._append(index, [these[run_id] for run_id in unjudged], reports)
                reported.extend(unjudged.values())
        self._run_ids = [report.run_id for report in reports] if self._spread else []
        return reported

    def answer(
        self, reported: list[Reported], places: list[int], held: list[Held], said: list[dict[int, Reported]]
    ) -> Judged:
        completed = []
        for index in range(len(self._completed)):
            answers = self._answers.get(index, {})
            if index in self._spread:
                later = {self._run_ids[place]: reported[place] for place in self._spread[index]}
                answers = answers | {run_id: answer for run_id, answer in later.items() if answer != ACCEPTED}
            completed.append(answers)
        return Judged([reported[place] for place in places], completed, held, said)


class Results:
    def __init__(self, record: Record, clock: Clock, lease_seconds: float) -> None:
        self.record = record
        self.clock = clock
        self._lease_seconds = lease_seconds
        self.renewal_seconds = lease_seconds / 3
        self._first_seconds = min(30.0, lease_seconds * 2)
        self._again_seconds = min(3.0, lease_seconds / 5)
        self.closely = Closely()
        self._schemas: dict[int, Schema] = {}
        """By the key of their definition, which never changes."""
        self._definitions: dict[int, int] = {}
        """Of runs leased out here whose definition has one of these schemas."""
        self._calls: dict[int, dict[bytes, asyncio.Future[Judged]]] = {}
        """Of each worker, those that wait for a verdict, or have waited for one just now."""
        self.tasks = Tasks()

    async def stop(self) -> None:
        self.closely.close()
        await self.tasks.stop()

    def leased(self, leased: Leased) -> None:
        """A worker was given these here."""
        if not self._schemas:
            return
        for run in leased.runs:
            if run.definition_id in self._schemas:
                self._note(run.id, run.definition_id)
        for batch in leased.batches:
            if batch.definition_id in self._schemas:
                for run_id in batch.run_ids:
                    self._note(run_id, batch.definition_id)

    def _note(self, run_id: int, definition_id: int) -> None:
        if len(self._definitions) >= MOST_RUNS:
            self._definitions.clear()
        self._definitions[run_id] = definition_id

    def repeated(self, worker_id: int, call: Call) -> asyncio.Future[Judged] | None:
        """The answer to the same call, which was sent before and waits, or has just waited, for a verdict."""
        calls = self._calls.get(worker_id)
        return calls.get(call.digest()) if calls else None

    async def report(
        self, member: Member, call: Call, written: list[Report], places: list[int], heard: Heard
    ) -> Judged:
        """Records what was heard by columns, then `written`, where the reports of the call have these places after
        those that were heard singly, and what has completed by columns.

        Raises StoreUnavailable; and TooBusy where a result is not judged yet, when all else is recorded.
        """
        columns = Columns(call.completed)
        if self._definitions:
            columns.spread(written, self._definitions)
            written = await self._with_verdicts(written)
        judged = await self.record(member.record.id, written, call.holding, columns.left, heard.columns)
        reported = columns.merge(judged, written)
        if all(type(answer) is not Unjudged for answer in reported):
            return heard.answer(columns.answer(reported, places, judged.held, judged.said))
        settling = Settling(self, member, written, reported, call.holding, judged.held)
        answered: asyncio.Future[Judged] = asyncio.get_running_loop().create_future()
        digest = call.digest()
        self._calls.setdefault(member.record.id, {})[digest] = answered

        def finish() -> Judged:
            return heard.answer(columns.answer(reported, places, settling.held, judged.said))

        self.tasks.spawn("settle results", self._settle(settling, member, digest, answered, finish))
        return await self.answer(answered, first=True)

    async def answer(self, answered: asyncio.Future[Judged], *, first: bool = False) -> Judged:
        """Within the time that a worker can wait: one that has sent its call again can wait less. Raises as `report`
        does."""
        await asyncio.wait([answered], timeout=self._first_seconds if first else self._again_seconds)
        if not answered.done():
            raise TooBusy("A result in this call is still being checked, and all else is recorded: send it again.")
        return answered.result()

    async def _settle(
        self,
        settling: Settling,
        member: Member,
        digest: bytes,
        answered: asyncio.Future[Judged],
        finish: Callable[[], Judged],
    ) -> None:
        """Whoever waits for it. The worker is there meanwhile; its call, sent again, has the same answer for a while
        afterwards, unless that says to try again."""
        keep_seconds = 0.0
        member.claims += 1
        try:
            await settling.settle()
        except (StoreUnavailable, TooBusy) as error:
            answered.set_exception(error)
        except BaseException:
            answered.set_exception(Draining())
            raise
        else:
            answered.set_result(finish())
            keep_seconds = self._lease_seconds
        finally:
            answered.exception()  # perhaps nobody waits for it
            member.claims -= 1
            member.seen_at = self.clock.now()
            asyncio.get_running_loop().call_later(keep_seconds, self._forget, member.record.id, digest, answered)

    def _forget(self, worker_id: int, digest: bytes, answered: asyncio.Future[Judged]) -> None:
        calls = self._calls.get(worker_id, {})
        if calls.get(digest) is answered:
            del calls[digest]
        if not calls:
            self._calls.pop(worker_id, None)

    async def _with_verdicts(self, reports: Sequence[Report]) -> list[Report]:
        """Where the schema is known and it can be said at a glance."""
        loop = asyncio.get_running_loop()
        until = loop.time() + TURN_SECONDS
        judged = []
        for report in reports:
            definition_id = None if report.kind in _OPEN else self._definitions.pop(report.run_id, None)
            if definition_id is not None and report.kind == "completed":
                schema = self._schemas.get(definition_id)
                if schema is not None:
                    report = _judged(report, definition_id, schema)
                    if loop.time() > until:
                        await asyncio.sleep(0)
                        until = loop.time() + TURN_SECONDS
            judged.append(report)
        return judged

    async def learn(self, reports: Sequence[Report], answers: Sequence[Unjudged]) -> list[Report]:
        """The reports, with the verdicts that can be said at a glance, as their schemas are known now."""
        for report, answer in zip(reports, answers, strict=True):
            if answer.result_schema is not None:
                if len(self._schemas) >= MOST_SCHEMAS:
                    self._schemas.clear()
                if answer.definition_id not in self._schemas:
                    self._schemas[answer.definition_id] = Schema(answer.result_schema)
                self._note(report.run_id, answer.definition_id)
        return await self._with_verdicts(reports)

    async def look(self, report: Report, answer: Unjudged) -> Verdict:
        """However long it takes. Raises TooBusy."""
        for left in reversed(range(TRIES)):
            try:
                found = await self.closely.examine(answer.result_schema, orjson.Fragment(report.data), None)
            except NoTime as error:
                run = public_run_id(report.run_id)
                log.warning("a result could not be judged", run=run, reason=str(error), tries_left=left)
                if left:
                    await asyncio.sleep(AGAIN_SECONDS)
            else:
                misfit = {True: None, False: MISFIT, None: TOO_COMPLEX}[found.fits]
                return Verdict(answer.definition_id, misfit)
        raise TooBusy("The result of a run cannot be checked now.")


def _judged(report: Report, definition_id: int, schema: Schema) -> Report:
    try:
        fits = schema.judge_text(report.data)
    except InvalidSchema as error:  # an earlier version took it
        message = f"The job type's result schema cannot be used: {error.errors[0].message}"
        return replace(report, verdict=Verdict(definition_id, Error(INVALID_RESULT, message)))
    if fits is None:
        return report
    return replace(report, verdict=Verdict(definition_id, None if fits else MISFIT))


class Settling:
    """What the store did not record of one call, for want of a verdict."""

    def __init__(
        self,
        results: Results,
        member: Member,
        reports: list[Report],
        reported: list[Reported],
        holding: Sequence[int],
        held: list[Held],
    ) -> None:
        """The answers take their places in `reported` as they come."""
        self._results = results
        self._member = member
        self._reports = reports
        self.reported = reported
        self._holding = holding
        self._refusals: list[StoreUnavailable | TooBusy] = []
        self.held = held
        """As last renewed."""

    async def settle(self) -> None:
        while left := {place: answer for place, answer in enumerate(self.reported) if type(answer) is Unjudged}:
            learned = await self._results.learn([self._reports[place] for place in left], list(left.values()))
            for place, report in zip(left, learned, strict=True):
                self._reports[place] = report
            runs: dict[int, list[int]] = {}
            for place in left:
                runs.setdefault(self._reports[place].run_id, []).append(place)
            slow = [places for places in runs.values() if self._takes_long(places[0], left[places[0]])]
            quick = [place for places in runs.values() if places not in slow for place in places]
            if quick:
                await self._record(quick)
            if slow:
                await self._judge_all(slow)

    def _takes_long(self, place: int, answer: Unjudged) -> bool:
        return answer.result_schema is not None and self._reports[place].verdict is None

    async def _record(self, places: Sequence[int]) -> None:
        reports = [self._reports[place] for place in places]
        judged = await self._results.record(self._member.record.id, reports, [], [], [])
        for place, answer in zip(places, judged.reported, strict=True):
            self.reported[place] = answer

    async def _judge_all(self, runs: list[list[int]]) -> None:
        """One that fails harms no other. Raises what the first of them raised."""
        spawn = self._results.tasks.spawn
        judging = {places[0]: spawn("judge a result", self._judge(places)) for places in runs}
        renewing = spawn("renew leases", self._renew(judging))
        try:
            await asyncio.wait(judging.values())
        finally:
            for task in (renewing, *judging.values()):
                task.cancel()
            await asyncio.gather(renewing, *judging.values(), return_exceptions=True)
        if self._refusals:
            raise self._refusals[0]

    async def _judge(self, places: list[int]) -> None:
        """A result, and what was said of the same run after it."""
        answer = self.reported[places[0]]
        assert isinstance(answer, Unjudged)
        report = self._reports[places[0]]
        try:
            self._reports[places[0]] = replace(report, verdict=await self._results.look(report, answer))
            await self._record(places)
        except (StoreUnavailable, TooBusy) as error:
            self._refusals.append(error)

    async def _renew(self, judging: dict[int, asyncio.Task[None]]) -> None:
        """A result is judged in vain once its lease is lost."""
        while True:
            await asyncio.sleep(self._results.renewal_seconds)
            self._member.seen_at = self._results.clock.now()
            places = [place for place, task in judging.items() if not task.done()]
            reports = [replace(self._reports[place], verdict=None) for place in places]
            try:
                judged = await self._results.record(self._member.record.id, reports, self._holding, [], [])
            except StoreUnavailable:
                continue
            self.held = judged.held
            for place, answer in zip(places, judged.reported, strict=True):
                if type(answer) is not Unjudged and not judging[place].done():
                    self.reported[place] = answer
                    judging[place].cancel()
