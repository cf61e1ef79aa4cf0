"""Spans of OpenTelemetry for attempts that the server itself makes: those of HTTP handlers.

Workers have the same ones (blazy_jobs.tracing), and the ids follow from the run in the same way. Nothing of
OpenTelemetry's SDK is imported unless the environment names a collector.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from msgspec import Struct

from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.domain.trace_context import ids_of

if TYPE_CHECKING:
    from opentelemetry.trace import Span

log = structlog.get_logger("tracing")

SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
SCOPE = "blazy_jobs.http"
SYSTEM = "blazy_jobs"
EXPORTING = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    return (
        any(environment.get(name) for name in EXPORTING)
        and environment.get("OTEL_SDK_DISABLED", "").lower() != "true"
        and environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    )


def start(*, as_child: bool) -> Attempts | None:
    """Sends them to the collector that the environment names; None where it names none, or the SDK is missing."""
    if not is_wanted():
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        hint = "pip install 'blazy-jobs-server[otel]'"
        log.warning("no spans are recorded", reason=f"{error.name} is not installed", hint=hint)
        return None
    resource = Resource.create({"service.name": "blazy-jobs"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Attempts(provider, as_child=as_child)


class Told(Struct, frozen=True):
    """What became of an attempt. `error` is the kind of its failure."""

    outcome: str
    error: str | None = None


class Attempts:
    def __init__(self, provider: Any, *, as_child: bool) -> None:
        from opentelemetry import trace
        from opentelemetry.context import Context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._as_child = as_child
        self._trace = trace
        self._nothing = Context()
        self._propagator = TraceContextTextMapPropagator()
        self._tracer = provider.get_tracer(SCOPE, schema_url=SCHEMA_URL)
        self._ids = self._tracer.id_generator = _Ids(self._tracer.id_generator)

    def begin(self, run: Run, address: str | None) -> Attempt:
        """Of a run that was just claimed. `address` is the host of its handler."""
        trace = self._trace
        run_id = public_run_id(run.id)
        dispatch = self._propagator.extract(orjson.loads(run.metadata), self._nothing)
        sent = trace.get_current_span(dispatch).get_span_context()
        is_child = self._as_child and sent.is_valid
        trace_id, span_id = ids_of(run_id, run.claims)
        if is_child:
            trace_id = sent.trace_id
        links = [] if is_child or not sent.is_valid else [trace.Link(sent, {"messaging.blazy_jobs.link": "dispatch"})]
        if run.claims > 1:
            of_root, before = ids_of(run_id, run.claims - 1)
            links.append(self._link(trace_id if is_child else of_root, before, "previous_attempt"))
        if run.replay_of is not None and not is_child:
            links.append(self._link(*ids_of(public_run_id(run.replay_of), 1), "replay_of"))
        self._ids.next = (trace_id, span_id)
        span = self._tracer.start_span(
            f"process {run.job_type}",
            context=dispatch if is_child else self._nothing,
            kind=trace.SpanKind.CONSUMER,
            links=links,
            attributes=_attributes(run, run_id, address),
        )
        return Attempt(self, span)

    def _link(self, trace_id: int, span_id: int, what: str) -> Any:
        flags = self._trace.TraceFlags(self._trace.TraceFlags.SAMPLED)
        there = self._trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
        return self._trace.Link(there, {"messaging.blazy_jobs.link": what})

    def headers(self, span: Span) -> dict[str, str]:
        """`traceparent` and `tracestate` of a request that is made within the span."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, self._trace.set_span_in_context(span, self._nothing))
        return carrier

    def failed(self, span: Span, kind: str) -> None:
        span.set_attribute("error.type", kind)
        span.set_status(self._trace.StatusCode.ERROR)

    def close(self) -> None:
        """Sends what is left, as far as the collector takes it. Blocks."""
        self._provider.shutdown()


class Attempt:
    def __init__(self, attempts: Attempts, span: Span) -> None:
        self._attempts = attempts
        self._span = span
        self.headers = attempts.headers(span)

    def end(self, told: Told) -> None:
        self._span.set_attribute("messaging.blazy_jobs.outcome", told.outcome)
        if told.error is not None:
            self._attempts.failed(self._span, told.error)
        self._span.end()


class _Ids:
    """An id generator of the SDK that gives a span the ids that were chosen for it."""

    def __init__(self, own: Any) -> None:
        self._own = own
        self.next: tuple[int, int] | None = None

    def generate_trace_id(self) -> int:
        return int(self._own.generate_trace_id() if self.next is None else self.next[0])

    def generate_span_id(self) -> int:
        chosen, self.next = self.next, None
        return int(self._own.generate_span_id() if chosen is None else chosen[1])

    def is_trace_id_random(self) -> bool:
        """They are digests."""
        return True


def _attributes(run: Run, run_id: str, address: str | None) -> dict[str, Any]:
    given = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": run.queue,
        "messaging.message.id": run_id,
        "server.address": address,
        "messaging.blazy_jobs.job_type": run.job_type,
        "messaging.blazy_jobs.attempt": run.attempt,
        "messaging.blazy_jobs.max_attempts": run.settings.retry.max_attempts,
        "messaging.blazy_jobs.claim": run.claims,
        "messaging.blazy_jobs.replay_of": None if run.replay_of is None else public_run_id(run.replay_of),
    }
    return {name: value for name, value in given.items() if value is not None}
