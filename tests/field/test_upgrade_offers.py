"""An offer to go over to another protocol is passed over (RFC 9110, 7.8): the body stays the body, and no byte of it is
ever taken for a request."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

INNER = b"POST /v1/job-types/victim/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
OFFERS = (
    "Connection: Upgrade\r\nUpgrade: websocket",
    "Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "connection: keep-alive, UPGRADE\r\nupgrade: nobody/1.0, h2c",
    "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\nUpgrade: h2c",
    "Upgrade: h2c",
    "Connection: Upgrade",
)
WAYS = ("one segment", "body later", "byte by byte")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("upgrade") / "data", workers=0)
    try:
        started.start()
        with started.client() as client:
            for name in ("victim", "greet"):
                client.put(f"/v1/job-types/{name}", json={"handler": {"kind": "worker"}})
        yield started
    finally:
        started.close()


class Connection:
    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def send(self, head: bytes, body: bytes, way: str) -> None:
        match way:
            case "one segment":
                self.socket.sendall(head + body)
            case "body later":
                self.socket.sendall(head)
                if body:
                    self.settle()
                    self.socket.sendall(body)
            case _:
                for byte in head + body:
                    self.socket.sendall(bytes([byte]))

    def settle(self) -> None:
        """What was sent has left this machine's end, so that what follows comes in a segment of its own."""
        import fcntl
        import struct
        import time

        while struct.unpack("i", fcntl.ioctl(self.socket, 0x5411, b"\0\0\0\0"))[0]:  # SIOCOUTQ: not acknowledged yet
            time.sleep(0.001)
        time.sleep(0.02)

    def answer(self, *, head_only: bool = False) -> tuple[int, Any]:
        status = int(self._file.readline().split()[1])
        length = 0
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            assert name.lower() != b"upgrade"
            if name.lower() == b"content-length":
                length = int(value)
        body = b"" if head_only else self._file.read(length)
        return status, json.loads(body) if body else None

    def ends_after_this(self) -> None:
        """A request that closes: what was parsed as further ones would have been answered before it."""
        self.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert self.answer() == (200, {"status": "ok"})
        assert self._file.read() == b""

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    connection = Connection(server)
    yield connection
    connection.close()


def request(method: str, path: str, offer: str, body: bytes, framing: str, extra: str = "") -> tuple[bytes, bytes]:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", offer]
    if body:
        lines.append("Content-Type: application/json")
    if framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        middle = len(body) // 2
        pieces = [piece for piece in (body[:middle], body[middle:]) if piece]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif body:
        lines.append(f"Content-Length: {len(body)}")
    lines += [extra] if extra else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n", body


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("offer", OFFERS)
def test_the_body_is_read_as_the_body(connection: Connection, offer: str, framing: str, way: str) -> None:
    """It holds, in a string, what would be a request."""
    payload = {"text": INNER.decode()}
    body = json.dumps({"payload": payload}).encode()
    connection.send(*request("POST", "/v1/job-types/greet/runs", offer, body, framing), way)
    status, run = connection.answer()
    assert (status, run["payload"]) == (202, payload)
    body = b'{"handler": {"kind": "worker"}, "description": "changed"}'
    connection.send(*request("PUT", "/v1/job-types/greet", offer, body, framing), way)
    assert connection.answer()[1]["description"] == "changed"
    for method in ("GET", "HEAD"):
        connection.send(*request(method, "/healthz", offer, b"", "none"), way)
        assert connection.answer(head_only=method == "HEAD")[0] == 200
    connection.ends_after_this()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("offer", OFFERS)
def test_no_byte_of_a_body_is_run_as_a_request(server: Server, connection: Connection, offer: str, way: str) -> None:
    connection.send(*request("POST", "/v1/job-types/greet/runs", offer, INNER, "length"), way)
    status, problem = connection.answer()
    assert (status, problem["code"]) == (400, "malformed_json")
    connection.ends_after_this()
    with server.client() as client:
        assert client.get("/v1/job-types/victim").json()["paused"] is False


@pytest.mark.parametrize("offer", OFFERS)
def test_a_body_that_is_refused_unread_is_none_either(server: Server, connection: Connection, offer: str) -> None:
    head, body = request("POST", "/v1/job-types/greet/runs", offer, INNER, "length")
    connection.send(head.replace(b"application/json", b"text/plain"), body, "body later")
    assert connection.answer()[0] == 415
    connection.ends_after_this()
    with server.client() as client:
        assert client.get("/v1/job-types/victim").json()["paused"] is False


@pytest.mark.parametrize("offer", OFFERS)
def test_who_waits_for_100_continue_gets_it(connection: Connection, offer: str) -> None:
    head, body = request("POST", "/v1/job-types/greet/runs", offer, b'{"payload": 7}', "length", "Expect: 100-continue")
    connection.send(head, b"", "one segment")
    assert connection._file.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert connection._file.readline() == b"\r\n"
    connection.socket.sendall(body)
    assert connection.answer()[1]["payload"] == 7
    connection.ends_after_this()


@pytest.mark.parametrize("way", WAYS)
def test_requests_in_a_row_are_answered_in_their_order(connection: Connection, way: str) -> None:
    everything = b""
    for number, offer in enumerate(OFFERS):
        body = json.dumps({"payload": number}).encode()
        everything += b"".join(
            request("POST", "/v1/job-types/greet/runs", offer, body, ("length", "chunked")[number % 2])
        )
    connection.send(everything, b"", way)
    assert [connection.answer()[1]["payload"] for _ in OFFERS] == list(range(len(OFFERS)))
    connection.ends_after_this()


def test_a_head_with_an_offer_is_bounded_too(connection: Connection) -> None:
    head, _ = request("GET", "/healthz", OFFERS[0], b"", "none", f"X: {'x' * 70_000}")
    connection.socket.sendall(head[:66_000])
    assert connection.answer()[0] == 431


def test_an_offer_of_http_1_0_is_none(connection: Connection) -> None:
    head, body = request("POST", "/v1/job-types/greet/runs", OFFERS[0], b'{"payload": 7}', "length")
    connection.send(head.replace(b"HTTP/1.1", b"HTTP/1.0"), body, "body later")
    assert connection.answer()[1]["payload"] == 7
    assert connection._file.read() == b""


@pytest.mark.parametrize(
    "head", [b"CONNECT localhost:80 HTTP/1.1", b"PRI * HTTP/2.0", b"GET /healthz HTTP/2.0", b"GET /healthz"]
)
def test_what_is_another_protocol_is_refused(connection: Connection, head: bytes) -> None:
    connection.socket.sendall(head + b"\r\nHost: localhost\r\n\r\n" + INNER)
    status, problem = connection.answer()
    assert (status, problem["code"]) == (400, "malformed_request")
    assert connection._file.read() == b""


def test_curl_that_offers_http_2_is_answered(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    url = f"{server.url}/v1/job-types/greet/runs"
    arguments = [
        "--http2",
        "--json",
        '{"payload": 7}',
        url,
        "--next",
        "--silent",
        "--http2",
        "--json",
        '{"payload": 8}',
        url,
    ]
    done = subprocess.run(["curl", "--silent", "--noproxy", "*", *arguments], capture_output=True, check=True)
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(done.stdout.decode())
    second, _ = decoder.raw_decode(done.stdout.decode()[end:])
    assert (first["payload"], second["payload"]) == (7, 8)
