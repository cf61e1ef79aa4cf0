"""The load: clients that dispatch, cancel, replay and watch, write down what they were told, and outlive every crash.

A client sends a request with a key again until it is answered; one without a key it sends once, and does not know.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.faults.history import FINAL, Journal, Stream
from tests.support.anywhere import Wanderer
from tests.support.speed import stretched
from tests.support.wire import Answer, ConnectionLost, Session

RETRY_SECONDS = 0.1
PATIENCE_SECONDS = 90.0
AGAIN = (503,)
KEYED_AGAIN = (*AGAIN, 409)
MOST_FOLLOWERS = 10
DEDUPE_KEYS = ["one", "two", "three"]


class Client:
    """Does random things at random moments until it is told to stop."""

    def __init__(
        self,
        urls: Sequence[str],
        folder: Path,
        name: str,
        rng: random.Random,
        *,
        pause_seconds: float,
        follow_seconds: float,
    ) -> None:
        self._urls = urls
        self.name = name
        self.streams: list[Stream] = []
        self._rng = rng
        self._pause_seconds = pause_seconds
        self._follow_seconds = follow_seconds
        self._journal = Journal(folder / f"client-{name}.jsonl")
        self._session = Everywhere(urls)
        self._known: deque[str] = deque(maxlen=200)
        self._finished: deque[str] = deque(maxlen=50)
        self._followers: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Ends once stopped, with its followers."""
        making = [self.dispatch, self.dispatch, self.dispatch_unkeyed, self.dispatch_batch, self.dispatch_deduped]
        making.append(self.replay)
        deeds = [*making, self.cancel, self.look, self.look]
        while not self._stopping.is_set():
            deed = self._rng.choice(deeds)
            # However slow the machine, no more comes than can end: the readers of runs end with these.
            await (self.look if deed in making and len(self._followers) >= MOST_FOLLOWERS else deed)()
            try:
                async with asyncio.timeout(self._rng.expovariate(1 / self._pause_seconds)):
                    await self._stopping.wait()
            except TimeoutError:
                continue
        await asyncio.gather(*self._followers)
        self._session.close()
        self._journal.close()

    def _order(self) -> tuple[str, dict[str, Any]]:
        """A job type and a dispatch body."""
        rng = self._rng
        job = rng.choices(["quick", "nap", "grind", "flaky", "dozer"], [8, 4, 2, 3, 1])[0]
        payload: dict[str, Any] = {"nonce": uuid.UUID(int=rng.getrandbits(128)).hex}
        if job in ("nap", "grind"):
            payload["seconds"] = round(rng.uniform(0.03, 0.6 if job == "nap" else 0.15), 3)
        elif job == "flaky":
            payload |= {"failures": rng.choice([1, 1, 2, 4]), "hopeless": rng.random() < 0.2}
        elif job == "dozer":
            payload["until"] = time.time() + rng.uniform(0, 0.5)
        body: dict[str, Any] = {"payload": payload, "metadata": {"client": self.name}}
        if rng.random() < 0.15:
            body["delay_seconds"] = round(rng.uniform(0.1, 1.5), 3)
        if rng.random() < 0.2:
            body["priority"] = rng.randint(-5, 5)
        return job, body

    async def dispatch(self) -> None:
        """With a key, until answered; sometimes once more after the answer."""
        job, body = self._order()
        nonce = body["payload"]["nonce"]
        self._journal.write("asked", nonce=nonce, job=job)
        await self._until_told(nonce, f"/v1/job-types/{job}/runs", body)
        if self._rng.random() < 0.2:
            await self._until_told(nonce, f"/v1/job-types/{job}/runs", body)

    async def _until_told(self, nonce: str, path: str, body: Any) -> None:
        answer = await self._keyed(nonce, path, body)
        if answer is None:
            return
        if answer.status not in (200, 202):
            self._refused(path, answer)
            return
        run = answer.json()
        self._journal.write("answered", nonce=nonce, run=run["id"])
        self._met(run)

    async def _keyed(self, key: str, path: str, body: Any) -> Answer | None:
        """The answer; None only where there was none for so long that something else must be wrong."""
        patience = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < patience:
            try:
                answer = await self._session.ask("POST", path, body, {"Idempotency-Key": key})
                if answer.status not in KEYED_AGAIN:
                    return answer
            except ConnectionLost:
                pass
            await asyncio.sleep(RETRY_SECONDS)
        self._journal.write("refused", what=path, status=0, body=f"no answer for {PATIENCE_SECONDS:g} s")
        return None

    async def dispatch_unkeyed(self) -> None:
        job, body = self._order()
        nonce = body["payload"]["nonce"]
        self._journal.write("asked", nonce=nonce, job=job)
        answer = await self._once("POST", f"/v1/job-types/{job}/runs", body)
        if answer is not None and answer.status == 202:
            self._journal.write("answered", nonce=nonce, run=answer.json()["id"])
            self._met(answer.json())
        elif answer is not None:
            self._refused("unkeyed dispatch", answer)

    async def _once(self, method: str, path: str, body: Any = None) -> Answer | None:
        """None where the answer was lost, or the server said that it could not."""
        try:
            answer = await self._session.ask(method, path, body)
        except ConnectionLost:
            await asyncio.sleep(RETRY_SECONDS)
            return None
        return None if answer.status in AGAIN else answer

    async def dispatch_batch(self) -> None:
        batch = uuid.UUID(int=self._rng.getrandbits(128)).hex
        keyed = self._rng.random() < 0.7
        items = []
        for _ in range(self._rng.randint(2, 8)):
            job, body = self._order()
            items.append({"job_type": job, **body})
            self._journal.write("asked", nonce=body["payload"]["nonce"], job=job, batch=batch)
        path, body = "/v1/runs/batch", {"runs": items}
        answer = await (self._keyed(batch, path, body) if keyed else self._once("POST", path, body))
        if answer is None:
            return
        if answer.status not in (200, 202):
            self._refused("batch", answer)
            return
        for item, run in zip(items, answer.json()["data"], strict=True):
            self._journal.write("answered", nonce=item["payload"]["nonce"], run=run["id"])
            self._known.append(run["id"])

    async def dispatch_deduped(self) -> None:
        job, body = self._order()
        body["dedupe_key"] = self._rng.choice(DEDUPE_KEYS)
        self._journal.write("asked", nonce=body["payload"]["nonce"], job=job, dedupe=body["dedupe_key"])
        answer = await self._once("POST", f"/v1/job-types/{job}/runs", body)
        if answer is not None and answer.status in (200, 202):
            self._journal.write("answered", nonce=body["payload"]["nonce"], run=answer.json()["id"])
            self._met(answer.json())
        elif answer is not None:
            self._refused("deduped dispatch", answer)

    async def cancel(self) -> None:
        if not self._known:
            return
        run = self._rng.choice(list(self._known)[-20:])
        answer = await self._once("POST", f"/v1/runs/{run}/cancel", {"reason": self.name})
        self._journal.write("cancel", run=run, status=None if answer is None else answer.status)
        if answer is not None and answer.status == 200:
            self._journal.write("final", run=run, state="cancelled")

    async def replay(self) -> None:
        if not self._finished:
            return
        run = self._rng.choice(list(self._finished))
        nonce = uuid.UUID(int=self._rng.getrandbits(128)).hex
        self._journal.write("asked", nonce=nonce, job="", replay_of=run)
        await self._until_told(nonce, f"/v1/runs/{run}/replay", {})

    async def look(self) -> None:
        if not self._known:
            return
        answer = await self._once("GET", f"/v1/runs/{self._rng.choice(list(self._known))}")
        if answer is None:
            return
        if answer.status != 200:
            self._refused("read of an acknowledged run", answer)
            return
        run = answer.json()
        if run["state"] in FINAL:
            self._journal.write("final", run=run["id"], state=run["state"])
            self._finished.append(run["id"])

    def _met(self, run: dict[str, Any]) -> None:
        self._known.append(run["id"])
        if self._rng.random() < 0.15 and len(self._followers) < MOST_FOLLOWERS:
            task = asyncio.create_task(self._follow(run["id"]))
            self._followers.add(task)
            task.add_done_callback(self._followers.discard)

    async def _follow(self, run: str) -> None:
        """To the end, which a 204 says: the server closes the stream, the reader comes again."""
        self.streams.append(await follow_run(self._urls, run, self._follow_seconds))

    def _refused(self, what: str, answer: Answer) -> None:
        self._journal.write("refused", what=what, status=answer.status, body=answer.body.decode()[:500])


class Everywhere:
    """Each request goes to another of the servers, whose answers must fit together."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._sessions = deque(Session(url, timeout=15) for url in urls)

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Raises ConnectionLost."""
        self._sessions.rotate()
        return await self._sessions[0].ask(method, path, body, headers)

    def close(self) -> None:
        for session in self._sessions:
            session.close()


async def follow_run(urls: Sequence[str], run: str, seconds: float) -> Stream:
    follower = Wanderer(urls, f"/v1/runs/{run}/events")
    try:
        async with asyncio.timeout(stretched(seconds)):
            seen = await follower.run()
    except TimeoutError:
        seen = follower.seen
    problem = seen.problem or ("" if seen.ended == "204" else f"no end for {seconds:g} s")
    return Stream(run, seen.events, seen.ids, seen.ended == "204", seen.connections, problem)


class Watcher:
    """Reads the stream of all runs from its start, for as long as the campaign lasts."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._follower = Wanderer(urls, "/v1/events?from=start")
        self._task = asyncio.create_task(self._follower.run())

    async def finish(self, expected: Iterable[str], timeout: float = 30.0) -> Stream:
        """Once every id of `expected` was seen, or after `timeout` seconds."""
        wanted = set(expected)
        deadline = time.monotonic() + timeout
        seen = self._follower.seen
        while time.monotonic() < deadline and not seen.ended:
            if len(seen.events) >= len(wanted) and wanted <= {event["id"] for event in seen.events}:
                break
            await asyncio.sleep(0.05)
        self._follower.stop()
        await self._task
        return Stream(None, seen.events, seen.ids, True, seen.connections, seen.problem)
