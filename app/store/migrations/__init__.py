"""Alembic migrations, applied at the start of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The newest revision. Importing Alembic takes longer than the rest of the start, so a file that is up to date is
#: recognised without it.
HEAD = "0002"
VERSIONS = Path(__file__).with_name("versions")


class UnknownSchema(Exception):
    """The file's schema is none that this version knows. `revision` None: it is not ours at all."""

    def __init__(self, revision: str | None = None) -> None:
        whose = "its tables are not those of Blazy Jobs; choose another folder with --data"
        if revision is not None:
            whose = f"its schema ({revision}) is of a newer version of Blazy Jobs; start that one, or a backup"
        super().__init__(whose)


def migrate(connection: Connection) -> bool:
    """Brings the schema up to date within the connection's transaction; False where it was already.

    Raises UnknownSchema.
    """
    exists = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").first()
    revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if exists else None
    if revision == HEAD:
        return False
    if not exists and connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
        raise UnknownSchema
    if revision is not None and not any(VERSIONS.glob(f"{revision}_*.py")):
        raise UnknownSchema(str(revision))
    from alembic import command  # slow to import, seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    return True
