"""Where workers run, which of them drain, and what servers say of themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("workers", sa.Column("host", sa.Text(), nullable=True))
    op.add_column("workers", sa.Column("version", sa.Text(), nullable=True))
    op.add_column("workers", sa.Column("draining", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("servers", sa.Column("about", sa.Text(), nullable=True))
