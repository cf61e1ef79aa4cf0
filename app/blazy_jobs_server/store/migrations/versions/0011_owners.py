"""Who has applied a configuration that a job type or schedule is from."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("job_types", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("schedules", sa.Column("owner", sa.Text(), nullable=True))
