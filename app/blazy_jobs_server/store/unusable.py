"""Why a database cannot be used, told to whoever starts the server."""

from __future__ import annotations


class DatabaseUnusable(Exception):
    """The database cannot be opened or reached, or is not ours."""
