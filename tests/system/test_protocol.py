"""The server's HTTP as bytes on a connection: what is no request, and heads that do not end."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from blazy_jobs_server.api import protocol
from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("protocol") / "data", workers=0)
    try:
        yield started.start()
    finally:
        started.close()


@pytest.fixture
def connection(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return int(lines[0].split()[1]), headers, body


def refused(connection: socket.socket, status: int, code: str) -> None:
    """The next answer is this problem, and the connection ends with it."""
    got, headers, body = answer(connection)
    document = json.loads(body)
    assert (got, document["status"], document["code"]) == (status, status, code)
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")
    assert connection.recv(1) == b""


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"FOO /v1/runs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_request_is_a_problem_too(connection: socket.socket, request_bytes: bytes) -> None:
    connection.sendall(request_bytes)
    refused(connection, 400, "malformed_request")


def test_the_head_of_every_request_is_bounded(connection: socket.socket) -> None:
    for _ in range(2):
        connection.sendall(GET)
        assert answer(connection)[0] == 200
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ")
    sent = 0
    try:
        while sent < 4 << 20:
            connection.sendall(b"a" * 65536)
            sent += 65536
    except OSError:
        return  # cut while it was still sending
    refused(connection, 431, "header_too_large")


def test_a_long_head_is_refused_with_its_reason(connection: socket.socket) -> None:
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * (protocol.HEADER_BYTES - 40))
    refused(connection, 431, "header_too_large")


def test_a_head_may_come_in_pieces_before_a_large_body(connection: socket.socket) -> None:
    body = json.dumps({"payload": "x" * 70_000}).encode()
    head = b"POST /v1/job-types/none/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in (head[:-1], head[-1:] + body):
        connection.sendall(piece)
    status, headers, answered = answer(connection)
    assert (status, json.loads(answered)["code"]) == (404, "job_type_not_found")
    assert "date" in headers


def test_requests_in_one_packet_are_answered_in_turn(connection: socket.socket) -> None:
    connection.sendall(GET * 3)
    received = b""
    while received.count(b"HTTP/1.1 200") < 3:
        received += connection.recv(65536)
