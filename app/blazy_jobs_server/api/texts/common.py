"""Words that several resources share."""

from __future__ import annotations

import re

CURSOR_OF_NEXT = "Where the next page begins: send it as `cursor`. null on the last page."
CREATED = "When it was made: RFC 3339, UTC."
UPDATED = "When it was changed last."
QUEUE_FILTER = "Only what is in the queue of this name."
TAG_FILTER = "Only what has this tag."
SOURCE = "`code` where a worker declared it and nobody has changed it over HTTP, `api` otherwise."


def of_a_change(told: dict[str, str]) -> dict[str, str]:
    """For a request that changes some fields: what is left out has no default there."""
    return {field: f"{_without_default(text)} Left out: it stays as it is." for field, text in told.items()}


def _without_default(text: str) -> str:
    kept = re.sub(r"Default, and null: ", "null: ", text)
    return re.sub(r" Default: [^.]*\.(?= |$)", "", kept)
