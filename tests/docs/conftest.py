"""Servers in this process, for pages that are held against one."""

from tests.app.conftest import _plain_logs, clock, data  # noqa: F401
