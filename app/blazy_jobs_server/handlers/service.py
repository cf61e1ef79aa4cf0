"""HTTP handlers put together: what the API and the composition root speak to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct

from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.handlers.exchange import Exchange, Formats
from blazy_jobs_server.handlers.lanes import Lanes
from blazy_jobs_server.handlers.reporting import TokenReports
from blazy_jobs_server.handlers.sealing import HandlerDefinitions, Vault
from blazy_jobs_server.ports.outbound import Sender
from blazy_jobs_server.ports.sealing import Sealer
from blazy_jobs_server.tracing import Attempts


def loop_seconds() -> float:
    return asyncio.get_running_loop().time()


class Limits(Struct, frozen=True, kw_only=True):
    """Requests under way in all and to one origin, and how large a result may be. `serving` False: others send."""

    concurrency: int = 200
    per_origin: int = 20
    max_result_bytes: int = 1024 * 1024
    serving: bool = True


class Handlers:
    def __init__(
        self,
        jobs: Jobs,
        sender: Sender,
        keyring: Sealer,
        formats: Formats,
        limits: Limits,
        *,
        wall_seconds: Callable[[], float] = time.time,
        seconds: Callable[[], float] = loop_seconds,
    ) -> None:
        vault = Vault(keyring)
        self.public_url = "http://127.0.0.1"
        """Where handlers reach this server, or any other on the same database."""
        self.tracing: Attempts | None = None
        """Where spans of attempts go."""
        self.definitions = HandlerDefinitions(jobs.catalogue, jobs.clock, sender, vault)
        self.reports = TokenReports(jobs, vault)
        exchange = Exchange(
            sender,
            vault,
            jobs.clock,
            formats,
            max_result_bytes=limits.max_result_bytes,
            public_url=lambda: self.public_url,
            wall_seconds=wall_seconds,
            tracing=lambda: self.tracing,
        )
        self.lanes = Lanes(
            jobs,
            exchange,
            concurrency=limits.concurrency,
            per_origin=limits.per_origin,
            serving=limits.serving,
            seconds=seconds,
        )

    def start(self) -> None:
        """The engine has started."""
        self.lanes.start()

    async def drain(self, seconds: float) -> None:
        await self.lanes.drain(seconds)

    async def stop(self) -> None:
        await self.lanes.stop()
