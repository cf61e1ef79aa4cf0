"""Alembic migrations, applied at the start of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The newest revision. Importing Alembic takes longer than the rest of the start, so a file that is up to date is
#: recognised without it.
HEAD = "0023"
VERSIONS = Path(__file__).with_name("versions")


class UnknownSchema(Exception):
    """The database's schema is none that this version knows. `revision` None: it is not ours at all."""

    def __init__(self, revision: str | None = None) -> None:
        whose = "its tables are not those of Blazy Jobs; choose another folder with --data, or another database"
        if revision is not None:
            whose = f"its schema ({revision}) is of a newer version of Blazy Jobs; start that one, or a backup"
        super().__init__(whose)


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None where the database is empty. Raises UnknownSchema."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise UnknownSchema
        return None
    revision: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if revision is not None and not any(VERSIONS.glob(f"{revision}_*.py")):
        raise UnknownSchema(revision)
    return revision


def migrate(connection: Connection, to: str = HEAD) -> bool:
    """Brings the schema up to date within the connection's transaction; False where it was already.

    Raises UnknownSchema.
    """
    if revision_of(connection) == to:
        return False
    from alembic import command  # slow to import, seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    return True
