"""Words that several resources share."""

from __future__ import annotations

import re

CURSOR_OF_NEXT = "The `cursor` of the next page. null on the last page."
CREATED = "When it was created: RFC 3339, UTC."
UPDATED = "When it was last changed: RFC 3339, UTC."
QUEUE_FILTER = "Only those in the queue of this name."
TAG_FILTER = "Only those with this tag."
SOURCE = (
    "`code` if a worker declared it, `config` if it was applied as a configuration, and it has not been changed over "
    "HTTP since; otherwise `api`."
)
PAGE_DATA = "At most `limit` items."
NAME = "1 to 128 letters, digits, `.`, `_` and `-`, starting with a letter or digit."
NAME_IN_PUT = "If given, it must be the name in the path. null (default): the name in the path."


def of_a_change(told: dict[str, str]) -> dict[str, str]:
    """For a PATCH: an omitted field has no default there."""
    return {field: f"{_without_default(text)} If omitted, it is not changed." for field, text in told.items()}


def _without_default(text: str) -> str:
    return re.sub(r" Default: [^.]*\.(?= |$)", "", text.replace("null (default): ", "null: "))
