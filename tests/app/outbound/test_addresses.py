"""Which addresses are admitted."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from blazy_jobs_server.outbound.addresses import BLOCKED, AddressPolicy, carried


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e", "192.0.1.1"])
def test_public_addresses_are_admitted_over_tls_only(text: str) -> None:
    assert AddressPolicy().admits(ip_address(text), plain=False)
    assert not AddressPolicy().admits(ip_address(text), plain=True)


@pytest.mark.parametrize("network", BLOCKED, ids=str)
def test_both_ends_of_each_network_are_blocked_and_allowed_by_name(network: object) -> None:
    network = ip_network(str(network))
    for address in (network[0], network[-1]):
        assert not AddressPolicy().admits(address, plain=False)


def test_allowed_networks_are_exempt_for_http_as_well_and_denied_ones_win() -> None:
    policy = AddressPolicy(allow=[ip_network("10.0.0.0/8")], deny=[ip_network("10.9.0.0/16"), ip_network("1.1.1.1/32")])
    for plain in (False, True):
        assert policy.admits(ip_address("10.1.2.3"), plain=plain)
        assert not policy.admits(ip_address("10.9.2.3"), plain=plain)
        assert not policy.admits(ip_address("11.1.2.3"), plain=True)
        assert not policy.admits(ip_address("1.1.1.1"), plain=plain)


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("::ffff:10.0.0.1", {"10.0.0.1"}),
        ("::10.0.0.1", {"10.0.0.1"}),
        ("::ffff:0:10.0.0.1", {"10.0.0.1"}),
        ("64:ff9b::10.0.0.1", {"10.0.0.1"}),
        ("64:ff9b:1:a00:0:100::", {"10.0.0.1", "0.0.0.0"}),
        ("2002:a00:1::", {"10.0.0.1"}),
        ("2001:0:102:304::f5ff:fffe", {"1.2.3.4", "10.0.0.1"}),
        ("2606:4700::5efe:10.0.0.1", {"10.0.0.1"}),
        ("2606:4700::200:5efe:10.0.0.1", {"10.0.0.1"}),
        ("2606:4700::1", set()),
    ],
)
def test_addresses_within_addresses_are_found(text: str, inner: set[str]) -> None:
    assert {str(address) for address in carried(ip_address(text))} == inner


@pytest.mark.parametrize("text", ["64:ff9b::10.0.0.1", "::ffff:10.0.0.1", "2002:a00:1::", "2606:4700::5efe:10.0.0.1"])
def test_allowing_a_tunnel_does_not_allow_what_is_behind_it(text: str) -> None:
    everything = [ip_network("::/0")]
    assert not AddressPolicy(allow=everything).admits(ip_address(text), plain=False)
    assert not AddressPolicy(allow=[*everything, ip_network("0.0.0.0/0")], deny=[ip_network("10.0.0.0/8")]).admits(
        ip_address(text), plain=False
    )
    assert AddressPolicy(allow=[*everything, ip_network("10.0.0.0/8")]).admits(ip_address(text), plain=False)
