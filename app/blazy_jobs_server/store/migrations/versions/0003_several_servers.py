"""What several servers on one database need of each other."""

import sqlalchemy as sa
from alembic import op

from blazy_jobs_server.store.migrations import where

revision = "0003"
down_revision = "0002"

#: Rows that live for seconds are vacuumed early and at full speed, or claims would wade through the dead. Room in each
#: page lets a renewed lease stay in it; what is long goes out of the row, so that the row is short when it moves.
HOT = (
    "autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0, "
    "autovacuum_analyze_scale_factor = 0.05"
)

BEGIN = """
CREATE FUNCTION begin_jobs(OUT revision bigint, OUT feed_base bigint, OUT tx bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- Read after the lock is held: who changes a definition holds it alone.
  PERFORM pg_advisory_xact_lock_shared(1114398821, 1);
  SELECT s.revision, s.feed_base INTO revision, feed_base FROM shared AS s WHERE s.id = 1;
  tx := pg_current_xact_id()::text::bigint;
END $$
"""


def upgrade() -> None:
    op.add_column("runs", sa.Column("lease_until", sa.BigInteger(), nullable=True))
    op.add_column("queues", sa.Column("made_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("workers", sa.Column("home", sa.Text(), nullable=True))
    op.add_column("workers", sa.Column("server", sa.BigInteger(), nullable=True))
    op.add_column("workers", sa.Column("seen_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "servers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "shared",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("erased_key", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("feed_base", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _shard_counts()
    op.execute("INSERT INTO shared (id, revision) VALUES (1, 1)")
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("runs_leased", "runs", ["worker_id"], **where("state = 2"))
        op.create_index("runs_cancelling", "runs", ["worker_id"], **where("state = 2 AND cancel_requested = 1"))
        op.execute(BEGIN)
        op.execute(f"ALTER TABLE runs SET (fillfactor = 70, toast_tuple_target = 512, {HOT})")
        op.execute(f"ALTER TABLE events SET ({HOT})")
        for table in ("run_counts", "workers", "schedules", "servers", "shared"):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = 50, autovacuum_vacuum_threshold = 200, {HOT_SMALL})")


HOT_SMALL = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0"


def _shard_counts() -> None:
    op.create_table(
        "sharded",
        sa.Column("lane_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("shard", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane_id", "state", "shard", name="run_counts_key"),
    )
    op.execute("INSERT INTO sharded (lane_id, state, runs) SELECT lane_id, state, runs FROM run_counts")
    op.drop_table("run_counts")
    op.rename_table("sharded", "run_counts")
