"""The server in process, as for the tests of its API."""

from tests.app.conftest import _plain_logs, clock, data, empty_database, serve, server, store_settings  # noqa: F401
