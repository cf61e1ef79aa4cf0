"""Whether a request is from the server: its signature after Standard Webhooks 1.0 (HMAC-SHA256), and its age.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from blazy_jobs.errors import seconds_of
from blazy_jobs.receiving.errors import HeadersInvalid, SecretInvalid, SignatureInvalid, TooNew, TooOld

SECRETS_VARIABLE = "JOBS_SIGNING_SECRET"
DEFAULT_TOLERANCE_SECONDS = 300
PREFIX = "whsec_"
LEAST_KEY_BYTES = 24
"""The standard's least."""
MOST_SIGNATURES = 50

_ID, _TIMESTAMP, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)


class _Pairs(Protocol):
    def items(self) -> Iterable[tuple[Any, Any]]: ...


Headers = Mapping[str, str] | _Pairs | Iterable[tuple[str | bytes, str | bytes]]
"""Names in any case: a mapping, what has `items()` as one does, or pairs."""
Secrets = str | Sequence[str] | None
"""`whsec_…`; several in a sequence, or in one text with spaces between. None: those of JOBS_SIGNING_SECRET."""


@dataclass(frozen=True)
class Message:
    """A genuine request. `id` is the same for each time that the message is sent; `sent_at` is when this one was
    signed, by the server's clock, in whole seconds."""

    id: str
    sent_at: datetime
    body: bytes


class Verifier:
    """`verify` with the same secrets each time. Raises SecretInvalid and ValueError when it is made."""

    def __init__(self, secrets: Secrets = None, *, tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS) -> None:
        self._keys = tuple(map(_key, _listed(secrets)))
        self._tolerance_seconds = seconds_of(tolerance, "tolerance")

    def verify(self, headers: Headers, body: bytes | str, *, now: float | None = None) -> Message:
        """As `verify` of this module. `now`: seconds since 1970, of this machine's clock where it is not given."""
        content = _content(body)
        found = _signature_headers(headers)
        message_id, timestamp, signatures = found[_ID], found[_TIMESTAMP], found[_SIGNATURE]
        if not _SECONDS.fullmatch(timestamp):
            raise HeadersInvalid(f"{_TIMESTAMP} must be whole seconds since 1970")
        self._check_signature(b".".join((_bytes(message_id), timestamp.encode(), content)), signatures, content)
        sent = int(timestamp)
        self._check_age(sent, time.time() if now is None else now)
        return Message(message_id, datetime.fromtimestamp(sent, UTC), content)

    def _check_signature(self, signed: bytes, signatures: str, content: bytes) -> None:
        """In the same time whichever of the secrets and signatures fit, and whether any does."""
        given = [text for text in signatures.split(" ") if text]
        if len(given) > MOST_SIGNATURES:
            raise HeadersInvalid(f"{_SIGNATURE} has more than {MOST_SIGNATURES} signatures")
        versions = [text.partition(",") for text in given]
        known = [_bytes(signature) for version, comma, signature in versions if comma and version == "v1"]
        if not known:
            raise HeadersInvalid(f"{_SIGNATURE} has no signature of version 1 (v1,…)")
        fits = False
        for key in self._keys:
            # The text is compared, not what it decodes to: base64 has several texts for the same bytes.
            ours = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
            for signature in known:
                fits = hmac.compare_digest(ours, signature) or fits
        if not fits:
            empty = " The body is empty here: has something read it before?" if not content else ""
            raise SignatureInvalid(
                "no signature fits: either this is not the secret of this job type or webhook, or the body is not byte "
                f"for byte what was sent (take it as it arrived, not parsed and written anew).{empty}"
            )

    def _check_age(self, sent: int, now: float) -> None:
        age = now - sent
        if abs(age) <= self._tolerance_seconds:
            return
        far = f"{abs(age):.0f} s {'ago' if age > 0 else 'from now'}"
        clocks = f"signed at {_utc(sent)}, and it is {_utc(now)} by this machine's clock"
        told = f"{clocks}: {far}, and at most {self._tolerance_seconds:g} s are tolerated"
        if age > 0:
            raise TooOld(f"{told}. It was sent again by someone else, or one of the two clocks is wrong")
        raise TooNew(f"{told}. One of the two clocks is wrong")


def verify(
    headers: Headers,
    body: bytes | str,
    secrets: Secrets = None,
    *,
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    now: float | None = None,
) -> Message:
    """The message, if it is from who knows one of the `secrets`, unchanged, and signed within `tolerance` (in seconds,
    or a timedelta) of now, in either direction.

    `body` is what arrived, byte for byte. A text stands for its UTF-8. Raises HeadersInvalid, SignatureInvalid, TooOld
    and TooNew, all of them VerificationFailed; SecretInvalid; and TypeError for a body that was parsed.
    """
    return Verifier(secrets, tolerance=tolerance).verify(headers, body, now=now)


def _listed(secrets: Secrets) -> list[str]:
    given = os.environ.get(SECRETS_VARIABLE, "") if secrets is None else secrets
    listed = given.split() if isinstance(given, str) else list(given)
    if not listed:
        where = f"{SECRETS_VARIABLE} is not set" if secrets is None else "none is given"
        raise SecretInvalid(
            f"there is no signing secret: {where}. The server shows it when an HTTP handler or a webhook is registered"
        )
    return listed


def _key(secret: object) -> bytes:
    if not isinstance(secret, str):
        raise SecretInvalid(f"a signing secret must be a string such as 'whsec_…', not {type(secret).__name__}")
    text = secret.strip().removeprefix(PREFIX)
    try:
        if not _BASE64.fullmatch(text):
            raise binascii.Error
        key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except binascii.Error:
        raise SecretInvalid("a signing secret is 'whsec_' and base64 after it; this one is not") from None
    if len(key) < LEAST_KEY_BYTES:
        raise SecretInvalid(f"a signing secret has at least {LEAST_KEY_BYTES} bytes; this one has {len(key)}")
    return key


def _content(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    raise TypeError(
        f"the body must be the bytes that arrived, not {type(body).__name__}: `await request.body()` in FastAPI, "
        "`request.get_data()` in Flask, `request.body` in Django"
    )


def _signature_headers(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    pairs = headers.items() if hasattr(headers, "items") else headers
    for raw_name, raw_value in pairs:
        name = _text(raw_name).lower()
        if name not in (_ID, _TIMESTAMP, _SIGNATURE):
            continue
        if name in found:
            raise HeadersInvalid(f"{name} is there more than once")
        found[name] = _text(raw_value)
    if missing := [name for name in (_ID, _TIMESTAMP, _SIGNATURE) if not found.get(name)]:
        raise HeadersInvalid(
            f"{', '.join(missing)} is missing: the request is not signed, or a proxy drops its headers"
        )
    return found


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(text: str) -> bytes:
    """What no text can be fits no signature either."""
    return text.encode(errors="replace")


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
