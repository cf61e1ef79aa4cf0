"""The audit log on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from blazy_jobs_server.domain.audit import AuditEntry
from blazy_jobs_server.ports.audit import AuditFilter
from blazy_jobs_server.store.auditing import AUDIT_COLUMNS, AUDIT_LIST, audit_row, conditions
from blazy_jobs_server.store.postgres.transaction import Transaction

_PLACES = ", ".join(f"${i}" for i in range(1, len(AUDIT_COLUMNS) + 1))
INSERT = f"INSERT INTO audit ({AUDIT_LIST}) VALUES ({_PLACES})"
DELETE_OLDEST = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)"


async def note_audit(tx: Transaction, arguments: list[Sequence[AuditEntry]]) -> list[None]:
    for entries in arguments:
        for entry in entries:
            await tx.execute(INSERT, *audit_row(tx.ledger.keys.next(tx.now), entry))
    return [None] * len(arguments)


def listed(where: AuditFilter, before: int | None, limit: int) -> tuple[str, list[object]]:
    """The statement, and its parameters."""
    compared, values = conditions(where, before)
    having = " AND ".join(f"{comparison} ${i}" for i, comparison in enumerate(compared, 1)) or "true"
    statement = f"SELECT {AUDIT_LIST} FROM audit WHERE {having} ORDER BY id DESC LIMIT ${len(values) + 1}"
    return statement, [*values, limit]
