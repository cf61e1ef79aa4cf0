"""By which rules of its time zone a schedule's next time was made."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("schedules", sa.Column("wall", sa.Text(), nullable=True))
    op.add_column("schedules", sa.Column("rules", sa.Text(), nullable=True))
