"""A whole server in the test's own process: everything but its sockets and its pool, with time moved by hand."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from blazy_jobs_server.api import application, render, strict_json
from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.front import Front
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.handlers.exchange import Formats
from blazy_jobs_server.handlers.service import Handlers, Limits
from blazy_jobs_server.main import make_sender
from blazy_jobs_server.ports import Timer
from blazy_jobs_server.ports.outbound import Sender
from blazy_jobs_server.queues.bullmq import BullmqEngine
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.sqlite import SqliteStore
from blazy_jobs_server.trust.access import Access
from blazy_jobs_server.trust.audit import Refusals
from blazy_jobs_server.trust.keyring import Keyring
from blazy_jobs_server.webhooks.deliverer import Deliverer
from blazy_jobs_server.webhooks.pace import Pace
from blazy_jobs_server.webhooks.registry import Webhooks
from tests.app.asgi import Answered, Stream, send_pieces
from tests.app.clock import HandClock
from tests.app.endpoints import Endpoints

JSON = {"content-type": "application/json"}
FINAL = ("completed", "failed", "cancelled")
PATIENCE_SECONDS = 2.0


_built: list[FastAPI] = []


def _application(context: Context, ready: Callable[[], bool]) -> FastAPI:
    """Built once: FastAPI takes 25 ms to make its routes ready, more than most tests need."""
    if not _built:
        _built.append(application.build(context, ready))
    app = _built[0]
    app.state.context, app.state.settings, app.state.ready = context, context.settings, ready
    return app


def _under_way(pool: ThreadPoolExecutor) -> Collection[object]:
    """What the pool has begun or not yet, from now on."""
    found: set[Future[Any]] = set()
    submit = pool.submit

    def counted(*work: Any, **keywords: Any) -> Future[Any]:
        future = submit(*work, **keywords)
        found.add(future)
        future.add_done_callback(found.discard)
        return future

    pool.submit = counted  # type: ignore[method-assign]
    return found


class Given(Settings):
    """What a test gives, and for the rest the defaults: looking each field up in the environment and in a file takes
    as long as all else of a start, and would let the machine's own settings into the tests."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        **_: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class Server:
    """`async with` starts and stops it; `restart` does both on the same file."""

    def __init__(self, data: Path, clock: HandClock, *, schedule_timer: Timer | None = None, **settings: Any) -> None:
        self.settings = Given(data=data, **settings)
        self.clock = clock
        self.schedule_timer = schedule_timer
        self.ready = True
        self._reads: Collection[object] = ()
        self.sender = Endpoints()
        """What the server posts to."""
        self.make_http_sender: Callable[[Settings], Sender] = make_sender
        """Of HTTP handlers, at each start."""

    async def __aenter__(self) -> Server:
        settings = self.settings
        self.store = self._make_store()
        self.jobs = Jobs(
            self.store,
            self.clock,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
            schedule_timer=self.schedule_timer,
            queue_engine=None if settings.redis_url is None else BullmqEngine(settings.redis_url.get_secret_value()),
            home=settings.data.as_posix(),
        )
        key = settings.api_key
        self.access = Access(self.store, self.clock, None if key is None else key.get_secret_value(), self.store)
        self.refusals = Refusals(self.store, self.clock)
        self.jobs.neighbourhood.also.append(self.access.fresh)
        keyring = Keyring(settings.keyring_file or settings.data / "keyring", makes=True)
        self.deliverer = Deliverer(
            self.store,
            self.clock,
            self.sender,
            keyring,
            redacts=self.jobs.catalogue.redacts,
            draw=lambda: 0.5,
            news_seconds=0,
            pace=Pace(busy_share=math.inf),
        )
        self.deliverer.attach(self.jobs)
        webhooks = Webhooks(self.store, self.clock, self.sender, keyring, self.deliverer)
        self.handlers = self._make_handlers(keyring)
        context = Context(self.jobs, settings, self.access, webhooks, self.handlers)
        context.on_refused = self.refusals.note
        self.app = Front(_application(context, lambda: self.ready), context)
        await self.store.open()
        if isinstance(self.store, SqliteStore):
            self._reads = _under_way(self.store._reader._pool)
        await self.access.start()
        await self.refusals.start()
        await self.jobs.start()
        await self.deliverer.start()
        self.handlers.start()
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        return self

    def _make_handlers(self, keyring: Keyring) -> Handlers:
        settings = self.settings
        limits = Limits(
            concurrency=settings.http_concurrency,
            per_origin=settings.http_per_origin,
            max_result_bytes=settings.max_result_bytes,
        )
        formats = Formats(render.run_json, strict_json.parse)
        self.http_sender = self.make_http_sender(settings)
        return Handlers(self.jobs, self.http_sender, keyring, formats, limits)

    def _make_store(self) -> SqliteStore | PostgresStore:
        settings = self.settings
        common: dict[str, Any] = {
            "lease_seconds": settings.lease_seconds,
            "draw": lambda: 0.0,
            "on_batch": lambda size, seconds: self.jobs.numbers.on_batch(size, seconds),
        }
        if settings.database_url is None:
            return SqliteStore(settings.database, self.clock, **common)
        return PostgresStore(settings.database_url.get_secret_value(), self.clock, home=str(settings.data), **common)

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.deliverer.stop()
        await self.handlers.stop()
        await self.http_sender.close()
        await self.jobs.stop()
        await self.refusals.stop()
        await self.access.stop()
        await self.store.close()

    async def restart(self) -> None:
        await self.__aexit__()
        await self.__aenter__()

    # -- time

    async def settle(self) -> None:
        """Whatever the service had begun by itself is read and written when this returns."""
        for _ in range(3):
            for _ in range(10):
                await asyncio.sleep(0)
            await self._until_read()
            await self.store.ping()
        await self.jobs.sweeper.catch_up()
        await self.jobs.scheduler.catch_up()

    async def _until_read(self) -> None:
        """A loop of the service that still reads has not set its next timer, and misses the time that passes meanwhile.
        Of a read that the test itself holds up no end is to be seen."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._reads and time.monotonic() < deadline:
            await asyncio.to_thread(time.sleep, 0.0002)

    async def advance(self, seconds: float) -> None:
        """Time passes, in one leap, and what is due by then has been done."""
        self.clock.move(seconds)
        await self.settle()

    async def live(self, seconds: float) -> None:
        """Time passes in small steps, as it does."""
        while seconds > 0:
            await self.advance(min(0.5, seconds))
            seconds -= 0.5

    # -- plain requests, whose answers must be good

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, *, status: int | None = None, **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await (
            self.http.post(path, headers=given) if body is None else self.http.post(path, json=body, headers=given)
        )
        assert answer.is_success if status is None else answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def raw(
        self, method: str, url: str, body: bytes | Iterable[bytes] = b"", headers: Mapping[str, str] = JSON
    ) -> Answered:
        """A request of which every byte is the test's."""
        pieces = [body] if isinstance(body, bytes) else body
        if isinstance(body, bytes) and "transfer-encoding" not in headers and "content-length" not in headers:
            headers = {**headers, "content-length": str(len(body))}
        return await send_pieces(self.app, method, url, headers, pieces)

    def stream(self, url: str, **headers: str) -> Stream:
        return Stream(self.app, url, {name.replace("_", "-"): value for name, value in headers.items()})

    # -- the verbs

    async def register(self, name: str = "greet", **fields: Any) -> Any:
        return await self.post("/v1/job-types", {"name": name, "handler": {"kind": "worker"}} | fields, status=201)

    async def dispatch(self, name: str = "greet", payload: Any = None, **fields: Any) -> Any:
        return await self.post(f"/v1/job-types/{name}/runs", {"payload": payload} | fields, status=202)

    async def run(self, run: Any) -> Any:
        return await self.get(f"/v1/runs/{_id(run)}")

    async def events(self, run: Any) -> list[Any]:
        found: list[Any] = []
        cursor: str | None = None
        while True:
            query = {"limit": "200"} | ({} if cursor is None else {"cursor": cursor})
            answer = await self.http.get(
                f"/v1/runs/{_id(run)}/events", params=query, headers={"accept": "application/json"}
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def types(self, run: Any) -> list[str]:
        """The types of a run's events; checks its log on the way."""
        events = await self.events(run)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        finals = [event["seq"] for event in events if event["type"] in FINAL]
        assert finals in ([], [len(events)])
        return [event["type"] for event in events]

    async def attempts(self, run: Any) -> list[Any]:
        found: list[Any] = (await self.get(f"/v1/runs/{_id(run)}/attempts"))["data"]
        return found

    async def cancel(self, run: Any, *, status: int, reason: str | None = None) -> Any:
        return await self.post(f"/v1/runs/{_id(run)}/cancel", {"reason": reason}, status=status)

    async def worker(self, *job_types: str, name: str = "test", **fields: Any) -> Worker:
        body = {"name": name, "job_types": list(job_types or ("greet",))} | fields
        answer = await self.post("/v1/workers", body, status=201)
        return Worker(self, answer["id"], answer)


def _id(run: Any) -> str:
    if isinstance(run, str):
        return run
    found: str = (run.get("run") or run)["id"]
    return found


class Worker:
    """A worker's side of the protocol, one call at a time."""

    def __init__(self, server: Server, worker_id: str, registered: Any) -> None:
        self.server = server
        self.id = worker_id
        self.registered = registered

    async def claim(self, most: int = 10, wait_seconds: float = 0) -> list[Any]:
        body = {"max": most, "wait_seconds": wait_seconds}
        answer = await self.server.http.post(f"/v1/workers/{self.id}/claim", json=body)
        if answer.status_code == 204:
            return []
        assert answer.status_code == 200, answer.text
        leases: list[Any] = answer.json()["data"]
        assert leases
        return leases

    async def take(self) -> Any:
        """The one lease that must be there."""
        leases = await self.claim()
        assert len(leases) == 1, leases
        return leases[0]

    async def call(self, reports: list[Any] | None = None, holding: list[str] | None = None) -> Any:
        body: dict[str, Any] = {"reports": reports or []}
        if holding is not None:
            body["holding"] = holding
        return await self.server.post(f"/v1/workers/{self.id}/report", body, status=200)

    async def say(self, lease: Any, kind: str, **fields: Any) -> Any:
        """One report of one lease: what was answered to it."""
        return (await self.call([item(lease, kind, **fields)]))["data"][0]

    async def complete(self, lease: Any, result: Any = None) -> None:
        assert (await self.say(lease, "completed", result=result))["status"] == "accepted"

    async def fail(self, lease: Any, message: str = "no luck", **fields: Any) -> None:
        error = {"message": message, "type": "ValueError", "traceback": "Traceback ..."}
        assert (await self.say(lease, "failed", error=error, **fields))["status"] == "accepted"

    async def hold(self, *leases: Any) -> list[Any]:
        held: list[Any] = (await self.call(holding=[_id(lease) for lease in leases]))["holding"]
        return held

    async def leave(self) -> None:
        assert (await self.server.http.delete(f"/v1/workers/{self.id}")).status_code == 204


def item(lease: Any, kind: str, **fields: Any) -> Any:
    return {
        "run_id": _id(lease),
        "attempt": lease["attempt"],
        "lease_token": lease["lease_token"],
        "type": kind,
    } | fields


def problem(answer: httpx.Response | Answered, status: int, code: str) -> Any:
    """The answer must be this problem, in every respect that RFC 9457 and the contract ask for."""
    got = answer.status_code if isinstance(answer, httpx.Response) else answer.status
    document = answer.json()
    assert (got, document.get("code")) == (status, code), document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["status"] == status
    for name in ("type", "title", "detail"):
        assert isinstance(document[name], str)
        assert document[name]
    for error in document.get("errors", []):
        assert set(error) >= {"path", "message", "code"}
        assert error["path"] == "" or error["path"].startswith("/")
    return document


def paths(document: Any) -> list[str]:
    return [error["path"] for error in document["errors"]]
