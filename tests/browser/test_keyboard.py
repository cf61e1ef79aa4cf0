"""By keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from blazy_jobs_server.api.dashboard_files import UI
from tests.browser.conftest import Visitor
from tests.browser.site import Site, addresses
from tests.browser.test_pages import PATTERNS
from tests.support.browser import shown

pytestmark = pytest.mark.system

ROUTES = (UI / "core" / "routes.js").read_text()
FOCUSED = """() => {
  const at = document.activeElement;
  return at.getAttribute('aria-label') || at.textContent.trim() || at.tagName;
}"""


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """As often as it takes."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"{name} is not reached by {most} tabs")


def test_from_the_overview_to_a_run_and_its_replay(visit: Visitor, site: Site) -> None:
    run = site.until(site.dispatch("fails"), "failed")
    page = visit(site.url)
    shown(page)
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url(f"{site.url}/ui/runs")
    link = page.locator("[data-row]", has_text=run).locator("[data-open]").first
    link.wait_for()
    for _ in range(60):
        page.keyboard.press("j")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/ui/runs/{run}")
    shown(page)
    tab_to(page, "Replay")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/ui/runs/run_" in url and run not in url)
    assert site.run(page.url.rsplit("/", 1)[1])["replay_of"] == run


def test_a_row_is_selected_and_cancelled(visit: Visitor, site: Site) -> None:
    run = site.dispatch("unserved")
    page = visit(site.url, "runs?state=queued")
    page.get_by_role("link", name=run).first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("x")
    chosen = page.get_by_role("checkbox", name=re.compile("^Select run_"), checked=True)
    expect(chosen).to_have_count(1)
    selected = (chosen.get_attribute("aria-label") or "").removeprefix("Select ")
    page.keyboard.press("x")
    expect(chosen).to_have_count(0)
    assert selected == run
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/ui/runs/{run}")
    shown(page)
    tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Cancel this run?")
    dialog.wait_for()
    tab_to(page, "Cancel the run")
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_contain_text("Cancelled")


def test_a_menu_is_walked_with_arrows_and_left_with_escape(visit: Visitor, site: Site) -> None:
    page = visit(site.url, f"runs/{site.runs['completed']}")
    shown(page)
    tab_to(page, "More actions")
    page.keyboard.press("Enter")
    items = page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(items.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(items).to_have_count(0)
    expect(page.get_by_role("button", name="More actions")).to_be_focused()


def test_a_filter_is_set_and_taken_out(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs")
    shown(page)
    tab_to(page, "Filter")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Tag", exact=True).focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Tag", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type("mail")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"[?&]tag=mail"))
    chip = page.get_by_role("button", name="Take out Tag: mail")
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_count(0)
    assert "tag=" not in page.url


def test_a_dialog_holds_the_focus_and_gives_it_back(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs")
    shown(page)
    tab_to(page, "Filter")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Settings and keys")
    dialog.wait_for()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_focused()


def test_single_letters_can_be_switched_off(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs")
    shown(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Settings and keys")
    dialog.get_by_label("Single letters are shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    for key in ("g", "o", "?"):
        page.keyboard.press(key)
    assert page.url == f"{site.url}/ui/runs"
    assert page.get_by_role("dialog").count() == 0
    page.reload()
    shown(page)
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 0


HEARD = """controls => {
  window.there = [...document.querySelectorAll(controls)];
  window.reached = new Set();
  window.unseen = [];
  window.isAround = false;
  document.addEventListener("focusin", ({ target }) => {
    isAround ||= reached.has(target);
    reached.add(target);
    const { outlineStyle, boxShadow } = getComputedStyle(target);
    if (outlineStyle === "none" && boxShadow === "none") unseen.push(target.outerHTML.slice(0, 120));
  });
}"""
CONTROLS = "main :is(a[href], button, input, select, textarea, summary, [tabindex='0'])"
MISSED = """() => there
  .filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0 && !reached.has(one))
  .map((one) => one.outerHTML.slice(0, 160))"""


def test_tab_reaches_every_control_of_every_page_and_shows_where_it_is(visit: Visitor, site: Site) -> None:
    page = visit(site.url, reduced_motion="reduce")
    faults = []
    for pattern in PATTERNS:
        page.goto(f"{site.url}/ui/{addresses(site, pattern)}")
        shown(page)
        page.get_by_role("button", name="Live: pause").wait_for()
        page.keyboard.press("p")  # nothing comes or goes
        page.get_by_role("button", name="Paused: go on").wait_for()
        if pattern == "runs/:id":
            page.locator(".explain").wait_for()
        page.evaluate(HEARD, CONTROLS)
        for _ in range(600):
            page.keyboard.press("Tab")
            if page.evaluate("isAround"):
                break
        faults += [f"{pattern}: not reached: {one}" for one in page.evaluate(MISSED)]
        faults += [f"{pattern}: not seen: {one}" for one in page.evaluate("unseen")]
    assert faults == []


def test_a_letter_after_g_leads_to_each_page(visit: Visitor, site: Site) -> None:
    page = visit(site.url)
    pages = re.findall(r'title: "([^"]*)", path: "[^"]*", icon: "[^"]*", key: "(.)"', ROUTES)
    assert len(pages) > 8
    for title, key in pages:
        page.keyboard.press("g")
        page.keyboard.press(key)
        shown(page, title)
