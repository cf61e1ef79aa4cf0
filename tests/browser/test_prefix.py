"""Below a path that a proxy takes off, or keeps: every page, address and stream."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.site import ROOT_KEY, UNSERVED, Site
from tests.support import nginx, prefix_proxy
from tests.support.browser import shown
from tests.support.server import serving

pytestmark = pytest.mark.system

PREFIX = "/a/b"
Below = Callable[..., contextlib.AbstractContextManager[str]]


def walk(visit: Visitor, root: str, site: Site) -> None:
    """Through the log-in to a page, by links to others, live, and an action."""
    first = site.dispatch("unserved")
    page: Page = visit(root, f"runs/{first}?x=1", key=None)
    page.get_by_label("API key").fill(ROOT_KEY)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{root}/ui/runs/{first}?x=1")
    shown(page)
    page.get_by_role("button", name="Live").wait_for()
    page.get_by_role("link", name="Runs").first.click()
    page.wait_for_url(f"{root}/ui/runs")
    page.get_by_role("link", name=first).first.wait_for()
    run = site.dispatch("unserved")
    page.get_by_role("button", name="new run").click()
    page.get_by_role("link", name=run).first.click()
    page.wait_for_url(f"{root}/ui/runs/{run}")
    page.get_by_role("button", name="Cancel").first.click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("main h1")).to_contain_text("Cancelled")
    page.reload()
    shown(page)
    visit.leave()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(params=["own", "nginx"])
def below(request: pytest.FixtureRequest, tmp_path: Path) -> Below:
    """Puts a server below a path."""
    if request.param == "own":
        return prefix_proxy.below
    command = nginx.executable()
    if command is None:
        pytest.skip("nginx is not installed: the dashboard is not tried behind it")
    return lambda *given, **options: nginx.below(command, tmp_path, *given, **options)


def test_all_is_as_before_where_the_path_is_taken_off(visit: Visitor, site: Site, below: Below) -> None:
    with below(PREFIX, site.url, free_port()) as root:
        walk(visit, root, site)


def test_all_is_as_before_where_the_path_is_kept(visit: Visitor, tmp_path: Path, below: Below) -> None:
    port = free_port()
    env = {"JOBS_API_KEY": ROOT_KEY, "JOBS_PUBLIC_URL": f"http://127.0.0.1:{port}{PREFIX}"}
    with (
        serving(tmp_path / "data", workers=0, env=env) as server,
        server.client(headers={"authorization": f"Bearer {ROOT_KEY}"}) as http,
        below(PREFIX, server.url, port, keep=True) as root,
    ):
        site = Site(server, http)
        site.ask("PUT", "/v1/job-types/unserved", UNSERVED)
        walk(visit, root, site)
