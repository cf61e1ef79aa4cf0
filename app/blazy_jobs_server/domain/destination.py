"""Where a URL leads that somebody gave us to post to: its form only, no look at any name or address."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

from msgspec import Struct

MAX_URL_CHARACTERS = 2048
DEFAULT_PORTS = {"https": 443, "http": 80}
_LABELS = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)
_NETLOC = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<name>[^:\[\]]+))(?::(?P<port>[0-9]{0,5}))?", re.ASCII)
_TARGET = re.compile(r"[!-~]*", re.ASCII)


class UrlRefused(ValueError):
    """The form of a URL; the message completes 'The URL …'."""


class Destination(Struct, frozen=True):
    """`host` is in lower case and ASCII (RFC 5890), IPv6 without its brackets. `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of Host (RFC 9110, 7.2): without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """As RFC 6454 writes it: equal for URLs that lead to the same place."""
        return f"{self.scheme}://{self.authority}"


def parse(url: str) -> Destination:
    """Raises UrlRefused: for anything but an absolute http or https URL, for one with user information, a fragment, a
    backslash, a blank or a control character, and for a host that is neither a name nor an address."""
    if len(url) > MAX_URL_CHARACTERS:
        raise UrlRefused(f"has more than {MAX_URL_CHARACTERS} characters")
    if "\\" in url or any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp") for c in url):
        raise UrlRefused("has a blank, a control character or a backslash")
    if "#" in url:
        raise UrlRefused("has a fragment")
    scheme = url.partition("://")[0].lower()
    if scheme not in DEFAULT_PORTS or "://" not in url:
        raise UrlRefused("must begin with https://, or with http:// for networks in JOBS_HTTP_ALLOW")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UrlRefused("has no valid host and port") from None
    if "@" in parts.netloc:
        raise UrlRefused("has user information: send credentials in a header")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _TARGET.fullmatch(target):
        raise UrlRefused("has characters in its path or query that must be percent-encoded")
    found = _NETLOC.fullmatch(parts.netloc)
    port = int(found["port"] or DEFAULT_PORTS[scheme]) if found else 0
    if found is None or not 0 < port < 65536:
        raise UrlRefused("has no valid host and port")
    host = _name(found["name"]) if found["v6"] is None else _v6(found["v6"])
    return Destination(scheme, host, port, target)


def _v6(text: str) -> str:
    try:
        if "%" in text:  # a zone is a matter of this machine
            raise ValueError
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        raise UrlRefused("has no valid IPv6 address between its brackets") from None


def _name(text: str) -> str:
    name = (text.lower() if text.isascii() else _to_ascii(text)).removesuffix(".")
    if not _LABELS.fullmatch(name) or len(name) > 253 or any(len(label) > 63 for label in name.split(".")):
        raise UrlRefused("has no valid host name")
    return name


def _to_ascii(name: str) -> str:
    import idna  # needed by few

    try:
        return idna.encode(name, uts46=True).decode().lower()
    except UnicodeError:
        raise UrlRefused("has no valid host name") from None
