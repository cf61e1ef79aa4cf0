"""Versions of job types that a worker's code is too old for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("workers", sa.Column("unknown", sa.Text(), nullable=True))
