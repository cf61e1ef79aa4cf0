"""Fixtures over `server.py`. Import them in a conftest: `from tests.support.fixtures import *`."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server

__all__ = ["attach_logs", "pytest_runtest_makereport", "serve", "server_log_of"]

StartServer = Callable[..., Server]
_started = pytest.StashKey[list[Server]]()


def server_log_of(item: pytest.Item, server: Server) -> None:
    """Shows the end of the server's log with the test, should it fail."""
    item.stash.setdefault(_started, []).append(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.failed:
        for server in item.stash.get(_started, []):
            report.sections.append((f"log of the server on {server.data}", server.log_tail(80)))
    return report


@pytest.fixture
def attach_logs(request: pytest.FixtureRequest) -> Callable[[Server], None]:
    return lambda server: server_log_of(request.node, server)


@pytest.fixture
def serve(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StartServer]:
    """Starts servers; each is ended with all its processes after the test. `start=False` only prepares one."""
    servers = contextlib.ExitStack()
    numbers = itertools.count()

    def start(*modules: str, data: Path | None = None, start: bool = True, **options: Any) -> Server:
        server = Server(data or tmp_path / f"data{next(numbers)}", modules, **options)
        servers.callback(server.close)
        server_log_of(request.node, server)
        return server.start() if start else server

    with servers:
        yield start
