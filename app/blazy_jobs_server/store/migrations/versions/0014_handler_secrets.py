"""The secrets of HTTP handlers."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("job_types", sa.Column("secrets", sa.Text(), nullable=True))
