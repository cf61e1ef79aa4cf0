"""The span of a dispatch, in the program that dispatches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from blazy_jobs.tracing import conventions as names

if TYPE_CHECKING:
    from opentelemetry.trace import Span


class Sends(NamedTuple):
    """Runs that a call makes, for their trace. `replay_of`: the run that is dispatched again."""

    job_type: str | None = None
    number: int = 1
    replay_of: str | None = None


def tracer() -> Sender | None:
    """None where the program does not use OpenTelemetry. One that does has imported it."""
    return Sender() if "opentelemetry.trace" in sys.modules else None


class Sender:
    def __init__(self) -> None:
        from opentelemetry import trace

        self._tracer = trace.get_tracer(names.SCOPE, schema_url=names.SCHEMA_URL)

    @contextmanager
    def span(self, sends: Sends, url: str) -> Iterator[Sending]:
        """Around the request. What it raises is recorded."""
        from opentelemetry.trace import SpanKind

        address = urlsplit(url)
        given = {
            names.MESSAGING_SYSTEM: names.SYSTEM,
            names.OPERATION_NAME: "send",
            names.OPERATION_TYPE: "send",
            names.SERVER_ADDRESS: address.hostname,
            names.SERVER_PORT: address.port,
            names.JOB_TYPE: sends.job_type,
            names.REPLAY_OF: sends.replay_of,
            names.BATCH_COUNT: sends.number if sends.number != 1 or sends.job_type is sends.replay_of is None else None,
        }
        attributes = {name: value for name, value in given.items() if value is not None}
        title = "send" if sends.job_type is None else f"send {sends.job_type}"
        with self._tracer.start_as_current_span(title, kind=SpanKind.PRODUCER, attributes=attributes) as span:
            try:
                yield Sending(span)
            except BaseException as error:
                span.set_attribute(names.ERROR_TYPE, getattr(error, "code", None) or type(error).__name__)
                raise


class Sending:
    def __init__(self, span: Span) -> None:
        self._span = span

    def headers(self) -> Mapping[str, str]:
        """Of the request: where its runs belong."""
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return carrier

    def told(self, answer: Any) -> Any:
        """The answer, of which the span learns what was made."""
        if self._span.is_recording() and isinstance(answer, dict) and "job_type" in answer:
            self._span.update_name(f"send {answer['job_type']}")
            self._span.set_attributes(
                {
                    names.MESSAGE_ID: answer["id"],
                    names.DESTINATION: answer["queue"],
                    names.JOB_TYPE: answer["job_type"],
                }
            )
        return answer
