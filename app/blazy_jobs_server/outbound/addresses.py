"""Which addresses the server connects to on behalf of users: none that is inside somebody's network.

`ipaddress.is_global` is not enough: it is true of addresses that carry an inner IPv4 address along (NAT64, 6to4), and
of some that clouds answer on. So the table is our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

BLOCKED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        # IANA IPv4 Special-Purpose Address Registry (RFC 6890)
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
        "224.0.0.0/4",  # multicast
        "168.63.129.16/32",  # Azure's host agent
        "100.100.100.200/32",  # Alibaba's metadata service; in 100.64.0.0/10 as well
        # IANA IPv6 Special-Purpose Address Registry
        *("::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16"),
        *("fc00::/7", "fe80::/10"),
        "::/96",  # IPv4-compatible (RFC 4291, 2.5.5.1)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765)
        "fec0::/10",  # site-local (RFC 3879)
        "ff00::/8",  # multicast
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out; the rest is special or reserved."""

_V4_BLOCKED = [(int(n.network_address), int(n.netmask)) for n in BLOCKED if n.version == 4]
_V6_BLOCKED = [(int(n.network_address), int(n.netmask)) for n in BLOCKED if n.version == 6]
_LAST_32_BITS = tuple(
    IPv6Network(text) for text in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The upper half of the interface identifier (RFC 5214, 6.1), below any prefix."""


class AddressPolicy:
    """Networks in `allow` are exempt from the table, and those in `deny` are blocked whatever `allow` says."""

    def __init__(self, allow: Sequence[Network] = (), deny: Sequence[Network] = ()) -> None:
        self._allow = tuple(allow)
        self._deny = tuple(deny)

    def admits(self, address: Address, *, plain: bool) -> bool:
        """`plain`: over HTTP without TLS, which goes only where `allow` says. An address that carries an IPv4 address
        must be admitted by both."""
        if plain and not _within(address, self._allow):
            return False
        return self._admits(address) and all(self._admits(inner) for inner in carried(address))

    @property
    def admits_plain(self) -> bool:
        return bool(self._allow)

    def _admits(self, address: Address) -> bool:
        if _within(address, self._deny):
            return False
        return not is_special(address) or _within(address, self._allow)


def is_special(address: Address) -> bool:
    """In the table, or IPv6 that is not global unicast, or made for a tunnel by ISATAP."""
    number = int(address)
    if address.version == 4:
        return any(number & mask == network for network, mask in _V4_BLOCKED)
    if address not in GLOBAL_UNICAST or number >> 32 & 0xFFFFFFFF in _ISATAP:
        return True
    return any(number & mask == network for network, mask in _V6_BLOCKED)


def carried(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses at which an IPv6 address may arrive in the end."""
    if address.version == 4:
        return
    number = int(address)
    if any(address in network for network in _LAST_32_BITS) or number >> 32 & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)
    if address in _NAT64_LOCAL:  # RFC 6052, 2.2: a /48 prefix has the address around bits 64 to 71
        yield IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF)
    if address in _6TO4:
        yield IPv4Address(number >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        yield IPv4Address(number >> 64 & 0xFFFFFFFF)
        yield IPv4Address(~number & 0xFFFFFFFF)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
