"""Alembic's entry: runs on the connection that the store hands over, inside its transaction."""

from alembic import context

from blazy_jobs_server.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
