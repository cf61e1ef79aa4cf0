"""The slots as the control process has them: processes with one attempt at a time, which are killed when need be.

A slot is given a few quick runs ahead so that it is never idle between two; each run's beginning is announced before
its handler starts, so what a slot had not begun is not lost with it. `alone` leases have slots of their own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson

from blazy_jobs.worker import frames
from blazy_jobs.worker.descriptors import say_if_run_out
from blazy_jobs.worker.frames import EVENTS, Frame, pack
from blazy_jobs.worker.held import Held
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.outcome import crashed, of_stop
from blazy_jobs.worker.ports import Supervisor

AHEAD_SECONDS = 0.05
"""What a slot may have ahead, by the pace of late."""
MAX_AHEAD = 64
GIVE_BACK_SECONDS = 1.0
START_GIVE_BACK_SECONDS = 5.0
"""Where a slot is being started for it."""
LEAVE_SECONDS = 1.0
IDLE_ALONE_SECONDS = 10.0
MAX_START_FAILURES = 5
START_AGAIN_SECONDS = 0.5
UNBEGUN_SECONDS = 10.0
"""A slot that is ready begins what it is given. One that does not is held up by what an earlier run left behind."""
UNKNOWN_PACE_SECONDS = 10.0

log = Log("blazy_jobs.worker")


class Slot:
    """`runs` in the order in which it has them; the first may have begun."""

    def __init__(self, slots: Slots, alone: bool) -> None:
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

    @property
    def usable(self) -> bool:
        return self.child.ready and self.leaving_at is None

    @property
    def idle(self) -> bool:
        return not self.runs and self.reserved is None

    def give(self, runs: list[Held]) -> None:
        entries = []
        for held in runs:
            self.number += 1
            held.number, held.place = self.number, self
            self.runs.append(held)
            entries.append({"number": self.number, "inline": self.alone, "lease": held.lease})
        self.child.send(pack(frames.LEASES, None, orjson.dumps(entries)))

    def recall(self) -> None:
        if not self.recalled:
            self.recalled = True
            self.child.send(pack(frames.RECALL))

    def ask_to_stop(self, held: Held) -> None:
        self.child.page.ask_to_stop(held.number, held.stop_reason or "cancel")
        self.child.ask()

    def tick(self, now: float, grace_seconds: float) -> None:
        held = self.runs[0] if self.runs else None
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
        if len(self.runs) > 1 and now - self.runs[-1].claimed_at > GIVE_BACK_SECONDS:
            self.recall()

    def _heard(self, frame: Frame) -> None:
        if frame.kind == frames.WORDS:
            self._said(frame.header, frame.blob)
        elif frame.kind == frames.READY:
            self._slots.ready()

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
                self._slots.ended(self, held, kind, report)
        if (begun := header.get("begin")) is not None:
            self._begun(begun)
        if (returned := header.get("returned")) is not None:
            self.recalled = False
            back = [held for held in self.runs if held.run_id in returned]
            for held in back:
                self.runs.remove(held)
            self._slots.take_back(back)

    def _begun(self, run_id: str) -> None:
        held = self.runs[0] if self.runs else None
        if held is not None and held.run_id == run_id:
            held.begin()
            self._slots.begun(self)
            if held.stop_reason is not None:
                held.stop_at = time.monotonic()
                self.ask_to_stop(held)

    def _exited(self) -> None:
        runs, self.runs = list(self.runs), deque()
        if self.reserved is not None and self.reserved.begun_at is None:
            runs.append(self.reserved)
        self._slots.died(self, runs)


class Slots:
    def __init__(self, control: Supervisor) -> None:
        self.control = control
        self._waiting: deque[Held] = deque()
        self._alone: deque[Held] = deque()
        self._slots: list[Slot] = []
        self._pace_seconds = UNKNOWN_PACE_SECONDS
        self._start_failures = 0
        self._start_again_at = 0.0
        self._closed = False

    def capacity(self) -> int:
        """How many runs of the process lane may be held: what the slots can run, and what they may have ahead. One, to
        try again with, while none can be started."""
        if self._start_failures and not any(slot.usable for slot in self._slots):
            return 1
        return self.control.settings.slots * (1 + self._ahead())

    def take(self, held: Held) -> None:
        (self._alone if held.alone else self._waiting).append(held)

    def deal(self) -> None:
        """Gives what waits to slots with room, and starts slots where there are too few."""
        if self._closed:
            return
        self._deal_plain()
        self._deal_alone()
        self._start_slots(self._waiting, alone=False, most=self.control.settings.slots)
        self._start_slots(self._alone, alone=True, most=max(2, self.control.settings.slots))

    def stop(self, held: Held, reason: str) -> None:
        waiting = self._alone if held.alone else self._waiting
        if held in waiting:
            waiting.remove(held)
            held.stop(reason)
            held.finish(of_stop(reason))
        elif held.stop(reason) and isinstance(held.place, Slot):
            if held.begun_at is None:
                held.place.recall()
            else:
                held.place.ask_to_stop(held)

    def unbegun(self) -> list[Held]:
        """What waits here; what waits in a slot is asked back, and comes by `take_back`."""
        waiting = [*self._waiting, *self._alone]
        self._waiting.clear()
        self._alone.clear()
        for slot in self._slots:
            if len(slot.runs) > 1:
                slot.recall()
        return waiting

    def close(self) -> None:
        self._closed = True
        for slot in self._slots:
            for held in slot.runs:
                held.stop("release")
            slot.child.kill()

    @property
    def gone(self) -> bool:
        return not self._slots

    def tick(self, now: float) -> None:
        for slot in list(self._slots):
            slot.tick(now, self.control.settings.stop_grace_seconds)
            if slot.alone and slot.idle and slot.usable and now - slot.idle_since > IDLE_ALONE_SECONDS:
                slot.leaving_at = now
                slot.child.send(pack(frames.QUIT))
        plain = [slot for slot in self._slots if not slot.alone]
        if any(slot.usable for slot in plain):
            soon = any(slot.child.declared is None for slot in plain)
            self._give_back(self._waiting, now - (START_GIVE_BACK_SECONDS if soon else GIVE_BACK_SECONDS))
        elif self._start_failures:
            self._give_back(self._waiting, now - START_GIVE_BACK_SECONDS)
        self._give_back(self._alone, now - START_GIVE_BACK_SECONDS)

    # -- what slots say

    def ready(self) -> None:
        self.deal()

    def begun(self, slot: Slot) -> None:
        slot.has_begun = True
        self._start_failures = 0

    def ended(self, slot: Slot, held: Held, kind: str, report: bytes) -> None:
        now = time.monotonic()
        if held.begun_at is not None and not slot.alone:
            self._pace_seconds += 0.2 * (now - held.begun_at - self._pace_seconds)
        slot.idle_since = now
        held.desk.finish(held, kind, report)
        self.control.deal_soon()

    def take_back(self, runs: list[Held]) -> None:
        for held in reversed(runs):
            held.place = None
            if held.stop_reason is not None:
                held.finish(of_stop(held.stop_reason))
            elif self.control.draining:
                held.finish(of_stop("release"))
            else:
                (self._alone if held.alone else self._waiting).appendleft(held)
        self.control.deal_soon()

    def died(self, slot: Slot, runs: list[Held]) -> None:
        """The slot's process and its whole group are dead. Only the run that had begun has come to an end with it."""
        self._slots.remove(slot)
        if slot.child.refused is not None:
            self.control.cannot_use_modules(slot.child.refused)
        elif slot.leaving_at is None and not slot.has_begun and not self._closed:
            self._cannot_start(slot.child.how_it_died())
        self.take_back([held for held in runs if held.begun_at is None])
        for held in runs:
            if held.begun_at is None:
                continue
            if held.verdict is not None:
                held.desk.finish(held, *held.verdict)
            elif held.stop_reason is not None:
                held.finish(of_stop(held.stop_reason))
            elif slot.child.page.ended_itself:
                held.finish(of_stop("release"))
            else:
                held.finish(crashed(slot.child.how_it_died()))
        self.control.deal_soon()

    # -- middleware around process handlers

    def unreserve(self, held: Held) -> None:
        for slot in self._slots:
            if slot.reserved is held:
                slot.reserved = None
                slot.idle_since = time.monotonic()
                self.control.deal_soon()

    def run_reserved(self, caller: Held, shadow: Held) -> None:
        """Runs the handler in the slot that is kept for its caller, or in the next one where that has died."""
        slot = next((slot for slot in self._slots if slot.reserved is caller and slot.usable), None)
        if slot is not None and not slot.runs:
            slot.give([shadow])
        else:
            self._waiting.appendleft(shadow)
            self.control.deal_soon()

    # -- inside

    def _ahead(self) -> int:
        return min(MAX_AHEAD, int(AHEAD_SECONDS / max(self._pace_seconds, 1e-6)))

    def _deal_plain(self) -> None:
        slots = [slot for slot in self._slots if slot.usable and not slot.alone and slot.reserved is None]
        slots.sort(key=lambda slot: len(slot.runs))
        while self._waiting and slots:
            if self._waiting[0].wrapped:
                if slots[0].runs or not self.control.hosting.accepting:
                    return
                slot, held = slots.pop(0), self._waiting.popleft()
                slot.reserved = held
                self.control.hosting.begin([held])
                continue
            room = [slot for slot in slots if len(slot.runs) <= self._ahead() and not slot.recalled]
            if not room:
                return
            share = -(-len(self._waiting) // len(room))
            for slot in room:
                batch = list(self._plain(min(share, 1 + self._ahead() - len(slot.runs))))
                if batch:
                    slot.give(batch)
            slots.sort(key=lambda slot: len(slot.runs))

    def _plain(self, most: int) -> Iterator[Held]:
        while most > 0 and self._waiting and not self._waiting[0].wrapped:
            most -= 1
            yield self._waiting.popleft()

    def _deal_alone(self) -> None:
        for slot in self._slots:
            if self._alone and slot.alone and slot.idle and slot.usable:
                slot.give([self._alone.popleft()])

    def _start_slots(self, waiting: deque[Held], *, alone: bool, most: int) -> None:
        slots = [slot for slot in self._slots if slot.alone == alone]
        starting = sum(1 for slot in slots if slot.child.declared is None)
        wanted = min(len(waiting) - starting, most - len(slots))
        if self._start_failures and (starting or time.monotonic() < self._start_again_at):
            return
        for _ in range(wanted):
            try:
                self._slots.append(Slot(self, alone))
            except OSError as error:
                self._cannot_start(str(error), for_good=not say_if_run_out(error))
                return

    def _cannot_start(self, how: str, *, for_good: bool = True) -> None:
        """`for_good`: unless it goes well soon, it never will."""
        self._start_failures += 1
        log.error("a slot could not be started, or died before its first run", how=how)
        if for_good and self._start_failures >= MAX_START_FAILURES:
            self.control.fail(f"slots cannot be started: {how}")
        self._start_again_at = time.monotonic() + START_AGAIN_SECONDS
        self.control.later(START_AGAIN_SECONDS, self.control.deal_soon)

    def _give_back(self, waiting: deque[Held], before: float) -> None:
        old = [held for held in waiting if held.claimed_at < before and not held.called]
        for held in old:
            waiting.remove(held)
            held.finish(of_stop("release"))
