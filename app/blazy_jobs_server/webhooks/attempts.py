"""One request of a delivery, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from msgspec import Struct

from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.outbound import retry_after, signing
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    DestinationBlocked,
    HeadTooLarge,
    NoConnection,
    Sender,
    SendFailed,
    SendTimedOut,
    UrlRefused,
)

log = structlog.get_logger("webhooks")

TIMEOUT_SECONDS = 15.0
MAX_BODY_BYTES = 64 * 1024
GONE = 410
_HEADERS = {"content-type": "application/json"}


class Failure(Struct, frozen=True):
    """`status` is that of the answer, where there was one. `retry_after_seconds` is what it asked for."""

    code: str
    message: str
    status: int | None = None
    retry_after_seconds: float = 0

    @property
    def is_gone(self) -> bool:
        return self.status == GONE


class Attempts:
    def __init__(self, sender: Sender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock

    async def once(
        self, url: str, secrets: Sequence[str], message_id: str, body: str
    ) -> tuple[int | None, Failure | None]:
        """The status of the answer, where it is known, and the failure; None: it was received."""
        content = body.encode()
        headers = signing.sign(secrets, message_id, self._clock.now() // SECOND, content)
        try:
            answer = await self._sender.post(
                url, _HEADERS | headers, content, timeout_seconds=TIMEOUT_SECONDS, max_body_bytes=MAX_BODY_BYTES
            )
        except HeadTooLarge as error:
            return None, Failure(_code(error), str(error))  # whether it is a 2xx is not known
        except (AnswerTooLarge, AnswerEncoded):
            return None, None  # what a 2xx says besides is nothing to a webhook
        except (SendFailed, UrlRefused) as error:
            return None, Failure(_code(error), str(error))
        except Exception:  # nothing may be lost to a bug: it is tried again, and said
            log.exception("a webhook's message could not be sent")
            return None, Failure("internal_error", "Unexpected error in the server; see its log.")
        if 200 <= answer.status < 300:
            return answer.status, None
        return answer.status, Failure(
            "http_status",
            f"The endpoint answered with the status {answer.status}.",
            answer.status,
            self._asked_for(answer) if answer.status in (429, 503) else 0,
        )

    def _asked_for(self, answer: Answer) -> float:
        return retry_after.seconds(answer.headers.get("retry-after"), self._clock.now() / SECOND) or 0


def _code(error: SendFailed | UrlRefused) -> str:
    match error:
        case DestinationBlocked() | UrlRefused():
            return "blocked_destination"
        case SendTimedOut():
            return "timeout"
        case NoConnection():
            return "no_connection"
    return "invalid_answer"
