"""A proxy that puts a server below a path, and takes the path off again or keeps it."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser goes away in the middle of a stream, and so does a server."""


@contextlib.contextmanager
def below(prefix: str, root: str, port: int = 0, *, keep: bool = False) -> Iterator[str]:
    """`prefix` such as `/a/b`. What it gives is the address that stands for `root` then."""
    taken = 0 if keep else len(prefix)
    there = urlsplit(root)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            if not self.path.startswith(f"{prefix}/"):
                self.send_error(404)
                return
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else None
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            upstream = http.client.HTTPConnection(there.hostname or "", there.port)
            with contextlib.closing(upstream):
                upstream.request(self.command, self.path[taken:], body, headers)
                self.answer(upstream.getresponse())

        def answer(self, found: http.client.HTTPResponse) -> None:
            self.send_response(found.status)
            for name, value in found.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            if found.getheader("content-length") is None:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            while chunk := found.read1(65536):
                self.wfile.write(chunk)
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

    server = _Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
