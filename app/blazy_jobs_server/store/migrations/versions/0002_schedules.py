"""Schedules, and the runs that they make."""

import sqlalchemy as sa
from alembic import op

from blazy_jobs_server.store.migrations import where

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=True),
        sa.Column("declared_at", sa.BigInteger(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("orphaned", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("next_fire_at", sa.BigInteger(), nullable=True),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("last_fire_at", sa.BigInteger(), nullable=True),
        sa.Column("last_run_id", sa.BigInteger(), nullable=True),
        sa.Column("last_skipped_at", sa.BigInteger(), nullable=True),
        sa.Column("missed", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("schedules_name", "schedules", ["name"], unique=True)
    op.create_index("schedules_due", "schedules", ["wake_at"], **where("wake_at IS NOT NULL"))
    op.create_index("schedules_of_job_type", "schedules", ["job_type"])
    op.create_index("schedules_of_app", "schedules", ["app"], **where("app IS NOT NULL"))
    op.add_column("runs", sa.Column("schedule", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("fire_at", sa.BigInteger(), nullable=True))
    op.create_index("runs_of_schedule", "runs", ["schedule", "id"], **where("schedule IS NOT NULL"))
    op.create_index("runs_overlapping", "runs", ["schedule"], **where("schedule IS NOT NULL AND state < 4"))
    op.create_index("runs_fired", "runs", ["schedule", "fire_at"], unique=True, **where("fire_at IS NOT NULL"))
