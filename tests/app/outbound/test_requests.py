"""The bytes of a request."""

from __future__ import annotations

import pytest

from blazy_jobs_server.domain.destination import parse
from blazy_jobs_server.outbound import requests
from blazy_jobs_server.ports.outbound import ProtocolBroken

START = requests.start(parse("https://good.test/hook?x=1"), to_proxy=False)


def test_a_request_to_the_byte() -> None:
    given = {"webhook-id": "evt_1", "X-Latin": "\xe9", "Content-Length": "1", "user-agent": "me"}
    assert requests.post(START, given, b"{}", agent="blazy-jobs/1", proxy_header=None) == (
        b"POST /hook?x=1 HTTP/1.1\r\nHost: good.test\r\nUser-Agent: me\r\nAccept-Encoding: identity\r\n"
        b"Content-Length: 2\r\nwebhook-id: evt_1\r\nX-Latin: \xe9\r\n\r\n{}"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("X", "a\r\nHost: evil"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\0b"), ("X", "a\r\n\r\n"), ("X", "\u20ac")),
        *(("X: a\r\nY", "b"), ("X Y", "b"), ("X:", "b"), ("", "b"), ("X\xe9", "b"), ("X\n", "b")),
        ("User-Agent", "a\r\nX: b"),
    ],
)
def test_a_header_that_would_be_another_is_not_sent(name: str, value: str) -> None:
    for _ in range(2):
        with pytest.raises(ProtocolBroken, match="cannot be sent"):
            requests.post(START, {name: value}, b"{}", agent="blazy-jobs/1", proxy_header=None)


@pytest.mark.parametrize(
    ("url", "authority"),
    [("https://good.test/", b"good.test:443"), ("https://[2606:4700::1]:8443/", b"[2606:4700::1]:8443")],
)
def test_a_tunnel_is_asked_for_with_the_port(url: str, authority: bytes) -> None:
    asked = requests.connect(parse(url), requests.basic("me", "secret"))
    assert asked == (
        b"CONNECT %b HTTP/1.1\r\nHost: %b\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n" % (authority, authority)
    )
