"""The composition root: settings → concrete objects → a server that starts, serves, drains and stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn

from blazy_jobs_server import tracing
from blazy_jobs_server.api import application, render, strict_json
from blazy_jobs_server.api.context import Context, PoolContext
from blazy_jobs_server.api.front import Front, PoolDoor, ProbesDoor
from blazy_jobs_server.api.protocol import Protocol
from blazy_jobs_server.clock import ScheduleTimer, SystemClock
from blazy_jobs_server.engine import loop
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.handlers.exchange import Formats
from blazy_jobs_server.handlers.service import Handlers, Limits
from blazy_jobs_server.listening import (
    POOL_SOCKET,
    StartFailed,
    bind,
    check_root_key,
    fits_root_key,
    home,
    is_loopback,
    open_to_all,
    pool_socket_path,
    url_of,
)
from blazy_jobs_server.outbound.connections import Proxy
from blazy_jobs_server.outbound.sender import GuardedSender
from blazy_jobs_server.ports.outbound import Sender
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.store.sqlite import SqliteStore, hold
from blazy_jobs_server.trust.access import Access
from blazy_jobs_server.trust.audit import Refusals
from blazy_jobs_server.trust.keyring import Keyring
from blazy_jobs_server.trust.keyring_file import KeyringUnusable
from blazy_jobs_server.trust.root_file import RootFile
from blazy_jobs_server.version import VERSION
from blazy_jobs_server.webhooks.deliverer import Deliverer
from blazy_jobs_server.webhooks.registry import Webhooks
from blazy_jobs_server.workers import pool as pools

if TYPE_CHECKING:
    # Imported where a setting asks for them: they are a fifth of the start.
    from blazy_jobs_server.queues.bullmq import BullmqEngine
    from blazy_jobs_server.store.postgres import PostgresStore

log = structlog.get_logger("server")

SWITCH_SECONDS = 0.0005


class QuietServer(uvicorn.Server):
    """uvicorn's server without its signal handlers, for the signals are ours, and without its turn every 100 ms: it is
    told when it shall end, and the protocol sees to the date in the answers' heads."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield

    async def main_loop(self) -> None:
        await self._ending.wait()

    def end(self) -> None:
        self.should_exit = True
        self._ending.set()


class Server:
    """One replica: the API, the engine, the store and the pool."""

    def __init__(self, settings: Settings, *, ready_fd: int | None = None) -> None:
        self._settings = settings
        self._ready_fd = ready_fd
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._fatal: Exception | None = None
        self._told_by: signal.Signals | None = None

    async def run(self) -> int:
        """Serves until told to stop; the exit code. Raises StartFailed and DatabaseUnusable."""
        settings = self._settings
        asyncio.get_running_loop().set_exception_handler(loop.report_error)
        check_root_key(settings)
        listener = bind(settings)
        self._build()
        try:
            await self._store.open()
        except BaseException:
            listener.close()
            raise
        await self._check_keyring(listener)
        await self._access.fresh()
        if self._access.is_open and not is_loopback(settings.host):
            listener.close()
            await self._store.close()
            raise StartFailed(open_to_all(settings.host))
        await self._access.start()
        await self._refusals.start()
        await self._jobs.start()
        await self._deliverer.start()
        url = url_of(listener)
        self._handlers.public_url = settings.public_url or url
        self._handlers.tracing = tracing.start(as_child=settings.trace_parent == "parent")
        self._handlers.start()
        pool_listener = self._bind_pool_socket()
        self._handle_signals()
        self._pool = self._make_pool()
        self._public = _uvicorn(self._front)
        self._private = _uvicorn(self._pool_door)
        serving = [
            asyncio.create_task(self._public.serve([listener]), name="http"),
            asyncio.create_task(self._private.serve([pool_listener]), name="pool socket"),
        ]
        self._pool.start()
        self._tune()
        log.info(
            "listening", version=VERSION, url=url, data=str(settings.data), workers=settings.workers, pid=os.getpid()
        )
        announcing = asyncio.create_task(self._announce(url), name="announce")
        await self._stop.wait()
        announcing.cancel()
        await self._drain()
        for server in (self._public, self._private):
            server.end()
        await asyncio.gather(*serving)
        await self._deliverer.stop()
        await self._handlers.stop()
        if self._handlers.tracing is not None:
            await asyncio.to_thread(self._handlers.tracing.close)
        await self._jobs.stop()
        await self._refusals.stop()
        await self._access.stop()
        await self._sender.close()
        self._schedule_timer.close()
        self._leave_pool_socket()  # while the folder is ours: what is there afterwards may be the next server's
        await self._store.close()
        if self._fatal is not None:
            log.error("stopped", reason=str(self._fatal))
            return 1
        log.info("stopped")
        return 0

    def _build(self) -> None:
        settings = self._settings
        clock = SystemClock()
        self._store = self._make_store(clock)
        self._schedule_timer = ScheduleTimer(clock)
        self._keyring = Keyring(settings.keyring, makes=settings.database_url is None)
        self._sender = make_sender(settings)
        self._jobs = Jobs(
            self._store,
            clock,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
            schedule_timer=self._schedule_timer,
            queue_engine=self._make_queue_engine(),
            home=home(settings.data) if settings.redis_url is not None else "",
        )
        self._jobs.leasing.membership.alive = pools.alive
        key = settings.api_key
        self._access = Access(self._store, clock, None if key is None else key.get_secret_value(), self._store)
        if settings.api_key_file not in (None, Path()):
            self._access.root_file = RootFile(settings.api_key_file, lambda text: fits_root_key(text, settings))
        self._refusals = Refusals(self._store, clock)
        self._jobs.neighbourhood.also.append(self._access.fresh)
        self._deliverer = Deliverer(
            self._store, clock, self._sender, self._keyring, redacts=self._jobs.catalogue.redacts
        )
        self._deliverer.attach(self._jobs)
        webhooks = Webhooks(self._store, clock, self._sender, self._keyring, self._deliverer)
        self._handlers = make_handlers(self._jobs, self._sender, self._keyring, settings)
        context = Context(self._jobs, settings, self._access, webhooks, self._handlers)
        context.on_refused = self._refusals.note
        front = Front(application.build(context, self._ready), context)
        self._front = ProbesDoor(front) if settings.role == "worker" else front
        pool_context = PoolContext(self._jobs, settings, self._access, webhooks, self._handlers)
        pool_context.traffic = context.traffic
        self._pool_door = PoolDoor(Front(application.build(pool_context), pool_context))

    async def _check_keyring(self, listener: socket.socket) -> None:
        try:
            self._keyring.check(await self._store.sealing_keys())
        except KeyringUnusable as error:
            listener.close()
            await self._store.close()
            raise StartFailed(f"JOBS_KEYRING_FILE: {error}") from error

    def _make_store(self, clock: SystemClock) -> SqliteStore | PostgresStore:
        settings = self._settings
        if settings.database_url is None:
            return SqliteStore(settings.database, clock, lease_seconds=settings.lease_seconds, on_batch=self._on_batch)
        from blazy_jobs_server.store.postgres import PostgresStore

        return PostgresStore(
            settings.database_url.get_secret_value(),
            clock,
            lease_seconds=settings.lease_seconds,
            home=home(settings.data),
            on_time=clock.correct,
            on_batch=self._on_batch,
        )

    def _make_queue_engine(self) -> BullmqEngine | None:
        settings = self._settings
        if settings.redis_url is None:
            return None
        from blazy_jobs_server.queues.bullmq import BullmqEngine

        return BullmqEngine(settings.redis_url.get_secret_value(), max_result_bytes=settings.max_result_bytes)

    def _on_batch(self, size: int, seconds: float) -> None:
        self._jobs.numbers.on_batch(size, seconds)

    def _ready(self) -> bool:
        return self._pool.declared.is_set()

    def _bind_pool_socket(self) -> socket.socket:
        path = self._socket_path = pool_socket_path(self._settings.data.resolve())
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StartFailed(
                f"the pool's socket cannot be created, because {path} exists: {error.strerror}"
            ) from error
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        old = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(old)
        return listener

    def _leave_pool_socket(self) -> None:
        self._socket_path.unlink(missing_ok=True)
        link = self._settings.data.resolve() / POOL_SOCKET
        if link.is_symlink():
            link.unlink()
            self._socket_path.parent.rmdir()

    def _make_pool(self) -> pools.Pool:
        settings = self._settings
        environment = dict(os.environ) | {
            "JOBS_APP": settings.app,
            "JOBS_BUILD": settings.build,
            "JOBS_WORKER_CONCURRENCY": str(settings.worker_concurrency),
            "JOBS_WORKER_SLOTS": str(settings.worker_slots),
            "JOBS_STOP_GRACE_SECONDS": str(settings.stop_grace_seconds),
            "JOBS_DRAIN_SECONDS": str(settings.drain_seconds),
            "JOBS_MAX_RESULT_BYTES": str(settings.max_result_bytes),
        }
        for name in ("JOBS_API_KEY", "JOBS_API_KEY_FILE"):
            environment.pop(name, None)  # the socket's mode is the key
        for name in ("JOBS_DATABASE_URL", "JOBS_REDIS_URL", "JOBS_HTTP_PROXY"):
            environment.pop(name, None)  # the server alone speaks to them
        return pools.Pool(
            self._jobs.leasing.membership,
            size=settings.pool_size,
            modules=settings.modules,
            socket=self._socket_path,
            environment=environment,
            on_fatal=self._fail,
        )

    def _fail(self, error: Exception) -> None:
        self._fatal = error
        self._stop.set()

    def _handle_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        """A closed terminal (SIGHUP) asks once however often it is told: only who means it hurries."""
        if self._stop.is_set():
            if number is not signal.SIGHUP:
                self._hurry.set()
            return
        self._told_by = number
        self._stop.set()

    @staticmethod
    def _tune() -> None:
        # The writer's thread asks for the interpreter lock often and briefly.
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        gc.enable()

    async def _announce(self, url: str) -> None:
        """Tells whoever started us, once all is ready."""
        await self._pool.declared.wait()
        log.info("ready", url=url)
        if self._ready_fd is not None:
            os.write(self._ready_fd, f"{url}\n".encode())
            os.close(self._ready_fd)

    async def _finish(self, seconds: float) -> None:
        await asyncio.gather(self._pool.stop(seconds), self._handlers.drain(seconds))

    async def _drain(self) -> None:
        """Not ready, streams end, no new claims; running handlers get the grace, then what is left is released."""
        by = {} if self._told_by is None else {"signal": self._told_by.name}
        hint = "a second Ctrl-C or SIGTERM stops at once"
        log.info("draining", seconds=self._settings.drain_seconds, **by, hint=hint)
        self._jobs.drain()
        draining = asyncio.ensure_future(self._finish(self._settings.drain_seconds))
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait([draining, hurry], return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not draining.done():
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)
            await self._pool.kill()


def make_handlers(jobs: Jobs, sender: Sender, keyring: Keyring, settings: Settings) -> Handlers:
    limits = Limits(
        concurrency=settings.http_concurrency,
        per_origin=settings.http_per_origin,
        max_result_bytes=settings.max_result_bytes,
        serving=settings.role != "api",
    )
    return Handlers(jobs, sender, keyring, Formats(render.run_json, strict_json.parse), limits)


def make_sender(settings: Settings) -> Sender:
    return GuardedSender(
        allow=settings.http_allow,
        deny=settings.http_deny,
        proxy=Proxy.of(settings.http_proxy.get_secret_value()) if settings.http_proxy is not None else None,
        ca_file=settings.http_ca_file,
        agent=f"blazy-jobs/{VERSION}",
    )


def _uvicorn(app: Any) -> QuietServer:
    return QuietServer(
        uvicorn.Config(
            app,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            backlog=2048,
        )
    )


def serve(settings: Settings, *, ready_fd: int | None = None, on_start: Callable[[], None] = lambda: None) -> int:
    """Runs a server in this process; the exit code."""
    on_start()

    async def run() -> int:
        return await Server(settings, ready_fd=ready_fd).run()

    with owned(settings), asyncio.Runner(loop_factory=_loop) as runner:
        return runner.run(run())


@contextlib.contextmanager
def owned(settings: Settings) -> Iterator[None]:
    """The data folder is this server's: its name is there, and the socket of its pool. The store on SQLite sees to that
    itself. Raises DatabaseUnusable."""
    if settings.database_url is None:
        yield
        return
    with hold(settings.database):
        yield


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()
