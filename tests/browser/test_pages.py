"""Every page, with hostile texts in what it shows: it shows them as they are, and breaks no rule of its own."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from blazy_jobs_server.api.dashboard_files import UI
from tests.browser.conftest import Visitor
from tests.browser.hostile import HOSTILE, SHORT
from tests.browser.site import Site, addresses
from tests.support.browser import shown

pytestmark = pytest.mark.system

PATTERNS = re.findall(r'pattern: "([^"]*)"', (UI / "core" / "routes.js").read_text())
SIZES = ((1440, 900), (768, 1024), (360, 740), (320, 640))
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@cache
def axe() -> str:
    return AXE.read_text()


def found_by_axe(page: Page, options: dict[str, Any]) -> list[str]:
    result = page.evaluate("options => axe.run(document, options)", {**options, "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {json.dumps(node['target'])} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"][:3]
    ]


def not_hurt(page: Page) -> None:
    assert page.evaluate("typeof hurt") == "undefined"
    assert page.evaluate("[...document.querySelectorAll('a')].filter(a => a.protocol === 'javascript:').length") == 0


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern or "overview")
def test_a_page_is_accessible_in_both_schemes_and_fits_every_width(visit: Visitor, site: Site, pattern: str) -> None:
    """Light and dark; from 1440 to 320 px without scrolling sideways; the keyboard begins at its heading."""
    page = visit(site.url, addresses(site, pattern), viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    shown(page)
    not_hurt(page)
    expect(page.locator("main h1")).to_be_focused()
    page.evaluate(axe())
    faults = found_by_axe(page, {"runOnly": RULES})
    page.emulate_media(color_scheme="dark")
    page.reload()
    shown(page)
    page.evaluate(axe())
    faults += [
        f"dark {fault}" for fault in found_by_axe(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    ]
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        too_wide = page.evaluate(SIDEWAYS)
        faults += [f"{width} px: {too_wide} px too wide"] * (too_wide > 0)
    assert faults == []


def test_a_run_shows_hostile_texts_as_they_are(visit: Visitor, site: Site) -> None:
    page = visit(site.url, f"runs/{site.runs['hostile']}")
    shown(page)
    page.locator(".error-message").get_by_text(HOSTILE, exact=True).wait_for()
    page.locator(".metadata").get_by_text(HOSTILE, exact=True).wait_for()
    page.get_by_text(SHORT, exact=True).first.wait_for()
    not_hurt(page)
    page = visit(site.url, f"runs/{site.runs['completed']}")
    page.get_by_role("log").get_by_text(HOSTILE).first.wait_for()
    not_hurt(page)
    page = visit(site.url, f"runs/{site.runs['running']}")
    page.locator(".progress-panel").get_by_text(HOSTILE).wait_for()
    not_hurt(page)


def test_hostile_addresses_do_no_harm(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs?tag=%3Cimg%20src=x%20onerror=hurt=1%3E&job_type=fails")
    shown(page)
    page.get_by_role("button", name=f"Take out Tag: {SHORT}").wait_for()
    not_hurt(page)
    for address in ("nothing/%3Cscript%3E", "runs/%3Cimg%20onerror=hurt=1%3E", "runs/run_0000000000000"):
        visit.allow(404, 422)
        page.goto(f"{site.url}/ui/{address}")
        page.get_by_role("heading", name=re.compile("There is no|Could not read")).wait_for()
        not_hurt(page)
