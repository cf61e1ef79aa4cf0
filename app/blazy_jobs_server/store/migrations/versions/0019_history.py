"""What has happened, by minute, quarter of an hour and day."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

NUMBERS = ("started", "completed", "failed", "cancelled", "retried", "lost", "deepest")


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("job_type", sa.Text(), primary_key=True),
        sa.Column("queue", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("server", sa.BigInteger(), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        sa.Column("oldest", sa.BigInteger(), nullable=False),
        sa.Column("waited", sa.Text(), nullable=True),
        sa.Column("ran", sa.Text(), nullable=True),
        sqlite_with_rowid=False,
    )
