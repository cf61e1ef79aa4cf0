"""The secrets of HTTP handlers: made when a job type gets one, sealed where they are stored, shown once."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from msgspec.structs import replace

from blazy_jobs_server.domain import destination, outgoing_headers
from blazy_jobs_server.domain.errors import (
    BlockedDestination,
    FieldError,
    HeadersRequired,
    InvalidRequest,
    NotSupported,
    RotationPending,
    SecretNotFound,
)
from blazy_jobs_server.domain.handler_secrets import UNCHANGED, HandlerSecrets, fresh, from_text, to_text
from blazy_jobs_server.domain.instants import after, rfc3339
from blazy_jobs_server.domain.job_type import Definition, Handler, JobType
from blazy_jobs_server.domain.signing_secrets import SigningSecrets
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.outbound import signing
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.outbound import DestinationBlocked, Sender, UrlRefused
from blazy_jobs_server.ports.sealing import Sealer

HEADERS = "/handler/headers"
BLOCKED = "leads where the server does not go; an operator can allow networks with JOBS_HTTP_ALLOW"
CACHED = 10_000


class Vault:
    """What job types keep sealed."""

    def __init__(self, keyring: Sealer) -> None:
        self._keyring = keyring
        self._opened: dict[str, HandlerSecrets] = {}
        """By the sealed text, so that a run costs no unsealing."""

    def open(self, job_type: JobType) -> HandlerSecrets | None:
        sealed = job_type.secrets
        if sealed is None:
            return None
        found = self._opened.get(sealed)
        if found is None:
            if len(self._opened) >= CACHED:
                self._opened.clear()
            found = self._opened[sealed] = from_text(self._keyring.unseal(sealed, purpose(job_type.name)))
        return found

    def seal(self, name: str, secrets: HandlerSecrets) -> str:
        return self._keyring.seal(to_text(secrets), purpose(name))


def purpose(job_type: str) -> str:
    return f"job_type/{job_type}/secrets"


class Sealing:
    """One saving of a definition (`catalogue.Seal`). `secret` is the signing secret that it made, where it made one."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.secret: str | None = None

    def __call__(self, definition: Definition, known: JobType | None) -> tuple[Definition, str | None]:
        """Raises HeadersRequired."""
        self.secret = None
        handler = definition.handler
        if handler.kind != "http":
            return definition, self._without_headers(known)
        secrets = None if known is None else self._vault.open(known)
        before = {} if known is None or secrets is None else secrets.values(known.definition.handler.headers)
        origin = None if known is None or known.definition.handler.kind != "http" else origin_of(known.definition)
        values = _values(handler, before, moved=origin != origin_of(definition))
        if secrets is None:
            self.secret = signing.new_secret()
            secrets = fresh(SigningSecrets(self.secret))
        kept, names = secrets.with_headers(values)
        sealed = replace(definition, handler=replace(handler, headers=names, given=None, omitted=False))
        if kept == secrets and known is not None and known.secrets is not None:
            return sealed, known.secrets
        return sealed, self._vault.seal(definition.name, kept)

    def _without_headers(self, known: JobType | None) -> str | None:
        """A job type that has an HTTP handler no more, or not now, keeps its signing secret."""
        secrets = None if known is None else self._vault.open(known)
        if known is None or secrets is None or not secrets.headers:
            return None if known is None else known.secrets
        return self._vault.seal(known.name, secrets.with_headers({})[0])


def origin_of(definition: Definition) -> str:
    return _origin(definition.handler.url or "")


@functools.lru_cache(maxsize=1024)
def _origin(url: str) -> str:
    return destination.parse(url).origin


def _values(handler: Handler, before: Mapping[str, str], *, moved: bool) -> dict[str, str]:
    """What each header is to say. `before` is what they say now, to another origin where it has `moved`."""
    given = dict.fromkeys(before, UNCHANGED) if handler.given is None else handler.given
    if handler.omitted and moved and before:
        raise HeadersRequired.of(HEADERS, list(before))
    known = {} if moved else {header.lower(): value for header, value in before.items()}
    kept = [header for header, value in given.items() if value == UNCHANGED]
    if unknown := [header for header in kept if header.lower() not in known]:
        raise HeadersRequired.of(HEADERS, unknown)
    return {header: known[header.lower()] if value == UNCHANGED else value for header, value in given.items()}


class HandlerDefinitions:
    """What the API asks of the definitions of HTTP handlers."""

    def __init__(self, catalogue: Catalogue, clock: Clock, sender: Sender, vault: Vault) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._sender = sender
        self._vault = vault
        catalogue.seal = lambda definition, known: Sealing(vault)(definition, known)

    def sealing(self) -> Sealing:
        return Sealing(self._vault)

    async def check(self, definition: Definition, path: str = "") -> None:
        """Of a definition that stands at `path` of the request. Raises InvalidRequest, BlockedDestination and
        NotSupported."""
        handler = definition.handler
        if handler.kind != "http":
            return
        self.check_queue(definition, path)
        try:
            await self._sender.check(handler.url or "")
        except UrlRefused as error:
            raise InvalidRequest.at(f"{path}/handler/url", str(error), "invalid_url") from None
        except DestinationBlocked:
            raise BlockedDestination.at(f"{path}/handler/url", BLOCKED, BlockedDestination.code) from None
        _check_headers(handler.given or {}, f"{path}{HEADERS}")

    def check_queue(self, definition: Definition, path: str = "") -> None:
        """Raises NotSupported where the queue cannot have runs of such a handler."""
        handler = definition.handler
        if handler.kind == "http" and handler.completion == "report" and self._is_elsewhere(definition.queue):
            raise NotSupported(
                f"{path}/handler/completion",
                "The queue is in Redis, where a run cannot go on without a worker that holds its job: use 'response'.",
            )

    def _is_elsewhere(self, queue: str) -> bool:
        return self._catalogue.has_queue(queue) and self._catalogue.queue(queue).bullmq is not None

    async def rotate(self, name: str, overlap_seconds: float) -> tuple[str, int | None]:
        """The new secret, and until when the one before signs too. Raises JobTypeNotFound, SecretNotFound, and
        RotationPending while two sign already."""
        secret = signing.new_secret()
        until: int | None = None

        def change(known: JobType) -> str:
            nonlocal until
            secrets, now = self._opened(known), self._clock.now()
            before = secrets.signing
            if len(before.holding(now)) > 1 and overlap_seconds:
                raise RotationPending(rfc3339(before.previous_until or now))
            until = after(now, overlap_seconds) if overlap_seconds else None
            rotated = SigningSecrets(secret, before.current if overlap_seconds else None, until)
            return self._vault.seal(name, secrets.with_signing(rotated))

        await self._catalogue.found(name)
        await self._catalogue.keep_secrets(name, change)
        return secret, until

    async def end_previous(self, name: str) -> None:
        """The secret before the last rotation signs no more. Harmless twice. Raises JobTypeNotFound, SecretNotFound."""

        def change(known: JobType) -> str:
            secrets = self._opened(known)
            return self._vault.seal(name, secrets.with_signing(SigningSecrets(secrets.signing.current)))

        known = (await self._catalogue.found(name)).job_type
        if self._opened(known).signing.previous is not None:
            await self._catalogue.keep_secrets(name, change)

    def _opened(self, job_type: JobType) -> HandlerSecrets:
        secrets = self._vault.open(job_type)
        if secrets is None:
            raise SecretNotFound(job_type.name)
        return secrets


def _check_headers(given: Mapping[str, str], path: str) -> None:
    together = outgoing_headers.refused_together(given)
    if together is not None:
        raise InvalidRequest.at(path, together, "invalid_headers")
    wrong = []
    for header, value in given.items():
        reason = outgoing_headers.refused(header, value)
        if reason is not None:
            place = header.replace("~", "~0").replace("/", "~1")
            wrong.append(FieldError(f"{path}/{place}", reason, "invalid_header"))
    if wrong:
        raise InvalidRequest(wrong)
