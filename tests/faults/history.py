"""What is known of a campaign once all has settled: what clients were told, what the server says, what handlers did.

Clients write their own journal, a file of JSON lines, before and after each request; handlers append to the trace.
Nothing here trusts the server: its runs and events are only what it answered at the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

FINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Asked:
    """A run that a client asked for. `once` says that it must have been made once at most, whatever was lost."""

    nonce: str
    job: str
    once: bool = True
    batch: str | None = None
    dedupe: str | None = None
    replay_of: str | None = None


@dataclass(frozen=True)
class Mark:
    """A line of the trace: a handler of `run` was at `kind` ("begin", "beat" or "end") in process `pid`."""

    run: str
    attempt: int
    kind: str
    boot_ns: int
    wall_ns: int
    pid: int


@dataclass
class Stream:
    """What a reader saw. `run` None: the stream of all runs, from the start. `whole`: it read to the end."""

    run: str | None
    events: list[dict[str, Any]]
    ids: list[str]
    whole: bool
    connections: int = 1
    problem: str = ""


@dataclass
class History:
    asked: dict[str, Asked] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    """(nonce, run id), each time that a client was told so."""
    cancels: list[tuple[str, int | None]] = field(default_factory=list)
    """(run id, status), None where the answer was lost."""
    seen_final: list[tuple[str, str]] = field(default_factory=list)
    """(run id, state), each time that a client read a final state."""
    refusals: list[str] = field(default_factory=list)
    """Answers that no client should ever get."""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    streams: list[Stream] = field(default_factory=list)
    trace: list[Mark] = field(default_factory=list)
    clock_seconds: float = 0.1
    """By so much may times differ: handlers read the wall clock, servers their own, wall time at their start plus
    monotonic time."""
    overlap_seconds: float = 0.0
    """By so much may the lives of two runs seem to overlap, whose times are of different servers."""
    frozen: set[int] = field(default_factory=set)
    """Processes that were stopped past their lease: what they do when they go on is theirs, not the server's."""


class Journal:
    """One client's own record. Each line is handed to the kernel before the next step is taken."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", buffering=1)

    def write(self, kind: str, **fields: Any) -> None:
        self._file.write(json.dumps({"kind": kind, **fields}) + "\n")

    def close(self) -> None:
        self._file.close()


def read_journals(history: History, paths: Iterable[Path]) -> None:
    for path in paths:
        for line in path.read_text().splitlines():
            _take(history, json.loads(line))


def _take(history: History, entry: Mapping[str, Any]) -> None:
    match entry["kind"]:
        case "asked":
            fields = {name: value for name, value in entry.items() if name != "kind"}
            history.asked[entry["nonce"]] = Asked(**fields)
        case "answered":
            history.answers.append((entry["nonce"], entry["run"]))
        case "cancel":
            history.cancels.append((entry["run"], entry["status"]))
        case "final":
            history.seen_final.append((entry["run"], entry["state"]))
        case "refused":
            history.refusals.append(f"{entry['what']}: {entry['status']} {entry['body']}")
        case other:
            raise ValueError(f"unknown entry {other!r}")


def read_trace(path: Path) -> list[Mark]:
    """A line that its writer's death cut short is left out: it is the last of its process."""
    marks = []
    for line in path.read_bytes().split(b"\n"):
        try:
            run, attempt, kind, boot_ns, wall_ns, pid = line.decode().split(" ")
            marks.append(Mark(run, int(attempt), kind, int(boot_ns), int(wall_ns), int(pid)))
        except ValueError:
            continue
    return marks
