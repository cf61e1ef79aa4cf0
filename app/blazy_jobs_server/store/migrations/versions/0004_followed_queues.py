"""Queues of other engines, and the runs that follow their jobs."""

import sqlalchemy as sa
from alembic import op

from blazy_jobs_server.store.migrations import where

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("queues", sa.Column("bullmq", sa.Text(), nullable=True))
    op.add_column("queues", sa.Column("place", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("job_id", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("job_added_at", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("followed", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("followed_lines", sa.Integer(), server_default="0", nullable=False))
    op.create_index("runs_of_job", "runs", ["job_id", "id"], **where("job_id IS NOT NULL"))
    op.drop_index("runs_due", "runs")
    op.create_index("runs_due", "runs", ["due_at"], **where("state IN (0, 3) AND followed IS NULL"))
