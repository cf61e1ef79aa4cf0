"""A slot as the control process has it: what was given to it, what it says, and what its log says that became of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Protocol

import orjson

from blazy_jobs.worker import frames
from blazy_jobs.worker.frames import EVENTS, Frame, Unpacker, pack
from blazy_jobs.worker.held import Held, Leases
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.pace import AHEAD_SECONDS, WAIT_SECONDS
from blazy_jobs.worker.ports import Supervisor
from blazy_jobs.worker.slot_log import SPOKEN, WORDS, Last, Record

LEAVE_SECONDS = 1.0
UNBEGUN_SECONDS = 10.0
"""A slot that is ready begins what it is given. One that does not is held up by what an earlier run left behind."""

log = Log("blazy_jobs.worker")


class Owner(Protocol):
    """All slots."""

    @property
    def control(self) -> Supervisor: ...
    def ready(self) -> None: ...
    def begun(self, slot: Slot) -> None: ...
    def took(self, slot: Slot, seconds: float) -> None:
        """So long a run did."""

    def ended(self, slot: Slot) -> None:
        """Some of its runs have."""

    def stop(self, held: Held, reason: str) -> None: ...
    def take_back(self, runs: list[Held], *, recalled: bool = False) -> None: ...
    def died(self, slot: Slot, runs: list[Held]) -> None: ...


class Slot:
    """`runs` in the order in which it has them; the first may have begun."""

    def __init__(self, slots: Owner, alone: bool) -> None:
        self._slots = slots
        self.alone = alone
        self.runs: deque[Held] = deque()
        self.reserved: Held | None = None
        self.number = 0
        self.recalled = False
        self.has_begun = False
        """Any run."""
        self.leaving_at: float | None = None
        self.first_seen: tuple[Held | None, float] = (None, 0.0)
        """What is to begin next, and since when."""
        self.idle_since = time.monotonic()
        self.child = slots.control.spawn("slot")
        self.child.on_frame = self._heard
        self.child.on_exit = self._exited
        self._log = self.child.page.log

    @property
    def usable(self) -> bool:
        return self.child.ready and self.leaving_at is None

    @property
    def busy(self) -> bool:
        return bool(self.runs) or self.alone or not self.usable

    @property
    def idle(self) -> bool:
        return not self.runs and self.reserved is None

    def is_slow(self, now: float) -> bool:
        """What it runs takes longer than what may be ahead: nothing is to wait behind it."""
        number, begun_at = self.child.page.running
        return bool(self.runs) and number >= self.runs[0].number and now - begun_at > AHEAD_SECONDS

    def give(self, runs: list[Held]) -> None:
        for group, several in groupby(runs, key=lambda held: held.group):
            given = list(several)
            for held in given:
                self.number += 1
                held.number, held.place = self.number, self
                self.runs.append(held)
            if group is None or self.alone:
                entries = [{"number": held.number, "inline": self.alone, "lease": held.lease} for held in given]
                self.child.send(pack(frames.LEASES, self._log.read, orjson.dumps(entries)))
            else:
                common, payloads = group.part([held.group_place for held in given])
                header = [given[0].number, common, self._log.read]
                self.child.send(pack(frames.GROUP, header, orjson.dumps(payloads)))

    def recall(self) -> None:
        if not self.recalled:
            self.recalled = True
            self.child.send(pack(frames.RECALL))

    def ask_to_stop(self, held: Held) -> None:
        self.child.page.ask_to_stop(held.number, held.stop_reason or "cancel")
        self.child.ask()

    def look(self) -> Held | None:
        """The run that is running, or begins next; a slot says nothing of it, but notes it."""
        number, begun_at = self.child.page.running
        held = next((held for held in self.runs if held.number == number), None)
        if held is None:
            return self.runs[0] if self.runs else None
        if held.begun_at is None:
            held.begin(begun_at)
            self._slots.begun(self)
            if held.stop_reason is not None:
                held.stop_at = time.monotonic()
                self.ask_to_stop(held)
        return held

    def tick(self, now: float, grace_seconds: float) -> None:
        held = self.look()
        if self.leaving_at is not None:
            if now - self.leaving_at > LEAVE_SECONDS:
                self.child.kill()
        elif held is not None and held.begun_at is None:
            self.first_seen = self.first_seen if self.first_seen[0] is held else (held, now)
            if self.child.ready and now - self.first_seen[1] > UNBEGUN_SECONDS:
                log.warning("a slot does not start its run: it is replaced", run_id=held.run_id)
                self.child.kill()
        elif held is not None:
            if held.stop_reason is None:
                if now >= held.deadline:
                    self._slots.stop(held, "timeout")
            elif now - held.stop_at >= grace_seconds:
                self.child.kill()
        if len(self.runs) > 1 and now - self.runs[-1].claimed_at > WAIT_SECONDS:
            self.recall()

    def _heard(self, frame: Frame) -> None:
        if frame.kind == frames.LOGGED:
            self._settle(self._log.take(frame.header))
        elif frame.kind == frames.WORDS:
            self._settle(self._log.take(frame.header["logged"]))
            self._said(frame.header, frame.blob)
        elif frame.kind == frames.SPOKEN:
            run_ids, before, number, logged = frame.header
            self._settle(self._log.take(logged))
            held = self.runs[0] if self.runs else None
            if held is not None and held.run_id == run_ids[0]:
                self._spoken(held, Last(before[0], number, frame.blob[1:-1], b""))
        elif frame.kind == frames.READY:
            self._slots.ready()

    def _settle(self, records: Sequence[Record]) -> None:
        """What has ended, in the order in which it did."""
        spoken: dict[Leases, tuple[list[str], list[Last]]] = {}
        completed: dict[Leases, tuple[list[str], list[bytes]]] = {}
        for record in records:
            held = self.runs[0] if self.runs else None
            if held is None or held.number != record.number:
                log.error("a slot is out of step with its runs: it is replaced", number=record.number)
                self.child.kill()
                break
            self._slots.took(self, record.seconds)
            if record.kind == WORDS:
                for frame in Unpacker().feed(record.data):
                    self._said(frame.header, frame.blob)
                continue
            self.runs.popleft()
            last = Last.unpack(record.data) if record.kind == SPOKEN else Last(0, 0, b"", record.data)
            if held.group is not None and _is_as_its_group(held):
                if last.number:
                    speakers, said = spoken.setdefault(held.group, ([], []))
                    speakers.append(held.run_id)
                    said.append(last)
                run_ids, results = completed.setdefault(held.group, ([], []))
                run_ids.append(held.run_id)
                results.append(last.result)
            else:
                self._spoken(held, last)
                held.finish({"type": "completed", "result": orjson.Fragment(last.result)})
        for group, (speakers, said) in spoken.items():
            words = b",".join([b"[%s]" % last.words for last in said])
            group.spoken(speakers, [last.before for last in said], sum(last.number for last in said), words)
        for group, (run_ids, results) in completed.items():
            group.completed(run_ids, b"" if results.count(b"null") == len(results) else b",".join(results))
        if records:
            self._slots.ended(self)

    def _spoken(self, held: Held, last: Last) -> None:
        if last.number and held.group is not None and _is_as_its_group(held):
            held.group.spoken([held.run_id], [last.before], last.number, b"[%s]" % last.words)
        else:
            for word in orjson.loads(b"[%s]" % last.words):
                held.desk.tell(held, word["type"], held.write(word))

    def _said(self, header: dict[str, Any], blob: bytes) -> None:
        place = 0
        for run_id, kind, size in header["items"]:
            report = blob[place : place + size]
            place += size
            held = self.runs[0] if self.runs else None
            if held is None or held.run_id != run_id:
                continue
            if kind in EVENTS:
                held.desk.tell(held, kind, report)
            elif header.get("bye"):
                # Its group may go on: it is reported when all of it is dead.
                held.verdict, self.leaving_at = (kind, report), time.monotonic()
            else:
                self.runs.popleft()
                held.desk.finish(held, kind, report)
                self._slots.ended(self)
        if (returned := header.get("returned")) is not None:
            self.recalled = False
            back = [held for held in self.runs if held.run_id in returned]
            for held in back:
                self.runs.remove(held)
            self._slots.take_back(back, recalled=True)

    def _exited(self) -> None:
        self._settle(self._log.take_all())
        self.look()
        runs, self.runs = list(self.runs), deque()
        if self.reserved is not None and self.reserved.begun_at is None:
            runs.append(self.reserved)
        self._slots.died(self, runs)


def _is_as_its_group(held: Held) -> bool:
    """What it says and ends with may go with the others."""
    return held.stop_reason is None and held.successor is None
