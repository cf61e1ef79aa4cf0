"""What code declares, in the order of its starts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "declarations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("build", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("declarations_start", "declarations", ["app", "start", "digest"], unique=True)
    op.create_table(
        "builds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("build", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("builds_name", "builds", ["app", "build"], unique=True)
    op.add_column("job_types", sa.Column("declaration", sa.Integer(), nullable=True))
    op.add_column("schedules", sa.Column("declaration", sa.Integer(), nullable=True))
    op.add_column("workers", sa.Column("declares", sa.Text(), nullable=True))
