"""Groups of errors: of which each run is, what was resolved, and how many there are."""

from collections import defaultdict

import msgspec
import sqlalchemy as sa
from alembic import op

from blazy_jobs_server.domain.error_groups import group_of
from blazy_jobs_server.domain.run import Error
from blazy_jobs_server.store.migrations import where

revision = "0017"
down_revision = "0016"

CHUNK = 2000
FAILED = "SELECT id, lane_id, state, error, finished_at FROM runs WHERE error IS NOT NULL AND id > :after ORDER BY id"
RUN = "UPDATE runs SET error = :error, error_group = :error_group, error_code = :error_code WHERE id = :run_id"
COUNT = (
    "INSERT INTO error_counts (error_group, lane_id, state, runs, first_at, last_at) "
    "VALUES (:error_group, :lane_id, :state, :runs, :first_at, :last_at)"
)


def upgrade() -> None:
    op.add_column("runs", sa.Column("error_group", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("error_code", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("resolved_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "error_counts",
        sa.Column("error_group", sa.Text(), nullable=False),
        sa.Column("lane_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("shard", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("error_group", "lane_id", "state", "shard"),
        sqlite_with_rowid=False,
    )
    _group()
    op.create_index("runs_of_error", "runs", ["error_group", "id"], **where("error_group IS NOT NULL"))
    op.create_index("runs_of_error_code", "runs", ["error_code", "id"], **where("error_code IS NOT NULL"))
    op.create_index(
        "runs_open_errors",
        "runs",
        ["error_group", "state", "lane_id", "id"],
        **where("error_group IS NOT NULL AND resolved_at IS NULL AND state IN (3, 5)"),
    )
    op.create_index("error_counts_newest", "error_counts", ["lane_id", "state", "last_at", "error_group"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("error_counts_spent", "error_counts", ["error_group", "lane_id", "state"], **where("runs <= 0"))
        op.execute(
            "ALTER TABLE error_counts SET (fillfactor = 50, autovacuum_vacuum_threshold = 200, "
            "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)"
        )


def _group() -> None:
    """What has failed before."""
    connection = op.get_bind()
    counts: defaultdict[tuple[str, int, int], list[int]] = defaultdict(list)
    after = 0
    while rows := connection.execute(sa.text(f"{FAILED} LIMIT {CHUNK}"), {"after": after}).fetchall():
        changes = []
        for run_id, lane_id, state, text, finished_at in rows:
            error = msgspec.json.decode(text, type=Error)
            group = group_of(error)
            error = msgspec.structs.replace(error, group=group)
            changes.append(
                {
                    "run_id": run_id,
                    "error": msgspec.json.encode(error).decode(),
                    "error_group": group,
                    "error_code": error.code,
                }
            )
            if state in (3, 5):
                counts[group, lane_id, state].append(finished_at or run_id >> 10)
        connection.execute(sa.text(RUN), changes)
        after = rows[-1][0]
    found = [
        {
            "error_group": group,
            "lane_id": lane_id,
            "state": state,
            "runs": len(times),
            "first_at": min(times),
            "last_at": max(times),
        }
        for (group, lane_id, state), times in counts.items()
    ]
    if found:
        connection.execute(sa.text(COUNT), found)
