"""The dashboard's modules and styles: read once, compressed once, under a name that changes with their bytes."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from functools import lru_cache
from typing import NamedTuple

from blazy_jobs_server.api.pages import FOLDER, MEDIA_TYPES

UI = FOLDER / "ui"
STYLES = (
    *("css/tokens.css", "css/base.css", "css/shell.css", "vendor/uplot.css"),
    *("css/kit.css", "css/pages.css", "css/definitions.css"),
)
STYLE = "style.css"
"""What is served of the styles: one file, in this order. A rule of a later one goes before one of an earlier."""
LICENCES = "vendor/LICENSES.txt"
_IMPORT = re.compile(r'^(?:import|export)\b[^;]*?\bfrom "(\.[^"]+)"', re.MULTILINE)
_ROUTE = re.compile(r'pattern: "([^"]*)".*?import\("\.\./(pages/[^"]+)"\)')


class Asset(NamedTuple):
    body: bytes
    compressed: bytes
    media_type: str


class Assets(NamedTuple):
    version: str
    """Of all files together: an address with it always means the same bytes."""
    files: dict[str, Asset]
    """By path in the folder."""
    pages: list[tuple[list[str], str]]
    """The parts of a page's address, and its module."""


@lru_cache
def assets() -> Assets:
    files, digest = {}, hashlib.sha256()
    for name in [path.relative_to(UI).as_posix() for path in sorted(UI.rglob("*.js"))]:
        files[name] = asset((UI / name).read_bytes(), MEDIA_TYPES[".js"])
    files[STYLE] = asset(b"\n".join((UI / name).read_bytes() for name in STYLES), MEDIA_TYPES[".css"])
    files[LICENCES] = asset((UI / LICENCES).read_bytes(), "text/plain; charset=utf-8")
    for name, file in files.items():
        digest.update(b"%d %s %d " % (len(name), name.encode(), len(file.body)) + file.body)
    routes = _ROUTE.findall(files["core/routes.js"].body.decode())
    pages = [(pattern.split("/"), module) for pattern, module in routes]
    return Assets(digest.hexdigest()[:16], files, pages)


def asset(body: bytes, media_type: str) -> Asset:
    return Asset(body, gzip.compress(body, 9, mtime=0), media_type)


def page_module(path: str) -> str | None:
    """That of the page at an address below /ui/."""
    parts = path.rstrip("/").split("/")
    for pattern, module in assets().pages:
        if len(pattern) == len(parts) and all(a[:1] == ":" or a == b for a, b in zip(pattern, parts, strict=True)):
            return module
    return None


def needed_by(*modules: str) -> list[str]:
    """Modules with all that they import: a browser that is told fetches them side by side."""
    found: set[str] = set()
    left = list(modules)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            text = assets().files[name].body.decode()
            left += [posixpath.normpath(posixpath.join(posixpath.dirname(name), to)) for to in _IMPORT.findall(text)]
    return sorted(found)


@lru_cache
def page_text() -> str:
    return (UI / "page.html").read_text()
