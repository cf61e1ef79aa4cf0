"""A worker that wakes up after its lease was given to another, and reports all the same."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.faults.campaign import collect
from tests.faults.history import Asked, History, Mark
from tests.support.speed import stretched
from tests.support.wire import Session

HOLD_SECONDS = 0.3
REPORTS: dict[str, dict[str, Any]] = {
    "progress": {"percent": 50, "message": "from the dead", "data": None},
    "log": {"level": "info", "message": "from the dead", "fields": {}},
    "failed": {"error": {"message": "from the dead"}},
    "released": {},
    "snoozed": {"delay_seconds": 60},
    "cancelled": {},
    "completed": {"result": {"nonce": "zombie"}},
}


class Worker:
    """One that the test plays, over the public routes."""

    def __init__(self, session: Session, name: str, job: str, history: History, pid: int) -> None:
        self._session = session
        self._name = name
        self._job = job
        self._history = history
        self._pid = pid
        self._id = ""

    async def register(self) -> Worker:
        body = {"name": self._name, "job_types": [self._job], "concurrency": 1}
        self._id = (await self._session.ask("POST", "/v1/workers", body)).json()["id"]
        return self

    async def claim(self) -> dict[str, Any] | None:
        answer = await self._session.ask("POST", f"/v1/workers/{self._id}/claim", {"max": 1, "wait_seconds": 0.2})
        return answer.json()["data"][0] if answer.status == 200 else None

    async def say(self, lease: dict[str, Any] | None, kind: str = "", fields: dict[str, Any] | None = None) -> str:
        """The status of a report, or "" for a sign of life that names no lease."""
        reports = []
        if lease is not None:
            named = {"run_id": lease["run"]["id"], "attempt": lease["attempt"], "lease_token": lease["lease_token"]}
            reports.append({**named, "type": kind, **(fields or {})})
        answer = await self._session.ask("POST", f"/v1/workers/{self._id}/report", {"reports": reports, "holding": []})
        judged = answer.json()["data"]
        return str(judged[0]["status"]) if judged else ""

    def mark(self, lease: dict[str, Any], kind: str) -> None:
        boot, wall = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns()
        self._history.trace.append(Mark(lease["run"]["id"], lease["attempt"], kind, boot, wall, self._pid))


async def zombie_reports(url: str, kinds: list[str]) -> tuple[History, list[str]]:
    """One run for each kind of report: what became of them, and how the zombie was answered.

    The zombie stays a member (it gives signs of life), so that only the lease itself can tell it off.
    """
    history = History()
    answers = await asyncio.gather(*(_zombie(url, history, number, kind) for number, kind in enumerate(kinds)))
    seen = await collect(url)
    history.runs, history.events, history.attempts = seen.runs, seen.events, seen.attempts
    return history, list(answers)


async def _zombie(url: str, history: History, number: int, kind: str) -> str:
    """The status of its late report."""
    told, job, nonce = Session(url), f"parked-{number}", f"zombie-{number}"
    await told.ask("PUT", f"/v1/job-types/{job}", {"handler": {"kind": "worker"}, "timeout_seconds": 60})
    history.asked[nonce] = Asked(nonce, job)
    answer = await told.ask("POST", f"/v1/job-types/{job}/runs", {"payload": {"nonce": nonce}})
    history.answers.append((nonce, answer.json()["id"]))
    zombie = await Worker(told, f"zombie-{number}", job, history, 1000 + number).register()
    heir = await Worker(told, f"heir-{number}", job, history, 2000 + number).register()
    stale = await _claimed(zombie)
    zombie.mark(stale, "begin")
    lease = await _inherited(zombie, heir)
    heir.mark(lease, "begin")
    status = await zombie.say(stale, kind, REPORTS[kind])
    await asyncio.sleep(HOLD_SECONDS)
    heir.mark(lease, "end")
    await heir.say(lease, "completed", {"result": {"nonce": nonce}})
    told.close()
    return status


async def _claimed(worker: Worker) -> dict[str, Any]:
    async with asyncio.timeout(stretched(10)):
        while (lease := await worker.claim()) is None:
            continue
    return lease


async def _inherited(zombie: Worker, heir: Worker) -> dict[str, Any]:
    """The lease of the heir, once the zombie's has run out unnamed."""
    async with asyncio.timeout(stretched(30)):
        while (lease := await heir.claim()) is None:
            await zombie.say(None)
    return lease
