"""OpenTelemetry in a worker's processes, where their environment asks for it."""

from __future__ import annotations

import os
import sys
import threading

EXPORTING = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
FLUSH_SECONDS = 0.7
"""A process that is told to end is killed a second later."""


def is_wanted() -> bool:
    return (
        any(os.environ.get(name) for name in EXPORTING)
        and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true"
        and os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    )


def start(service: str) -> str | None:
    """Sends spans to the collector that the environment names, unless the program has seen to its spans itself. What
    is in the way, as words, where something is."""
    if not is_wanted():
        return None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        return f"{error.name} is not installed: pip install 'blazy-jobs[otel]'"
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    resource = Resource.create({"service.name": service}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return None


def flush() -> None:
    """What has ended is sent, as far as that is quick."""
    trace = sys.modules.get("opentelemetry.trace")
    force = None if trace is None else getattr(trace.get_tracer_provider(), "force_flush", None)
    if force is not None:
        flushing = threading.Thread(target=force, args=(int(FLUSH_SECONDS * 1000),), daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)
