"""The time zones of the tzdata package: names and rules are the same on every machine, whatever its system has."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
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


def _data(*path: str) -> Traversable:
    return files("tzdata").joinpath(*path)
