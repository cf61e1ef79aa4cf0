"""The store on PostgreSQL, which any number of servers share."""

from blazy_jobs_server.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
