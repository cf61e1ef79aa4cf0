"""Events that are no more since a backup was restored."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "lost_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lost_after", sa.BigInteger(), nullable=False),
        sa.Column("lost_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
