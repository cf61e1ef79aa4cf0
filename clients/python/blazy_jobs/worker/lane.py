"""One registration at work: claims while there is room, reports what its runs say, renews what it holds."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson

from blazy_jobs.worker import completed, spoken
from blazy_jobs.worker.completed import Completed
from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held, JobInfo
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.outcome import instead_of
from blazy_jobs.worker.pace import MOST_AHEAD
from blazy_jobs.worker.session import Session, TooMuch
from blazy_jobs.worker.spoken import Spoken
from blazy_jobs.worker.word import Word, ended_singly, said_singly

MAX_CLAIM = 1000
FEW = 0.25
GATHER_SECONDS = 0.002
"""Under a backlog, what makes only a `FEW` of the room free waits this long for more: a claim of one costs the server
as much as a claim of many."""
LISTEN_SECONDS = 1.0
"""A cancel is heard in the answer to a report: with runs in hand, one goes out at least this often."""
MAX_BATCH = 2000
MAX_BATCH_BYTES = 8 << 20
MAX_GROUP_BYTES = 4 << 20
"""Runs of an answer beyond this are held one by one, so that the payload of each is let go of with it."""
MAX_WAITING_BYTES = 32 << 20
"""Words of running handlers beyond this are dropped while no server takes them; outcomes never are."""

log = Log("blazy_jobs.worker")


class Keeper(Protocol):
    """Who runs what a lane claims: the control process, or a test's own worker."""

    def begin(self, runs: list[Held], raw: bytes | None) -> None:
        """`raw`: the claim's answer with exactly these."""

    def begin_group(self, group: Group) -> None:
        """Comes only where the session asks for columns."""

    def stop(self, held: Held, reason: str) -> None: ...
    def renewed(self) -> None: ...
    def said_something(self) -> None: ...
    def drain(self, reason: str) -> None: ...


class Lane:
    """`capacity`: how many runs may be in hand; `ahead`: how many more while there is a backlog, so that what ends
    quickly never waits for a claim's answer. `claim_took` hears how long that takes."""

    def __init__(
        self,
        control: Keeper,
        session: Session,
        jobs: dict[str, JobInfo],
        capacity: Callable[[], int],
        ahead: Callable[[], int] | None = None,
        claim_took: Callable[[float], None] | None = None,
    ) -> None:
        self._control = control
        self.session = session
        self._jobs = jobs
        self._capacity = capacity
        self._ahead = ahead
        self._claim_took = claim_took
        self.held: dict[str, Held | Group] = {}
        self._completed: deque[Completed] = deque()
        self._reporting: list[Completed] = []
        self._unreported = 0
        """Runs that have ended, and the server has not said that it knows."""
        self._spoken: deque[Spoken] = deque()
        self._telling: list[Spoken] = []
        self._words: deque[Word] = deque()
        self._words_bytes = 0
        self._sending: list[Word] = []
        self._dropped = 0
        self._room = asyncio.Event()
        self._to_say = asyncio.Event()
        self._renewed_at = time.monotonic()
        self._claiming = True
        self._backlog = False
        """The last claim was answered in full: more is waiting."""
        self.registered = asyncio.Event()

    @property
    def idle(self) -> bool:
        ends = self._completed or self._reporting
        return not (self.held or self._words or self._sending or self._spoken or self._telling or ends)

    def stop_claiming(self) -> None:
        self._claiming = False
        self._room.set()

    def look_for_room(self) -> None:
        if not self._room.is_set() and self._free() > 0:
            self._room.set()

    def end_claim(self) -> None:
        """What is being asked for could not begin: others shall have it."""
        self.session.end_claim()

    # -- runs

    async def claim(self) -> None:
        """A claim is outstanding whenever a run could begin."""
        while self._claiming:
            if self._free() <= 0:
                self._room.clear()
                if self._free() <= 0:
                    await self._room.wait()
                continue
            if self._backlog and self._free() < self._most() * FEW:
                await asyncio.sleep(GATHER_SECONDS)
            most = max(1, min(self._free(), MAX_CLAIM))
            # What is claimed ahead is there now, or not at all: nobody knows how long later runs take.
            waits = self._capacity() - len(self.held) >= most
            body = await (self.session.claim(most) if waits else self.session.claim(most, 0))
            if body is not None and self._backlog and self._claim_took is not None:
                self._claim_took(time.monotonic() - self.session.claimed_at)
            self._backlog = body is not None and self._accept(body) == most
            if body is None and self.held:
                self._listen()

    def _free(self) -> int:
        return self._most() - len(self.held)

    def _most(self) -> int:
        ahead = self._ahead() if self._backlog and self._ahead is not None else 0
        return self._capacity() + max(0, min(ahead, MOST_AHEAD - self._unreported))

    def _listen(self) -> None:
        """A claim that ends empty may say that a cancel is to be heard, in the answer to a report."""
        self._renewed_at = float("-inf")
        self._to_say.set()

    def _accept(self, body: bytes) -> int:
        """Begins what was claimed; how many leases that is."""
        now = time.monotonic()
        stale = self.session.may_be_stale(now)
        answer = orjson.loads(body)
        leases: list[dict[str, Any]] = answer["data"]
        groups = [Group(each, self._jobs[each["job_type"]], self, now) for each in answer.get("columns", ())]
        if not self.held:
            self._renewed_at = now  # the claim was contact enough; from here on there are leases to renew
            self._to_say.set()
        may_begin = self._claiming and not stale
        begin = [held for each in leases if self._accept_one(held := self._held_of(each, now), may_begin)]
        self._control.begin(begin, body if len(begin) == len(leases) and not groups else None)
        for group in groups:
            self._accept_group(group, may_begin, alone=len(body) > MAX_GROUP_BYTES)
        return len(leases) + sum(len(group.run_ids) for group in groups)

    def _held_of(self, lease: dict[str, Any], now: float) -> Held:
        return Held(lease, self._jobs[lease["run"]["job_type"]], self, now)

    def _accept_one(self, held: Held, may_begin: bool) -> bool:
        """Whether it begins."""
        if not may_begin:
            self.held[held.run_id] = held
            held.finish({"type": "released"})
            return False
        if (old := self.single(held.run_id)) is not None:
            # The server gave up on the old lease before this worker did. The two must not overlap.
            old.successor = held
            self._control.stop(old, "abandon")
            return False
        self.held[held.run_id] = held
        return True

    def _accept_group(self, group: Group, may_begin: bool, *, alone: bool) -> None:
        """`alone`: each is held by itself."""
        if may_begin and not alone and self.held.keys().isdisjoint(group.run_ids):
            self.held.update(dict.fromkeys(group.run_ids, group))
            self._control.begin_group(group)
        elif begin := [held for held in group.singles() if self._accept_one(held, may_begin)]:
            self._control.begin(begin, None)

    def single(self, run_id: str) -> Held | None:
        """What is held, by itself from now on."""
        held = self.held.get(run_id)
        return held.single(run_id) if isinstance(held, Group) else held

    def singles(self) -> list[Held]:
        return [held for run_id in list(self.held) if (held := self.single(run_id)) is not None]

    def apart(self, group: Group, held: Held) -> None:
        if self.held.get(held.run_id) is group:
            self.held[held.run_id] = held

    def spoken(self, group: Group, run_ids: Sequence[str], before: Sequence[int], number: int, words: bytes) -> None:
        said = Spoken(group, run_ids, before, number, words)
        if group.singly or not self.session.said:
            group.singly = True
            for run_id, kind, report in said.reports():
                self.tell(group.single(run_id), kind, report)
        elif not self._drops(number):
            self._spoken.append(said)
            self._words_bytes += len(words)
            if not self._to_say.is_set():
                self._to_say.set()

    def completed(self, group: Group, run_ids: Sequence[str], results: bytes) -> None:
        held = self.held
        for run_id in run_ids:
            del held[run_id]
        self._completed.append(Completed(group, run_ids, results))
        self._unreported += len(run_ids)
        if not self._to_say.is_set():
            self._to_say.set()
        if not self._room.is_set():
            self._room.set()

    def tell(self, held: Held, kind: str, report: bytes) -> None:
        if not self._drops(1):
            self._say(Word(held, kind, report, final=False))

    def _drops(self, number: int) -> bool:
        """Whether so many words of running handlers are too many."""
        if self._words_bytes <= MAX_WAITING_BYTES:
            return False
        if not self._dropped:
            log.warning("no server accepts reports: progress and log lines of handlers are dropped")
        self._dropped += number
        return True

    def finish(self, held: Held, kind: str, report: bytes) -> None:
        if self.held.get(held.run_id) is held:
            del self.held[held.run_id]
        if held.successor is not None:
            self.held[held.run_id] = held.successor
            self._control.begin([held.successor], None)
        self._say(Word(held, kind, report, final=True))
        if not self._room.is_set():
            self._room.set()

    def _say(self, word: Word) -> None:
        if word.held.stop_reason == "abandon":
            return
        self._words.append(word)
        self._unreported += word.final
        self._words_bytes += len(word.report)
        if not self._to_say.is_set():
            self._to_say.set()

    # -- reports

    async def report(self) -> None:
        """Reports as soon as there is something to say, and renews all leases at least every heartbeat."""
        while True:
            every = min(self.session.heartbeat_seconds, LISTEN_SECONDS) if self.held else self.session.heartbeat_seconds
            due_at = min(self._renewed_at + every, self.session.renewed_at + self.session.heartbeat_seconds)
            wait = due_at - time.monotonic()
            if not (self._words or self._completed or self._spoken) and wait > 0:
                self._to_say.clear()
                timer = asyncio.get_running_loop().call_later(wait, self._to_say.set)
                try:
                    await self._to_say.wait()
                finally:
                    timer.cancel()
                continue
            self._telling = spoken.take(self._spoken, MAX_BATCH_BYTES)
            # What ends runs comes after all that they have said.
            if not self._spoken:
                self._sending = self._next_batch()
            if not (self._spoken or self._words):
                self._reporting = completed.take(self._completed, MAX_BATCH_BYTES)
            self._words_bytes = max(0, self._words_bytes - sum(len(each.words) for each in self._telling))
            renew = wait <= 0
            await self._send(self._sending, renew, self._reporting, self._telling)
            self._unreported -= sum(word.final for word in self._sending)
            self._unreported -= sum(len(each.run_ids) for each in self._reporting)
            self._sending, self._reporting, self._telling = [], [], []
            self.look_for_room()
            if renew:
                self._renewed_at = time.monotonic()
                self._control.renewed()
            self._control.said_something()

    def _next_batch(self) -> list[Word]:
        batch: list[Word] = []
        size = 0
        while self._words and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
            word = self._words.popleft()
            size += len(word.report)
            if word.held.stop_reason != "abandon":
                batch.append(word)
            else:
                self._unreported -= word.final
        self._words_bytes = max(0, self._words_bytes - size)
        if not (self._words or self._spoken):
            self._dropped = 0
        return batch

    async def _send(
        self,
        batch: Sequence[Word],
        renew: bool,
        ends: Sequence[Completed] = (),
        said: Sequence[Spoken] = (),
    ) -> None:
        def holding() -> list[str]:
            return list(self.held)

        try:
            columns = ({"said": spoken.write(said)} if said else {}) | (
                {"completed": completed.write(ends)} if ends else {}
            )
            answer = await self.session.report([word.report for word in batch], holding, renew, **columns)
        except TooMuch as error:
            if ends or said:
                words = [word for each in said for word in said_singly(each)]
                await self._send([*words, *batch, *(word for each in ends for word in ended_singly(each))], renew)
            else:
                await self._send_in_parts(batch, renew, str(error))
            return
        if said:
            self._judge_said(spoken.tokens(said), answer["said"])
        if ends:
            self._judge_columns(ends, answer["completed"])
        for word, judged in zip(batch, answer["data"], strict=True):
            if judged["status"] != "accepted":
                self._not_accepted(word, judged)
            elif judged["cancel_requested"] and not word.final:
                self._control.stop(word.held, "cancel")
        for state in answer["holding"]:
            self._renewed(state)
        if answer.get("drain"):
            self._control.drain("the server asks for it")

    async def _send_in_parts(self, batch: Sequence[Word], renew: bool, reason: str) -> None:
        """Finds the one word that the server cannot take, so that it harms no other."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._send(batch[:middle], renew)
            await self._send(batch[middle:], renew)
        elif batch:
            self._refused(batch[0], reason)
        else:
            log.error("the server refused to renew leases", name=self.session.name, reason=reason)
            await asyncio.sleep(1)

    def _judge_columns(self, columns: Sequence[Completed], answer: Sequence[Sequence[dict[str, Any]]]) -> None:
        judged = {each["run_id"]: each for judged in answer for each in judged if each["status"] != "accepted"}
        if judged:
            for word in (word for each in columns for word in ended_singly(each)):
                if word.held.run_id in judged:
                    self._not_accepted(word, judged[word.held.run_id])

    def _judge_said(self, tokens: Sequence[str], answer: Sequence[Sequence[dict[str, Any]]]) -> None:
        for token, judged in [(token, each) for token, of_item in zip(tokens, answer, strict=True) for each in of_item]:
            held = self.held.get(judged["run_id"])
            if judged["status"] == "rejected":
                about = {"run_id": judged["run_id"], "kind": "word", "reason": judged["error"]}
                log.error("the server refused a report", **about)
            elif held is not None and held.token == token:  # and not the same run, leased anew
                self._renewed({**judged, "held": judged["status"] == "accepted"})

    def _not_accepted(self, word: Word, judged: dict[str, Any]) -> None:
        held = word.held
        if judged["status"] == "lease_lost":
            log.warning("a lease was lost", job_type=held.job.name, run_id=held.run_id, attempt=held.attempt)
            if not word.final:
                self._control.stop(held, "abandon")
            return
        self._refused(word, str(judged["error"]))

    def _refused(self, word: Word, reason: str) -> None:
        """A run whose last word is refused has ended all the same: without another it would begin again for ever."""
        held = word.held
        log.error("the server refused a report", run_id=held.run_id, kind=word.kind, reason=reason)
        if word.final and not word.instead:
            report = instead_of(orjson.loads(word.report), reason)
            self._say(Word(held, report["type"], held.write(report), final=True, instead=True))

    def _renewed(self, state: dict[str, Any]) -> None:
        if state["held"] and not state["cancel_requested"]:
            return
        held = self.single(state["run_id"])
        if held is None:
            return  # it ended while the call was under way
        if not state["held"]:
            log.warning("a lease was lost", job_type=held.job.name, run_id=held.run_id, attempt=held.attempt)
            self._control.stop(held, "abandon")
        elif state["cancel_requested"]:
            self._control.stop(held, "cancel")
