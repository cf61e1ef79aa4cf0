"""From a request's headers and body to what it says, or to the answer that refuses it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

from blazy_jobs.receiving import answers
from blazy_jobs.receiving.answers import Answer
from blazy_jobs.receiving.errors import ReceivingError
from blazy_jobs.receiving.verification import Headers, Message, Secrets, Verifier

DEFAULT_MAX_BODY_BYTES = 4 << 20
"""A payload has at most 1 MiB unless the server is told otherwise; its run is shown with it."""

ReadT = TypeVar("ReadT")

log = logging.getLogger("blazy_jobs.receiving")


class Intake(Generic[ReadT]):
    """`read` makes of a genuine message what the handler gets. Raises SecretInvalid and ValueError."""

    def __init__(
        self,
        read: Callable[[Message], ReadT],
        secrets: Secrets,
        tolerance: float | timedelta,
        max_body_bytes: int,
    ) -> None:
        self._read = read
        self._verifier = Verifier(secrets, tolerance=tolerance)
        self.max_body_bytes = max_body_bytes

    def take(self, headers: Headers, body: bytes) -> ReadT | Answer:
        try:
            return self._read(self._verifier.verify(headers, body))
        except ReceivingError as error:
            log.warning("a request is refused: %s", error)
            return answers.of_refusal(error)
