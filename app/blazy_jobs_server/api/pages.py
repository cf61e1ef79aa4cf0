"""The pages for people: the API's reference at /docs, and the log-in. All that they load is in the package.

The reference and its files need a key, as all else. Who goes there with a browser and is not logged in is led to the
log-in, which is open to all and says nothing of the server.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse, RedirectResponse

from blazy_jobs_server.api.context import guard
from blazy_jobs_server.api.negotiation import parse_accept, takes_gzip
from blazy_jobs_server.api.openapi import document
from blazy_jobs_server.domain.errors import PathNotFound, Unauthorized

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).with_name("static")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
MEDIA_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css"}
OF_DOCS = {
    "page.js": "docs.js",
    "page.css": "page.css",
    "swagger-ui-bundle.js": "swagger-ui/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui/swagger-ui.css",
}
OF_LOGIN = {"page.js": "login.js", "page.css": "login.css"}
"""By the name in the address."""


class File(NamedTuple):
    body: bytes
    compressed: bytes
    tag: str


@lru_cache
def _file(name: str) -> File:
    body = (FOLDER / name).read_bytes()
    return File(body, gzip.compress(body, 6, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:32]}"')


async def _send(request: Request, name: str) -> Response:
    file = await asyncio.to_thread(_file, name)  # read and compressed once
    headers = HEADERS | {"ETag": file.tag}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = file.body
    if takes_gzip(parse_accept(request.headers.getlist("accept-encoding"))):
        body = file.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    await guard(request)
    return JSONResponse(document(request.app))


@router.get("/docs")
async def docs(request: Request) -> Response:
    try:
        await guard(request)
    except Unauthorized:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return RedirectResponse("login?next=docs", 303, HEADERS)
    return await _send(request, "docs.html")


@router.get("/docs/{name}")
async def file_of_docs(request: Request, name: str) -> Response:
    if name not in OF_DOCS:
        raise PathNotFound
    await guard(request)
    return await _send(request, OF_DOCS[name])


@router.get("/login")
async def login(request: Request) -> Response:
    return await _send(request, "login.html")


@router.get("/login/{name}")
async def file_of_login(request: Request, name: str) -> Response:
    if name not in OF_LOGIN:
        raise PathNotFound
    return await _send(request, OF_LOGIN[name])
