"""What every route has at hand."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from blazy_jobs_server.api import admission, visibility
from blazy_jobs_server.api.requests import CALLER, headers_of
from blazy_jobs_server.domain.errors import CrossSite, HostRefused, JobsError, ScopeMissing, StoreUnavailable
from blazy_jobs_server.domain.keys import ANYONE, POOL, Caller
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.ports import Dispatched
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.trust.access import Access
from blazy_jobs_server.trust.keys import Keys
from blazy_jobs_server.trust.rates import Rates

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Context:
    def __init__(self, jobs: Jobs, settings: Settings, access: Access) -> None:
        self.jobs = jobs
        self.settings = settings
        self.access = access
        self.rates = Rates(jobs.clock)
        self.keys = Keys(jobs.store, jobs.clock, access)
        self.named_job_types: set[str] = set()
        """Those with series of their own in the metrics: for good, so that no counter goes back."""

    def admit(self, scope: Scope) -> Caller:
        """Who asks, and may. Raises Unauthorized, HostRefused, CrossSite and ScopeMissing."""
        headers = headers_of(scope)
        method, path = scope["method"], scope["path"]
        caller = self.access.caller(headers.get(b"authorization"))
        if caller is ANYONE and not _is_loopback(headers.get(b"host", b"")):
            raise HostRefused
        if method not in SAFE_METHODS and _is_cross_site(headers):
            raise CrossSite
        needed = admission.needed(method, path.split("/"))
        if needed is not None and not caller.may(needed):
            raise ScopeMissing(needed)
        scope[CALLER] = caller
        return caller

    async def make(self, caller: Caller, number: int, dispatch: Callable[[], Awaitable[Dispatched]]) -> Dispatched:
        """So many runs, as far as the caller's key may make them now. Raises RateLimited."""
        if caller.rate_limit is None:
            return await dispatch()
        self.rates.take(caller, number)
        unmade = number
        try:
            dispatched = await dispatch()
            unmade -= len(dispatched.columns) if dispatched.columns is not None else sum(dispatched.made)
        finally:
            self.rates.give_back(caller, unmade)
        return dispatched

    def refused(self, error: JobsError, method: str) -> None:
        """Notes what is the operator's to know."""
        if isinstance(error, StoreUnavailable):
            self.jobs.incidents.store_failed("read" if method in SAFE_METHODS else "write", error.detail)


class PoolContext(Context):
    """For the pool's own socket, whose file mode is the key."""

    def admit(self, scope: Scope) -> Caller:
        scope[CALLER] = POOL
        return POOL


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


def caller_of(request: Request) -> Caller:
    """Of a request that was admitted."""
    caller: Caller = request.scope[CALLER]
    return caller


async def guard(request: Request) -> None:
    """The dependency of every route that is not open to all. A plain function would be given a thread."""
    context = context_of(request)
    caller = context.admit(request.scope)
    if not caller.within.is_everything:
        await visibility.check_path(context.jobs, caller, request.scope["path"].split("/"))
