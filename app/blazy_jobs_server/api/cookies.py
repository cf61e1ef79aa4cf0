"""The cookie of a browser's session (RFC 6265)."""

from __future__ import annotations

from starlette.types import Scope

from blazy_jobs_server.api.peers import Headers, Peers
from blazy_jobs_server.domain.sessions import MOST_SECONDS

SECURE_NAME = "__Host-blazy"


def name_of(peers: Peers, scope: Scope, headers: Headers) -> str:
    """Browsers take one that begins with __Host- over TLS alone, from this very host. Without TLS the port is in the
    name, for cookies do not heed ports, and two servers on a machine are two."""
    return SECURE_NAME if peers.is_tls(scope) else f"blazy_{peers.port(scope, headers)}"


def read(name: str, scope: Scope) -> str | None:
    """Its value. None where there is none, or more than one: a page of another port or path has put one beside ours."""
    found = [
        value.strip()
        for given, line in scope["headers"]
        if given == b"cookie"
        for pair in line.decode("latin-1").split(";")
        for given_name, _, value in [pair.strip().partition("=")]
        if given_name == name
    ]
    return found[0] if len(found) == 1 and found[0] else None


def written(name: str, token: str) -> str:
    return f"{name}={token}; Max-Age={MOST_SECONDS}; {_attributes(name)}"


def removed(name: str) -> str:
    return f"{name}=; Max-Age=0; {_attributes(name)}"


def _attributes(name: str) -> str:
    secure = "; Secure" if name == SECURE_NAME else ""
    return f"Path=/; HttpOnly; SameSite=Strict{secure}"
