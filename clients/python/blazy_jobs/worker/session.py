"""One registration of this worker at the server: its calls, tried again until they are answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from blazy_jobs.tracing.calls import Calls
from blazy_jobs.worker.descriptors import say_if_run_out
from blazy_jobs.worker.http import Connection, Endpoint, HungUp, Response, Unanswered
from blazy_jobs.worker.logs import Log

CLAIM_WAIT_SECONDS = 10
"""Short, as a claim that waits in vain on a frozen connection is only found out when it should have been answered."""
ANSWER_SECONDS = 5.0
"""How much later than asked for the answer to a claim may come."""
TOLD_AFTER_SECONDS, TOLD_AGAIN_SECONDS = 1.0, 10.0
REGISTER_TIMEOUT_SECONDS = 10.0
FIRST_BACKOFF_SECONDS = 0.02
MAX_BACKOFF_SECONDS = 1.0
UNUSABLE = (400, 413, 422)
"""Answers that are about what was said in a registration, not about who said it."""

log = Log("blazy_jobs.worker")


class Refused(Exception):
    """The server will not have this worker: its key, name or declarations. Trying again would not help."""


class DeclarationRefused(Refused):
    """What its modules declare cannot be: it would not serve them however often it is started."""


class Session:
    """Claims and reports go on connections of their own, so that neither waits for the other.

    `on_answer` is called for each answer of a server, with `lease_seconds` as far as known here. `columns`: runs are
    claimed and reported by columns where the server can. `calls` records spans of both.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        registration: dict[str, Any],
        on_answer: Callable[[], None],
        *,
        columns: bool = False,
        calls: Calls | None = None,
    ) -> None:
        self._traced = calls
        self._registration = registration
        self._on_answer = on_answer
        self.trouble = Trouble(endpoint.url)
        self._claims = Connection(endpoint)
        self._reports = Connection(endpoint)
        self._registering = asyncio.Lock()
        self._wants_columns = columns
        self.columns = False
        """Whether runs are claimed by columns, and may be reported so."""
        self.said = False
        """Whether what they say may be reported by columns."""
        self.worker_id = ""
        self.claimed_at = 0.0
        """When the last claim was sent."""
        self.renewed_at = 0.0
        """When the last registration or renewal that was answered was sent: every lease holds at least from then."""
        self.lease_seconds = 15.0
        self.heartbeat_seconds = 5.0

    @property
    def name(self) -> str:
        return str(self._registration["name"])

    async def register(self, old_id: str = "") -> None:
        """Registers, if `old_id` is still what this worker is known by. Raises Refused."""
        async with self._registering:
            if self.worker_id != old_id:
                return None
            backoff = Backoff()
            while True:
                sent_at = time.monotonic()
                response = await self._try(self._reports, "/v1/workers", self._registration, REGISTER_TIMEOUT_SECONDS)
                if response is not None:
                    if response.status == 201:
                        self.renewed_at = sent_at
                        return self._registered(orjson.loads(response.body))
                    if response.status < 500 and response.status not in (408, 425, 429):
                        refusal = DeclarationRefused if response.status in UNUSABLE else Refused
                        raise refusal(self._refusal("a worker", response))
                    log.warning(
                        "registration failed, retrying", name=self.name, status=response.status, code=response.code
                    )
                await backoff.sleep(response)

    async def claim(self, most: int, wait_seconds: float = CLAIM_WAIT_SECONDS) -> bytes | None:
        """The body of an answer with leases; None where the wait ended empty or the call failed, after a pause."""
        body: dict[str, Any] = {"max": most, "wait_seconds": wait_seconds}
        if self.columns:
            body["columns"] = True
        self.claimed_at = time.monotonic()
        worker_id = self.worker_id
        path = f"/v1/workers/{worker_id}/claim"
        try:
            response = await self._try(self._claims, path, body, wait_seconds + ANSWER_SECONDS)
        except HungUp:
            return None
        if response is None or response.status >= 500 or response.status == 429:
            await asyncio.sleep(random.uniform(0.5, 1.0) * MAX_BACKOFF_SECONDS * (0.1 if response is None else 1.0))
            return None
        if response.status == 404:
            await self.register(worker_id)
        elif response.status == 200:
            if self._traced is not None:
                self._traced.receive(self.claimed_at, worker_id)
            return response.body
        elif response.status != 204:
            raise Refused(self._refusal("a claim", response))
        return None

    async def report(
        self, reports: Sequence[bytes], holding: Callable[[], list[str]], renew: bool = True, **columns: bytes
    ) -> dict[str, Any]:
        """The server's judgement. `holding` names all leases, to renew them: where it is time to, and in each try after
        the first, as nothing else renews them meanwhile. `columns`: items of `completed` and `said`. Raises TooMuch
        where the server refuses the call as a whole, and Refused."""
        backoff = Backoff()
        while True:
            held = orjson.dumps(holding() if renew else [])
            if columns and not (self.columns and (self.said or "said" not in columns)):
                raise TooMuch("this server takes no such columns")
            body = b'{"reports":[' + b",".join(reports) + b'],"holding":' + held
            body += b"".join(b',"%s":[%s]' % (name.encode(), items) for name, items in columns.items()) + b"}"
            sent_at = time.monotonic()
            worker_id = self.worker_id
            response = await self._try(self._reports, f"/v1/workers/{worker_id}/report", body, self._patience())
            if response is not None:
                if response.status == 200:
                    if renew:
                        self.renewed_at = sent_at
                    if self._traced is not None and (reports or columns):
                        self._traced.settle(sent_at, worker_id, len(reports))
                    answer: dict[str, Any] = orjson.loads(response.body)
                    return answer
                if response.status in (400, 413, 422):
                    raise TooMuch(f"{response.status} {response.code}: {response.detail}")
                if response.status == 404:
                    await self.register(worker_id)
                    continue
            else:
                self._claims.close()  # what has cut off reports may hold a claim that waits, which then asks anew
            renew = True
            await backoff.sleep(response)

    def may_be_stale(self, now: float) -> bool:
        """Leases of the last claim may have ended already: this process stood still, and others may have their runs."""
        return now - max(self.claimed_at, self.renewed_at) > self.lease_seconds - min(0.5, self.lease_seconds / 5)

    async def leave(self) -> None:
        """Tells the server that this worker is gone; best effort."""
        if self.worker_id:
            try:
                await self._reports.request("DELETE", f"/v1/workers/{self.worker_id}", None, 2.0)
            except Unanswered as error:
                log.debug("could not unregister", name=self.name, reason=str(error))

    def close(self) -> None:
        self._claims.close()
        self._reports.close()

    def end_claim(self) -> None:
        """The claim that is waiting ends, and the server gives its runs to others. What was sent already comes."""
        self._claims.hang_up()

    def _registered(self, answer: dict[str, Any]) -> None:
        self.worker_id = answer["id"]
        self.columns = self._wants_columns and bool(answer.get("columns"))
        self.said = self._wants_columns and bool(answer.get("said"))
        self.lease_seconds = float(answer["lease_seconds"])
        # Whatever the server asks for, two heartbeats must fit into a lease.
        self.heartbeat_seconds = min(float(answer["heartbeat_seconds"]), self.lease_seconds / 3)
        for conflict in answer.get("conflicts") or ():
            log.warning("a declaration was not applied", **conflict)
        job_types = len(self._registration["job_types"])
        log.info("registered", name=self.name, worker_id=self.worker_id, job_types=job_types)

    def _patience(self) -> float:
        """Two tries must fit into a lease."""
        return max(1.0, min(10.0, self.lease_seconds * 0.4))

    async def _try(self, connection: Connection, path: str, body: Any, timeout_seconds: float) -> Response | None:
        """None where there was no answer. Of a worker that is registered, a key that is refused is none: keys are
        rotated, at a server earlier than in a worker's file or later. That is tried again as long as no server is."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        began_at = time.monotonic()
        try:
            response = await connection.request("POST", path, raw, timeout_seconds)
        except HungUp:
            raise
        except Unanswered as error:
            say_if_run_out(error)
            log.debug("no answer", path=path, reason=str(error))
            self.trouble.met(str(error), began_at)
            return None
        if response.status in (401, 403) and self.worker_id:
            self.trouble.met(f"{response.status} {response.code}: {response.detail}", began_at)
            return None
        self.trouble.over()
        self._on_answer()
        return response

    def _refusal(self, what: str, response: Response) -> str:
        return f"{what} at {self.trouble.url}: {response.status} {response.code}: {response.detail}"


class TooMuch(Exception):
    """A report call was refused as a whole; its parts may be taken one by one."""


class Trouble:
    """Says that the server at `url` cannot be used for now, soon but not at once, and that it can be used again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reason = ""
        self._since: float | None = None
        self._told_at: float | None = None

    def met(self, reason: str, began_at: float) -> None:
        now = time.monotonic()
        self.reason = reason
        self._since = began_at if self._since is None else self._since
        due_at = self._since + TOLD_AFTER_SECONDS if self._told_at is None else self._told_at + TOLD_AGAIN_SECONDS
        if now >= due_at:
            self._told_at = now
            log.warning("the server cannot be used", url=self.url, reason=reason, seconds=round(now - self._since, 1))

    def over(self) -> None:
        if self._told_at is not None:
            log.info("the server can be used again", url=self.url)
        self._since = self._told_at = None
        self.reason = ""


class Backoff:
    """At most a second, so that a server which is back is found quickly."""

    def __init__(self) -> None:
        self._seconds = FIRST_BACKOFF_SECONDS
        self.since = time.monotonic()

    async def sleep(self, response: Response | None) -> None:
        seconds = self._seconds * random.uniform(0.5, 1.0)
        if response is not None and response.retry_after and response.retry_after.isdigit():
            seconds = max(seconds, min(float(response.retry_after), MAX_BACKOFF_SECONDS))
        self._seconds = min(self._seconds * 2, MAX_BACKOFF_SECONDS)
        await asyncio.sleep(seconds)
