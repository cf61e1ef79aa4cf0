"""For web apps of one's own: handlers that the server calls over HTTP, and webhooks.

`asgi` and `wsgi` make an app of a handler. `verify`, `read_call` and `read_event` take headers and body of a request
from any framework; `Reporter` and `AsyncReporter` speak to the server about the run.
"""

from blazy_jobs.receiving.context import CallContext, Later
from blazy_jobs.receiving.errors import (
    AttemptOver,
    BodyInvalid,
    HeadersInvalid,
    ReceivingError,
    ReportRefused,
    SecretInvalid,
    SignatureInvalid,
    TooNew,
    TooOld,
    VerificationFailed,
)
from blazy_jobs.receiving.messages import (
    HandlerCall,
    ReportAddress,
    WebhookEvent,
    read_call,
    read_event,
)
from blazy_jobs.receiving.reporter import AsyncReporter, Reporter
from blazy_jobs.receiving.reports import Heard
from blazy_jobs.receiving.verification import Message, Verifier, verify

__all__ = [
    "AsyncReporter",
    "AttemptOver",
    "BodyInvalid",
    "CallContext",
    "HandlerCall",
    "HeadersInvalid",
    "Heard",
    "Later",
    "Message",
    "ReceivingError",
    "ReportAddress",
    "ReportRefused",
    "Reporter",
    "SecretInvalid",
    "SignatureInvalid",
    "TooNew",
    "TooOld",
    "VerificationFailed",
    "Verifier",
    "WebhookEvent",
    "read_call",
    "read_event",
    "verify",
]
