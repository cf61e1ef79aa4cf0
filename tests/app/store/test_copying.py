"""`copy`: everything of a SQLite file goes on in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from blazy_jobs_server.domain.instants import LATEST
from blazy_jobs_server.domain.run import Error
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.ports import EventFilter
from blazy_jobs_server.store import copying
from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.sqlite import DatabaseInUse
from blazy_jobs_server.store.unusable import DatabaseUnusable
from tests.contract.stage import DRAW, LEASE_SECONDS, SqlitePlace, Stage, ids
from tests.support.postgres import Postgres

pytestmark = pytest.mark.system


@pytest.fixture
def url(postgres: Postgres, empty_postgres: str) -> str:
    return postgres.url(postgres.borrow(empty_postgres))


async def lived(stage: Stage) -> None:
    """Something of everything."""
    await stage.define("other", queue="mail", concurrency=2, paused=True)
    await stage.finished(tags='["x"]', metadata='{"k":"é"}')
    lease = await stage.started()
    await stage.say(lease, "log", data='{"message":"line"}')
    await stage.fail(lease, error=Error("handler_error", "boom"))
    await stage.run_of("other", delay_seconds=60, expires_seconds=90, dedupe_key="d")
    await stage.started(worker=99)
    gone = await stage.finished()
    await stage.store.erase(gone.id)
    await stage.dispatch(stage.order(), stage.order(priority=3), key="k")


async def with_a_webhook(stage: Stage) -> None:
    """That a server delivers for."""
    shop = await stage.store.save_webhook(Webhook(name="shop", url="https://shop.example/", secret="s"), before=None)
    assert shop is not None
    assert await stage.store.lease_webhook(shop.id, "lease", LATEST) is not None


async def everything(stage: Stage) -> list[object]:
    runs = [msgspec.structs.replace(run, lease_until=None) for run in await stage.all_runs()]
    return [
        runs,
        await stage.all_events(),
        await stage.store.counts(),
        sorted(await stage.store.job_types(), key=lambda job_type: job_type.name),
        sorted(await stage.store.queues(), key=lambda queue: queue.name),
        await stage.dispatch(key="k"),
    ]


def on_postgres(stage: Stage, url: str) -> Stage:
    class Place:
        columns = False

        def store(self, clock: object) -> PostgresStore:
            return PostgresStore(url, stage.clock, lease_seconds=LEASE_SECONDS, draw=lambda: DRAW)

    moved = Stage(Place(), stage.clock)  # type: ignore[arg-type]  # it never crashes
    moved.types = stage.types
    return moved


async def test_everything_goes_on_where_it_was(tmp_path: Path, url: str) -> None:
    async with Stage(SqlitePlace(tmp_path / "data", None)) as stage:
        await stage.define("greet")
        await lived(stage)
        await with_a_webhook(stage)
        [shop] = await stage.store.webhooks()
        before = await everything(stage)
        newest = (await stage.all_runs())[0].id
        told: dict[str, int] = {}
    await copying.copy(tmp_path / "data" / "jobs.db", url, told.__setitem__)
    assert told["runs"] == 6
    moved = on_postgres(stage, url)
    await moved._open()
    try:
        after = await everything(moved)
        for old, new in zip(before, after, strict=True):
            assert new == old
        assert await moved.store.webhooks() == [shop]
        assert await moved.store.lease_webhook(shop.id, "another", moved.clock.now()) == shop
        # It works on: the lease has a full term, keys and events go on after the old ones.
        last = (await moved.all_events())[-1].id
        assert await moved.sweep_at(LEASE_SECONDS / 2) is not None
        [running] = [run for run in await moved.all_runs() if run.worker_id == 99 and run.lease_token]
        assert await moved.state(running) == "running"
        await moved.sweep_at(LEASE_SECONDS)
        assert (await moved.state(running), (await moved.read(running)).losses) == ("queued", 0)
        run = await moved.run_of()
        assert run.id > newest
        assert (await moved.events(run))[0].id > last
        assert (await moved.dispatch(moved.order("other", dedupe_key="d"))).made == [False]
        assert await moved.define("new") is not None
        assert await moved.store.feed(last, EventFilter(), 100) != ([], last)
        assert ids(await moved.take(limit=100)) != []
    finally:
        await moved.store.close()


async def test_a_file_that_a_server_uses_is_refused(tmp_path: Path, url: str) -> None:
    async with Stage(SqlitePlace(tmp_path / "data", None)):
        with pytest.raises(DatabaseInUse):
            await copying.copy(tmp_path / "data" / "jobs.db", url)


async def test_a_database_with_anything_in_it_is_refused_and_left_as_it_is(tmp_path: Path, url: str) -> None:
    async with Stage(SqlitePlace(tmp_path / "data", None)) as stage:
        await stage.define("greet")
        await stage.finished()
    file = tmp_path / "data" / "jobs.db"
    await copying.copy(file, url)
    with pytest.raises(DatabaseUnusable, match="not empty"):
        await copying.copy(file, url)
    moved = on_postgres(stage, url)
    await moved._open()
    assert len(await moved.all_runs()) == 1
    await moved.store.close()
