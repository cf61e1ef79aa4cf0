"""Every action of every page, refused: to a key that lacks the scope, and by a connection that is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.site import ROOT_KEY, Site, addresses
from tests.browser.test_pages import PATTERNS
from tests.support.browser import log_in, shown

pytestmark = pytest.mark.system

LACKS = re.compile(r"This key lacks the scope \w")
LOST = "The server cannot be reached."
Press = Callable[[Page], None]


def pressed(name: str) -> Press:
    return lambda page: page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def agreed(opens: Press, answer: str) -> Press:
    """Also says yes in the dialog that it opens."""

    def press(page: Page) -> None:
        opens(page)
        page.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()

    return press


def chosen(item: str, menu: str = "More actions") -> Press:
    def press(page: Page) -> None:
        page.get_by_role("button", name=menu, exact=True).click()
        page.get_by_role("menuitem", name=item, exact=True).click()

    return press


def limited(page: Page) -> None:
    chosen("Limits…")(page)
    page.get_by_role("dialog").get_by_label("Concurrency").fill("7")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()


def new_key(page: Page) -> None:
    pressed("New key")(page)
    page.get_by_role("dialog").get_by_label("Name").fill("one more")
    page.get_by_role("dialog").get_by_role("button", name="Make the key").click()


def first_worker(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Actions of ")).first.click()
    page.get_by_role("menuitem", name="Drain…").click()
    page.get_by_role("dialog").get_by_role("button", name="Drain the worker").click()


ACTIONS: dict[str, list[Press]] = {
    "run failed": [
        pressed("Replay"),
        agreed(chosen("Edit and replay…"), "Replay"),
        chosen("Mark as resolved"),
        agreed(chosen("Erase…"), "Erase the run"),
    ],
    "run queued": [agreed(pressed("Cancel"), "Cancel the run")],
    "run scheduled": [pressed("Run now")],
    "queues/default": [
        agreed(pressed("Limits of default"), "Save"),
        agreed(pressed("Pause default"), "Pause the queue"),
    ],
    "job-types/completes": [
        agreed(pressed("Dispatch"), "Dispatch"),
        agreed(pressed("Pause"), "Pause the job type"),
        limited,
        agreed(chosen("Retire…"), "Retire the job type"),
    ],
    "schedules/hourly": [
        pressed("Trigger now"),
        pressed("Pause"),
        agreed(chosen("Delete…"), "Delete the schedule"),
    ],
    "webhooks/told": [pressed("Send a test"), agreed(chosen("Delete…"), "Delete the webhook")],
    "keys": [new_key, agreed(chosen("Revoke…", "Actions of only reads"), "Revoke the key")],
    "workers": [first_worker],
}


def opened(visit: Visitor, site: Site, address: str) -> Page:
    kind, _, name = address.partition(" ")
    page = visit(site.url, f"runs/{site.runs[name]}" if kind == "run" else address, reduced_motion="reduce")
    shown(page)
    page.get_by_role("button", name="Live: pause").wait_for()
    page.keyboard.press("p")  # what the page shows stays
    page.get_by_role("button", name="Paused: go on").wait_for()
    return page


@pytest.mark.parametrize("address", ACTIONS)
def test_an_action_says_why_it_is_refused(visit: Visitor, site: Site, address: str) -> None:
    """To a session of a key that only reads, and without a connection; then the page is as before."""
    page = opened(visit, site, address)
    visit.allow(403)
    log_in(page.context, site.url, site.reader)
    for press in ACTIONS[address]:
        press(page)
        said(page, LACKS)
    log_in(page.context, site.url, ROOT_KEY)
    visit.allow_losses()
    page.context.set_offline(True)
    for press in ACTIONS[address]:
        press(page)
        said(page, LOST)
    page.context.set_offline(False)


def said(page: Page, words: str | re.Pattern[str]) -> None:
    """In the dialog, which stays for another try, or in a toast, which stays until it is closed."""
    dialog = page.get_by_role("dialog")
    toast = page.locator(".toast[data-tone=bad]")
    expect(dialog.get_by_role("alert").or_(toast)).to_contain_text(words)
    if dialog.count():
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    else:
        toast.get_by_role("button", name="Close").click()
        expect(toast).to_have_count(0)


def test_what_has_ended_meanwhile_cannot_be_cancelled(visit: Visitor, site: Site) -> None:
    """409."""
    run = site.dispatch("unserved")
    page = visit(site.url, f"runs/{run}")
    shown(page)
    page.keyboard.press("p")
    page.get_by_role("button", name="Paused: go on").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").wait_for()
    answer = site.http.post(f"/v1/runs/{run}/cancel").raise_for_status()
    assert answer.status_code == 200
    words = site.http.post(f"/v1/runs/{run}/cancel").json()["detail"]
    visit.allow(409)
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(words)


def test_a_payload_that_the_schema_refuses_is_said_at_its_field(visit: Visitor, site: Site) -> None:
    """422."""
    run = site.dispatch("imports", {"rows": 1, "go_on": "/"}, delay_seconds=86_400)
    page = visit(site.url, f"runs/{run}")
    shown(page)
    chosen("Edit and replay…")(page)
    payload = page.get_by_role("dialog").get_by_label("Payload")
    payload.fill('{"rows": 0, "go_on": "/"}')
    visit.allow(422)
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()
    expect(payload).to_have_attribute("aria-invalid", "true")
    expect(payload).to_be_focused()


def test_a_key_at_its_rate_limit_is_told_so(visit: Visitor, site: Site) -> None:
    """429."""
    once = {"name": site.name("once"), "scopes": ["runs:read", "runs:write"]}
    key = site.ask("POST", "/v1/keys", once | {"rate_limit": {"limit": 1, "per_seconds": 86_400}})["key"]
    run = site.runs["failed"]
    page = visit(site.url, f"runs/{run}", key=key)
    pressed("Replay")(page)
    page.wait_for_url(lambda url: "/ui/runs/run_" in url and run not in url)
    visit.allow(429)
    page.goto(f"{site.url}/ui/runs/{run}")
    pressed("Replay")(page)
    expect(page.locator(".toast[data-tone=bad]")).to_contain_text("This key may make 1 runs per 86400 seconds.")
    assert page.url.endswith(run)


def test_a_key_that_only_reads_sees_every_page_and_is_offered_no_change(visit: Visitor, site: Site) -> None:
    page = visit(site.url, key=site.reader)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    visit.allow(403)
    verbs = re.compile(
        "^(Replay|Cancel|Erase|Resolve|Run now|Pause|Resume|Dispatch|Trigger|New |Send|Drain|Stop|Act on)"
    )
    offered = []
    for pattern in PATTERNS:
        page.goto(f"{site.url}/ui/{addresses(site, pattern)}")
        shown(page)
        if pattern in ("keys", "audit"):
            page.get_by_role("heading", name=re.compile("^Your key may not see")).wait_for()
        buttons = page.locator("main").get_by_role("button", name=verbs)
        offered += [f"{pattern}: {text}" for text in buttons.all_inner_texts()]
        for menu in page.locator("main [aria-haspopup=menu]").all()[:1]:
            menu.click()
            items = page.get_by_role("menuitem", name=verbs)
            offered += [f"{pattern}: {text}" for text in items.all_inner_texts()]
            page.keyboard.press("Escape")
    assert offered == []
    assert [one for one in asked if not one.startswith("GET ")] == []
