"""A request of HTTP/1.1 says once whom it is for (RFC 9112, 3.2)."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest

from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("host") / "data", workers=0)
    try:
        yield started.start()
    finally:
        started.close()


def ask(server: Server, request: str) -> tuple[int, str | None]:
    """Status and code."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request.encode("latin-1"))
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    document = json.loads(body)
    return int(head.split()[1]), document.get("code") if isinstance(document, dict) else None


@pytest.mark.parametrize("path", ["/healthz", "/v1/runs", "/nothing"])
@pytest.mark.parametrize(
    "hosts",
    [
        "",
        "Host: evil.example\r\nHost: localhost\r\n",
        "Host: localhost\r\nhost: localhost\r\n",
        "Host: local host\r\n",
        "Host: localhost/x\r\n",
        "Host: user@localhost\r\n",
        "Host: localhost, evil.example:1\r\n",
        "Host: localhost:80x\r\n",
        "Host: [::1\r\n",
    ],
)
def test_none_two_or_a_wrong_one_is_refused(server: Server, hosts: str, path: str) -> None:
    assert ask(server, f"GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n") == (400, "malformed_request")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "[::1]", "[::1]:80", "x.localhost"])
def test_one_is_right(server: Server, host: str) -> None:
    assert ask(server, f"GET /v1/runs HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")[0] == 200


@pytest.mark.parametrize("host", ["", "evil.example"])
def test_a_host_elsewhere_is_refused_without_a_key(server: Server, host: str) -> None:
    assert ask(server, f"GET /v1/runs HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n") == (403, "host_refused")


def test_a_target_with_a_host_counts_instead(server: Server) -> None:
    end = "Connection: close\r\n\r\n"
    assert ask(server, f"GET http://localhost/v1/runs?limit=1 HTTP/1.1\r\nHost: evil.example\r\n{end}")[0] == 200
    refused = ask(server, f"GET http://evil.example/v1/runs HTTP/1.1\r\nHost: localhost\r\n{end}")
    assert refused == (403, "host_refused")
    nowhere = ask(server, f"DELETE http://localhost HTTP/1.1\r\nHost: localhost\r\n{end}")
    assert nowhere == (405, "method_not_allowed"), "of the path /"


def test_a_trailer_is_no_header(server: Server) -> None:
    request = (
        "POST /v1/schedules/preview HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\nHost: localhost\r\n\r\n"
    )
    assert ask(server, request) == (403, "host_refused")


def test_answers_come_in_the_order_of_the_requests(server: Server) -> None:
    """What is refused as no request waits for the answers before it."""
    good = "GET /v1/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"{good}{good}GET /v1/runs HTTP/1.1\r\n\r\n{good}".encode())
        received = connection.makefile("rb").read()
    assert re.findall(rb"HTTP/1.1 (\d+) [A-Z]", received) == [b"200", b"200", b"400"]
