"""What the page does to runs: that it is done, and what it says where the server refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.site import ROOT_KEY, Site
from tests.support.browser import shown

pytestmark = pytest.mark.system

WORDS = "These are the server's own words: <b>no</b>."
Press = Callable[[Page], None]


def refuse(page: Page, path: str, status: int, code: str) -> None:
    """From now on the server refuses it."""
    problem = {"type": "about:blank", "title": "Refused", "status": status, "detail": WORDS, "code": code}

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
        else:
            route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(problem))

    page.route(re.compile(path), answer)


def more(page: Page, name: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=name).click()


def cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("not needed")
    dialog.get_by_role("button", name="Cancel the run").click()


def replay(page: Page) -> None:
    page.get_by_role("button", name="Replay", exact=True).click()


def run_now(page: Page) -> None:
    page.get_by_role("button", name="Run now", exact=True).click()


def edit(page: Page) -> None:
    more(page, "Edit and replay…")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Payload").fill('{"edited": true}')
    dialog.get_by_role("button", name="Replay").click()


def erase(page: Page) -> None:
    more(page, "Erase…")
    page.get_by_role("dialog").get_by_role("button", name="Erase the run").click()


def resolve(page: Page) -> None:
    more(page, "Mark as resolved")


@pytest.mark.parametrize(
    ("run", "press", "path", "status"),
    [
        ("running", cancel, "/cancel$", 409),
        ("failed", replay, "/replay$", 422),
        ("scheduled", run_now, "/run-now$", 409),
        ("failed", edit, "/replay$", 503),
        ("completed", erase, "/runs/run_[^/]+$", 403),
        ("hostile", resolve, "/resolve$", 429),
    ],
    ids=["cancel", "replay", "run-now", "edit", "erase", "resolve"],
)
def test_a_refusal_is_said_in_the_servers_words(
    visit: Visitor, site: Site, run: str, press: Press, path: str, status: int
) -> None:
    page = visit(site.url, f"runs/{site.runs[run]}")
    visit.allow(status)
    shown(page)
    refuse(page, path, status, "refused")
    press(page)
    page.get_by_text(WORDS, exact=True).first.wait_for()
    assert page.url.endswith(site.runs[run])


def test_a_run_is_cancelled_with_a_reason(visit: Visitor, site: Site) -> None:
    run = site.dispatch("unserved")
    page = visit(site.url, f"runs/{run}")
    cancel(page)
    expect(page.locator("main h1")).to_contain_text("Cancelled")
    assert site.run(run)["cancel_reason"] == "not needed"


def test_a_failed_run_is_replayed_with_another_payload(visit: Visitor, site: Site) -> None:
    run = site.until(site.dispatch("fails"), "failed")
    page = visit(site.url, f"runs/{run}")
    edit(page)
    page.wait_for_url(lambda url: "/ui/runs/run_" in url and run not in url)
    made = site.run(page.url.rsplit("/", 1)[1])
    assert (made["replay_of"], made["payload"]) == (run, {"edited": True})


def test_what_is_no_json_is_refused_where_it_is_written(visit: Visitor, site: Site) -> None:
    page = visit(site.url, f"runs/{site.runs['failed']}")
    more(page, "Edit and replay…")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Payload").fill("{")
    dialog.get_by_text("This is not JSON").wait_for()
    assert dialog.get_by_label("Payload").get_attribute("aria-invalid") == "true"


def test_a_run_is_erased(visit: Visitor, site: Site) -> None:
    run = site.until(site.dispatch("completes"), "completed")
    page = visit(site.url, f"runs/{run}")
    erase(page)
    page.wait_for_url(f"{site.url}/ui/runs")
    assert site.http.get(f"/v1/runs/{run}").status_code == 404
    visit.allow(404)
    page.goto(f"{site.url}/ui/runs/{run}")
    page.get_by_role("heading", name="There is no run here").wait_for()


def test_selected_runs_are_cancelled_and_hold_the_list_still(visit: Visitor, site: Site) -> None:
    runs = [site.dispatch("unserved") for _ in range(3)]
    page = visit(site.url, "runs?state=queued")
    for run in runs[:2]:
        page.get_by_role("checkbox", name=f"Select {run}").check()
    bar = page.get_by_role("region", name="Selected runs")
    bar.get_by_text("2 runs selected").wait_for()
    site.dispatch("unserved")
    bar.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Cancel")).click()
    for run in runs[:2]:
        site.until(run, "cancelled")
    assert site.run(runs[2])["state"] == "queued"
    expect(bar).to_have_count(0)


def test_the_limits_of_a_queue_are_set_and_taken_off(visit: Visitor, site: Site) -> None:
    queue = site.name("limited")
    site.dispatch("unserved", queue=queue)
    page = visit(site.url, f"queues/{queue}")
    settings = page.get_by_label("Settings", exact=True)
    dialog = page.get_by_role("dialog", name=f"Limits of {queue}")
    page.get_by_role("button", name=f"Limits of {queue}").click()
    dialog.get_by_label("Concurrency").fill("0")
    visit.allow(422)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Concurrency")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Concurrency").fill("3")
    dialog.get_by_label("Starts").fill("100")
    dialog.get_by_label("Waiting").fill("5000")
    dialog.get_by_role("button", name="Save").click()
    for text in ("3 at a time", "100 starts in 1 min", "at most 5,000"):
        settings.get_by_text(text).wait_for()
    page.get_by_role("button", name=f"Limits of {queue}").click()
    for label in ("Concurrency", "Starts", "Waiting"):
        dialog.get_by_label(label).fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(settings.get_by_text("no limit")).to_have_count(3)
    found = site.ask("GET", f"/v1/queues/{queue}")
    assert [found[name] for name in ("concurrency", "rate_limit", "max_queued")] == [None] * 3


def test_a_key_that_only_reads_is_offered_nothing_and_refused(visit: Visitor, site: Site) -> None:
    page = visit(site.url, f"runs/{site.runs['failed']}", key=site.reader)
    shown(page)
    page.get_by_role("button", name="More actions").click()
    verbs = re.compile("Replay|Cancel|Erase|Resolve|Run now", re.IGNORECASE)
    assert page.get_by_role("button", name=verbs).count() == 0
    assert page.get_by_role("menuitem", name=verbs).count() == 0
    visit.allow(403)
    status = page.evaluate(
        "path => fetch(path, {method: 'POST'}).then(answer => answer.status)", f"/v1/runs/{site.runs['failed']}/replay"
    )
    assert status == 403


def test_a_session_that_is_over_leads_to_the_log_in_and_back(visit: Visitor, site: Site) -> None:
    page = visit(site.url, "runs?state=failed")
    shown(page)
    visit.allow(401)
    page.context.clear_cookies()
    page.get_by_role("link", name="Overview").click()
    page.wait_for_url(re.compile("/login"))
    page.get_by_label("API key").fill("not-a-key-at-all-but-long")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("This key is not valid.").wait_for()
    page.get_by_label("API key").fill(ROOT_KEY)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site.url}/ui/")
    shown(page, "Overview")
