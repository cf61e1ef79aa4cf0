"""The payloads of a batch against their schemas, within the time that one request may take.

All are looked at first, which is quick; then those that need a closer look, one after the other, as long as there is
time. A batch is all or none: whatever is found to be wrong refuses it, and so does what could not be looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from blazy_jobs_server.domain.errors import FieldError, TooBusy
from blazy_jobs_server.engine.examiner import NoTime
from blazy_jobs_server.engine.explaining import MASK, unexplained
from blazy_jobs_server.engine.schemas import Schema

MAX_LISTED_ERRORS = 100
BATCH_SECONDS = 10.0
"""Of the processor, for the closer looks of one batch: one that needs more is never taken."""
CHECKING_SECONDS = 30.0
"""They may take so long where other requests have closer looks too."""
TURN_SECONDS = 0.01
"""After so much work the loop has a turn."""


class Closer(NamedTuple):
    """A value that needs a closer look."""

    schema: Schema
    value: Any
    path: str
    known_not_to_fit: bool


def too_long_together(path: str) -> FieldError:
    message = f"{MASK} was not checked: those before it took the time of a whole batch; send fewer of them in one"
    return FieldError(path, message, "too_complex")


async def all_accepted(schema: Schema, values: Sequence[Any]) -> bool:
    """Whether it is seen at a glance that all of them fit. Raises InvalidSchema."""
    loop = asyncio.get_running_loop()
    turn_at = loop.time() + TURN_SECONDS
    for value in values:
        if not schema.accepts(value):
            return False
        if loop.time() > turn_at:
            await asyncio.sleep(0)
            turn_at = loop.time() + TURN_SECONDS
    return True


class BatchCheck:
    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self._closer: list[Closer] = []
        self._turn_at = asyncio.get_running_loop().time() + TURN_SECONDS

    @property
    def full(self) -> bool:
        return len(self.errors) >= MAX_LISTED_ERRORS

    async def take(self, schema: Schema, value: Any, path: str) -> None:
        """The first look. Raises InvalidSchema."""
        if not schema.accepts(value):
            glance = schema.at_a_glance(value, path)
            if glance.found is not None:
                self.errors.extend(glance.found)
            else:
                self._closer.append(Closer(schema, value, path, glance.fits is False))
        loop = asyncio.get_running_loop()
        if loop.time() > self._turn_at:
            await asyncio.sleep(0)
            self._turn_at = loop.time() + TURN_SECONDS

    async def finish(self) -> None:
        """The closer looks. Raises TooBusy where nothing is known to be wrong and not all could be looked at."""
        loop = asyncio.get_running_loop()
        until = loop.time() + CHECKING_SECONDS
        spent = 0.0
        unseen: list[Closer] = []
        for closer in self._closer:
            if self.full:
                return
            left = until - loop.time()
            if spent >= BATCH_SECONDS:
                self.errors.append(_refusal(closer, too_long_together(closer.path)))
            elif left <= 0:
                unseen.append(closer)
            else:
                try:
                    async with asyncio.timeout(left):
                        examined = await closer.schema.closely(
                            closer.value, closer.path, known_not_to_fit=closer.known_not_to_fit
                        )
                except (NoTime, TimeoutError):
                    unseen.append(closer)
                else:
                    self.errors.extend(examined.faults)
                    spent += examined.seconds
        self.errors.extend(unexplained(closer.path) for closer in unseen if closer.known_not_to_fit)
        if unseen and not self.errors:
            raise TooBusy.at(*[closer.path for closer in unseen[:MAX_LISTED_ERRORS]])


def _refusal(closer: Closer, otherwise: FieldError) -> FieldError:
    return unexplained(closer.path) if closer.known_not_to_fit else otherwise
