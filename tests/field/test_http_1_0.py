"""HTTP/1.0, as proxies and scripts still speak it: no chunks; what has no length ends with the connection."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.support.server import Server, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("http10") / "data", workers=0)
    try:
        started.start()
        with started.client() as client:
            client.put("/v1/job-types/greet", json={"handler": {"kind": "worker"}})
        yield started
    finally:
        started.close()


def exchange(server: Server, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """The whole answer: it ends with the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        return parsed(connection.makefile("rb").read())


def parsed(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert len(headers) == len(lines), "a header stands there twice"
    assert "transfer-encoding" not in headers
    assert headers["connection"] == "close"
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize("keep_alive", ["", "Connection: keep-alive\r\n"])
@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/metrics", "/v1/stats", "/v1/runs", "/openapi.json", "/docs", "/v1/none", "/v1/workers"],
)
def test_every_answer_is_whole(server: Server, path: str, keep_alive: str) -> None:
    status, headers, body = exchange(server, f"GET {path} HTTP/1.0\r\n{keep_alive}\r\n".encode())
    assert status == (200 if path in ("/healthz", "/readyz") else 403), (
        "without a key, whoever names no host is a stranger"
    )
    status, headers, body = exchange(server, f"GET {path} HTTP/1.0\r\nHost: localhost\r\n{keep_alive}\r\n".encode())
    assert status == (404 if path == "/v1/none" else 200)
    assert len(body) == int(headers["content-length"])
    head, same, nothing = exchange(server, f"HEAD {path} HTTP/1.0\r\nHost: localhost\r\n{keep_alive}\r\n".encode())
    assert (head, nothing) == (status, b"")
    assert same["content-type"] == headers["content-type"]


@pytest.mark.parametrize("keep_alive", ["", "Connection: keep-alive\r\n"])
def test_a_dispatch_has_its_body(server: Server, keep_alive: str) -> None:
    body = b'{"payload": 7}'
    head = "POST /v1/job-types/greet/runs HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = f"{head}{keep_alive}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    status, _, answer = exchange(server, request)
    assert (status, json.loads(answer)["payload"]) == (202, 7), "an expectation of HTTP/1.0 is none"


@pytest.mark.parametrize("keep_alive", ["", "Connection: keep-alive\r\n"])
@pytest.mark.parametrize("path", ["/v1/runs/{run}/events", "/v1/events?from=start"])
def test_a_stream_comes_plain_and_ends_with_the_connection(server: Server, path: str, keep_alive: str) -> None:
    with server.client() as client:
        run = client.post("/v1/job-types/greet/runs", json={"payload": 1}).json()["id"]
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            text = f"GET {path.format(run=run)} HTTP/1.0\r\nHost: localhost\r\n{keep_alive}\r\n"
            connection.sendall(text.encode())
            raw = b""
            while run.encode() not in raw:
                raw += connection.recv(65536)
            assert raw.partition(b"\r\n\r\n")[2].startswith(b"retry: 1000\n")
            client.post(f"/v1/runs/{run}/cancel")
            while b"event: cancelled" not in raw:
                raw += connection.recv(65536)
            if "events?" not in path:
                while chunk := connection.recv(65536):
                    raw += chunk
        status, headers, body = parsed(raw)
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert body.endswith(b"\n\n")
        assert b"\r" not in body
        wait_until(lambda: client.get("/v1/stats").json()["open_streams"] == 0, "the stream is closed here too")
    status, headers, body = exchange(
        server, f"HEAD {path.format(run=run)} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
    )
    assert (status, body) == (200, b"")


def test_a_request_in_chunks_is_refused(server: Server) -> None:
    head = b"POST /v1/job-types/greet/runs HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    status, _, body = exchange(server, head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (400, "malformed_request")
