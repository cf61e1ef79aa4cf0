"""The host as the control process has it: what runs in it, what it says, when it is replaced and who is to blame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson

from blazy_jobs.tracing.processing import CALLER
from blazy_jobs.worker import blame, completed, frames, spoken
from blazy_jobs.worker.blame import Blame, Blocked
from blazy_jobs.worker.calls import Call
from blazy_jobs.worker.children import Child
from blazy_jobs.worker.descriptors import say_if_run_out
from blazy_jobs.worker.frames import EVENTS, Frame, pack
from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.outcome import crashed, of_stop, suspected
from blazy_jobs.worker.pace import WAIT_SECONDS, Pace
from blazy_jobs.worker.ports import Supervisor
from blazy_jobs.worker.pulse import WORN_OUT

SILENT_SECONDS = 3.0
SHORT_LIFE_SECONDS = 2.0
MAX_EARLY_ENDS = 4
MAX_RESTART_SECONDS = 5.0
WORN_OUT_SECONDS = 10.0
"""How long what is in hand may take when threads run out."""
LONGEST_LOOK_SECONDS = 2.0
"""A longer gap between two looks at the host is this process's own, which was stopped meanwhile."""

log = Log("blazy_jobs.worker")


class Hosting:
    """Keeps one host alive. `on_ready` is called each time that one is ready to run."""

    def __init__(self, control: Supervisor, on_ready: Callable[[Child], None]) -> None:
        self._control = control
        self._on_ready = on_ready
        self._child: Child | None = None
        self._runs: dict[str, Held | Group] = {}
        self._pace = Pace()
        self._waiting: list[Held] = []
        self._calls: dict[str, Call] = {}
        self._number = 0
        self._blame: Blame | None = None
        """Whose fault it is that this host is being killed; None while it is not."""
        self._short_lives = 0
        self._early_ends = 0
        """How often one died before it had imported its modules; none has yet."""
        self._beat_at = 0.0
        self._looked_at = time.monotonic()
        self._silent_seconds = 0.0
        self._silent_warned = SILENT_SECONDS
        self._worn_out_at: float | None = None
        self._closed = False
        self._was_ready = False

    @property
    def ready(self) -> bool:
        return self._child is not None and self._child.ready and self._blame is None

    @property
    def accepting(self) -> bool:
        return self.ready and not self.deaf

    @property
    def deaf(self) -> bool:
        """What it would be given now would wait, for nobody knows how long, or go with it."""
        child = self._child
        if child is None or not child.ready:
            return False
        return child.page.blocked is not None or self._is_silent or self._worn_out_at is not None

    @property
    def _is_silent(self) -> bool:
        return self._silent_seconds > SILENT_SECONDS

    def start(self) -> None:
        if self._closed:
            return
        self._blame = None
        self._number = 0
        self._beat_at = self._silent_seconds = 0.0
        self._worn_out_at = None
        self._silent_warned = SILENT_SECONDS
        try:
            self._child = self._control.spawn("host")
        except OSError as error:
            say_if_run_out(error)
            log.error("the host process cannot be started", reason=str(error))
            self._control.later(MAX_RESTART_SECONDS, self.start)
            return
        self._child.on_frame = self._heard
        self._child.on_exit = self._exited

    # -- runs

    def begin(self, runs: Sequence[Held], raw: bytes | None = None) -> None:
        """Runs them now. `raw`: the claim's answer with exactly these, so that it need not be written again."""
        child = self._child
        if child is None or not self.ready:
            self._waiting.extend(runs)
            return
        if self.deaf:
            for held in runs:
                held.finish(of_stop("release"))
            return
        now = time.monotonic()
        for held in runs:
            self._number += 1
            held.number = self._number
            held.place = self
            held.begin(self._begins_by(now))
            self._runs[held.run_id] = held
        if runs:
            leases = raw or orjson.dumps({"data": [held.lease for held in runs]})
            child.send(pack(frames.LEASES, runs[0].number, leases))

    def begin_group(self, group: Group) -> None:
        """Runs them as there is room."""
        child = self._child
        if child is None or not self.accepting:
            return self.begin(group.singles())
        group.place = self
        group.begun_at = self._begins_by(time.monotonic(), len(group.run_ids))
        group.first_number = self._number + 1
        self._number += len(group.run_ids)
        self._runs.update(dict.fromkeys(group.run_ids, group))
        child.send(pack(frames.GROUP, [group.first_number, group.header()], orjson.dumps(group.payloads)))
        return None

    def ahead(self) -> int:
        """How many runs it may have that have to wait for room."""
        return self._pace.ahead()

    def claim_took(self, seconds: float) -> None:
        self._pace.claim_took(seconds)

    def _begins_by(self, now: float, number: int = 1) -> float:
        """What waits for room does not wait longer than this."""
        return now if len(self._runs) + number <= self._control.settings.concurrency else now + WAIT_SECONDS

    def _single(self, run_id: str) -> Held:
        held = self._runs[run_id]
        if isinstance(held, Group):
            held = self._runs[run_id] = held.single(run_id)
        return held

    def _singles(self) -> dict[str, Held]:
        return {run_id: self._single(run_id) for run_id in self._runs}

    def stop(self, held: Held, reason: str) -> None:
        if held in self._waiting:
            self._waiting.remove(held)
            held.stop(reason)
            held.finish(of_stop(reason))
        elif held.stop(reason) and self._child is not None:
            self._child.send(pack(frames.STOP, [[held.run_id, reason]]))

    def unbegun(self) -> list[Held]:
        """What waits here. What waits in the host comes back as released."""
        self.recall()
        return self._take_waiting()

    def recall(self) -> None:
        if self._child is not None and self._child.ready and self._runs:
            self._child.send(pack(frames.RECALL))

    def _take_waiting(self) -> list[Held]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def close(self, *, gently: bool = False) -> None:
        """Ends the host for good; what runs in it is given back. `gently`: it is asked to, where nothing runs."""
        self._closed = True
        if gently and not self._runs and self._child is not None and self._child.ready:
            self._child.send(pack(frames.QUIT))
            return
        self._replace(Blame("the worker ends"))

    @property
    def gone(self) -> bool:
        return self._child is None or not self._child.alive

    # -- what the host says

    def _heard(self, frame: Frame) -> None:
        match frame.kind:
            case frames.ENDED:
                self._completed(frame.header, frame.blob)
            case frames.WORDS:
                self._said(frame)
            case frames.SPOKEN:
                run_ids, before, number = frame.header
                spoken.pass_on(self._runs, self._single, run_ids, before, number, frame.blob)
            case frames.READY:
                assert self._child is not None
                self._was_ready = True
                self._on_ready(self._child)
                if waiting := self._take_waiting():
                    self.begin(waiting)
            case frames.STUCK:
                stuck = [run_id for run_id in frame.header if run_id in self._runs]
                for run_id in stuck:
                    held = self._single(run_id)
                    about = {"job_type": held.job.name, "run_id": run_id, "reason": held.stop_reason or "timeout"}
                    log.warning("a handler ignores its cancel or timeout: its process is replaced", **about)
                self._replace(Blame("a handler ignores its cancel or timeout", guilty=frozenset(stuck)))
            case frames.CALL:
                run_id, payload, within = frame.header
                if run_id in self._runs:
                    self._call(self._single(run_id), payload, within)
            case frames.HANG_UP:
                run_id, reason = frame.header
                if (call := self._calls.get(run_id)) is not None:
                    self._control.slots.stop(call.shadow, reason)

    def _said(self, frame: Frame) -> None:
        place, blob = 0, frame.blob
        for run_id, kind, size in frame.header["items"]:
            report = blob[place : place + size]
            place += size
            if run_id not in self._runs:
                continue
            held = self._single(run_id)
            if kind in EVENTS:
                held.desk.tell(held, kind, report)
            else:
                if kind != "released":
                    self._pace.note(1)
                self._end(held)
                held.desk.finish(held, kind, report)

    def _completed(self, run_ids: list[str], results: bytes) -> None:
        """Runs of one group."""
        self._pace.note(len(run_ids))
        completed.pass_on([self._runs.pop(run_id) for run_id in run_ids], run_ids, results)

    def _end(self, held: Held) -> None:
        del self._runs[held.run_id]
        if held.job.lane == "process":
            self._control.slots.unreserve(held)

    # -- process handlers inside middleware

    def _call(self, caller: Held, payload: Any, within: str | None) -> None:
        lease = {**caller.lease, "run": {**caller.lease["run"], "payload": payload}, CALLER: within}
        call = Call(self, caller, lease)
        self._calls[caller.run_id] = call
        self._control.slots.run_reserved(caller, call.shadow)

    def returned(self, call: Call, report: bytes) -> None:
        """A called process handler has ended: its middleware goes on, or what waited for that end is reported."""
        del self._calls[call.caller.run_id]
        if call.last_word is not None:
            self._control.slots.unreserve(call.caller)
            call.caller.finish(call.last_word)
        elif self._child is not None:
            self._child.send(pack(frames.RETURNED, orjson.loads(report)))

    # -- trouble

    def tick(self, now: float) -> None:
        child = self._child
        if child is None or not child.ready or self._blame is not None:
            return
        self._look(child, now)
        found = self._find_blame(child, now)
        if found is not None:
            self._say(found)
            self._replace(found)

    def _look(self, child: Child, now: float) -> None:
        gap, self._looked_at = now - self._looked_at, now
        beat_at = child.page.child_at
        if beat_at != self._beat_at:
            self._beat_at, self._silent_seconds, self._silent_warned = beat_at, 0.0, SILENT_SECONDS
        elif gap < LONGEST_LOOK_SECONDS:
            self._silent_seconds += gap

    def _find_blame(self, child: Child, now: float) -> Blame | None:
        grace = self._control.settings.stop_grace_seconds
        if self._is_silent:
            self._warn_of_silence()
            return blame.of_silent(self._singles(), self._silent_seconds, now, grace, first=self._number == 1)
        if (blocked := child.page.blocked) is not None:
            return blame.of_blocked(self._singles(), Blocked(*blocked), now, grace)
        if (found := self._find_wear(child, now)) is not None:
            return found
        # The host sees to its timeouts itself. What is far beyond has been forgotten there.
        late = self._overdue(now, 3 * grace + 5)
        forgotten = frozenset(held.run_id for held in late if held.run_id not in self._calls)
        return Blame("a handler cannot be stopped", guilty=forgotten) if forgotten else None

    def _overdue(self, now: float, grace_seconds: float) -> Sequence[Held]:
        latest = {held.deadline for held in set(self._runs.values()) if isinstance(held, Group)}
        if any(now >= deadline + grace_seconds for deadline in latest):
            return blame.overdue(self._singles().values(), now, grace_seconds)
        alone = [held for held in self._runs.values() if isinstance(held, Held)]
        return blame.overdue(alone, now, grace_seconds)

    def _find_wear(self, child: Child, now: float) -> Blame | None:
        worn, threads = child.page.worn
        if worn == WORN_OUT and self._worn_out_at is None:
            self._worn_out_at = now
            log.warning("threads run out: calls in them do not return", threads=threads, in_hand=len(self._runs))
        too_late = self._worn_out_at is not None and now - self._worn_out_at > WORN_OUT_SECONDS
        return Blame(blame.WORN) if too_late or (worn and not self._runs) else None

    def _warn_of_silence(self) -> None:
        if self._silent_seconds > self._silent_warned:
            self._silent_warned *= 2
            seconds = round(self._silent_seconds, 1)
            log.warning(
                "the host process does not respond",
                seconds=seconds,
                in_hand=len(self._runs),
                runs=self._names(self._runs),
            )

    def _say(self, found: Blame) -> None:
        guilty, suspects = self._names(found.guilty), self._names(found.suspects)
        about = {"reason": found.why, "in_hand": len(self._runs), "timed_out": guilty, "to_run_alone": suspects}
        log.warning("the host process is replaced", **about)

    def _names(self, run_ids: Iterable[str]) -> list[str]:
        return [f"{self._runs[run_id].job.name} {run_id}" for run_id in list(run_ids)[:10]]

    def _replace(self, found: Blame) -> None:
        if self._child is not None and self._child.alive:
            earlier = self._blame or Blame(found.why)
            self._blame = Blame(earlier.why, earlier.guilty | found.guilty, earlier.suspects | found.suspects)
            self._child.kill()

    def _exited(self) -> None:
        assert self._child is not None
        child, found = self._child, self._blame
        runs, self._runs = self._singles(), {}
        in_hand = sum(held.number <= child.page.begun for held in runs.values())
        if child.refused is not None:
            self._control.cannot_use_modules(child.refused)
        elif child.page.ended_itself:
            log.warning("the host process ended itself: its leases were not renewed", in_hand=in_hand)
        elif found is None and not self._closed:
            log.error("the host process died", how=child.how_it_died(), in_hand=in_hand)
        self._blame = None
        for held in runs.values():
            report = self._judge(held, in_hand, found, child)
            call = self._calls.get(held.run_id)
            if call is not None:
                call.last_word = report
                self._control.slots.stop(call.shadow, "abandon")
            else:
                if held.job.lane == "process":
                    self._control.slots.unreserve(held)
                held.finish(report)
        if not self._closed:
            self._restart(child, on_purpose=found is not None)

    def _judge(self, held: Held, in_hand: int, found: Blame | None, child: Child) -> dict[str, Any]:
        if held.stop_reason is not None:
            return of_stop(held.stop_reason)
        if held.number > child.page.begun:
            return of_stop("release")
        if found is not None and held.run_id in found.guilty:
            return of_stop("timeout")
        if found is not None:
            return suspected() if held.run_id in found.suspects else of_stop("release")
        if child.page.ended_itself:
            return of_stop("release")
        return crashed(child.how_it_died()) if in_hand == 1 else {"type": "lost"}

    def _restart(self, child: Child, on_purpose: bool) -> None:
        if child.declared is None and child.refused is None and not on_purpose and not self._was_ready:
            self._early_ends += 1
            if self._early_ends >= MAX_EARLY_ENDS:
                how = child.how_it_died()
                return self._control.cannot_use_modules(f"the process dies while it imports them: it was {how}")
        return self._start_again(child, on_purpose)

    def _start_again(self, child: Child, on_purpose: bool) -> None:
        short = not on_purpose and time.monotonic() - child.started_at < SHORT_LIFE_SECONDS
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives > 1:
            self._control.later(min(0.1 * 2**self._short_lives, MAX_RESTART_SECONDS), self.start)
        else:
            self.start()
