"""Lists by tag, and by the time of creation."""

import sqlalchemy as sa
from alembic import op

from blazy_jobs_server.store.migrations import where

revision = "0006"
down_revision = "0005"

#: By triggers, so that also what a server of an earlier version makes and deletes meanwhile is in step.
TRIGGERS = (
    """
CREATE FUNCTION tag_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO run_tags (tag, run_id)
  SELECT DISTINCT t.tag, NEW.id FROM jsonb_array_elements_text(NEW.tags::jsonb) AS t(tag);
  RETURN NULL;
END $$
""",
    """
CREATE FUNCTION untag_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM run_tags AS r USING jsonb_array_elements_text(OLD.tags::jsonb) AS t(tag)
  WHERE r.tag = t.tag AND r.run_id = OLD.id;
  RETURN NULL;
END $$
""",
    "CREATE TRIGGER runs_tagged AFTER INSERT ON runs FOR EACH ROW WHEN (NEW.tags IS NOT NULL) "
    "EXECUTE FUNCTION tag_run()",
    "CREATE TRIGGER runs_untagged AFTER DELETE ON runs FOR EACH ROW WHEN (OLD.tags IS NOT NULL) "
    "EXECUTE FUNCTION untag_run()",
)
FILL = (
    "INSERT INTO run_tags (tag, run_id) "
    "SELECT DISTINCT t.value, r.id FROM runs AS r, {} AS t WHERE r.tags IS NOT NULL ORDER BY 1, 2"
)


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "run_tags",
        sa.Column("tag", sa.Text(collation="C") if postgres else sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag", "run_id", name="run_tags_key"),
        sqlite_with_rowid=False,
    )
    if postgres:
        for statement in TRIGGERS:
            op.execute(statement)
        op.execute(FILL.format("jsonb_array_elements_text(r.tags::jsonb)"))
    else:
        op.execute(FILL.format("json_each(r.tags)"))
    op.create_index("runs_ahead", "runs", ["id"], **where("(id >> 10) > created_at + 1000000"))
