"""The dashboard's page and modules: below any path, for ever or never cached, under the policy of all pages."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from blazy_jobs_server.api.dashboard import PAGES
from blazy_jobs_server.api.dashboard_files import STYLE, STYLES, UI, assets, needed_by
from blazy_jobs_server.api.pages import POLICY
from tests.app.server import Server, problem
from tests.attacks.test_pages import Page

ROOT = "a-root-key-of-some-length"
BEARER = {"authorization": f"Bearer {ROOT}"}
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
OWN = sorted(path for path in UI.rglob("*") if path.suffix in (".js", ".css") and path.parent.name != "vendor")


async def shown(server: Server, path: str) -> Page:
    answer = await server.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


@pytest.mark.parametrize("path", ["/", "/ui"])
async def test_the_root_leads_to_it_by_a_relative_address(server: Server, path: str) -> None:
    answer = await server.http.get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, "ui/")


@pytest.mark.parametrize("path", ["/ui/", "/ui/runs", "/ui/runs/run_0000000000000", "/ui/errors/a/", "/ui/job-types/x"])
async def test_all_that_a_page_loads_is_there_from_its_own_address(server: Server, path: str) -> None:
    page = await shown(server, path)
    assert page.inline == []
    loaded = [address for address in page.addresses if not address.startswith("data:")]
    assert len(loaded) > 20
    for address in loaded:
        assert not address.startswith("/")
        answer = await server.http.get(urljoin(path, address))
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-security-policy"] == POLICY


async def test_the_page_itself_is_asked_for_each_time(server: Server) -> None:
    answer = await server.http.get("/ui/")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == POLICY
    same = await server.http.get("/ui/", headers={"if-none-match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    plain = await server.http.get("/ui/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


async def test_a_module_of_another_version_is_this_ones_and_not_kept(server: Server) -> None:
    answer = await server.http.get("/ui/-/0000000000000000/app.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.content == (UI / "app.js").read_bytes()


@pytest.mark.parametrize("name", ["page.html", "vendor/preact.d.ts", "..%2f..%2fpages.py", "x.js", ""])
async def test_no_other_file_is_served(server: Server, name: str) -> None:
    problem(await server.http.get(f"/ui/-/{assets().version}/{name}"), 404, "not_found")


async def test_an_address_that_is_no_page_has_the_page_say_so(server: Server) -> None:
    answer = await server.http.get("/ui/nothing/like/this", headers=BROWSER)
    assert answer.status_code == 404
    assert "../../-/" in answer.text


async def test_who_is_not_logged_in_is_led_to_the_log_in_and_back(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT) as server:
        answer = await server.http.get("/ui/runs/run_0000000000000?tab=a%26b&x=1", headers=BROWSER)
        assert answer.status_code == 303
        there = urlsplit(urljoin("/ui/runs/run_0000000000000", answer.headers["location"]))
        assert there.path == "/login"
        assert parse_qs(there.query) == {"next": ["ui/runs/run_0000000000000?tab=a%26b&x=1"]}
        elsewhere = BROWSER | {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        }
        answer = await server.http.get("/ui/", headers=elsewhere)
        assert answer.headers["location"] == "../login?next=ui/&session=maybe"
        problem(await server.http.get("/ui/"), 401, "unauthorized")
        problem(await server.http.get(f"/ui/-/{assets().version}/app.js"), 401, "unauthorized")
        assert (await server.http.get("/ui/", headers=BEARER)).status_code == 200
        assert (await server.http.get(f"/ui/-/{assets().version}/app.js", headers=BEARER)).status_code == 200


@pytest.mark.parametrize("kept", ["/a/b", ""])
async def test_a_proxy_may_keep_the_path_of_the_public_address_or_take_it_off(
    serve: Callable[..., Server], kept: str
) -> None:
    async with serve(public_url="https://jobs.example.com/a/b/") as server:
        path = f"{kept}/ui/runs"
        page = Page((await server.http.get(path)).text)
        module = next(address for address in page.addresses if address.endswith("app.js"))
        assert (await server.http.get(urljoin(path, module))).status_code == 200
        assert (await server.http.get(f"{kept}/")).headers["location"] == "ui/"
        assert (await server.http.get(f"{kept}/v1/stats")).status_code == 200
        assert (await server.http.get(f"{kept}/v1/runs/run_0000000000000")).status_code == 404
        problem(await server.http.get("/a/bc/v1/stats"), 404, "not_found")
        problem(await server.http.get("/b/v1/stats"), 404, "not_found")


async def test_it_can_be_off(serve: Callable[..., Server]) -> None:
    async with serve(ui="off") as server:
        for path in ("/", "/ui", "/ui/", "/ui/runs", f"/ui/-/{assets().version}/app.js"):
            problem(await server.http.get(path), 404, "not_found")


@pytest.mark.parametrize("mode", ["read", "write"])
async def test_the_page_is_told_what_it_may_offer(serve: Callable[..., Server], mode: str) -> None:
    async with serve(ui=mode) as server:
        assert f'data-ui="{mode}"' in (await server.http.get("/ui/")).text


def test_every_page_of_the_navigation_has_an_address() -> None:
    routes = (UI / "core" / "routes.js").read_text()
    patterns = re.findall(r'pattern: "([^"]*)"', routes)
    assert {pattern.split("/")[0] for pattern in patterns} <= PAGES
    for module in re.findall(r'import\("\.\./(pages/[^"]+)"\)', routes):
        assert (UI / module).exists()


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.relative_to(UI).as_posix())
def test_nothing_is_made_of_text_or_loaded_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function|document\.write", text)
    assert "https:" not in text
    assert not re.search(r"""\burl\(|@import|import\(\s*[^"]""", text)


def test_no_style_is_left_out() -> None:
    assert sorted(STYLES) == sorted(path.relative_to(UI).as_posix() for path in UI.rglob("*.css"))


def test_the_first_load_is_small() -> None:
    """All that is loaded without a click, with the plots where there are any."""
    for _, module in assets().pages:
        names = {STYLE, *needed_by("app.js", module)}
        if "kit/plot.js" in names:
            names.add("vendor/uplot.js")
        sent = sum(len(assets().files[name].compressed) for name in names)
        assert sent < 90_000, module


@pytest.mark.parametrize(
    ("path", "module"),
    [("", "overview"), ("runs", "runs"), ("runs/run_1", "run"), ("runs/", "runs"), ("runs/a/b", None), ("no", None)],
)
async def test_a_page_names_what_it_needs_and_nothing_else(server: Server, path: str, module: str | None) -> None:
    page = await shown(server, f"/ui/{path}") if module else Page((await server.http.get(f"/ui/{path}")).text)
    named = {address.partition(f"-/{assets().version}/")[2] for address in page.addresses}
    assert {f"pages/{module}.js"} <= named if module else not any(name.startswith("pages/") for name in named)
    assert {"app.js", "vendor/preact.js", "core/router.js"} <= named
    assert "vendor/uplot.js" not in named


def test_what_a_module_imports_is_followed() -> None:
    assert set(needed_by("kit/icons.js")) == {"kit/icons.js", "vendor/preact.js"}
    assert {"core/base.js", "core/api.js", "core/prefs.js"} <= set(needed_by("kit/time.js", "core/read.js"))


def test_every_file_is_served_as_it_is() -> None:
    for name, asset in assets().files.items():
        parts = STYLES if name == STYLE else (name,)
        assert gzip.decompress(asset.compressed) == b"\n".join((UI / part).read_bytes() for part in parts)
