"""One command's dealings with the server and with whoever reads its output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from blazy_jobs import address
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.options import Given, header_text
from blazy_jobs.cli.output import Output

if TYPE_CHECKING:
    from blazy_jobs.cli.line import Line
    from blazy_jobs.client.sync.client import Client

PAGE = 200


class Session:
    def __init__(self, given: Given) -> None:
        self.given = given
        self.out = Output(as_json=given.as_json, no_color=given.no_color)
        self.way_back = ""
        """What to say when Ctrl-C ends the command."""
        self.url = (given.url or os.environ.get("JOBS_URL") or address.DEFAULT_URL).rstrip("/")

    @cached_property
    def line(self) -> Line:
        # httpx loads what its own command line needs (rich, pygments) wherever it is there; ours does without.
        sys.modules.setdefault("httpx._main", cast(Any, None))
        from blazy_jobs.cli.line import Line

        check_url(self.url)
        at = address.Address(self.url)
        return Line(at.secure, self.url, at.socket_path)

    @cached_property
    def client(self) -> Client:
        line = self.line
        from blazy_jobs.client.sync.client import Client

        given = self.given.api_key
        try:
            key = given or address.key_of(os.environ).text()
        except ValueError as error:
            raise Unusable(str(error)) from None
        if key:
            header_text(key, "the API key", 1000)
        # Not the text of the environment's: its file may have another one while a run is watched.
        return Client(self.url, api_key=given or None, transport=line)

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON. Raises ApiError and ConnectionFailed."""
        return self.client.request(method, path, **options)

    def pages(self, path: str, limit: int | None, **params: Any) -> Iterator[list[dict[str, Any]]]:
        """The list's items by pages, `limit` of them at most. `self.more` says whether there are more, `self.searched`
        how many runs were looked at for a text."""
        wanted = {name: value for name, value in params.items() if value not in (None, [], ())}
        left = limit
        self.more = False
        self.searched = 0
        while left is None or left > 0:
            wanted["limit"] = PAGE if left is None else min(PAGE, left)
            answer = self.ask("GET", path, params=wanted)
            page = answer["data"]
            if left is not None:
                left -= len(page)
            wanted["cursor"] = answer["next_cursor"]
            self.more = wanted["cursor"] is not None
            self.cursor = wanted["cursor"]
            self.searched += answer.get("searched", {}).get("runs", 0)
            yield page
            if not self.more:
                return

    def command(self, *words: str) -> str:
        """A command for the same server, to be shown and copied."""
        return " ".join(["blazy-jobs", *words, *(["--url", self.url] if self.given.url else [])])

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()


def check_url(url: str) -> None:
    """Raises Unusable."""
    if url.startswith(address.UNIX):
        return
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fit = False
    if fit and (parts.username is not None or parts.password is not None):
        raise Unusable("the server's address must hold no password; the key is read from JOBS_API_KEY")
    if not fit or not url.isascii() or parts.query or parts.fragment:
        raise Unusable(f"{url!r} is not the address of a server; it looks like http://127.0.0.1:8000")
