"""The options that every command takes, before or after its name, and kinds of values that several take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazy_jobs.cli import failures

if TYPE_CHECKING:
    from blazy_jobs.client.fields import RateLimit

Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="The server's address. [env: JOBS_URL]")]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        metavar="KEY",
        help="The API key; preferably set in the environment. [env: JOBS_API_KEY, JOBS_API_KEY_FILE]",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON lines on a terminal too; in a pipe they are the default.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours. [env: NO_COLOR]")]

SHARED: dict[str, Any] = {"url": Url, "api_key": ApiKey, "as_json": Json, "no_color": NoColor}


@dataclass(frozen=True)
class Given:
    """The shared options. Those of an inner command win over those before it."""

    url: str | None = None
    api_key: str | None = None
    as_json: bool = False
    no_color: bool = False

    def over(self, outer: Given | None) -> Given:
        if outer is None:
            return self
        return Given(
            self.url or outer.url,
            self.api_key or outer.api_key,
            self.as_json or outer.as_json,
            self.no_color or outer.no_color,
        )


# -- kinds of values


class State(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class EventType(StrEnum):
    QUEUED = "queued"
    STARTED = "started"
    PROGRESS = "progress"
    LOG = "log"
    RETRYING = "retrying"
    INTERRUPTED = "interrupted"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str) -> float:
    """Seconds of `90`, `1.5`, `30s`, `10m`, `2h`, `1d`."""
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)([smhd]?)", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a duration; write seconds, or 30s, 10m, 2h, 1d")
    return float(found[1]) * _UNITS[found[2]]


def identifier(text: str, what: str) -> str:
    """What can be a name or an id, and so stand in a path. Raises Unusable."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}", text):
        raise failures.Unusable(f"{text!r} is not {what}")
    return text


NO_LIMIT = "none"


def limit(text: str, option: str) -> int | None:
    """A whole number, or none. Raises Unusable."""
    if text == NO_LIMIT:
        return None
    if not re.fullmatch(r"[1-9]\d{0,9}", text):
        raise failures.Unusable(f"{option}: {text!r} is neither a whole number from 1 on nor `{NO_LIMIT}`")
    return int(text)


def rate_limit(text: str, option: str) -> RateLimit | None:
    """`100/m`, `5/s` or `3/10s`, or none. Raises Unusable."""
    if text == NO_LIMIT:
        return None
    found = re.fullmatch(r"([1-9]\d{0,9})/(\d{0,6})([smhd])", text)
    if found is None or found[2].strip("0") == "" != found[2]:
        raise failures.Unusable(f"{option}: {text!r} is not a rate; write 100/m, 5/s, 3/10s, or `{NO_LIMIT}`")
    return {"limit": int(found[1]), "per_seconds": int(found[2] or 1) * _UNITS[found[3]]}


def header_text(text: str, what: str, most: int = 255) -> str:
    """What can be a header's value. Raises Unusable, which does not say the text: it may be a key."""
    if not re.fullmatch(rf"[\x20-\x7e]{{1,{most}}}", text) or text != text.strip():
        raise failures.Unusable(f"{what} must be 1 to {most} characters of printable ASCII, without spaces at its ends")
    return text


def instant(text: str | None, option: str) -> str | None:
    """As the API takes it: an RFC 3339 time with its zone. Raises Unusable."""
    if text is None:
        return None
    from datetime import UTC, datetime

    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError
        return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        example = "2027-01-31T09:00:00+01:00"
        raise failures.Unusable(
            f"{option}: {text!r} is not a time with a time zone; write it like {example}, or with Z"
        ) from None


def past(text: str | None, option: str) -> str | None:
    """As `instant`; a duration is so long ago. Raises Unusable."""
    if text is None or not re.fullmatch(r"[\d.]+[smhd]", text):
        return instant(text, option)
    from datetime import UTC, datetime, timedelta

    try:
        time = datetime.now(UTC) - timedelta(seconds=duration(text))
    except OverflowError:
        raise failures.Unusable(f"{option}: {text!r} ago is before all times") from None
    return time.isoformat().replace("+00:00", "Z")
