"""What every route has at hand."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from blazy_jobs_server.api import admission, cookies, visibility
from blazy_jobs_server.api.peers import Headers, Peers, is_forwarded, is_navigation
from blazy_jobs_server.api.requests import CALLER, headers_of
from blazy_jobs_server.api.traffic import Traffic
from blazy_jobs_server.domain.audit import Act
from blazy_jobs_server.domain.errors import (
    CrossSite,
    HostRefused,
    JobsError,
    ProxyWithoutKey,
    ScopeMissing,
    StoreUnavailable,
    Unauthorized,
)
from blazy_jobs_server.domain.keys import ANYONE, POOL, Caller
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.handlers.service import Handlers
from blazy_jobs_server.ports import Dispatched
from blazy_jobs_server.ports.audit import acting
from blazy_jobs_server.settings import Settings
from blazy_jobs_server.trust.access import Access
from blazy_jobs_server.trust.keys import Keys
from blazy_jobs_server.trust.rates import Rates
from blazy_jobs_server.trust.tries import Tries
from blazy_jobs_server.version import VERSION
from blazy_jobs_server.webhooks.registry import Webhooks

ONCE = (b"cache-control", b"no-store")
"""Of an answer with a secret in it."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
ADMITTED = "jobs.admitted"
SHOWN_SETTINGS = (
    "role",
    "app",
    "build",
    "workers",
    "worker_concurrency",
    "worker_slots",
    "lease_seconds",
    "heartbeat_seconds",
    "stop_grace_seconds",
    "drain_seconds",
    "max_body_bytes",
    "max_batch_bytes",
    "max_result_bytes",
    "max_wait_seconds",
    "body_timeout_seconds",
    "http_concurrency",
    "http_per_origin",
    "metrics_max_series",
    "log_level",
)
"""What operators compare between servers: neither secrets nor addresses."""
PROBES = ("/healthz", "/readyz")


class Context:
    def __init__(self, jobs: Jobs, settings: Settings, access: Access, webhooks: Webhooks, handlers: Handlers) -> None:
        self.jobs = jobs
        self.settings = settings
        self.access = access
        self.peers = Peers(settings)
        self.webhooks = webhooks
        self.handlers = handlers
        self.rates = Rates(jobs.clock)
        self.tries = Tries(jobs.clock)
        self.keys = Keys(jobs.store, jobs.clock, access)
        self.on_refused: Callable[[Act, str], None] = lambda act, code: None
        """Told of each request that is not admitted, with the error's code."""
        self.traffic = Traffic()
        jobs.servers.version = VERSION
        jobs.servers.settings = {name: getattr(settings, name) for name in SHOWN_SETTINGS}
        self.named_job_types: set[str] = set()
        """Those with series of their own in the metrics: for good, so that no counter goes back."""
        self.named_queues: set[str] = set()
        """The same of queues."""

    def admit(self, scope: Scope) -> Caller:
        """Who asks, and may: by the key, or else by the browser's session. Raises Unauthorized, HostRefused,
        ProxyWithoutKey, CrossSite and ScopeMissing."""
        try:
            return self.judge(scope)
        except JobsError as error:
            if not isinstance(error, Unauthorized) or self._strange_session(scope) is None:
                self.refuse(scope, error)
            raise

    def judge(self, scope: Scope) -> Caller:
        """As `admit`; the audit log hears nothing of it."""
        headers = headers_of(scope)
        token = None if b"cookie" not in headers else self._token(scope, headers)
        scope[ADMITTED] = self.access.endings
        if token is None:
            caller = scope[CALLER] = self.access.caller(headers.get(b"authorization"))
            self._check_by_key(caller, scope, headers)
        else:
            caller = scope[CALLER] = self.access.caller_of_session(token)
            if not self._is_same_site(scope["method"], scope, headers):
                raise CrossSite
        needed = admission.needed(scope["method"], scope["path"].split("/"))
        if needed is not None and not caller.may(needed):
            raise ScopeMissing(needed)
        return caller

    def refuse(self, scope: Scope, error: JobsError) -> None:
        """Notes it for the audit log."""
        self.on_refused(self.act_of(scope.get(CALLER), scope), error.code)

    def ended(self, scope: Scope) -> asyncio.Future[None] | None:
        """Done when what an admitted request was admitted by has ended."""
        return self.access.ended(scope[CALLER], scope.get(ADMITTED, 0))

    def _check_by_key(self, caller: Caller, scope: Scope, headers: Headers) -> None:
        method = scope["method"]
        if caller is ANYONE:
            self._refuse_strangers(method, headers)
        if method not in SAFE_METHODS and self.is_cross_site(scope, headers):
            raise CrossSite

    def act_of(self, caller: Caller | None, scope: Scope) -> Act:
        """For the audit log."""
        return Act(None if caller is None else caller.actor, self.peers.address(scope) or None)

    def _token(self, scope: Scope, headers: Headers) -> str | None:
        """Of the session that the request is made with. A key wins over it, be it good or bad."""
        if b"authorization" in headers or self.access.is_open:
            return None
        return self.cookie(scope)

    def cookie(self, scope: Scope) -> str | None:
        return cookies.read(self.cookie_name(scope), scope)

    def cookie_name(self, scope: Scope) -> str:
        return cookies.name_of(self.peers, scope, headers_of(scope))

    async def meets(self, scope: Scope) -> bool:
        """Whether a request that was refused has a session that another server has just begun."""
        token = self._strange_session(scope)
        if token is None:
            return False
        if await self.access.sessions.meet(token):
            return True
        self.refuse(scope, Unauthorized())
        return False

    def _strange_session(self, scope: Scope) -> str | None:
        """Its token, where another server may know it."""
        headers = headers_of(scope)
        return None if self.jobs.store.neighbours is None or b"cookie" not in headers else self._token(scope, headers)

    def refuse_strangers(self, scope: Scope) -> None:
        """Of a server without keys, before anything is looked at. Raises HostRefused, ProxyWithoutKey and CrossSite."""
        if not self.access.is_open or scope["path"] in PROBES:
            return
        try:
            self._refuse_strangers(scope["method"], headers_of(scope))
        except JobsError as error:
            self.refuse(scope, error)
            raise

    def _refuse_strangers(self, method: str, headers: Headers) -> None:
        if not _is_loopback(headers.get(b"host", b"")):
            raise HostRefused
        if is_forwarded(headers):
            raise ProxyWithoutKey
        if method in SAFE_METHODS and not _may_read(headers):
            raise CrossSite

    def is_cross_site(self, scope: Scope, headers: Headers) -> bool:
        """Whether the browser says so, or the page's origin does where it says nothing."""
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site not in (b"same-origin", b"none")
        origin = headers.get(b"origin")
        if origin is None or self.peers.is_own(origin, scope, headers):
            return False
        scheme, _, host = origin.partition(b"://")
        # TLS ends at a proxy that was not named; an app's own scheme (tauri://localhost) is another's page
        return scheme not in (b"http", b"https") or host != headers.get(b"host", b"")

    def _is_same_site(self, method: str, scope: Scope, headers: Headers) -> bool:
        """Of a request that the browser put a cookie to, whoever made it: a write must show that a page of ours did."""
        if method in SAFE_METHODS:
            return _may_read(headers)
        site = headers.get(b"sec-fetch-site", b"none")
        origin = headers.get(b"origin")
        is_own = origin is not None and self.peers.is_own(origin, scope, headers)
        return site == b"same-origin" or (site == b"none" and is_own)

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

    def judge(self, scope: Scope) -> Caller:
        scope[CALLER] = POOL
        return POOL

    def refuse_strangers(self, scope: Scope) -> None:
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


def _may_read(headers: Headers) -> bool:
    """A page of another site may lead here, and not have it read behind the user's back."""
    return headers.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none") or is_navigation(headers)


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
    try:
        caller = context.admit(request.scope)
    except Unauthorized:
        if not await context.meets(request.scope):
            raise
        caller = context.admit(request.scope)
    if request.method not in SAFE_METHODS:
        acting.set(context.act_of(caller, request.scope))
    if not caller.within.is_everything:
        await visibility.check_path(context.jobs, caller, request.method, request.scope["path"].split("/"))
