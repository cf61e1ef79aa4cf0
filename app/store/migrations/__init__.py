"""Alembic migrations, applied at the start of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The newest revision. Importing Alembic takes longer than the rest of the start, so a file that is up to date is
#: recognised without it.
HEAD = "0001"


def migrate(connection: Connection) -> bool:
    """Brings the schema up to date within the connection's transaction; False where it was already."""
    exists = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    if exists and connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD:
        return False
    from alembic import command  # slow to import, seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    return True
