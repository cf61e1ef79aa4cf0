"""ASGI apps that receive: for FastAPI, Starlette, Django, Litestar, or on their own under uvicorn.

app.add_route("/jobs/resize-photo", asgi.receive(resize_photo), methods=["POST"])
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any

from blazy_jobs.receiving import answers
from blazy_jobs.receiving.answers import Answer
from blazy_jobs.receiving.attempt import Attempt
from blazy_jobs.receiving.intake import DEFAULT_MAX_BODY_BYTES, Intake
from blazy_jobs.receiving.messages import HandlerCall, WebhookEvent, call_of, event_of
from blazy_jobs.receiving.served import LATER, Completion, Handled, Served, is_async
from blazy_jobs.receiving.speaking import BEAT_SECONDS, AsyncSpeaker, Speech
from blazy_jobs.receiving.verification import DEFAULT_TOLERANCE_SECONDS, Secrets
from blazy_jobs.worker.outcome import Report

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[..., Any]
"""An ASGI app. Frameworks have types of their own for its arguments, and Starlette's `add_route` one for endpoints."""


def receive(
    handler: Handled,
    *,
    secrets: Secrets = None,
    completion: Completion = "response",
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    beat_seconds: float = BEAT_SECONDS,
) -> App:
    """Carries out the runs that the server sends to this address: with a function or a Job all of them, with a Jobs
    each by its name. `def` handlers run in threads.

    `completion` must be what the job type says: with `report` the answer comes before the work, whose outcome is
    reported, with a heartbeat every `beat_seconds`. When the server hangs up, as it does for a cancel and at the
    deadline, the handler is cancelled.

    Raises SecretInvalid, DefinitionError, ValueError.
    """
    return _Calls(handler, Intake(call_of, secrets, tolerance, max_body_bytes), completion, beat_seconds)


def receive_webhook(
    handler: Callable[[WebhookEvent], Any],
    *,
    secrets: Secrets = None,
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
) -> App:
    """Calls the handler with each event; `204` when it has returned, whatever it returns. Raises SecretInvalid."""
    return _Events(handler, Intake(event_of, secrets, tolerance, max_body_bytes))


class _App:
    """An instance, not a function: Starlette and FastAPI take it for an app."""

    max_body_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        else:
            answer = await self._answer(scope, receive, send)
            if answer is not None:
                await _answer(send, answer)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        if scope["method"] != "POST":
            return answers.METHOD_NOT_ALLOWED
        body = await _read(receive, self.max_body_bytes)
        return await self._received(scope, body, receive, send) if isinstance(body, bytes) else body

    async def _received(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> Answer | None:
        """None: it has answered."""
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

    async def _received(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> Answer | None:
        call = self._intake.take(scope["headers"], body)
        if isinstance(call, Answer):
            return call
        attempt = self._served.attempt(call)
        if attempt is None:
            return answers.unknown_job(call.run.job_type)
        speaker = None if call.report is None else AsyncSpeaker(Speech(attempt, self._beat_seconds), call.report)
        if self._reports and speaker is not None:
            await _answer(send, answers.ACCEPTED)
            await self._work_on(attempt, speaker)
            return None
        report = await self._work(attempt, receive)
        if speaker is not None:
            await speaker.close()
        return answers.ACCEPTED if report["type"] == LATER else answers.of_report(report)

    async def _work(self, attempt: Attempt, receive: Receive) -> Report:
        watch = asyncio.create_task(_until_gone(receive))
        watch.add_done_callback(lambda done: None if done.cancelled() else _hung_up(attempt, done))
        try:
            return await self._served.run(attempt)
        finally:
            attempt.end()
            watch.cancel()

    async def _work_on(self, attempt: Attempt, speaker: AsyncSpeaker) -> None:
        attempt.on_release = speaker.release
        speaker.start()
        report = await self._served.run(attempt)
        attempt.end()
        if attempt.stop_reason != "release":
            await speaker.close(None if report["type"] == LATER else report)


class _Events(_App):
    def __init__(self, handler: Callable[[WebhookEvent], Any], intake: Intake[WebhookEvent]) -> None:
        self._handler = handler
        self._is_async = is_async(handler)
        self._intake = intake
        self.max_body_bytes = intake.max_body_bytes

    async def _received(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> Answer | None:
        event = self._intake.take(scope["headers"], body)
        if isinstance(event, Answer):
            return event
        try:
            await (self._handler(event) if self._is_async else asyncio.to_thread(self._handler, event))
        except Exception as error:  # noqa: BLE001 - it becomes the answer, and a line of the log
            answers.tell(event, error)
            return answers.of_event_error(error)
        return answers.DONE


async def _read(receive: Receive, most_bytes: int) -> bytes | Answer | None:
    """None: the sender has gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > most_bytes:
            return answers.too_large(most_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _hung_up(attempt: Attempt, watch: asyncio.Task[None]) -> None:
    watch.exception()  # of a web server that raises instead of telling
    attempt.stop("cancel")


async def _answer(send: Send, answer: Answer) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.all_headers()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _live(receive: Receive, send: Send) -> None:
    """There is nothing to prepare."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
