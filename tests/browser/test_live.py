"""What is live: new runs are counted and nothing moves; a server that goes away comes back by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.site import Site
from tests.support.browser import shown
from tests.support.server import Server

pytestmark = pytest.mark.system


def rows(page: Page) -> list[str]:
    return page.locator("main [data-row] .run-id").all_inner_texts()


def test_new_runs_are_counted_until_they_are_asked_for(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs")
    shown(page)
    before = rows(page)
    run = site.dispatch("unserved")
    page.get_by_role("button", name="new run").wait_for()
    assert rows(page) == before
    page.get_by_role("button", name="new run").click()
    page.get_by_role("link", name=run).first.wait_for()
    expect(page.get_by_role("button", name="new run")).to_have_count(0)


def test_more_new_runs_than_a_page_holds_are_read_when_they_are_asked_for(visit: Visitor, site: Site) -> None:
    job_type = site.name("flood")
    site.ask("PUT", f"/v1/job-types/{job_type}", {"name": job_type, "handler": {"kind": "worker"}})
    first = site.dispatch(job_type)
    page = visit(site.url, f"runs?job_type={job_type}")
    page.get_by_role("link", name=first).first.wait_for()
    site.ask("POST", "/v1/runs/batch", {"runs": [{"job_type": job_type, "payload": n} for n in range(60)]})
    page.get_by_role("button", name="50+ new runs").wait_for()
    last = site.dispatch(job_type)
    site.ask("POST", f"/v1/runs/{first}/cancel")
    page.locator("[data-row]", has_text=first).get_by_text("Cancelled").wait_for()
    page.get_by_role("button", name="50+ new runs").click()
    page.get_by_role("link", name=last).first.wait_for()
    assert rows(page)[0] == last
    expect(page.get_by_role("button", name="new run")).to_have_count(0)


def test_what_has_ended_leaves_what_runs_now(visit: Visitor, site: Site) -> None:
    run = site.until(site.dispatch("waits"), "running")
    page = visit(site.url)
    row = page.get_by_role("region", name="Running now").locator("[data-row]", has_text=run)
    row.wait_for()
    site.ask("POST", f"/v1/runs/{run}/cancel")
    expect(row).to_have_count(0)


def test_a_row_changes_where_it_is(visit: Visitor, site: Site) -> None:
    run = site.dispatch("unserved")
    page = visit(site.url, "runs")
    row = page.locator("[data-row]", has_text=run)
    row.get_by_text("Queued").wait_for()
    site.ask("POST", f"/v1/runs/{run}/cancel")
    row.get_by_text("Cancelled").wait_for()


def test_paused_nothing_comes_until_it_goes_on(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs")
    shown(page)
    page.get_by_role("button", name="Live: pause").wait_for()
    page.keyboard.press("p")
    page.get_by_role("button", name="Paused: go on").wait_for()
    site.dispatch("unserved")
    assert page.get_by_role("button", name="new run").count() == 0
    page.keyboard.press("p")
    page.get_by_role("button", name="new run").wait_for()


def test_log_progress_and_state_come_as_they_happen(visit: Visitor, site: Site) -> None:
    run = site.until(site.dispatch("waits"), "running")
    page = visit(site.url, f"runs/{run}")
    page.get_by_role("log").get_by_text("it waits").wait_for()
    page.get_by_role("progressbar").first.wait_for()
    site.ask("POST", f"/v1/runs/{run}/cancel", {"reason": "enough"})
    expect(page.locator("main h1")).to_contain_text("Cancelled")
    page.get_by_text("enough").first.wait_for()


def test_a_server_that_is_killed_comes_back_by_itself(visit: Visitor, open_server: Server) -> None:
    with open_server.client() as http:
        http.put("/v1/job-types/unserved", json={"name": "unserved", "handler": {"kind": "worker"}}).raise_for_status()
        first = http.post("/v1/job-types/unserved/runs", json={"payload": 1}).raise_for_status().json()["id"]
        page = visit(open_server.url, "runs", key=None)
        visit.allow_losses()
        page.get_by_role("link", name=first).first.wait_for()
        page.get_by_role("button", name="Live").wait_for()
        open_server.kill()
        banner = page.locator(".banner")
        expect(banner).to_contain_text(re.compile("cut"))
        page.get_by_role("button", name=re.compile("As of")).wait_for()
        assert rows(page) == [first]
        open_server.start()
        expect(banner).to_have_count(0)
        page.get_by_role("button", name="Live").wait_for()
        second = http.post("/v1/job-types/unserved/runs", json={"payload": 2}).raise_for_status().json()["id"]
        page.get_by_role("button", name="new run").click()
        page.get_by_role("link", name=second).first.wait_for()
