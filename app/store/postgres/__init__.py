"""The store on PostgreSQL, which any number of servers share."""

from app.store.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
