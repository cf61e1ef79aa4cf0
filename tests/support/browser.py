"""Debian's Chromium, and a watch over each of its pages for what must never happen in one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.support.speed import stretched

NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
MISSING = "Chromium is not installed (make chromium): nothing is tried in a browser"
PATIENCE_SECONDS = 15.0
STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
POLICY = (
    "addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"
)


def executable() -> str | None:
    """TEST_CHROMIUM names another one."""
    return os.environ.get("TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def launched(path: str, arguments: tuple[str, ...] = ()) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *arguments], timeout=120_000)
        try:
            yield browser
        finally:
            browser.close()


def patient(context: BrowserContext) -> BrowserContext:
    """Waits as long as the machine needs."""
    expect.set_options(timeout=stretched(PATIENCE_SECONDS) * 1000)
    context.set_default_timeout(stretched(PATIENCE_SECONDS) * 1000)
    return context


class Watch:
    """Hears all that goes wrong in a context's pages. What a test brings about itself it allows."""

    def __init__(self, context: BrowserContext, root: str) -> None:
        self._root = root
        self._faults: list[str] = []
        self._statuses: set[int] = set()
        self._may_lose = False
        context.add_init_script(POLICY)
        context.on("request", self._requested)
        context.on("console", self._said)
        context.on("weberror", lambda error: self._faults.append(f"unhandled: {error.error}"))

    def allow(self, *statuses: int) -> None:
        """Refusals of the server that the test brings about."""
        self._statuses.update(statuses)

    def allow_losses(self) -> None:
        """The server goes away."""
        self._may_lose = True
        self.allow(502, 503)

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((self._root, "data:", "blob:")):
            self._faults.append(f"request to elsewhere: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if (refused := STATUS.match(message.text)) and int(refused[1]) in self._statuses:
            return
        if self._may_lose and "net::ERR_" in message.text:
            return
        self._faults.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def check(self) -> None:
        """Raises AssertionError."""
        if self._faults:
            raise AssertionError("in the browser:\n" + "\n".join(self._faults))


def open_context(browser: Browser, root: str, **options: Any) -> tuple[BrowserContext, Watch]:
    context = patient(browser.new_context(**options))
    return context, Watch(context, root)


def log_in(context: BrowserContext, root: str, key: str) -> None:
    answer = context.request.post(f"{root}/v1/session", data={"key": key})
    assert answer.status == 204, answer.text()


def shown(page: Page, heading: str | None = None) -> None:
    """Returns when the page has read what it shows."""
    page.locator("main h1").wait_for()
    if heading:
        page.get_by_role("heading", name=heading, level=1).wait_for()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
