"""The dashboard at /ui: one page for all its addresses, and its modules under a name that changes with them.

All addresses in it are relative to the page's own, so it works below any path that a proxy puts before it. Who is not
logged in is led to the log-in, and back from there.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import lru_cache
from html import escape
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from blazy_jobs_server.api.context import guard
from blazy_jobs_server.api.dashboard_files import Asset, asset, assets, needed_by, page_module, page_text
from blazy_jobs_server.api.negotiation import parse_accept, takes_gzip
from blazy_jobs_server.api.pages import HEADERS, MEDIA_TYPES
from blazy_jobs_server.domain.errors import PathNotFound, Unauthorized

router = APIRouter(include_in_schema=False)

FOREVER = "private, max-age=31536000, immutable"
PAGES = frozenset(
    (
        *("", "runs", "compare", "errors", "queues", "job-types", "schedules", "workers", "servers"),
        *("keys", "webhooks", "audit", "bulk"),
    )
)
"""What may come first in an address below /ui/. The page says of all others that they are not there."""
LONGEST_NEXT = 2048


@lru_cache(maxsize=64)
def _page(up: str, module: str | None, mode: str, trace_url: str | None, log_url: str | None) -> Asset:
    """Of addresses from which `up` leads to /ui/."""
    given = {"trace-url": trace_url, "log-url": log_url}
    elsewhere = "".join(f' data-{name}="{escape(url)}"' for name, url in given.items() if url is not None)
    found = assets()
    below = f"{up}-/{found.version}/"
    modules = needed_by("app.js", *([module] if module else []))
    preload = "\n".join(f'<link rel="modulepreload" href="{below}{name}">' for name in modules)
    text = page_text()
    for mark, value in (
        ("{below}", below),
        ("{up}", up),
        ("{mode}", mode),
        ("{preload}", preload),
        ("{elsewhere}", elsewhere),
    ):
        text = text.replace(mark, value)
    body = text.encode()
    return asset(body, MEDIA_TYPES[".html"])


def _send(request: Request, asset: Asset, headers: dict[str, str], status: int = 200) -> Response:
    body = asset.body
    if takes_gzip(parse_accept(request.headers.getlist("accept-encoding"))):
        body = asset.compressed
        headers = headers | {"Content-Encoding": "gzip"}
    return Response(body, status, HEADERS | headers, asset.media_type)


def _is_off(request: Request) -> bool:
    return bool(request.app.state.settings.ui == "off")


@router.get("/")
async def root(request: Request) -> Response:
    if _is_off(request):
        raise PathNotFound
    return RedirectResponse("ui/", 307, HEADERS)


@router.get("/ui")
async def without_slash(request: Request) -> Response:
    if _is_off(request):
        raise PathNotFound
    return RedirectResponse("ui/", 307, HEADERS)


@router.get("/ui/-/{version}/{name:path}")
async def module_or_style(request: Request, version: str, name: str) -> Response:
    if _is_off(request):
        raise PathNotFound
    await guard(request)
    found = await asyncio.to_thread(assets)  # read and compressed once
    if name not in found.files:
        raise PathNotFound
    # A page from before an update asks for its own version: it gets this one's, and asks again the next time.
    return _send(request, found.files[name], {"Cache-Control": FOREVER if version == found.version else "no-cache"})


@router.get("/ui/{path:path}")
async def page(request: Request, path: str) -> Response:
    settings = request.app.state.settings
    if settings.ui == "off":
        raise PathNotFound
    up = "../" * path.count("/")
    try:
        await guard(request)
    except Unauthorized:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        from_elsewhere = request.headers.get("sec-fetch-site") == "cross-site"  # and so without the cookie
        maybe = "&session=maybe" if from_elsewhere else ""
        return RedirectResponse(f"{up}../login?next={_itself(request, path)}{maybe}", 303, HEADERS)
    shown = await asyncio.to_thread(
        _page, up, page_module(path), settings.ui, settings.ui_trace_url, settings.ui_log_url
    )
    tag = f'"{hashlib.sha256(shown.body).hexdigest()[:32]}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=HEADERS | {"ETag": tag})
    status = 200 if path.partition("/")[0] in PAGES else 404
    return _send(request, shown, {"ETag": tag}, status)


def _itself(request: Request, path: str) -> str:
    query = request.scope["query_string"].decode("latin-1")
    wanted = f"ui/{quote(path)}" + (f"?{query}" if query else "")
    return quote(wanted[:LONGEST_NEXT], safe="/")
