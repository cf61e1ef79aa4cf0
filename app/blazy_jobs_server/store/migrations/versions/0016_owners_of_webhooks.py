"""Who has applied a configuration that a webhook is from."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("owner", sa.Text(), nullable=True))
