"""The server in process, as for the tests of its API."""

from tests.app.conftest import _plain_logs, clock, data, serve, server, store_settings  # noqa: F401
