"""One browser and one server for all tests of this folder, as far as one process runs them.

The browser lives as long as the folder's tests do: Playwright keeps an event loop running in the thread, beside which
no other test could start its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.site import MODULE, ROOT_KEY, Site, fill
from tests.support.browser import MISSING, Watch, executable, launched, log_in, open_context
from tests.support.fixtures import *  # noqa: F403
from tests.support.fixtures import server_log_of
from tests.support.server import Server, serving


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = executable()
    if path is None:
        pytest.skip(MISSING)
    with launched(path) as found:
        yield found


@pytest.fixture(scope="package")
def shared(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("site") / "data"
    env = {"JOBS_API_KEY": ROOT_KEY, "JOBS_HTTP_ALLOW": "127.0.0.0/8"}
    with (
        serving(data, [MODULE], workers=1, env=env) as server,
        server.client(headers={"authorization": f"Bearer {ROOT_KEY}"}) as http,
    ):
        site = Site(server, http)
        fill(site)
        yield site


@pytest.fixture
def site(shared: Site, request: pytest.FixtureRequest) -> Site:
    server_log_of(request.node, shared.server)
    return shared


class Visitor:
    """Opens pages, each in a context of its own, logged in with a key."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts = contextlib.ExitStack()
        self._watches: list[Watch] = []

    def __call__(self, root: str, address: str = "", key: str | None = ROOT_KEY, **options: Any) -> Page:
        context, watch = open_context(self._browser, root, **options)
        self._contexts.callback(context.close)
        self._watches.append(watch)
        if key is not None:
            log_in(context, root, key)
        page = context.new_page()
        page.goto(f"{root}/ui/{address}")
        return page

    def allow(self, *statuses: int) -> None:
        """Refusals that the test brings about, in the pages that are open."""
        for watch in self._watches:
            watch.allow(*statuses)

    def allow_losses(self) -> None:
        """The server goes away."""
        for watch in self._watches:
            watch.allow_losses()

    def leave(self) -> None:
        """Closes all pages. Raises AssertionError where anything went wrong in a page."""
        self._contexts.close()
        while self._watches:
            self._watches.pop().check()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    visitor = Visitor(browser)
    yield visitor
    visitor.leave()


@pytest.fixture
def open_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Without keys, for a test that kills it."""
    with serving(tmp_path / "data", [MODULE], workers=1) as server:
        server_log_of(request.node, server)
        yield server
