"""What every route has at hand."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from blazy_jobs_server.api.requests import headers_of
from blazy_jobs_server.domain.errors import CrossSite, HostRefused, JobsError, StoreUnavailable, Unauthorized
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Context:
    def __init__(self, jobs: Jobs, settings: Settings) -> None:
        self.jobs = jobs
        self.settings = settings
        self.named_job_types: set[str] = set()
        """Those with series of their own in the metrics: for good, so that no counter goes back."""
        key = settings.api_key
        self._authorization = None if key is None else b"Bearer " + key.get_secret_value().encode()

    def admit(self, scope: Scope) -> None:
        """Raises Unauthorized, HostRefused or CrossSite."""
        headers = headers_of(scope)
        if self._authorization is not None:
            given = headers.get(b"authorization", b"")
            scheme, _, key = given.partition(b" ")
            if not hmac.compare_digest(scheme.title() + b" " + key.strip(), self._authorization):
                raise Unauthorized
        elif not _is_loopback(headers.get(b"host", b"")):
            raise HostRefused
        if scope["method"] not in SAFE_METHODS and _is_cross_site(headers):
            raise CrossSite

    def refused(self, error: JobsError, method: str) -> None:
        """Notes what is the operator's to know."""
        if isinstance(error, StoreUnavailable):
            self.jobs.incidents.store_failed("read" if method in SAFE_METHODS else "write", error.detail)


class PoolContext(Context):
    """For the pool's own socket, whose file mode is the key."""

    def admit(self, scope: Scope) -> None:
        return


@lru_cache(maxsize=64)
def _is_loopback(given: bytes) -> bool:
    host = given.decode("latin-1")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_cross_site(headers: Mapping[bytes, bytes]) -> bool:
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    if origin is None:
        return False
    return bool(origin.partition(b"://")[2] != headers.get(b"host", b""))


class Answer(NamedTuple):
    """Status, further headers and body of a JSON answer."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def context_of(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


async def guard(request: Request) -> None:
    """The dependency of every route that is not open to all. A plain function would be given a thread."""
    context_of(request).admit(request.scope)
