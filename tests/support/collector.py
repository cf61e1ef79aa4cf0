"""A collector of OpenTelemetry: takes spans by OTLP over HTTP, as the specification has it, and keeps them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.support.server import wait_until

KINDS = {3: "client", 4: "producer", 5: "consumer"}


class Span(NamedTuple):
    service: str
    scope: str
    schema: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    is_error: bool
    attributes: dict[str, Any]
    links: dict[str, tuple[str, str]]
    """What each leads to: a trace and a span."""
    events: list[str]

    @property
    def place(self) -> tuple[str, str]:
        return self.trace_id, self.span_id


class Collector:
    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Span] = []
        self.parents: list[str] = []
        """`traceparent` of requests that are not for a collector, all of which are refused."""
        self._lock = threading.Lock()

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        found = []
        for resource in request.resource_spans:
            service = _plain(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                found += [_span(service, scope.scope.name, scope.schema_url, span) for span in scope.spans]
        with self._lock:
            self.spans += found

    def named(self, name: str, **attributes: Any) -> list[Span]:
        """In the order of their ends' arrival; by attributes whose dots are left out up to the last one."""
        with self._lock:
            spans = list(self.spans)
        wanted = {f"messaging.blazy_jobs.{key}": value for key, value in attributes.items()}
        return [span for span in spans if span.name == name and wanted.items() <= span.attributes.items()]

    def one(self, name: str, **attributes: Any) -> Span:
        """As soon as it is there."""
        found = wait_until(lambda: self.named(name, **attributes), f"a span {name!r} {attributes}")
        assert len(found) == 1, found
        return found[0]


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf":
                collector.take(body)
            else:
                collector.parents.append(self.headers["traceparent"])
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        collector = Collector(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield collector
        finally:
            http.shutdown()
            thread.join()


def _span(service: str, scope: str, schema: str, span: Any) -> Span:
    links = {
        _plain(link.attributes)["messaging.blazy_jobs.link"]: (link.trace_id.hex(), link.span_id.hex())
        for link in span.links
    }
    return Span(
        service,
        scope,
        schema,
        span.name,
        KINDS.get(span.kind, str(span.kind)),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code == 2,
        _plain(span.attributes),
        links,
        [event.name for event in span.events],
    )


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
