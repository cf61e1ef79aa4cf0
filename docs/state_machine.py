"""Writes docs/state-machine.md from the table of moves: `python docs/state_machine.py`; `--check` compares."""

from __future__ import annotations

import sys
from pathlib import Path

from blazy_jobs_server.domain.lifecycle import MOVES
from blazy_jobs_server.domain.run import State

PAGE = Path(__file__).with_name("state-machine.md")

HEAD = """\
# The life of a run

Generated from `app/blazy_jobs_server/domain/lifecycle.py` by `python docs/state_machine.py`; a test keeps the two
together.

```mermaid
stateDiagram-v2
"""

VERBS = {
    "create": "dispatched; `scheduled` when due later",
    "promote": "its time has come: the one change without an event",
    "start": "claimed by a worker: the attempt counts from here",
    "progress": "the handler says how far it is",
    "log": "the handler writes a line",
    "complete": "the handler returned",
    "fail": "the attempt failed (error, timeout, crash): another follows, or the run ends",
    "release": "given back by a stopping worker, or never named by it: no attempt spent",
    "snooze": "the handler asked to come again later: no attempt spent",
    "lose": "its worker died or fell silent: no attempt spent, one loss counted; the third fails it",
    "cancel": "at once where it does not run; a running handler is asked to stop",
    "stop": "the handler has stopped because its cancel was asked",
    "expire": "not started by its expiry",
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
    table = ["", "| Verb | From | To | When |", "| --- | --- | --- | --- |"]
    for verb, moves in MOVES.items():
        for before, states in moves.items():
            source = "" if before is None else f"`{before.name.lower()}`"
            targets = ", ".join(f"`{state.name.lower()}`" for state in states)
            table.append(f"| {verb} | {source} | {targets} | {VERBS[verb]} |")
    final = "\nFinal is final: no verb leads out of it. Running it again makes a new run.\n"
    return HEAD + "\n".join(lines) + "\n```\n" + "\n".join(table) + "\n" + final


def main() -> int:
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text() == text() else 1
    PAGE.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
