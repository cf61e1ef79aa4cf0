"""A PostgreSQL database that its own tools have backed up and restored, and what it is told afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from blazy_jobs_server.store.postgres.restoring import void
from blazy_jobs_server.store.unusable import DatabaseUnusable
from tests.app.clock import HandClock
from tests.app.server import Server
from tests.app.store.test_restore import cursor
from tests.support.postgres import Postgres, binaries

pytestmark = pytest.mark.system


def tool(name: str, *words: str) -> None:
    subprocess.run([binaries() / name, *words], check=True, timeout=60)


async def test_a_dump_is_restored_beside_and_told_that_it_is_the_past(
    postgres: Postgres, empty_postgres: str, clock: HandClock, tmp_path: Path
) -> None:
    name = postgres.borrow(empty_postgres)
    dump = tmp_path / "jobs.dump"
    async with Server(tmp_path, clock, database_url=postgres.url(name)) as server:
        await server.register()
        await server.register("careful", retry={"max_attempts": 3, "on_lost": "fail"})
        runs = [await server.dispatch(), await server.dispatch("careful")]
        worker = await server.worker("greet", "careful")
        assert len(await worker.claim()) == 2
        kept = await cursor(server, runs[0])
        tool("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={postgres.url(name)}")
        lost_run = await server.dispatch()
        lost = await cursor(server, lost_run)
        with pytest.raises(DatabaseUnusable, match="stop them"):
            await void(postgres.url(name), clock)
    url = postgres.url(postgres.new_database())
    tool("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(dump))
    clock.move(60)
    assert await void(url, clock) == (2, 1)
    assert await void(url, clock) == (0, 0)
    async with Server(tmp_path, clock, database_url=url) as server:
        assert (await server.get("/v1/workers"))["data"] == []
        assert await server.types(runs[0]) == ["queued", "started", "interrupted"]
        assert (await server.run(runs[1]))["error"]["code"] == "lease_lost"
        made = await server.dispatch()
        assert made["id"] > lost_run["id"]
        assert (await server.run(made))["state"] == "queued"
        since = await cursor(server, made)
        assert kept < lost < since
        for last, status in ((kept, 200), (lost, 410), (since, 200)):
            async with server.stream("/v1/events", last_event_id=last) as stream:
                assert stream.status == status
