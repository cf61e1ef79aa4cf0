"""The columns of sealed values, as the tables name them."""

from __future__ import annotations

from collections.abc import Iterable
from string import Formatter
from typing import Any, NamedTuple

from blazy_jobs_server.ports.sealing import KEY_ID_CHARACTERS, PREFIX
from blazy_jobs_server.store.tables import SEALED, metadata

KEY_ID_AT = len(PREFIX) + 1


class SealedColumn(NamedTuple):
    table: str
    keys: tuple[str, ...]
    column: str
    named: tuple[str, ...]
    """The columns that the purpose is made of."""
    purpose: str

    @property
    def select(self) -> str:
        return (
            f"SELECT {', '.join((self.column, *self.keys, *self.named))} FROM {self.table} "
            f"WHERE {self.column} IS NOT NULL"
        )

    def purpose_of(self, row: Iterable[Any]) -> str:
        values = list(row)[1 + len(self.keys) :]
        return self.purpose.format(**dict(zip(self.named, values, strict=True)))


def columns() -> list[SealedColumn]:
    found = []
    for table in metadata.sorted_tables:
        for column in table.columns:
            if (purpose := column.info.get(SEALED)) is not None:
                named = tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(purpose) if name))
                keys = tuple(key.name for key in table.primary_key)
                found.append(SealedColumn(table.name, keys, column.name, named, purpose))
    return found


def key_ids_sql() -> str | None:
    """The ids of the keys that sealed what is stored; None where no column is sealed."""
    selects = [
        f"SELECT substr({c.column}, {KEY_ID_AT}, {KEY_ID_CHARACTERS}) FROM {c.table} WHERE {c.column} IS NOT NULL"
        for c in columns()
    ]
    return " UNION ".join(selects) or None
