"""When and for whom a version of a job type was made. Of those before, only the time of the present one is known."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("job_type_versions", sa.Column("created_at", sa.BigInteger(), nullable=True))
    op.add_column("job_type_versions", sa.Column("created_by", sa.Text(), nullable=True))
    op.execute(
        "UPDATE job_type_versions SET created_at = "
        "(SELECT t.updated_at FROM job_types AS t WHERE t.definition_id = job_type_versions.id)"
    )
