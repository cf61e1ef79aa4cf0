"""What an HTTP handler's job type keeps secret: the secrets that sign its requests, and the values of their headers.

A definition has no value of a header in it, but a name that stands for it. The same value of the same header has the
same name, so what is unchanged makes no new version, and who reads the definition learns nothing of it.
"""

from __future__ import annotations

import hmac
import re
import secrets as random
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from blazy_jobs_server.domain.signing_secrets import SigningSecrets

UNCHANGED = "***"
"""In place of a header's value: that which it has."""
TOKEN_PREFIX = "brt_"
_TOKEN = re.compile(rf"{TOKEN_PREFIX}(\d{{1,9}})_(\d{{1,9}})_[0-9a-f]{{64}}", re.ASCII)


class Turn(NamedTuple):
    """A claim of a run: its number, and the attempt that it began. A claim that is lost spends no attempt, so several
    may have the same."""

    claims: int
    attempt: int


class HandlerSecrets(Struct, frozen=True):
    """`key` (hexadecimal digits) is never shown, and stays as long as the job type does: names of values and tokens of
    runs come from it. `headers` are the values by their names."""

    signing: SigningSecrets
    key: str
    headers: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"HandlerSecrets({self.signing!r})"

    def name_of(self, header: str, value: str) -> str:
        return self._digest("header", header.lower(), value)[:32]

    def values(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Of a definition's headers."""
        return {header: self.headers[name] for header, name in headers.items()}

    def with_headers(self, given: Mapping[str, str]) -> tuple[HandlerSecrets, dict[str, str]]:
        """With these values and no others, and the definition's headers for them."""
        names = {header: self.name_of(header, value) for header, value in given.items()}
        values = {names[header]: value for header, value in given.items()}
        return HandlerSecrets(self.signing, self.key, values), names

    def with_signing(self, signing: SigningSecrets) -> HandlerSecrets:
        return HandlerSecrets(signing, self.key, self.headers)

    def token(self, run_id: int, turn: Turn) -> str:
        """By which whoever has it may report on this run, while its lease is that of this claim."""
        said = f"{turn.claims}_{turn.attempt}"
        return f"{TOKEN_PREFIX}{said}_{self._digest('report', str(run_id), said)}"

    def admits(self, token: str, run_id: int) -> Turn | None:
        """The claim that it is good for; None where it is none of this run's. In constant time."""
        found = _TOKEN.fullmatch(token)
        turn = Turn(0, 0) if found is None else Turn(int(found[1]), int(found[2]))
        right = hmac.compare_digest(self.token(run_id, turn).encode(), token.encode())
        return turn if right else None

    def _digest(self, *parts: str) -> str:
        return hmac.digest(bytes.fromhex(self.key), "\0".join(parts).encode(), "sha256").hex()


def fresh(signing: SigningSecrets) -> HandlerSecrets:
    return HandlerSecrets(signing, random.token_hex(32))


def to_text(secrets: HandlerSecrets) -> str:
    return msgspec.json.encode(secrets).decode()


from_text = msgspec.json.Decoder(HandlerSecrets).decode
