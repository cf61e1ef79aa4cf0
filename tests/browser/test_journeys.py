"""Two people with something to do, from the first page to the last: an operator at night, and a developer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.site import ROOT_KEY, Site
from tests.support.browser import shown
from tests.support.server import wait_until

pytestmark = pytest.mark.system

ZONE = "Asia/Kathmandu"
"""An operator is somewhere, at no whole hour from UTC."""


def tile(page: Page, name: str) -> Locator:
    return page.locator(".tile", has=page.get_by_text(name, exact=True)).locator(".tile-value")


def chosen(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitem", name=item).click()


def next_second(after: str) -> datetime:
    """The first whole second after a time, once it has come: a time field knows no less."""
    second = datetime.fromisoformat(after).astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    wait_until(lambda: time.time() > second.timestamp(), "the next second has come")
    return second


def test_an_operator_finds_out_why_mail_is_late_and_replays_what_failed_since(
    visit: Visitor, site: Site, tmp_path: Path
) -> None:
    mailbox, after = tmp_path / "mailbox", tmp_path / "after"
    letter = {"mailbox": str(mailbox)}
    before = site.run(site.until(site.dispatch("delivers", letter), "failed"))
    since = next_second(before["finished_at"])
    failed = [site.until(site.dispatch("delivers", letter), "failed") for _ in range(3)]
    stuck = site.until(site.dispatch("delivers", letter | {"after": str(after)}), "running")
    late = [site.dispatch("delivers", letter) for _ in range(2)]

    # An alert says that mail is late. Why?
    page = visit(site.url, "queues", timezone_id=ZONE)
    page.get_by_role("link", name="post", exact=True).click()
    shown(page, "post")
    expect(tile(page, "Queued")).to_have_text("2")
    waiting = page.locator("[data-row]", has_text=late[0])
    waiting.get_by_text("At its concurrency limit").wait_for()
    waiting.locator("[data-open]").click()
    page.wait_for_url(f"{site.url}/ui/runs/{late[0]}")
    page.locator(".explain").get_by_text("1 of 1").first.wait_for()

    # Nothing more is to fail meanwhile.
    page.get_by_label("About this run").get_by_role("link", name="post").click()
    page.get_by_role("button", name="Pause post").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause the queue").click()
    expect(page.locator("main h1")).to_contain_text("Paused")

    # The mailbox is mended, and more may be delivered at a time.
    mailbox.touch()
    page.locator("[data-row]", has_text=late[0]).locator("[data-open]").click()
    page.get_by_label("About this run").get_by_role("link", name="delivers").click()
    page.wait_for_url(f"{site.url}/ui/job-types/delivers")
    chosen(page, "More actions", "Limits…")
    dialog = page.get_by_role("dialog", name="Limits of delivers")
    dialog.get_by_label("Concurrency").fill("5")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    page.get_by_label("About this job type").get_by_text("5 at a time").wait_for()
    page.goto(f"{site.url}/ui/queues/post")
    page.get_by_role("button", name="Resume post").click()
    expect(page.locator("main h1")).not_to_contain_text("Paused")
    expect(tile(page, "Queued")).to_have_text("0")
    expect(tile(page, "Running")).to_have_text("1")
    for run in late:
        site.until(run, "completed")
    after.touch()
    site.until(stuck, "completed")

    # What failed since then is done again, and nothing else.
    page.get_by_role("link", name="All: Latest failures").click()
    shown(page, "Runs")
    expect(page.locator("[data-row]")).to_have_count(4)
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("button", name="Finished after", exact=True).click()
    there = since.astimezone(ZoneInfo(ZONE))
    page.get_by_label("Finished after").fill(there.strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("3 runs match").wait_for()
    expect(page.locator("[data-row]")).to_have_count(3)
    chosen(page, "Act on all that match", "Replay…")
    dialog = page.get_by_role("dialog", name="Replay 3 runs?")
    dialog.get_by_text("Failed").wait_for()
    dialog.get_by_role("button", name="Replay 3 runs").click()
    page.get_by_role("link", name="See the new runs").click()
    shown(page, "Runs")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    expect(rows.get_by_text("Completed")).to_have_count(3)
    made = [site.run(run) for run in page.locator("[data-row] .run-id").all_inner_texts()]
    assert {run["replay_of"] for run in made} == set(failed)


def test_a_developer_dispatches_by_form_watches_compares_and_copies(visit: Visitor, site: Site, tmp_path: Path) -> None:
    go_on, at_once = tmp_path / "go-on", tmp_path
    page = visit(site.url, "job-types", permissions=["clipboard-read", "clipboard-write"])

    def dispatch(rows: str, bad_row: str, file: Path) -> str:
        page.goto(f"{site.url}/ui/job-types")
        page.get_by_role("link", name="imports", exact=True).click()
        page.get_by_role("button", name="Dispatch").click()
        dialog = page.get_by_role("dialog", name="Dispatch imports")
        dialog.get_by_label("Rows").fill(rows)
        dialog.get_by_label("Bad row").fill(bad_row)
        dialog.get_by_label("Go on").fill(str(file))
        dialog.get_by_role("button", name="Dispatch").click()
        page.wait_for_url(re.compile("/ui/runs/run_"))
        return page.url.rsplit("/", 1)[1]

    # A form made from the schema; what is wrong with it stands at its field.
    page.get_by_role("link", name="imports", exact=True).click()
    page.get_by_role("button", name="Dispatch").click()
    dialog = page.get_by_role("dialog", name="Dispatch imports")
    dialog.get_by_text("How many rows the file has.").wait_for()
    dialog.get_by_label("Rows").fill("101")
    dialog.get_by_label("Go on").fill(str(go_on))
    visit.allow(422)
    dialog.get_by_role("button", name="Dispatch").click()
    expect(dialog.get_by_label("Rows")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Rows")).to_be_focused()

    # It is watched while it runs.
    worked = dispatch("3", "", go_on)
    log = page.get_by_role("log")
    log.get_by_text("row 3 is read").wait_for()
    expect(page.get_by_role("progressbar").first).to_have_attribute("aria-valuenow", "75")
    page.locator(".progress-panel").get_by_text("row 3 of 3").wait_for()
    go_on.touch()
    expect(page.locator("main h1")).to_contain_text("Completed")

    # The next one fails. What is different?
    failed = dispatch("3", "2", at_once)
    expect(page.locator("main h1")).to_contain_text("Failed")
    page.locator(".error-message").get_by_text("row 2 is bad").wait_for()
    chosen(page, "More actions", "Compare with the last that completed")
    page.wait_for_url(f"{site.url}/ui/compare?a={failed}&b={worked}")
    shown(page, "Compare two runs")
    payload = page.get_by_role("table", name="Payload of both runs")
    expect(payload.locator("tbody tr")).to_have_count(2)
    expect(payload.locator("tr", has_text="bad_row").locator("td")).to_have_text(["2", "not there"])

    # The same again, from a shell.
    page.goto(f"{site.url}/ui/runs/{worked}")
    shown(page)
    chosen(page, "More actions", "Copy as curl")
    page.get_by_text("The command is on the clipboard.").first.wait_for()
    command = page.evaluate("navigator.clipboard.readText()")
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: the copied command is not run")
    env = {**os.environ, "JOBS_API_KEY": ROOT_KEY}
    done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=True)
    again = re.search(r"run_[0-9a-z]+", done.stdout)
    assert again, done.stdout + done.stderr
    assert again[0] not in (worked, failed)
    site.until(again[0], "completed")
    assert site.run(again[0])["payload"] == site.run(worked)["payload"]
