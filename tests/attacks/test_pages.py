"""The pages for people load nothing from elsewhere, and run nothing that was put into them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from blazy_jobs_server.api.pages import FOLDER, OF_DOCS, OF_LOGIN, POLICY
from tests.app.server import Server, problem

ROOT = "a-root-key-of-some-length"
BEARER = {"authorization": f"Bearer {ROOT}"}
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
OF_A_KEY = ["/docs", "/openapi.json", *(f"/docs/{name}" for name in OF_DOCS)]
OPEN = ["/login", *(f"/login/{name}" for name in OF_LOGIN)]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.addresses: list[str] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        given = dict(attrs)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self.inline += ["style"] * (tag == "style")
        self.addresses += [given[name] or "" for name in ("src", "href", "action", "srcset") if name in given]

    def handle_data(self, data: str) -> None:
        if self._in in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


def test_a_page_that_breaks_the_policy_is_found() -> None:
    page = Page('<script>x()</script><p onclick="x()" style="a"><script src="https://cdn.example/x.js"></script>')
    assert page.inline == ["x()", "onclick", "style"]
    assert page.addresses == ["https://cdn.example/x.js"]


@pytest.mark.parametrize("name", [path.name for path in FOLDER.glob("*.html")])
def test_nothing_in_a_page_is_inline_or_from_elsewhere(name: str) -> None:
    page = Page((FOLDER / name).read_text())
    assert page.inline == []
    served = {path.removeprefix("/") for path in (*OF_A_KEY, *OPEN)}
    assert {address for address in page.addresses if address != "data:,"} <= served


@pytest.mark.parametrize("name", sorted({*OF_DOCS.values(), *OF_LOGIN.values()}))
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    text = (FOLDER / name).read_text()
    if name.endswith(".css"):
        loaded = re.findall(r"""url\(\s*["']?([^"')]*)|@import\s+["']?([^"';]*)""", text)
        assert [found for found in loaded if not "".join(found).startswith("data:")] == []
    elif not name.startswith("swagger-ui/"):
        assert "//" not in re.sub(r"//[^\n]* also below a path", "", text)
        assert not re.search(r"innerHTML|eval\(|new Function|document\.write", text)
    else:
        assert "Swagger" in (FOLDER / "swagger-ui" / "NOTICE").read_text() or "swagger" in text


def test_what_is_of_others_comes_with_its_licence() -> None:
    for name in ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"):
        assert (FOLDER / "swagger-ui" / name).read_text()


@pytest.mark.parametrize("path", [*OF_A_KEY, *OPEN])
async def test_every_page_is_under_the_policy(serve: Callable[..., Server], path: str) -> None:
    async with serve(api_key=ROOT) as server:
        refused = await server.http.get(path)
        if path in OPEN:
            assert refused.status_code == 200
        else:
            problem(refused, 401, "unauthorized")
        answer = await server.http.get(path, headers=BEARER)
        assert answer.status_code == 200
        if path == "/openapi.json":
            return
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        plain = await server.http.get(path, headers=BEARER | {"accept-encoding": "identity"})
        assert plain.content == answer.content
        assert "content-encoding" not in plain.headers
        same = await server.http.get(path, headers=BEARER | {"if-none-match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")
        assert (await server.http.head(path, headers=BEARER)).headers["etag"] == answer.headers["etag"]


def test_the_policy_is_the_agreed_one() -> None:
    assert POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


@pytest.mark.parametrize("headers", [{}, {"cookie": "blazy_80=unknown"}, {"authorization": "Bearer x"}])
async def test_who_comes_with_a_browser_is_led_to_log_in(serve: Callable[..., Server], headers: dict[str, Any]) -> None:
    async with serve(api_key=ROOT) as server:
        answer = await server.http.get("/docs", headers=headers | BROWSER)
        assert (answer.status_code, answer.headers["location"]) == (303, "login?next=docs")
        problem(await server.http.get("/openapi.json", headers=headers | BROWSER), 401, "unauthorized")


@pytest.mark.parametrize(
    "path", ["/docs/docs.html", "/docs/..%2fpages.py", "/docs/swagger-ui/LICENSE", "/login/x", "/docs/"]
)
async def test_no_other_file_is_served(server: Server, path: str) -> None:
    problem(await server.http.get(path), 404, "not_found")
