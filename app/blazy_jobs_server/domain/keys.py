"""API keys: their form, what is kept of them, and what they allow."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import StrEnum
from zlib import crc32

from msgspec import Struct

PREFIX = "bjk"
ID_DIGITS, SECRET_DIGITS, CHECKSUM_DIGITS = 10, 43, 6
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(
    rf"{PREFIX}_([0-9A-Za-z]{{{ID_DIGITS}}})_([0-9A-Za-z]{{{SECRET_DIGITS}}})([0-9A-Za-z]{{{CHECKSUM_DIGITS}}})",
    re.ASCII,
)


class Scope(StrEnum):
    """What a key may do. No scope but ADMIN holds another one."""

    READ = "runs:read"
    """Every GET below /v1 but those of keys, audit and config."""
    WRITE = "runs:write"
    """Making, cancelling, replaying and erasing runs."""
    WORKERS = "workers"
    CONFIG = "config"
    """Job types, queues, schedules and webhooks; neither keys nor HTTP handlers."""
    REVEAL = "runs:reveal"
    """To be shown what job types redact, and to redact less."""
    METRICS = "metrics"
    """/metrics, and nothing else."""
    ADMIN = "admin"


class Within(Struct, frozen=True):
    """The job types and queues that a key is restricted to: names, or the beginnings of names before a `*`. None: all.

    What lies outside is not there for it.
    """

    job_types: tuple[str, ...] | None = None
    queues: tuple[str, ...] | None = None

    @property
    def is_everything(self) -> bool:
        return self.job_types is None and self.queues is None

    def admits(self, job_type: str, queue: str) -> bool:
        return self.admits_job_type(job_type) and self.admits_queue(queue)

    def admits_job_type(self, name: str) -> bool:
        return self.job_types is None or _matches(name, self.job_types)

    def admits_queue(self, name: str) -> bool:
        return self.queues is None or _matches(name, self.queues)


EVERYTHING = Within()


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in patterns)


class RateLimit(Struct, frozen=True):
    """Runs that a key may make in so many seconds, on each server."""

    limit: int
    per_seconds: float


class ApiKey(Struct, frozen=True, kw_only=True):
    """`digest` is the SHA-256 of its secret, in hexadecimal digits: 256 random bits need no slow hash. Instants as
    everywhere."""

    id: str
    name: str
    digest: str
    scopes: tuple[Scope, ...]
    within: Within = EVERYTHING
    rate_limit: RateLimit | None = None
    created_at: int
    created_by: str
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None
    previous_digest: str | None = None
    """Of the secret before the last rotation, which holds until `previous_until`."""
    previous_until: int | None = None

    def is_live(self, now: int) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def knows(self, digest: str, now: int) -> bool:
        """Whether it is that of its secret, or of the one before. Takes the same time whatever is alike."""
        present = hmac.compare_digest(self.digest, digest)
        previous = hmac.compare_digest(self.previous_digest or "", digest)
        return present or (previous and self.is_rotating(now))

    def is_rotating(self, now: int) -> bool:
        """Two secrets hold."""
        return self.previous_until is not None and now < self.previous_until

    def ends_at(self, now: int) -> int | None:
        """When something of it next ceases to hold."""
        ends = [at for at in (self.expires_at, self.previous_until) if at is not None and at > now]
        return min(ends, default=None)


class Actor(Struct, frozen=True):
    """Who did something, by the id and the name of the key."""

    id: str
    name: str

    @property
    def text(self) -> str:
        """As it is stored with a run."""
        return f"{self.id} {self.name}"

    @classmethod
    def of(cls, text: str) -> Actor:
        key_id, _, name = text.partition(" ")
        return cls(key_id, name)


class Caller(Struct, frozen=True):
    """Who asks. `id` is that of its key, or one of the names below, which no key has. `realm` is where its
    Idempotency-Keys are told from those of others."""

    id: str
    name: str
    scopes: frozenset[Scope]
    realm: str = ""
    within: Within = EVERYTHING
    rate_limit: RateLimit | None = None
    session: str | None = None
    """The id of the browser's session that it asks with, in place of the key."""
    created_by: str | None = None
    """Of the runs that it makes: `Actor.text`; None where it has no key."""

    @property
    def is_unrestricted(self) -> bool:
        return self.within.is_everything and self.rate_limit is None

    @property
    def key_id(self) -> str | None:
        """None where it has none."""
        return None if self.created_by is None else self.id

    @property
    def actor(self) -> Actor | None:
        """None where it has no key."""
        return None if self.created_by is None else Actor(self.id, self.name)

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @classmethod
    def of(cls, key: ApiKey) -> Caller:
        made_by = Actor(key.id, key.name).text
        return cls(key.id, key.name, frozenset(key.scopes), key.id, key.within, key.rate_limit, created_by=made_by)


ROOT_ID = "root"
_ALL = frozenset({Scope.ADMIN})


def root(key: bytes) -> Caller:
    """Who gives the key of the settings."""
    realm = hashlib.blake2b(key, digest_size=8).hexdigest()
    return Caller(ROOT_ID, "JOBS_API_KEY", _ALL, realm, created_by=Actor(ROOT_ID, "JOBS_API_KEY").text)


ANYONE = Caller("anyone", "", _ALL)
"""Of a server without keys."""
POOL = Caller("pool", "", _ALL)
"""A worker of the server's own, and what its handlers ask for."""


def new_id() -> str:
    return _random(ID_DIGITS)


def new_secret() -> str:
    """43 digits of 62 are 256 random bits."""
    return _random(SECRET_DIGITS)


def _random(digits: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(digits))


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def text_of(key_id: str, secret: str) -> str:
    """The key as its owner has it. The check at its end tells a typing error, and lets scanners know one when they see
    it."""
    body = f"{PREFIX}_{key_id}_{secret}"
    return body + _checksum(body)


def parse(text: str) -> tuple[str, str] | None:
    """Its id, and the digest of its secret; None where it is no key."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-CHECKSUM_DIGITS]) != found[3]:
        return None
    return found[1], digest_of(found[2])


def _checksum(body: str) -> str:
    """CRC-32 (as zlib's), in six digits."""
    number, digits = crc32(body.encode()), ""
    for _ in range(CHECKSUM_DIGITS):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
