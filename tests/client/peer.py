"""The server's side of the worker protocol, small and scripted: what a worker does is seen from outside, and every
answer can be late, lost or unkind. It keeps leases as the contract says: a token for each, judged at each report."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from tests.support.speed import stretched

FINAL = {"completed", "failed", "cancelled", "released", "snoozed", "lost"}
LATER = "2030-01-01T00:00:00.000000Z"
COMMON = ("job_type", "job_type_version", "queue", "max_attempts", "timeout_seconds")


class Peer:
    """`url` once started. Every list grows in the order of arrival; `until` waits for a condition on them."""

    def __init__(
        self,
        *,
        lease_seconds: float = 15.0,
        heartbeat_seconds: float = 5.0,
        columns: bool = False,
        said: bool | None = None,
    ) -> None:
        self.columns = columns
        """Whether it leases plain runs by columns to who asks for them, and takes their ends so."""
        self.hears = columns if said is None else said
        """Whether it takes what they say so."""
        self.heard: list[str] = []
        """Runs of which something was said so."""
        self.groups: list[dict[str, Any]] = []
        """Those that were leased."""
        self.by_columns: list[str] = []
        """Runs whose end was reported so."""
        self.lease_seconds = lease_seconds
        self.heartbeat_seconds = heartbeat_seconds
        self.registrations: list[dict[str, Any]] = []
        self.claims: list[dict[str, Any]] = []
        self.claiming: Counter[str] = Counter()
        """Workers whose claims are waiting for a run."""
        self.calls: list[dict[str, Any]] = []
        self.reports: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.left: list[str] = []
        self.leases: dict[str, str] = {}
        """Run id to the token that holds it."""
        self.cancelled: set[str] = set()
        self.drain = False
        self.known = True
        self.refuse: Callable[[dict[str, Any]], str | None] = lambda report: None
        """Why an item is rejected, if it is."""
        self.lose_answers = 0
        """How many report calls are carried out and not answered."""
        self.lose_said = 0
        """The same of calls in which something is said by columns."""
        self._workers: dict[str, dict[str, Any]] = {}
        self._said: Counter[str] = Counter()
        self._waiting: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """As a killed server: every connection breaks."""
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    # -- for tests

    async def add(self, job_type: str, payload: Any = None, *, alone: bool = False, **run: Any) -> str:
        """A run that waits for a claim; its id."""
        run_id = run.pop("id", None) or f"run_{next(self._numbers):013d}"
        await self._add([_lease(run_id, job_type, payload, alone, run)])
        return run_id

    async def add_many(self, job_type: str, payloads: Iterable[Any], **run: Any) -> list[str]:
        """At once, so that one claim may find them all."""
        many = {f"run_{next(self._numbers):013d}": payload for payload in payloads}
        await self._add([_lease(run_id, job_type, payload, False, run) for run_id, payload in many.items()])
        return list(many)

    async def _add(self, leases: list[dict[str, Any]]) -> None:
        async with self._changed:
            self._waiting += leases
            self._changed.notify_all()

    async def until(self, condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        """The condition's first true value. `seconds` are those of a machine with nothing else to do."""
        async with asyncio.timeout(stretched(seconds)), self._changed:
            return await self._changed.wait_for(condition)

    async def outcome(self, run_id: str, seconds: float = 20.0) -> dict[str, Any]:
        """The report that ended the run."""
        return await self.until(lambda: self.final(run_id), seconds)

    def final(self, run_id: str) -> dict[str, Any] | None:
        return next((report for report in self.reports[run_id] if report["type"] in FINAL), None)

    def said(self, run_id: str, kind: str) -> list[dict[str, Any]]:
        return [report for report in self.reports[run_id] if report["type"] == kind]

    # -- the protocol

    async def _claim(self, worker: dict[str, Any], body: dict[str, Any]) -> tuple[int, Any]:
        def ready() -> list[dict[str, Any]]:
            return [lease for lease in self._waiting if lease["run"]["job_type"] in worker["job_types"]][: body["max"]]

        self.claims.append({**body, "worker": worker["name"]})
        self.claiming[worker["name"]] += 1
        self._changed.notify_all()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(body["wait_seconds"]):
                    await self._changed.wait_for(ready)
        finally:
            self.claiming[worker["name"]] -= 1
        taken = ready()
        by_columns = self.columns and body.get("columns")
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
        for lease in taken:
            self._waiting.remove(lease)
            lease |= {"attempt": lease["run"]["attempt"], "lease_until": LATER, "deadline_at": LATER}
            if by_columns and _is_plain(lease):
                groups[tuple(lease["run"][name] for name in COMMON)].append(lease)
            lease["lease_token"] = self.leases[lease["run"]["id"]] = f"token-{next(self._numbers)}"
        answer: dict[str, Any] = {"data": taken}
        if groups:
            self.groups += (columns := [self._group(leases) for leases in groups.values()])
            answer = {"data": [lease for lease in taken if not _is_plain(lease)], "columns": columns}
        return (200, answer) if taken else (204, None)

    def _group(self, leases: list[dict[str, Any]]) -> dict[str, Any]:
        runs = [lease["run"] for lease in leases]
        group = {name: leases[0]["run"][name] for name in COMMON}
        group |= {name: leases[0][name] for name in ("attempt", "lease_token", "lease_until", "deadline_at")}
        self.leases |= {run["id"]: group["lease_token"] for run in runs}
        group |= {"run_ids": [run["id"] for run in runs], "payloads": [run["payload"] for run in runs]}
        return group | {
            name: [run[name] for run in runs] for name in ("tags", "metadata") if any(r[name] for r in runs)
        }

    def _report(self, body: dict[str, Any]) -> tuple[int, Any]:
        if "said" in body and not self.hears:
            return 422, {"code": "invalid_request", "title": "Extra inputs are not permitted"}
        self.calls.append(body)
        said = [self._judge_said(item) for item in body.get("said", ())]
        answers = [self._judge(report) for report in body["reports"]]
        columns = [self._judge_columns(item) for item in body.get("completed", ())]
        holding = [
            {"run_id": run_id, "held": run_id in self.leases, "cancel_requested": run_id in self.cancelled}
            for run_id in body["holding"]
        ]
        answer = {"data": answers, "holding": holding, "drain": self.drain}
        return 200, answer | ({"completed": columns} if columns else {}) | ({"said": said} if said else {})

    def _judge(self, report: dict[str, Any]) -> dict[str, Any]:
        run_id = report["run_id"]
        held = self.leases.get(run_id) == report["lease_token"]
        again = report in self.reports[run_id]
        refusal = self.refuse(report)
        if refusal is None and held:
            self.reports[run_id].append(report)
            if report["type"] in FINAL:
                del self.leases[run_id]
        status = "rejected" if refusal else "accepted" if held or again else "lease_lost"
        judged = {"run_id": run_id, "attempt": report["attempt"], "status": status, "error": refusal}
        return judged | {"cancel_requested": run_id in self.cancelled}

    def _judge_columns(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        run_ids, results = item["run_ids"], item.get("results", [None] * len(item["run_ids"]))
        assert len(run_ids) == len(results)
        self.by_columns += run_ids
        head = {"attempt": item["attempt"], "lease_token": item["lease_token"], "type": "completed"}
        judged = [
            self._judge({"run_id": run_id, **head, "result": result})
            for run_id, result in zip(run_ids, results, strict=True)
        ]
        return [each for each in judged if each["status"] != "accepted" or each["cancel_requested"]]

    def _judge_said(self, item: dict[str, Any]) -> list[dict[str, Any]]:
        assert len(item["run_ids"]) == len(item["words"]) == len(item["before"])
        answers = []
        head = {"attempt": item["attempt"], "lease_token": item["lease_token"]}
        for run_id, before, words in zip(item["run_ids"], item["before"], item["words"], strict=True):
            self.heard.append(run_id)
            known = max(0, self._said[run_id] - before)
            self._said[run_id] = max(self._said[run_id], before + len(words))
            for place, word in enumerate(words):
                judged = self._judge({"run_id": run_id, **head, **word}) if place >= known else {"status": "accepted"}
                if judged["status"] != "accepted" or judged.get("cancel_requested"):
                    answers.append({**judged, "place": place if judged["status"] == "rejected" else None})
        return answers

    async def _answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        async with self._changed:
            try:
                if path == "/v1/workers":
                    worker_id = f"wrk_{next(self._numbers):013d}"
                    self._workers[worker_id] = body
                    self.registrations.append(body)
                    self.known = True
                    times = {"lease_seconds": self.lease_seconds, "heartbeat_seconds": self.heartbeat_seconds}
                    able = {"columns": True} if self.columns else {}
                    able |= {"said": True} if self.columns and self.hears else {}
                    return 201, {"id": worker_id, **times, "conflicts": [], **able}
                worker_id, _, verb = path.removeprefix("/v1/workers/").partition("/")
                if method == "DELETE":
                    self.left.append(self._workers.pop(worker_id)["name"])
                    return 204, None
                if worker_id not in self._workers or not self.known:
                    return 404, {"code": "worker_not_found", "title": "no such worker"}
                if verb == "claim":
                    return await self._claim(self._workers[worker_id], body)
                return self._report(body)
            finally:
                self._changed.notify_all()

    # -- HTTP

    async def _answer_unless_gone(
        self, reader: asyncio.StreamReader, method: str, path: str, body: Any
    ) -> tuple[int, Any] | None:
        """None where the caller hangs up before there is an answer: what waits for a run must not take one then."""
        answering = asyncio.ensure_future(self._answer(method, path, body))
        gone = asyncio.ensure_future(reader.read(1))  # nothing comes before the answer but an end
        try:
            await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
            return answering.result() if answering.done() else None
        finally:
            answering.cancel()
            gone.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                raw = await reader.readexactly(int(headers.get("content-length", 0)))
                content = json.loads(raw) if raw else None
                answer = await self._answer_unless_gone(reader, method, path, content)
                if answer is None:
                    return
                status, document = answer
                if path.endswith("/report") and "said" in content and self.lose_said:
                    self.lose_said -= 1
                    return
                if path.endswith("/report") and self.lose_answers:
                    self.lose_answers -= 1
                    return
                body = b"" if document is None else json.dumps(document).encode()
                writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._connections.discard(connection)
            writer.transport.abort()


def _lease(run_id: str, job_type: str, payload: Any, alone: bool, run: dict[str, Any]) -> dict[str, Any]:
    whole = {"id": run_id, "job_type": job_type, "queue": "default", "payload": payload, "timeout_seconds": 30}
    whole |= {"job_type_version": 1, "attempt": 1, "max_attempts": 4, "tags": [], "metadata": {}} | run
    return {"run": whole, "alone": alone}


def _is_plain(lease: dict[str, Any]) -> bool:
    return bool(lease["run"]["attempt"] == 1 and not lease["alone"])
