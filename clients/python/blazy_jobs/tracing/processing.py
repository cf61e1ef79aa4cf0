"""The span of an attempt, in the process that runs its handler."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from blazy_jobs.tracing import conventions as names

PARENT, LINK = "parent", "link"
CALLER = "traceparent"
"""In a lease: of the span that its middleware runs in, in another process."""


def of_worker() -> Attempts | None:
    """None where nobody records spans: then nothing is done for them."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return Attempts(as_child=os.environ.get("JOBS_TRACE_PARENT") == PARENT)


class Attempts:
    def __init__(self, *, as_child: bool) -> None:
        from opentelemetry import context, trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._as_child = as_child
        self._trace = trace
        self._context = context
        self._propagator = TraceContextTextMapPropagator()
        self._tracer = trace.get_tracer(names.WORKER_SCOPE, schema_url=names.SCHEMA_URL)
        self._ids = _choosing(self._tracer)

    def begin(self, run: Mapping[str, Any], claim: int, caller: str | None = None) -> Attempt:
        """Until its end the span is the current one of this context. `caller`: its span is in another process."""
        if caller is not None:
            return Attempt(self, None, self._propagator.extract({"traceparent": caller}))
        trace = self._trace
        dispatch = self._propagator.extract(run.get("metadata") or {})
        sent = trace.get_current_span(dispatch).get_span_context()
        is_child = self._as_child and sent.is_valid
        trace_id, span_id = names.ids_of(run["id"], claim)
        if is_child:
            trace_id = sent.trace_id
        links = self._links(run, claim, trace_id, None if is_child else sent)
        if self._ids is not None:
            self._ids.next = (trace_id, span_id)
        span = self._tracer.start_span(
            f"process {run['job_type']}",
            context=dispatch if is_child else self._context.Context(),
            kind=trace.SpanKind.CONSUMER,
            links=links,
            attributes=_attributes(run, claim),
        )
        return Attempt(self, span, trace.set_span_in_context(span, dispatch if is_child else None))

    def _links(self, run: Mapping[str, Any], claim: int, trace_id: int, dispatch: Any) -> list[Any]:
        found = []
        if dispatch is not None and dispatch.is_valid:
            found.append(self._trace.Link(dispatch, {names.LINK: "dispatch"}))
        if self._ids is None:
            return found  # its spans have ids that nobody can know
        if claim > 1:
            of_root, span_id = names.ids_of(run["id"], claim - 1)
            place = trace_id if dispatch is None else of_root
            found.append(self._link(place, span_id, "previous_attempt"))
        if (original := run.get("replay_of")) is not None and dispatch is not None:
            found.append(self._link(*names.ids_of(original, 1), "replay_of"))
        return found

    def _link(self, trace_id: int, span_id: int, what: str) -> Any:
        flags = self._trace.TraceFlags(self._trace.TraceFlags.SAMPLED)
        there = self._trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
        return self._trace.Link(there, {names.LINK: what})

    def attach(self, context: Any) -> Any:
        return self._context.attach(context)

    def detach(self, token: Any) -> None:
        self._context.detach(token)

    def traceparent(self, context: Any) -> str | None:
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, context)
        return carrier.get("traceparent")

    def failed(self, span: Any, kind: str) -> None:
        span.set_attribute(names.ERROR_TYPE, kind)
        span.set_status(self._trace.StatusCode.ERROR)


class Attempt:
    """One attempt's span, or that of its middleware in another process, which ends there."""

    def __init__(self, attempts: Attempts, span: Any, context: Any) -> None:
        self._attempts = attempts
        self._span = span
        self._context = context
        self._token = attempts.attach(context)

    def enter(self) -> None:
        """In another context than before."""
        self._token = self._attempts.attach(self._context)

    def leave(self) -> None:
        """This context; it goes on in another one."""
        self._attempts.detach(self._token)

    @property
    def traceparent(self) -> str | None:
        return self._attempts.traceparent(self._context)

    def end(self, report: Mapping[str, Any], error: BaseException | None = None) -> None:
        """`report` is what becomes of the attempt; `error` what its handler raised."""
        self.leave()
        if self._span is None:
            return
        kind = str(report["type"])
        self._span.set_attribute(names.OUTCOME, kind)
        if kind == "failed":
            about = report["error"]
            if error is not None:
                self._span.record_exception(error)
            self._attempts.failed(self._span, about.get("type") or about["code"])
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


def _choosing(tracer: Any) -> _Ids | None:
    """Of a tracer that no other code has, for its scope is its own. None of one that is not the SDK's."""
    own = getattr(tracer, "id_generator", None)
    if own is None:
        return None
    ids = tracer.id_generator = _Ids(own)
    return ids


def _attributes(run: Mapping[str, Any], claim: int) -> dict[str, Any]:
    given = {
        names.MESSAGING_SYSTEM: names.SYSTEM,
        names.OPERATION_NAME: "process",
        names.OPERATION_TYPE: "process",
        names.DESTINATION: run["queue"],
        names.MESSAGE_ID: run["id"],
        names.JOB_TYPE: run["job_type"],
        names.ATTEMPT: run["attempt"],
        names.MAX_ATTEMPTS: run["max_attempts"],
        names.CLAIM: claim,
        names.REPLAY_OF: run.get("replay_of"),
    }
    return {name: value for name, value in given.items() if value is not None}
