"""HTTP requests that leave the server, to places that users name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from blazy_jobs_server.domain.destination import UrlRefused

__all__ = [
    "Answer",
    "AnswerEncoded",
    "AnswerTooLarge",
    "DestinationBlocked",
    "HeadTooLarge",
    "NoConnection",
    "ProtocolBroken",
    "SendFailed",
    "SendTimedOut",
    "Sender",
    "UrlRefused",
]


class Answer(Struct, frozen=True):
    """What came back, of any status. Names of headers are in lower case; the values of one that came several times are
    joined by `, `. The body of an answer that is not 2xx is empty where it was too large or encoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SendFailed(Exception):
    """No answer that could be used. The message is a sentence for users: it names no address and quotes no answer."""


class DestinationBlocked(SendFailed):
    """The name or address leads where the server does not go."""


class NoConnection(SendFailed):
    """The name was not resolved, or nothing accepted a connection, or the TLS handshake failed. Nothing was sent."""


class SendTimedOut(SendFailed):
    """The deadline passed. The request may have been received."""


class AnswerTooLarge(SendFailed):
    """The head of an answer, or the body of a 2xx, exceeded its limit. The request was received."""


class HeadTooLarge(AnswerTooLarge):
    """Its status is not known: interim answers count as well."""


class AnswerEncoded(SendFailed):
    """A 2xx came with a content coding, though none was accepted. It was not decoded."""


class ProtocolBroken(SendFailed):
    """The connection ended without a whole answer, or what came is not HTTP. The request may have been received."""


class Sender(Protocol):
    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float, max_body_bytes: int
    ) -> Answer:
        """Sends one request and reads its answer; follows no redirect and tries nothing twice. `timeout_seconds` is
        from the look-up of the name to the last byte. A cancelled call closes its connection.

        Raises the SendFailed above, and UrlRefused where the URL was not checked before."""
        ...

    async def check(self, url: str) -> None:
        """Whether the server would post to this URL. Raises UrlRefused for its form, and DestinationBlocked. A name
        that is not resolved within 5 s is accepted: every `post` checks again."""
        ...

    async def close(self) -> None:
        """Closes the connections that are kept. Harmless twice."""
        ...
