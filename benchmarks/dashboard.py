"""The dashboard in Chromium against its budgets: 1,000,000 runs, 10,000 events a second, ten minutes."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession, Page

from benchmarks.big_file import fill
from benchmarks.cost import Meter, of_server
from benchmarks.load import Loading, Order
from benchmarks.servers import batch_request, dispatch_many, register, server, until_completed
from benchmarks.table import Row, Scale, main, median, not_measured, quantile
from tests.support.browser import MISSING, executable, launched, patient, shown
from tests.support.server import Server

KB, MIB = 1000, 1024 * 1024
PAGES = 20
EVENTS_A_SECOND = 10_000
EVENTS_A_RUN = 3
CONNECTIONS = 10
EVERY_SECONDS = 0.2
LINES = 20_000
# What a person can use: a heading, and nothing that is still being read. Looked at before each frame.
USABLE = """() => {
  const look = () => {
    const isReady = document.querySelector('main h1') && !document.querySelector('[aria-busy=true]');
    if (isReady) window.usable = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
TRANSFERRED = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .filter(one => /\\/ui\\//.test(one.name) && one.startTime < window.usable)
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
NODES = "document.querySelectorAll('*').length"
# From the click to the frame that shows what it opened.
OPENED = """button => new Promise(resolve => {
  const began = performance.now();
  button.click();
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
})"""
DIGESTS = """() => {
  window.digests = 0;
  const heard = new EventSource(new URL('../v1/live', location.href));
  for (const name of ['message', 'digest']) heard.addEventListener(name, () => { window.digests += 1; });
}"""


@contextlib.contextmanager
def tab(browser: Browser, url: str) -> Iterator[Page]:
    """A page with nothing in its caches."""
    context = patient(browser.new_context(viewport={"width": 1440, "height": 900}))
    context.add_init_script(f"({USABLE})()")
    with contextlib.closing(context):
        page = context.new_page()
        page.goto(url)
        shown(page)
        yield page


def usable(page: Page) -> float:
    return float(page.evaluate("window.usable"))


def loads(browser: Browser, url: str, times: range) -> tuple[float, float]:
    """Bytes until the overview can be used, and milliseconds."""
    sizes, milliseconds = list[float](), list[float]()
    for _ in times:
        with tab(browser, f"{url}/ui/") as page:
            sizes.append(page.evaluate(TRANSFERRED))
            milliseconds.append(usable(page))
    return max(sizes), median(milliseconds)


def asked_by(browser: Browser, url: str, address: str) -> tuple[list[str], int]:
    """The documents that a page reads, and its elements then."""
    asked: list[str] = []
    context = patient(browser.new_context(viewport={"width": 1440, "height": 900}))
    with contextlib.closing(context):
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None)
        page.goto(f"{url}/ui/{address}")
        shown(page)
        return sorted({one for one in asked if "/v1/" in one and not one.endswith("/v1/session")}), page.evaluate(NODES)


def slowest(client: httpx.Client, urls: list[str], times: int) -> tuple[float, str]:
    """Milliseconds, the p95 of the slowest of the requests, and which it is."""
    found = []
    for url in urls:
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            client.get(url).raise_for_status()
            taken.append((time.perf_counter() - began) * 1000)
        found.append((quantile(taken, 0.95), re.sub(r"^.*?/v1/|run_\w+", "", url)))
    return max(found)


def with_many_runs(browser: Browser, scale: Scale, folder: Path) -> list[Row]:
    finished = scale.of(scale.finished_runs, 2000)
    fill(folder / "full", finished, scale.of(100_000, 500))
    with server(workers=0, data=folder / "full") as started, started.client() as client:
        run = client.get("/v1/runs", params={"limit": 1}).json()["data"][0]["id"]
        size, milliseconds = loads(browser, started.url, scale.times(5))
        rows = [
            Row("dashboard: first load, compressed", size / KB, "KB", target=90, lower=True),
            Row(f"the same, until it can be used, {finished:,} runs", milliseconds, "ms", target=600, lower=True),
        ]
        most = 0
        for name, address, budget in (("list", "runs", 50), ("overview", "", 100), ("run", f"runs/{run}", 30)):
            asked, nodes = asked_by(browser, started.url, address)
            most = max(most, nodes)
            value, which = slowest(client, asked, scale.of(60, 2))
            figure = f"dashboard: {name}, {finished:,} runs, p95 of its slowest request"
            rows.append(Row(figure, value, f"ms (`{which}`)" if which else "ms", target=budget, lower=True))
        return [*rows, Row("dashboard: elements of the largest page", most, "elements", target=3000, lower=True)]


@contextlib.contextmanager
def busy(url: str, seconds: float) -> Iterator[Loading]:
    """10,000 events a second, by runs that complete at once."""
    size = int(EVENTS_A_SECOND / EVENTS_A_RUN * EVERY_SECONDS / CONNECTIONS)
    order = Order(
        url, [batch_request(size=size)], connections=CONNECTIONS, seconds=seconds, every_seconds=EVERY_SECONDS
    )
    loading = Loading(order)
    yield loading
    loading.findings().expect(202)


def used(started: Server, seconds: float) -> float:
    """Of a core by the server itself, in percent, while it is busy."""
    with busy(started.url, seconds + 1):
        time.sleep(0.5)  # the load has begun by then
        meter = Meter(of_server(started))
        time.sleep(seconds)  # what is measured is a span of time
        found = meter.seconds()
    return sum(value for name, value in found.items() if name.startswith("server")) / seconds * 100


def metrics(session: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def under_load(browser: Browser, scale: Scale) -> list[Row]:
    seconds, pages = scale.of(10, 1), scale.of(PAGES, 2)
    without, beside = list[float](), list[float]()
    milliseconds = 0.0
    with server(workers=1) as started, started.client() as client:
        dispatch_many(client, "noop", 1000)
        until_completed(client, 1000)
        for _ in scale.times(3):
            without.append(used(started, seconds))
            with contextlib.ExitStack() as tabs:
                page = [tabs.enter_context(tab(browser, f"{started.url}/ui/runs")) for _ in range(pages)][-1]
                page.evaluate(DIGESTS)
                session = page.context.new_cdp_session(page)
                session.send("Performance.enable")
                before = metrics(session)["TaskDuration"]
                beside.append(used(started, seconds))
                spent = (metrics(session)["TaskDuration"] - before) * 1000
                milliseconds = max(milliseconds, spent / max(1, page.evaluate("window.digests")))
    more = max(0.01, median(beside) - median(without))  # noise can say that pages cost less than none
    figure = f"{pages} pages at {EVENTS_A_SECOND:,} events/s"
    return [
        Row(f"{figure}: server CPU", median(beside), "% of a core", median(without), "% without pages"),
        Row(f"{figure}: more server CPU", more, "% of a core", target=2, lower=True),
        Row(f"{figure}: main thread a digest", milliseconds, "ms", target=10, lower=True),
    ]


def heap(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"])


def soak(browser: Browser, scale: Scale) -> list[Row]:
    """A page on the list of runs while some complete all the time."""
    seconds = scale.of(600, 3)
    with server(workers=1) as started, tab(browser, f"{started.url}/ui/runs") as page:
        session = page.context.new_cdp_session(page)
        order = Order(started.url, [batch_request(size=20)], connections=1, seconds=seconds, every_seconds=0.5)
        loading = Loading(order)
        page.get_by_role("button", name="new run").or_(page.locator("[data-row]")).first.wait_for()
        page.wait_for_timeout(seconds * 100)
        before = heap(session)
        loading.findings().expect(202)
        grown = max(0.0, heap(session) - before) / MIB
    return [
        Row(
            f"memory of the dashboard: growth of its heap in {seconds} s on the list",
            grown,
            "MiB",
            target=5,
            lower=True,
        )
    ]


def many_lines(events: str, lines: int) -> str:
    """A run's events with so many more log lines: the server would keep a handler to 100 a second."""
    blocks = [block for block in events.split("\n\n") if "data: " in block]
    at = next(n for n, block in enumerate(blocks) if "event: log" in block)
    data = json.loads(blocks[at].partition("data: ")[2])
    first, more = data["seq"], lines - sum("event: log" in block for block in blocks)
    logged = [f"event: log\ndata: {json.dumps(data | {'seq': first + n})}" for n in range(more)]
    rest = []
    for block in blocks[at:]:
        head, _, text = block.partition("data: ")
        told = json.loads(text)
        rest.append(f"{head}data: {json.dumps(told | {'seq': told['seq'] + more})}")
    return "\n\n".join([*blocks[:at], *logged, *rest, ""]) + "\n"


def large_runs(browser: Browser, scale: Scale) -> list[Row]:
    lines = scale.of(LINES, 500)
    payload = [{"id": n, "name": f"item {n}", "tags": ["a", "b"]} for n in range(scale.of(20_000, 500))]
    while len(json.dumps(payload)) > MIB:
        payload = payload[: int(len(payload) * 0.97)]
    size = f"{len(json.dumps(payload)) / 1024:,.0f} KiB"
    with server(workers=1) as started, started.client() as client:
        register(client, "unserved")
        logging = dispatched(client, "tells", None)
        large = dispatched(client, "unserved", payload)
        until_completed(client, 1)
        events = client.get(f"/v1/runs/{logging}/events", headers={"accept": "text/event-stream"}).text
        with tab(browser, f"{started.url}/ui/") as page:
            body = many_lines(events, lines)
            page.route(
                f"**/{logging}/events*", lambda route: route.fulfill(content_type="text/event-stream", body=body)
            )
            began = time.monotonic()
            page.goto(f"{started.url}/ui/runs/{logging}")
            page.get_by_text(f"{lines:,} lines").wait_for()
            seconds = time.monotonic() - began
            nodes = page.evaluate(NODES)
        opened = []
        for _ in scale.times(3):
            with tab(browser, f"{started.url}/ui/runs/{large}") as page:
                opened.append(float(page.locator(".json-toggle").first.evaluate(OPENED)))
    return [
        Row(f"dashboard: log of {lines:,} lines: elements", nodes, "elements", target=3000, lower=True),
        Row("the same, until all are there", seconds, "s"),
        Row(f"dashboard: {size} of JSON opened in", median(opened), "ms", target=200, lower=True),
    ]


def dispatched(client: httpx.Client, job: str, payload: Any) -> str:
    answer = client.post(f"/v1/job-types/{job}/runs", json={"payload": payload}).raise_for_status()
    return str(answer.json()["id"])


def measure(scale: Scale) -> list[Row]:
    path = executable()
    if path is None:
        return [not_measured("dashboard", MISSING)]
    with launched(path) as browser, tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        return [
            *with_many_runs(browser, scale, Path(folder)),
            *large_runs(browser, scale),
            *under_load(browser, scale),
            *soak(browser, scale),
        ]


if __name__ == "__main__":
    main(measure)
