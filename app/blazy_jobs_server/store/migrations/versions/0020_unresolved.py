"""The newest run of a group of errors, by an index that says nothing of states: SQLite keeps its order then."""

from alembic import op

from blazy_jobs_server.store.migrations import where

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.drop_index("runs_open_errors", "runs")
    op.create_index(
        "runs_unresolved",
        "runs",
        ["error_group", "state", "lane_id", "id"],
        **where("error_group IS NOT NULL AND resolved_at IS NULL"),
    )
