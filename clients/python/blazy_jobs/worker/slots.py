"""The slots as the control process has them: processes with one attempt at a time, which are killed when need be.

A slot is given quick runs ahead so that it is never idle between two. It notes in shared memory, before its handler
starts, which run begins, and what became of the last one: what a slot had not begun, or has ended, is not lost with it.
`alone` leases have slots of their own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator

from blazy_jobs.worker import frames
from blazy_jobs.worker.descriptors import say_if_run_out
from blazy_jobs.worker.frames import pack
from blazy_jobs.worker.held import Held
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.outcome import crashed, of_stop
from blazy_jobs.worker.pace import AHEAD_SECONDS, MOST_AHEAD, WAIT_SECONDS, Pace
from blazy_jobs.worker.ports import Supervisor
from blazy_jobs.worker.slot_process import Slot

MAX_AHEAD = 100
"""For a slot: what ends within AHEAD_SECONDS, by the pace of late."""
GIVE_BACK_SECONDS = WAIT_SECONDS
START_GIVE_BACK_SECONDS = 5.0
"""Where a slot is being started for it."""
IDLE_ALONE_SECONDS = 10.0
MAX_START_FAILURES = 5
START_AGAIN_SECONDS = 0.5
UNKNOWN_PACE_SECONDS = 10.0

log = Log("blazy_jobs.worker")


class Slots:
    def __init__(self, control: Supervisor) -> None:
        self.control = control
        self._waiting: deque[Held] = deque()
        self._alone: deque[Held] = deque()
        self._slots: list[Slot] = []
        self._pace = Pace()
        self._pace_seconds = UNKNOWN_PACE_SECONDS
        self._start_failures = 0
        self._start_again_at = 0.0
        self._closed = False

    def capacity(self) -> int:
        """How many runs of the process lane can run. One, to try again with, while no slot can be started."""
        if self._start_failures and not any(slot.usable for slot in self._slots):
            return 1
        return self.control.settings.slots

    def ahead(self) -> int:
        """How many runs more may be held: quick ones, that slots have ahead."""
        now = time.monotonic()
        quick = sum(1 for slot in self._slots if slot.usable and not slot.alone and not slot.is_slow(now))
        return min(self._pace.ahead(), quick * self._ahead())

    def claim_took(self, seconds: float) -> None:
        self._pace.claim_took(seconds)

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
            held.place.look()
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

    def close(self, *, gently: bool = False) -> None:
        """`gently`: those are asked to end in which nothing runs."""
        self._closed = True
        for slot in self._slots:
            if gently and not slot.runs and slot.usable:
                slot.child.send(pack(frames.QUIT))
                continue
            for held in slot.runs:
                held.stop("release")
            slot.child.kill()

    @property
    def gone(self) -> bool:
        return not self._slots

    @property
    def busy(self) -> bool:
        """Whether they need looking after."""
        return bool(self._waiting or self._alone) or any(slot.busy for slot in self._slots)

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

    def took(self, slot: Slot, seconds: float) -> None:
        self.begun(slot)
        if not slot.alone:
            self._pace.note(1)
            self._pace_seconds += 0.2 * (seconds - self._pace_seconds)

    def ended(self, slot: Slot) -> None:
        slot.idle_since = time.monotonic()
        self.control.deal_soon()

    def take_back(self, runs: list[Held], *, recalled: bool = False) -> None:
        """What has not begun. `recalled`: because the slot is busy. What is late then begins elsewhere, unless another
        slot has room for it, or will."""
        late = time.monotonic() - GIVE_BACK_SECONDS
        recalled = recalled and not self._has_or_gets_room()
        for held in reversed(runs):
            held.place = None
            if held.stop_reason is not None:
                held.finish(of_stop(held.stop_reason))
            elif self.control.draining or (recalled and held.claimed_at < late and not held.called):
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

    def _has_or_gets_room(self) -> bool:
        plain = [slot for slot in self._slots if not slot.alone and slot.leaving_at is None]
        return len(plain) < self.control.settings.slots or any(slot.idle for slot in plain)

    def _ahead(self) -> int:
        most = min(MAX_AHEAD, MOST_AHEAD // self.control.settings.slots)
        return min(most, int(AHEAD_SECONDS / max(self._pace_seconds, 1e-6)))

    def _deal_plain(self) -> None:
        slots = [slot for slot in self._slots if slot.usable and not slot.alone and slot.reserved is None]
        slots.sort(key=lambda slot: len(slot.runs))
        now = time.monotonic()
        while self._waiting and slots:
            if self._waiting[0].wrapped:
                if slots[0].runs or not self.control.hosting.accepting:
                    return
                slot, held = slots.pop(0), self._waiting.popleft()
                slot.reserved = held
                self.control.hosting.begin([held])
                continue
            room = [slot for slot in slots if len(slot.runs) <= self._ahead() and not slot.recalled]
            room = [slot for slot in room if not slot.is_slow(now)]
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
