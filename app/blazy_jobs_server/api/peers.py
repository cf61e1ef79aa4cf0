"""How a request reached the server: from whose address, over TLS or not, and from a page of its own or another's.

What a proxy says of it (RFC 7239, and the older X-Forwarded-*) counts from those alone that JOBS_TRUSTED_PROXIES names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from blazy_jobs_server.settings import OWN_PORTS, Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Headers = Mapping[bytes, bytes]

MAX_PORT_DIGITS = 5
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PAIR = re.compile(r'(?:^|;)\s*([A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^;\s]*)\s*(?=;|$)')
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+)(?::[0-9]+)?")


class Peers:
    def __init__(self, settings: Settings) -> None:
        self._trusted = settings.trusted_proxies
        self._public = None if settings.public_origin is None else settings.public_origin.encode()

    def address(self, scope: Scope) -> str:
        """The client's: the right-most that is no trusted proxy's; else that of the connection. Empty where it has
        none, as on a Unix socket."""
        peer = _peer(scope)
        if peer is None:
            return ""
        if _is_in(self._trusted, peer):
            for hop in reversed(_hops(scope)):
                if hop is None:
                    break
                if not _is_in(self._trusted, hop):
                    return str(hop)
        return str(peer)

    def is_tls(self, scope: Scope) -> bool:
        if self._public is not None and self._public.startswith(b"https:"):
            return True
        peer = _peer(scope) if self._trusted else None
        return peer is not None and _is_in(self._trusted, peer) and _scheme(scope) == "https"

    def port(self, scope: Scope, headers: Headers) -> str:
        """By which browsers know the server."""
        scheme, _, host = self._own(scope, headers).decode("latin-1").partition("://")
        port = host.rpartition(":")[2]
        return port if port.isdecimal() and len(port) <= MAX_PORT_DIGITS else str(OWN_PORTS[scheme])

    def is_own(self, origin: bytes, scope: Scope, headers: Headers) -> bool:
        """Whether a page of that origin (RFC 6454) is the server's."""
        origin = origin.lower()
        return origin == self._public or origin == self._of_host(scope, headers)

    def _own(self, scope: Scope, headers: Headers) -> bytes:
        return self._public or self._of_host(scope, headers)

    def _of_host(self, scope: Scope, headers: Headers) -> bytes:
        scheme = "https" if self.is_tls(scope) else "http"
        host = headers.get(b"host", b"").lower()
        return b"%b://%b" % (scheme.encode(), host.removesuffix(b":%d" % OWN_PORTS[scheme]).removesuffix(b":"))


def is_navigation(headers: Headers) -> bool:
    """A page that the browser goes to, and that the one before does not get to see (W3C Fetch Metadata)."""
    return headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") not in (b"object", b"embed")


def is_forwarded(headers: Headers) -> bool:
    """A proxy says so, or who wants to be taken for one."""
    return any(name == b"forwarded" or name.startswith(b"x-forwarded-") for name in headers)


@lru_cache(maxsize=1024)
def _is_in(networks: tuple[Network, ...], address: Address) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return None if client is None else _parse(client[0])


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    """None where it is none. An IPv4 address that IPv6 carries is itself."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _lines(scope: Scope, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for given, value in scope["headers"] if given == name)


def _hops(scope: Scope) -> Sequence[Address | None]:
    """The nearest last. None at all where the two headers differ: a proxy writes the one that it knows, and lets the
    other through as the client wrote it."""
    forwarded = [_address(pairs.get("for", "")) for pairs in _forwarded(scope)]
    older = _lines(scope, b"x-forwarded-for")
    listed = [_address(hop.strip()) for hop in older.split(",")] if older else []
    if forwarded and listed and forwarded != listed:
        return []
    return listed or forwarded


def _address(text: str) -> Address | None:
    found = _WITH_PORT.fullmatch(text)
    return _parse(text if found is None else found[1] or found[2])


def _forwarded(scope: Scope) -> list[dict[str, str]]:
    """The elements of the header, each with its parameters by name."""
    elements = _ELEMENT.findall(_lines(scope, b"forwarded"))
    return [{name.lower(): _unquoted(value) for name, value in _PAIR.findall(element.strip())} for element in elements]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _scheme(scope: Scope) -> str:
    """By which the client asked the proxy that is nearest."""
    older = _lines(scope, b"x-forwarded-proto")
    if older:
        return older.rpartition(",")[2].strip().lower()
    forwarded = _forwarded(scope)
    return forwarded[-1].get("proto", "").lower() if forwarded else ""
