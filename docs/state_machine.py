"""Writes docs/state-machine.md from the lifecycle's transitions: `python docs/state_machine.py`; `--check` compares."""

from __future__ import annotations

import sys
from pathlib import Path

from blazy_jobs_server.domain.lifecycle import MOVES
from blazy_jobs_server.domain.run import State

PAGE = Path(__file__).with_name("state-machine.md")

HEAD = """\
# Run lifecycle

Generated from `app/blazy_jobs_server/domain/lifecycle.py` by `python docs/state_machine.py`; a test checks that it
is up to date.

```mermaid
stateDiagram-v2
"""

VERBS = {
    "create": "dispatched; `scheduled` if it is due later",
    "promote": "due; the only transition without an event",
    "run_now": "somebody asked for it before it was due",
    "start": "claimed by a worker; the attempt counts from here",
    "progress": "progress reported by the handler",
    "log": "log line of the handler",
    "complete": "the handler returned",
    "fail": "the attempt failed (error, timeout, crash); it is retried, or the run has failed",
    "release": "returned by its worker, or its lease was not renewed; no attempt is spent",
    "snooze": "the handler asked to be called again later; no attempt is spent",
    "detach": "its HTTP handler answered `202` and goes on by itself, until it reports or its deadline passes",
    "lose": "its worker died or its heartbeat stopped; no attempt is spent, but the third loss fails the run",
    "cancel": "cancelled immediately unless it is running; a running handler is told to stop",
    "stop": "the handler has stopped after a cancel",
    "expire": "not started before it expired",
}


def text() -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for verb, moves in MOVES.items():
        for before, states in moves.items():
            for after in states:
                source = "[*]" if before is None else before.name.lower()
                arrows.setdefault((source, after.name.lower()), []).append(verb)
    lines = [f"    {a} --> {b}: {', '.join(verbs)}" for (a, b), verbs in arrows.items()]
    lines += [f"    {state.name.lower()} --> [*]" for state in State if state.final]
    table = ["", "| Transition | From | To | When |", "| --- | --- | --- | --- |"]
    for verb, moves in MOVES.items():
        for before, states in moves.items():
            source = "" if before is None else f"`{before.name.lower()}`"
            targets = ", ".join(f"`{state.name.lower()}`" for state in states)
            table.append(f"| {verb} | {source} | {targets} | {VERBS[verb]} |")
    final = "\nNo transition leaves a final state. Replaying a run creates a new one.\n"
    return HEAD + "\n".join(lines) + "\n```\n" + "\n".join(table) + "\n" + final


def main() -> int:
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text() == text() else 1
    PAGE.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
