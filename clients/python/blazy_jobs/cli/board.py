"""The digest as a person reads it, in as many lines as the terminal has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from blazy_jobs.cli import times
from blazy_jobs.cli.output import STATE_STYLES
from blazy_jobs.cli.safe import safe
from blazy_jobs.cli.tables import _cell, _table

STATES = tuple(STATE_STYLES)
RATES = ("started", "completed", "failed", "retried")
LINES_BESIDE = 9
"""Of the head, the empty lines and the heads of tables."""


def whole(digest: Mapping[str, Any], width: int, height: int) -> list[Any]:
    """`width` and `height` are those of the terminal."""
    room = max(2, height - LINES_BESIDE)
    late = digest["queues"][: max(1, room // 3)]
    lanes = digest["lanes"][: max(1, room - len(late))]
    parts: list[Any] = [*_head(digest), Text("")]
    if late:
        parts += [_queues(late), Text("")]
    if lanes:
        parts.append(_lanes(lanes, wide=width >= 100))
    left_out = len(digest["lanes"]) - len(lanes) + (digest["other"] or {"lanes": 0})["lanes"]
    if left_out:
        parts.append(Text(f"… and {left_out} more", style="dim"))
    return parts


def _head(digest: Mapping[str, Any]) -> list[Text]:
    workers, counts = digest["workers"], digest["counts"]
    draining = f" ({workers['draining']} draining)" if workers["draining"] else ""
    first = Text(f"{times.local(times.read(digest['at']))[:8]}  ", style="dim")
    first.append(f"{workers['connected']} workers{draining}  {workers['busy']} of {workers['slots']} slots busy")
    if digest["trouble"]:
        first.append(f"  trouble: {', '.join(map(safe, digest['trouble']))}", style="bold red")
    second = Text()
    for state in STATES:
        if counts.get(state):
            second.append(f"{state} ", style=STATE_STYLES[state])
            second.append(f"{counts[state]:,}  ")
    third = Text("a second: ", style="dim")
    third.append("  ".join(f"{name} {digest['rates'][name]:g}" for name in RATES))
    return [first, second or Text("no runs yet", style="dim"), third]


def _queues(queues: list[Any]) -> Table:
    table = _table(["QUEUE", "WAITING", "OLDEST DUE", ""], True)
    for queue in queues:
        about = ["paused"] if queue["paused"] else []
        if queue["unserved"]:
            about.append(f"no worker for {queue['unserved']:,}")
        oldest = times.relative(queue["oldest_due_at"])
        table.add_row(safe(queue["name"]), f"{queue['queued']:,}", oldest, _cell(", ".join(about), "yellow"))
    return table


def _lanes(lanes: list[Any], *, wide: bool) -> Table:
    states = STATES if wide else ("queued", "running", "retrying", "failed")
    table = _table(["JOB TYPE", "QUEUE", *(state.upper() for state in states)], True)
    for column in table.columns[2:]:
        column.justify = "right"
    for lane in lanes:
        numbers = [
            _cell(f"{n:,}" if (n := lane["counts"].get(state, 0)) else "", STATE_STYLES[state]) for state in states
        ]
        table.add_row(safe(lane["job_type"]), _cell(lane["queue"]), *numbers)
    return table
