"""Ways to have the server post into its own network. Each is blocked, and the spy there sees no connection."""

from __future__ import annotations

import asyncio
import csv
import socket
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from blazy_jobs_server.outbound import resolving
from blazy_jobs_server.outbound.addresses import AddressPolicy, Network
from blazy_jobs_server.outbound.connecting import Route, connect
from blazy_jobs_server.outbound.resolving import Endpoint
from blazy_jobs_server.outbound.sender import GuardedSender
from blazy_jobs_server.ports.outbound import Answer, DestinationBlocked, NoConnection, UrlRefused
from tests.attacks.outside import EVERYWHERE, INSIDE, OUTSIDE, Names, Stage, outside_only, stage
from tests.support.receiver import Receiver, plain

FOLDER = Path(__file__).parent / "addresses"


async def post(stage: Stage, url: str) -> Answer:
    return await stage.sender.post(url, {}, b"{}", timeout_seconds=30, max_body_bytes=1000)


LOOPBACK_NOTATIONS = {
    "plain": "127.0.0.1",
    "another of the network": "127.255.255.254",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "octal of all": "017700000001",
    "hexadecimal": "0x7f.0.0.1",
    "hexadecimal of all": "0x7f000001",
    "mixed": "0x7f.0.0.01",
    "short": "127.1",
    "three parts": "127.0.1",
    "zeros before": "127.000.000.001",
    "nothing": "0",
    "unspecified": "0.0.0.0",
    "full width": "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "encircled": "①②⑦.⓪.⓪.①",
    "ideographic full stops": "127。0。0。1",
    "loopback of IPv6": "[::1]",
    "IPv6 at length": "[0:0:0:0:0:0:0:1]",
    "unspecified of IPv6": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped in hexadecimal": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "translated": "[::ffff:0:127.0.0.1]",
    "NAT64": "[64:ff9b::127.0.0.1]",
    "local NAT64": "[64:ff9b:1::127.0.0.1]",
    "6to4": "[2002:7f00:1::]",
    "Teredo": "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "ISATAP": "[2606:4700::5efe:127.0.0.1]",
    "ISATAP of a global identifier": "[2606:4700::200:5efe:127.0.0.1]",
    "site-local": "[fec0::1]",
    "link-local": "[fe80::1]",
    "unique local": "[fd00::1]",
    "multicast": "224.0.0.1",
    "multicast of IPv6": "[ff02::1]",
    "broadcast": "255.255.255.255",
    "private": "10.0.0.1",
    "shared": "100.64.0.1",
}
METADATA_SERVICES = {
    "most clouds": "169.254.169.254",
    "most clouds in decimal": "2852039166",
    "most clouds mapped": "[::ffff:169.254.169.254]",
    "most clouds by NAT64": "[64:ff9b::a9fe:a9fe]",
    "AWS containers": "169.254.170.2",
    "AWS by IPv6": "[fd00:ec2::254]",
    "Google by IPv6": "[fd20:ce::254]",
    "Azure's agent": "168.63.129.16",
    "Alibaba": "100.100.100.200",
    "Oracle": "192.0.0.192",
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host", [pytest.param(host, id=name) for name, host in (LOOPBACK_NOTATIONS | METADATA_SERVICES).items()]
)
async def test_no_notation_of_an_inner_address_passes(host: str, scheme: str) -> None:
    async with stage() as on:
        url = on.url(host).replace("http", scheme, 1)
        with pytest.raises(DestinationBlocked) as caught:
            await on.sender.check(url)
        assert not any(digit in str(caught.value) for digit in "0123456789")
        with pytest.raises(DestinationBlocked):
            await post(on, url)
        assert on.names.asked == []


@pytest.mark.parametrize(
    "form",
    [
        *("http://outside@{inside}/", "http://outside:80@{inside}/", "http://{inside}\\@outside/"),
        *("http://{inside}#@outside/", "http://outside\\.{inside}/", "http:\\\\{inside}/", "http:/{inside}/"),
        *(
            "http:{inside}/",
            "//{inside}/",
            "http://%31%32%37.0.0.1/",
            "http://127.0.0.1%2f@outside/",
            "http://[::1%lo]/",
        ),
        *("http://127.0.0.1\t/", "http://127.0.0.1 /", "http://\n127.0.0.1/", "http://127.0.0.1\x00.outside/"),
        *(
            "gopher://{inside}/_POST",
            "file:///etc/passwd",
            "ftp://{inside}/",
            "dict://{inside}/",
            "jar:http://{inside}!/",
        ),
        *("http://outside:80:{inside}/", "http://[{inside}]/", "http://{inside}:0/", "http://{inside}:99999/"),
    ],
)
async def test_no_form_of_a_url_hides_its_host(form: str) -> None:
    async with stage(Names(outside=[[OUTSIDE]])) as on:
        url = form.format(inside=f"{INSIDE}:{on.outside.port}")
        for asked in (on.sender.check(url), post(on, url)):
            with pytest.raises(UrlRefused):
                await asked
        assert on.outside.connections == 0


async def test_one_inner_address_among_the_answers_blocks_all() -> None:
    for answers in ([OUTSIDE, INSIDE], [INSIDE, OUTSIDE], [OUTSIDE, "::1"], [OUTSIDE, "64:ff9b::7f00:1"]):
        async with stage(Names(evil_test=[answers])) as on:
            for asked in (on.sender.check(on.url("evil.test")), post(on, on.url("evil.test"))):
                with pytest.raises(DestinationBlocked):
                    await asked
            assert on.outside.connections == 0


@pytest.mark.parametrize("name", ["evil.test", "EVIL.test", "evil.test."])
async def test_a_name_that_leads_inside_is_blocked(name: str) -> None:
    async with stage(Names(evil_test=[[INSIDE]])) as on:
        with pytest.raises(DestinationBlocked):
            await post(on, on.url(name))


async def test_a_name_rebound_after_its_check_is_not_asked_again_to_connect() -> None:
    async with stage(Names(evil_test=[[OUTSIDE], [INSIDE]])) as on:
        assert (await post(on, on.url("evil.test"))).status == 200
        assert on.names.asked == ["evil.test"]
        assert on.outside.headers()["host"] == f"evil.test:{on.outside.port}"


async def test_a_name_rebound_after_its_registration_is_blocked_when_it_is_posted_to() -> None:
    async with stage(Names(evil_test=[[OUTSIDE], [INSIDE]])) as on:
        await on.sender.check(on.url("evil.test"))
        on.sender._directory._fresh.clear()  # a second later
        with pytest.raises(DestinationBlocked):
            await post(on, on.url("evil.test"))
        assert on.outside.connections == 0


async def test_a_name_rebound_between_two_attempts_is_blocked_at_once() -> None:
    async with stage(Names(evil_test=[[OUTSIDE], [INSIDE]])) as on:
        on.outside.answer = plain(b"", "500 Again")
        assert (await post(on, on.url("evil.test"))).status == 500
        with pytest.raises(DestinationBlocked):
            await post(on, on.url("evil.test"))
        assert len(on.outside.requests) == 1


async def test_a_kept_connection_does_not_outlive_the_check_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "FRESH_SECONDS", 0.0)
    async with stage(Names(evil_test=[[OUTSIDE], [OUTSIDE], [INSIDE]])) as on:
        for _ in range(2):
            assert (await post(on, on.url("evil.test"))).status == 200
        assert on.outside.connections == 1
        with pytest.raises(DestinationBlocked):
            await post(on, on.url("evil.test"))
        assert len(on.outside.requests) == 2


async def test_a_kept_connection_is_for_its_own_name_only() -> None:
    async with stage(Names(one_test=[[OUTSIDE]], two_test=[[OUTSIDE]])) as on:
        for name in ("one.test", "two.test", "one.test", OUTSIDE):
            await post(on, on.url(name))
        assert on.outside.connections == 3
        assert [on.outside.headers(n)["host"].split(":")[0] for n in range(4)] == [
            "one.test",
            "two.test",
            "one.test",
            OUTSIDE,
        ]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "http://[::1]:{port}/"])
async def test_a_redirect_inside_is_not_followed(status: str, location: str) -> None:
    async with stage() as on:
        on.outside.answer = plain(b"", status, "Location: " + location.format(port=on.spy.port))
        assert (await post(on, on.url(OUTSIDE))).status == int(status[:3])
        assert len(on.outside.requests) == 1


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(Names(evil_test=[[OUTSIDE]])) as on:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            for variable in (name, name.lower()):
                monkeypatch.setenv(variable, f"http://{INSIDE}:{on.spy.port}")
        monkeypatch.setenv("no_proxy", "")
        assert (await post(on, on.url("evil.test"))).status == 200
        assert on.outside.requests[0][0].startswith(b"POST /hook HTTP/1.1\r\n")


async def test_credentials_of_netrc_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "netrc"
    path.write_text(f"machine {OUTSIDE} login me password secret\ndefault login me password secret\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    async with stage() as on:
        await post(on, on.url(OUTSIDE))
        assert "authorization" not in on.outside.headers()


async def test_cookies_are_neither_kept_nor_sent() -> None:
    async with stage() as on:
        on.outside.answer = plain(b"{}", "200 OK", "Set-Cookie: a=b; Path=/")
        for _ in range(2):
            await post(on, on.url(OUTSIDE))
        assert "cookie" not in on.outside.headers()


async def test_the_peer_is_compared_with_the_address_that_was_checked() -> None:
    class Misled(Endpoint, frozen=True):
        @property
        def address(self) -> object:  # type: ignore[override]
            return ip_address(OUTSIDE)

    async with Receiver(host=INSIDE) as receiver:
        with pytest.raises(DestinationBlocked):
            await connect(Route(endpoints=[Misled(socket.AF_INET, (INSIDE, 0))], port=receiver.port))
        assert receiver.requests == []


async def test_what_is_denied_is_denied_in_each_notation() -> None:
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    for host in ("127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"):
        async with stage(
            sender=lambda resolver: GuardedSender(
                allow=everything, deny=[ip_network("127.0.0.1/32")], resolver=resolver
            )
        ) as on:
            with pytest.raises(DestinationBlocked):
                await post(on, on.url(host))


async def test_a_name_that_is_not_there_tells_no_more_than_one_inside_that_is_closed() -> None:
    async with Receiver(host=OUTSIDE) as closed:
        port = closed.port
    sender = outside_only(resolving.Resolver(Names(closed_test=[[OUTSIDE]])))
    for name in ("closed.test", "missing.test"):
        with pytest.raises(NoConnection) as caught:
            await sender.post(f"http://{name}:{port}/", {}, b"", timeout_seconds=30, max_body_bytes=1)
        assert not any(digit in str(caught.value) for digit in "0123456789")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.255.254", *(["::1"] if len(EVERYWHERE) > 1 else [])])
async def test_the_spy_would_see_a_connection(host: str) -> None:
    with pytest.raises(AssertionError):
        async with stage() as on:
            _, writer = await asyncio.open_connection(host, on.spy.port)
            writer.close()
            await on.spies[":" in host].gone.wait()


def blocks(path: Path) -> list[Network]:
    with path.open(newline="") as file:
        if path.suffix == ".txt":
            return [ip_network(line.strip()) for line in file if not line.startswith("#")]
        rows = csv.DictReader(file)
        return [ip_network(block.split()[0]) for row in rows for block in row["Address Block"].split(",")]


@pytest.mark.parametrize(
    "path", sorted(path for path in FOLDER.iterdir() if path.suffix != ".md"), ids=lambda p: p.name
)
def test_all_that_others_list_is_blocked(path: Path) -> None:
    policy = AddressPolicy()
    networks = blocks(path)
    assert len(networks) > 20
    for network in networks:
        middle = network[network.num_addresses // 2]
        for address in (network[0], middle, network[-1]):
            assert not policy.admits(address, plain=False), address


def test_what_is_just_outside_of_the_lists_is_not_blocked() -> None:
    listed = [network for path in FOLDER.iterdir() if path.suffix != ".md" for network in blocks(path)]
    admitted = 0
    for network in listed:
        for number in (int(network[0]) - 1, int(network[-1]) + 1):
            if network.version == 4 and 0 <= number < 2**32:
                address = type(network[0])(number)
                if not any(address in other for other in listed if other.version == 4):
                    assert AddressPolicy().admits(address, plain=False), address
                    admitted += 1
    assert admitted > 10
