"""Modules of the user that would stand in the place of others' by their name."""

from __future__ import annotations

import os
import site
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def shadowed_by(path: Path) -> str | None:
    """What the module of this file would hide, as an error says it; None where that is nothing."""
    if path.stem in sys.stdlib_module_names:
        return f"the module {path.stem!r} of Python's standard library"
    installed = PathFinder.find_spec(path.stem, [*site.getsitepackages(), site.getusersitepackages()])
    origin = None if installed is None else installed.origin
    if origin is None or os.path.realpath(origin) == str(path) or _same(origin, path):
        return None
    return f"the installed module {path.stem!r} ({origin})"


def standing_in() -> list[tuple[str, str]]:
    """(name, file) of what was imported instead of a module of the standard library."""
    others = (*sys.path[:], os.getcwd())
    homes = {os.path.realpath(place) for place in others if place} - _homes_of_python()
    found = []
    for name in sys.stdlib_module_names & sys.modules.keys():
        file = getattr(sys.modules[name], "__file__", None)
        folder = os.path.realpath(os.path.dirname(file)) if isinstance(file, str) else ""
        if folder in homes or os.path.dirname(folder) in homes:
            found.append((name, str(file)))
    return sorted(found)


def _homes_of_python() -> set[str]:
    standard = os.path.realpath(os.path.dirname(os.__file__))
    zipped = os.path.join(os.path.dirname(standard), f"python{sys.version_info.major}{sys.version_info.minor}.zip")
    places = {standard, zipped, os.path.join(standard, "lib-dynload"), *site.getsitepackages()}
    return {os.path.realpath(place) for place in places}


def _same(one: str, other: Path) -> bool:
    """The same project, installed and in its folder."""
    try:
        return Path(one).read_bytes() == other.read_bytes()
    except OSError:
        return False
