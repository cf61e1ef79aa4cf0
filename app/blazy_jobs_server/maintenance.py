"""What is done to a database beside the serving of it: its schema, its secrets, copies of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.store import backup, replacing
from blazy_jobs_server.store.restoring import Voided
from blazy_jobs_server.store.sqlite import hold
from blazy_jobs_server.store.sqlite import upgrade as upgrade_file
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.trust.rotation import ResealAll


def upgrade(settings: Settings) -> bool:
    """Brings the database's schema up to date; False where it was already. Raises DatabaseUnusable."""
    if settings.database_url is not None:
        from blazy_jobs_server.store.postgres import PostgresStore

        store = PostgresStore(
            settings.database_url.get_secret_value(),
            SystemClock(),
            lease_seconds=settings.lease_seconds,
        )
        return asyncio.run(store.upgrade())
    with hold(settings.database):
        return upgrade_file(settings.database)


def reseal_all(settings: Settings, *, alone: bool) -> ResealAll:
    """Of the database of the settings. `alone`: refuses while a server uses it. Raises DatabaseUnusable."""

    from blazy_jobs_server.store import resealing

    if settings.database_url is None:
        return lambda exchange: resealing.reseal(settings.database, exchange, alone=alone)
    from blazy_jobs_server.store.postgres import sealed

    url = settings.database_url.get_secret_value()
    upgrade(settings)
    return lambda exchange: asyncio.run(sealed.reseal(url, exchange, now=SystemClock().now(), alone=alone))


def copy(settings: Settings, told: Callable[[str, int], None]) -> None:
    """From the SQLite file into the PostgreSQL database. Raises DatabaseUnusable."""
    from blazy_jobs_server.store import copying

    assert settings.database_url is not None
    if not settings.database.exists():
        raise DatabaseUnusable(f"{settings.database}: there is no such file")
    upgrade(settings)
    asyncio.run(copying.copy(settings.database, settings.database_url.get_secret_value(), told))


def back_up(settings: Settings, target: Path) -> backup.Copy:
    """Of the SQLite file. Raises DatabaseUnusable."""
    return replacing.back_up(_real(settings.database), target)


def restore(settings: Settings, source: Path) -> replacing.Restored:
    """Of the SQLite file. Raises DatabaseUnusable."""
    return replacing.restore(source, _real(settings.database), SystemClock())


def end_history(settings: Settings) -> Voided:
    """Of a PostgreSQL database that its own tools have restored. Raises DatabaseUnusable."""
    from blazy_jobs_server.store.postgres.restoring import void

    assert settings.database_url is not None
    return asyncio.run(void(settings.database_url.get_secret_value(), SystemClock()))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
