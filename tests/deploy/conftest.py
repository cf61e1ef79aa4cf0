"""A server in this process, for what is held against one."""

from tests.app.conftest import _plain_logs, clock, data  # noqa: F401
