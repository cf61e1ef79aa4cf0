"""WSGI apps that receive: for Flask, Django, Bottle, or on their own under gunicorn.

resize = wsgi.receive(resize_photo)

@app.post("/jobs/resize-photo")
def resize_photo_call():
    return resize        # Flask calls a WSGI app that a view returns
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from http.client import responses
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from blazy_jobs.receiving import answers
from blazy_jobs.receiving.answers import Answer
from blazy_jobs.receiving.attempt import Attempt
from blazy_jobs.receiving.intake import DEFAULT_MAX_BODY_BYTES, Intake
from blazy_jobs.receiving.messages import HandlerCall, WebhookEvent, call_of, event_of
from blazy_jobs.receiving.reports import RELEASED
from blazy_jobs.receiving.served import LATER, Completion, Handled, Served, is_async
from blazy_jobs.receiving.speaking import BEAT_SECONDS, RELEASE_SECONDS, Speech, ThreadSpeaker
from blazy_jobs.receiving.verification import DEFAULT_TOLERANCE_SECONDS, Secrets
from blazy_jobs.worker.standing import current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REASONS = {**responses, 422: "Unprocessable Content"}


def receive(
    handler: Handled,
    *,
    secrets: Secrets = None,
    completion: Completion = "response",
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    beat_seconds: float = BEAT_SECONDS,
) -> WSGIApplication:
    """As `asgi.receive`; handlers run in the request's thread, or with `completion="report"` in one that begins when
    the answer has been sent. A WSGI app is not told that the server has hung up: a handler finds out by
    `context.cancelled` and `context.raise_if_cancelled()`, which ask the server every `beat_seconds`."""
    return _Calls(handler, Intake(call_of, secrets, tolerance, max_body_bytes), completion, beat_seconds)


def receive_webhook(
    handler: Callable[[WebhookEvent], Any],
    *,
    secrets: Secrets = None,
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
) -> WSGIApplication:
    """Calls the handler with each event; `204` when it has returned, whatever it returns. Raises SecretInvalid."""
    return _Events(handler, Intake(event_of, secrets, tolerance, max_body_bytes))


class _App:
    max_body_bytes: int

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer, afterwards = self._answer(environ)
        reason = _REASONS.get(answer.status, "")
        start_response(f"{answer.status} {reason}", answer.all_headers())
        return [answer.body] if afterwards is None else _Answering(answer.body, afterwards)

    def _answer(self, environ: WSGIEnvironment) -> tuple[Answer, Callable[[], None] | None]:
        if environ["REQUEST_METHOD"] != "POST":
            return answers.METHOD_NOT_ALLOWED, None
        body = _read(environ, self.max_body_bytes)
        return (body, None) if isinstance(body, Answer) else self._received(environ, body)

    def _received(self, environ: WSGIEnvironment, body: bytes) -> tuple[Answer, Callable[[], None] | None]:
        raise NotImplementedError  # _Calls and _Events say it


class _Calls(_App):
    def __init__(
        self, handler: Handled, intake: Intake[HandlerCall], completion: Completion, beat_seconds: float
    ) -> None:
        self._served = Served(handler)
        self._intake = intake
        self._reports = completion == "report"
        self._beat_seconds = beat_seconds
        self.max_body_bytes = intake.max_body_bytes

    def _received(self, environ: WSGIEnvironment, body: bytes) -> tuple[Answer, Callable[[], None] | None]:
        call = self._intake.take(_headers(environ), body)
        if isinstance(call, Answer):
            return call, None
        attempt = self._served.attempt(call)
        if attempt is None:
            return answers.unknown_job(call.run.job_type), None
        speaker = None if call.report is None else ThreadSpeaker(Speech(attempt, self._beat_seconds), call.report)
        if self._reports and speaker is not None:
            return answers.ACCEPTED, _Work(self._served, attempt, speaker).start
        report = contextvars.copy_context().run(_run, self._served, attempt)
        attempt.end()
        if speaker is not None:
            speaker.close()
        return answers.ACCEPTED if report["type"] == LATER else answers.of_report(report), None


class _Events(_App):
    def __init__(self, handler: Callable[[WebhookEvent], Any], intake: Intake[WebhookEvent]) -> None:
        self._handler = handler
        self._is_async = is_async(handler)
        self._intake = intake
        self.max_body_bytes = intake.max_body_bytes

    def _received(self, environ: WSGIEnvironment, body: bytes) -> tuple[Answer, Callable[[], None] | None]:
        event = self._intake.take(_headers(environ), body)
        if isinstance(event, Answer):
            return event, None
        try:
            if self._is_async:
                asyncio.run(self._handler(event))
            else:
                self._handler(event)
        except Exception as error:  # noqa: BLE001 - it becomes the answer, and a line of the log
            answers.tell(event, error)
            return answers.of_event_error(error), None
        return answers.DONE, None


class _Work:
    """A handler that goes on after the answer."""

    def __init__(self, served: Served, attempt: Attempt, speaker: ThreadSpeaker) -> None:
        self._served, self._attempt, self._speaker = served, attempt, speaker
        self._thread = threading.Thread(target=self._run, name=f"blazy-jobs-{attempt.run_id}", daemon=True)

    def start(self) -> None:
        _working.add(self)
        self._speaker.start()
        self._thread.start()

    def release(self) -> None:
        """The process is ending, and the thread with it."""
        self._attempt.stop("release")
        self._thread.join(RELEASE_SECONDS)
        if self._thread.is_alive():
            self._speaker.close(RELEASED, RELEASE_SECONDS)

    def _run(self) -> None:
        try:
            report = _run(self._served, self._attempt)
            self._attempt.end()
            self._speaker.close(None if report["type"] == LATER else report)
        finally:
            _working.discard(self)


_working: WeakSet[_Work] = WeakSet()


@atexit.register
def _release_all() -> None:
    """What the process takes with it goes back to the queue at once, and not when its silence is noticed."""
    for work in list(_working):
        work.release()


def _run(served: Served, attempt: Attempt) -> Any:
    current.set(attempt)
    return served.run_here(attempt)


class _Answering:
    """The server closes it when it has sent the answer."""

    def __init__(self, body: bytes, afterwards: Callable[[], None]) -> None:
        self._parts = iter([body])
        self._afterwards = afterwards

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self._afterwards()


def _headers(environ: WSGIEnvironment) -> list[tuple[str, str]]:
    return [(name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")]


def _read(environ: WSGIEnvironment, most_bytes: int) -> bytes | Answer:
    text = environ.get("CONTENT_LENGTH") or ""
    known = text.isascii() and text.isdecimal()
    if not known and not environ.get("wsgi.input_terminated"):
        return answers.LENGTH_REQUIRED
    length = int(text) if known else most_bytes + 1
    if known and length > most_bytes:
        return answers.too_large(most_bytes)
    body: bytes = environ["wsgi.input"].read(length)
    return answers.too_large(most_bytes) if len(body) > most_bytes else body
