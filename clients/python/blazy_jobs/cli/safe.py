"""Text of the server and of payloads, made fit for a terminal: what could move its cursor, change its colours or turn
the direction of its lines is shown as an escape, and has no effect."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from blazy_jobs.client.event import Event

MOST_CHARS = 4000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def safe(text: object) -> str:
    """One line."""
    return _CONTROLS.sub(_shown, str(text))


def safe_lines(text: object) -> list[str]:
    return [safe(line.expandtabs(4)) for line in str(text).split("\n")]


def _shown(found: re.Match[str]) -> str:
    char = found[0]
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char) or (
        f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"
    )


def json_line(value: Any) -> str:
    """One line of JSON, whose strings hold no control character, written out or not."""
    return _CONTROLS.sub(_escaped, orjson.dumps(value).decode())


def json_lines(value: Any) -> list[str]:
    """JSON as people read it, cut where it is much."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return [_CONTROLS.sub(_escaped, line) for line in cut(text).split("\n")]


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def cut(text: str, most: int = MOST_CHARS) -> str:
    return text if len(text) <= most else f"{text[:most]} … ({len(text) - most} more characters; --json shows all)"


def event_record(event: Event) -> dict[str, Any]:
    """The event as the API shows it."""
    return {
        "id": event.id,
        "seq": event.seq,
        "type": event.type,
        "time": event.time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "run_id": event.run_id,
        "job_type": event.job_type,
        "queue": event.queue,
        "state": event.state,
        "attempt": event.attempt,
        "data": event.data,
    }
