"""Which URLs have a form that the server posts to, and which headers users may set."""

from __future__ import annotations

import pytest

from blazy_jobs_server.domain import outgoing_headers
from blazy_jobs_server.domain.destination import UrlRefused, parse


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("https://example.com", "https://example.com", "/"),
        ("HTTPS://Example.COM:443/a?b=c", "https://example.com", "/a?b=c"),
        ("https://example.com:8443/", "https://example.com:8443", "/"),
        ("http://example.com:80/x", "http://example.com", "/x"),
        ("https://[2001:DB8:0:0::1]:8/", "https://[2001:db8::1]:8", "/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example", "/"),
        ("https://①②⑦.⓪.⓪.①/", "https://127.0.0.1", "/"),
        ("https://a_b.internal./?", "https://a_b.internal", "/"),
        ("https://example.com?x", "https://example.com", "/?x"),
    ],
)
def test_equal_places_have_equal_origins(url: str, origin: str, target: str) -> None:
    destination = parse(url)
    assert destination.origin == origin
    assert destination.target == target


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "https:/x"),
        *("https://", "https:///x", "https://:80/", "https://?x", "https://a:0/", "https://a:65536/", "https://a:x/"),
        *("https://u@example.com/", "https://u:p@example.com/", "https://@example.com/", "https://a@b@example.com/"),
        *("https://example.com/#x", "https://example.com#@other/", "https://example.com\\@other/", "https://a\\b/"),
        *("https://example.com/a b", "https://exam ple.com/", " https://example.com/", "https://example.com/\n"),
        *(
            "https://example.com/\r\nHost: x",
            "https://example.com/\x00",
            "https://example\t.com/",
            "https://a\u200b.b/",
        ),
        *("https://[::1/", "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://[v1.x]/", "https://[127.0.0.1]/"),
        *("https://%31%32%37.0.0.1/", "https://a..b/", "https://-a.b/", "https://.a/", "https://a,b/", "https://a'b/"),
        *("https://" + "a" * 64 + ".b/", "https://" + "a." * 130 + "b/", "https://example.com/" + "a" * 2048),
        "https://example.com/ü",
    ],
)
def test_any_other_form_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        parse(url)


@pytest.mark.parametrize("name", ["X-Token", "authorization", "x!#$%&'*+.^_`|~9", "User-Agent", "Accept"])
def test_a_header_may_have_any_name_of_the_rfc(name: str) -> None:
    assert outgoing_headers.refused(name, "Bearer \t abc ÿ") is None


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "HOST", "Content-Type", "content-length", "Transfer-Encoding", "Connection", "Proxy-Authorization"),
        *("webhook-id", "Webhook-Anything", "Accept-Encoding", "TE", "Upgrade", "Expect", "Keep-Alive", "Trailer"),
        *("", " ", "a b", "a:", "a\r\n", "ü", "a\0", "a(b)", "x" * 129),
    ],
)
def test_a_header_of_the_servers_own_or_no_header_at_all_is_refused(name: str) -> None:
    assert outgoing_headers.refused(name, "x")


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b", "a\x7fb", "€", "\ud800", " a", "a\t", "x" * 4097])
def test_a_value_that_could_end_the_header_is_refused_and_not_quoted(value: str) -> None:
    reason = outgoing_headers.refused("X-Token", value)
    assert reason is not None
    assert value.strip() == "a" or value not in reason


def test_twenty_headers_may_stand_together_and_none_twice() -> None:
    headers = {f"X-{n}": "x" for n in range(20)}
    assert outgoing_headers.refused_together(headers) is None
    assert outgoing_headers.refused_together(headers | {"X-20": "x"})
    assert outgoing_headers.refused_together({"X-A": "1", "x-a": "2"})
