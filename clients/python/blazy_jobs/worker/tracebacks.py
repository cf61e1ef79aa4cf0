"""An exception as text: where it was raised, what it holds, and what led to it; bounded before it is made."""

from __future__ import annotations

import os
import textwrap
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from blazy_jobs import signature
from blazy_jobs.text import clean, printed

MAX_FRAMES = 50
INNER_FRAMES = 10
MAX_TOLD = 40
"""Exceptions that are told in all, however they hang together."""
MAX_LEVELS = 8
MAX_MEMBERS = 10
MAX_NOTES = 10
MAX_INNER_BYTES = 1024

_OWN = (os.path.dirname(os.path.abspath(__file__)) + os.sep, signature.__file__)
"""Between the worker and the handler."""


def members_of(group: BaseException) -> Iterator[BaseException]:
    """What failed in a group, and in the groups within it."""
    waiting = [group]
    while waiting:
        error = waiting.pop()
        if isinstance(error, BaseExceptionGroup):
            waiting.extend(reversed(error.exceptions))
        else:
            yield error


def message_of(error: BaseException) -> str:
    """With what a group holds, and with notes."""
    text = printed(error)
    if isinstance(error, BaseExceptionGroup):
        members = list(members_of(error))
        told = [_line(member) for member in members[:MAX_MEMBERS]]
        more = f"; and {len(members) - MAX_MEMBERS} more" if len(members) > MAX_MEMBERS else ""
        text = f"{text}: {'; '.join(told)}{more}"
    return "\n".join([text, *_notes(error)])


def traceback_of(error: BaseException, most_bytes: int) -> str | None:
    """The innermost frames without this package's own, then the group's members, and the causes with theirs."""
    try:
        return clean("".join(_Telling().of(error, MAX_FRAMES, MAX_LEVELS)), most_bytes) or None
    except (MemoryError, RecursionError):
        return None


class _Telling:
    def __init__(self) -> None:
        self._told: set[int] = set()

    def of(self, error: BaseException, frames: int, levels: int) -> list[str]:
        self._told.add(id(error))
        lines = [*_frames(error.__traceback__, frames), *(f"note: {note}\n" for note in _notes(error))]
        if isinstance(error, BaseExceptionGroup):
            count = len(error.exceptions)
            for place, member in enumerate(error.exceptions[:MAX_MEMBERS], 1):
                lines += self._another(f"{place} of {count} in the group: ", member, levels)
            if count > MAX_MEMBERS:
                lines.append(f"… {count - MAX_MEMBERS} more in the group\n")
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            lines += self._another("caused by ", cause, levels)
        return lines

    def _another(self, how: str, error: BaseException, levels: int) -> list[str]:
        if id(error) in self._told:
            return []
        if len(self._told) >= MAX_TOLD or not levels:
            return ["…\n"]
        inner = "".join(self.of(error, INNER_FRAMES, levels - 1))
        return [f"{how}{_line(error)}\n", textwrap.indent(inner, "  ") if how.endswith("group: ") else inner]


def _frames(raised: TracebackType | None, most: int) -> list[str]:
    theirs = [place for place in traceback.walk_tb(raised) if not place[0].f_code.co_filename.startswith(_OWN)]
    left_out = [f"  … {len(theirs) - most} frames left out\n"] if len(theirs) > most else []
    return left_out + traceback.StackSummary.extract(iter(theirs[-most:])).format()


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {clean(printed(error), MAX_INNER_BYTES)}"


def _notes(error: BaseException) -> list[str]:
    notes: Any = getattr(error, "__notes__", None)
    if not isinstance(notes, list | tuple):
        return []
    return [clean(printed(note), MAX_INNER_BYTES) for note in notes[:MAX_NOTES]]
