"""The time zones of the tzdata package: names and rules are the same on every machine, whatever its system has."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from zlib import crc32
from zoneinfo import ZoneInfo

_NO_PLACE = "Factory"
"""What a machine has before its zone is set; tzdata lists it with the zones."""


@cache
def names() -> frozenset[str]:
    return frozenset(_data("zones").read_text().split()) - {_NO_PLACE}


@cache
def zone(name: str) -> ZoneInfo:
    """By its IANA name. Raises KeyError."""
    if name not in names():
        raise KeyError(name)
    with _data("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def version() -> str:
    """Of the rules, such as `2026a`; newer ones sort later."""
    found: str = import_module("tzdata").IANA_VERSION
    return found


@cache
def rules(name: str) -> str:
    """The version, and what tells this zone's rules from others that say they are the same. Raises KeyError."""
    if name not in names():
        raise KeyError(name)
    return f"{version()}/{crc32(_data('zoneinfo', *name.split('/')).read_bytes()):08x}"


def _data(*path: str) -> Traversable:
    return files("tzdata").joinpath(*path)
