"""A real server for a test, and a worker in the test's own process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from blazy_jobs.address import Address, key_of
from blazy_jobs.client.aio.client import AsyncClient
from blazy_jobs.client.sync.client import Client, close_default_clients
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs
from blazy_jobs.testing.log_capture import logs_caught
from blazy_jobs.testing.process import ServerProcess
from blazy_jobs.testing.worker import ThreadWorker
from blazy_jobs.worker.modules import CannotLoad


class JobsServer:
    """`with JobsServer(jobs) as server:` (or `async with`): a server on a free port with a throw-away database.

    The server is a child process, `blazy-jobs serve`. It takes about a second to start, and ends with the block or with
    this process. Its runs are carried out in this process, so that handlers may be closures of a test and see what it
    has put in place: `async def` ones on one event loop in a thread, `def` ones in a thread each. What is added to
    `jobs` later is served from the next use of `url`, `client` or `async_client` on.

    Meanwhile JOBS_URL in this process's environment is the server's, so that `Client()` and `job.dispatch` find it; in
    a handler they find the server that its run is from, also where a test has several. The server itself gets no JOBS_*
    setting but those in `env`, such as {"JOBS_LOG_LEVEL": "debug"}.

    Timeouts and cancels cancel the task of an `async def` handler. In a `def` handler `ctx.cancelled` is true from then
    on, and it gets `Stopped` where it next says something. No thread can be killed: a handler that goes on for
    JOBS_STOP_GRACE_SECONDS (5) is given up, and its run ends as if it had been. What it takes a process to see, a crash
    or a handler that blocks the event loop, is seen with `blazy-jobs serve`.

    Raises ServerNotInstalled and ServerFailed, and CannotLoad where two jobs have one name.
    """

    def __init__(self, *jobs: Jobs, env: Mapping[str, str] | None = None) -> None:
        self._collections = list(jobs)
        for each in self._collections:
            if not isinstance(each, Jobs):
                raise TypeError(f"JobsServer takes Jobs, not {each!r}")
        self._env = dict(env or {})
        self._served: dict[str, Job] = {}
        self._open = ExitStack()
        self._process: ServerProcess | None = None
        self._worker: ThreadWorker | None = None
        self._client: Client | None = None
        self._key = ""
        self._async_clients: dict[asyncio.AbstractEventLoop, AsyncClient] = {}

    @property
    def url(self) -> str:
        """The server's address."""
        self._serve_new()
        return self._running.url

    @property
    def client(self) -> Client:
        """A client of this server."""
        self._serve_new()
        assert self._client is not None
        return self._client

    @property
    def async_client(self) -> AsyncClient:
        """A client of this server for the running event loop, closed with an `async with` block."""
        self._serve_new()
        loop = asyncio.get_running_loop()
        if loop not in self._async_clients:
            self._async_clients[loop] = AsyncClient(self._running.url, api_key=self._key)
        return self._async_clients[loop]

    @property
    def log(self) -> str:
        """What the server has written to its log so far, over all its starts."""
        return self._running.log()

    def serve(self, *jobs: Jobs) -> None:
        """Serves these too. Raises CannotLoad where a name is taken."""
        self._collections.extend(jobs)
        self._serve_new()

    def restart(self) -> None:
        """Kills the server as `kill -9` does, and starts it again on the same port and data. Handlers go on meanwhile,
        and report when it is back."""
        self._running.kill()
        self._running.start()

    def start(self) -> Self:
        """For use without `with`. `close` is called in any case."""
        if self._process is not None:
            raise RuntimeError("this JobsServer has already been started")
        try:
            self._process = ServerProcess(self._env)
            self._open.callback(self._process.close)
            self._process.start()
            self._open.enter_context(logs_caught())
            key = key_of(self._env)
            self._key = key.text() or ""
            self._set_environment(self._process.url)
            self._open.callback(close_default_clients)
            self._client = self._open.enter_context(Client(self._process.url, api_key=self._key))
            self._worker = ThreadWorker(Address(self._process.url, key))
            self._worker.start()
            self._open.callback(self._worker.close)
            self._serve_new()
        except BaseException:
            self._open.close()
            raise
        return self

    def close(self) -> None:
        """Ends worker and server, and removes the data. Handlers that still run are told to stop. Idempotent."""
        self._open.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()
        await asyncio.to_thread(self.close)

    @property
    def _running(self) -> ServerProcess:
        if self._process is None:
            raise RuntimeError("this JobsServer has not been started: `with JobsServer(jobs) as server:`")
        return self._process

    def _serve_new(self) -> None:
        """A registration for what has been defined since the last one."""
        if self._worker is None:
            raise RuntimeError("this JobsServer has not been started: `with JobsServer(jobs) as server:`")
        new = [(job, jobs) for jobs in self._collections for job in jobs if self._served.get(job.name) is not job]
        for job, _ in new:
            if job.name in self._served:
                raise CannotLoad(f"a job named {job.name!r} is already served")
        if new:
            self._worker.serve(new)
            self._served.update((job.name, job) for job, _ in new)

    def _set_environment(self, url: str) -> None:
        before = {name: os.environ.get(name) for name in ("JOBS_URL", "JOBS_API_KEY", "JOBS_API_KEY_FILE")}

        def restore() -> None:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

        for name in before:
            os.environ.pop(name, None)
        os.environ["JOBS_URL"] = url
        if self._key:
            os.environ["JOBS_API_KEY"] = self._key
        self._open.callback(restore)
