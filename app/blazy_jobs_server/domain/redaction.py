"""What of payloads and results is not shown to everybody: the values at the JSON Pointers (RFC 6901) of a job type.

Only the objects and arrays on the way to a value are read; the rest of a document stays as it is, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.run import Run

MASK = "***"
MAX_POINTERS = 50
MAX_POINTER_LENGTH = 256
EVERYTHING = ("",)
"""The pointers of what nothing is known about: the whole document."""

_POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_MASK = Raw(b'"***"')
_NULL = b"null"
_OBJECT, _ARRAY = msgspec.json.Decoder(dict[str, Raw]), msgspec.json.Decoder(list[Raw])
_encode = msgspec.json.Encoder().encode

Tree = dict[str, "Tree | None"]
"""Pointers by their first token, then their second, and so on; None where one ends."""


class NothingKept(Exception):
    """A mask stands where there is no value that it could stand for. `pointer` says where."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer


def is_pointer(text: str) -> bool:
    return _POINTER.fullmatch(text) is not None


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


@lru_cache(maxsize=1024)
def _tree(pointers: tuple[str, ...]) -> Tree | None:
    """None: the whole document."""
    root: Tree = {}
    for pointer in pointers:
        tokens = _tokens(pointer)
        if not tokens:
            return None
        _plant(root, tokens)
    return root


def _plant(root: Tree, tokens: list[str]) -> None:
    node = root
    for token in tokens[:-1]:
        below = node.setdefault(token, {})
        if below is None:
            return  # a shorter pointer hides it already
        node = below
    node[tokens[-1]] = None


def covers(pointers: Iterable[str], others: Iterable[str]) -> bool:
    """Whether all that `others` hide is hidden by `pointers`."""
    return all(any(other == p or other.startswith(f"{p}/") for p in pointers) for other in others)


# -- hiding


def redacted(text: str, pointers: tuple[str, ...]) -> str:
    """A JSON text with the mask in place of the values at the pointers; one that leads nowhere hides nothing."""
    if not pointers:
        return text
    try:
        raw = Raw(text.encode())
        hidden = _hide(raw, _tree(pointers))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return f'"{MASK}"'
    return text if hidden is raw else bytes(hidden).decode()


def _hide(raw: Raw, tree: Tree | None) -> Raw:
    """The same object where nothing is hidden in it."""
    if tree is None:
        return _MASK
    members = _members(raw)
    if members is None:
        return raw
    changed = False
    for token, below in tree.items():
        key = _key(members, token)
        if key is not None:
            hidden = _hide(members[key], below)  # type: ignore[index]  # a key of what it is
            changed = changed or hidden is not members[key]  # type: ignore[index]  # as above
            members[key] = hidden  # type: ignore[index]  # as above
    return Raw(_encode(members)) if changed else raw


def _members(raw: Raw) -> dict[str, Raw] | list[Raw] | None:
    start = bytes(raw).lstrip()[:1]
    if start == b"{":
        return _OBJECT.decode(raw)
    return _ARRAY.decode(raw) if start == b"[" else None


def _key(members: dict[str, Raw] | list[Raw], token: str) -> str | int | None:
    if isinstance(members, dict):
        return token if token in members else None
    found = _INDEX.fullmatch(token)
    return int(token) if found and len(token) < 10 and int(token) < len(members) else None


def redacted_run(run: Run, pointers: tuple[str, ...]) -> Run:
    """As it is shown; the one given where nothing is hidden."""
    return replace(
        run,
        payload=redacted(run.payload, pointers),
        result=None if run.result is None else _beneath(run.result, pointers),
        progress=None if run.progress is None else _within(run.progress, "data", pointers),
    )


_HOLDS = {EventType.COMPLETED: "result", EventType.PROGRESS: "data", EventType.LOG: "fields"}
"""Where in an event's data there is a document of a handler's."""


def redacted_event(event: Event, pointers: tuple[str, ...]) -> Event:
    """As it is shown; the one given where it has nothing of the kind."""
    member = _HOLDS.get(event.type)
    if member is None:
        return event
    data = _within(event.data, member, pointers)
    return event if data is event.data else replace(event, data=data)


def _within(text: str, member: str, pointers: tuple[str, ...]) -> str:
    try:
        members = _OBJECT.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return f'{{"{member}":"{MASK}"}}'
    inner = bytes(members.get(member, _NULL)).decode()
    hidden = _beneath(inner, pointers)
    if hidden == inner:
        return text
    members[member] = Raw(hidden.encode())
    return _encode(members).decode()


def _beneath(text: str, pointers: tuple[str, ...]) -> str:
    """null is said where a handler gives nothing, which is no secret."""
    return text if text == "null" else redacted(text, pointers)


# -- giving back what was shown hidden


def restored(text: str, known: str | None, pointers: tuple[str, ...]) -> str:
    """`text` with the values of `known` where the pointers lead to a mask: who has read a document without being shown
    all of it may send it back. Raises NothingKept where `known` has no such value."""
    if not pointers or MASK not in text:
        return text
    raw = Raw(text.encode())
    filled = _restore(raw, None if known is None else Raw(known.encode()), _tree(pointers), "")
    return text if filled is raw else bytes(filled).decode()


def _restore(raw: Raw, known: Raw | None, tree: Tree | None, path: str) -> Raw:
    if tree is None:
        if bytes(raw) != bytes(_MASK):
            return raw
        if known is None or bytes(known) == bytes(_MASK):
            raise NothingKept(path)
        return known
    members = _members(raw)
    if members is None:
        return raw
    before = None if known is None else _members(known)
    changed = False
    for token, below in tree.items():
        key = _key(members, token)
        if key is None:
            continue
        kept = None if before is None or _key(before, token) is None else before[key]  # type: ignore[index]  # as above
        filled = _restore(members[key], kept, below, f"{path}/{_escaped(token)}")  # type: ignore[index]  # as above
        changed = changed or filled is not members[key]  # type: ignore[index]  # as above
        members[key] = filled  # type: ignore[index]  # as above
    return Raw(_encode(members)) if changed else raw


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
