"""The secrets that sign what the server sends: one, and while it is being replaced, the one before."""

from __future__ import annotations

from msgspec import Struct

from blazy_jobs_server.domain.errors import RotationPending
from blazy_jobs_server.domain.instants import rfc3339


class SigningSecrets(Struct, frozen=True):
    """`previous` signs too, until `previous_until` (microseconds since the epoch). Both as Standard Webhooks writes
    them: `whsec_` and base64."""

    current: str
    previous: str | None = None
    previous_until: int | None = None

    def __repr__(self) -> str:
        return f"SigningSecrets(previous_until={self.previous_until})"

    def holding(self, now: int) -> list[str]:
        """Those that sign at `now`, the current one first."""
        if self.previous is None or self.previous_until is None or self.previous_until <= now:
            return [self.current]
        return [self.current, self.previous]

    def rotated(self, new: str, *, now: int, overlap_seconds: int) -> SigningSecrets:
        """`new` signs from now on, and the current one for `overlap_seconds` more; with 0 all earlier ones end at once.
        Raises RotationPending while an earlier rotation's previous secret still signs: three never do."""
        if overlap_seconds <= 0:
            return SigningSecrets(new)
        if len(self.holding(now)) > 1:
            assert self.previous_until is not None
            raise RotationPending(rfc3339(self.previous_until))
        return SigningSecrets(new, self.current, now + overlap_seconds * 1_000_000)

    def without_previous(self) -> SigningSecrets:
        return SigningSecrets(self.current)
