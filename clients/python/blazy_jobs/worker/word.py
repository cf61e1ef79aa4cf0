"""What is reported of one run: a word on its way, or its last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from blazy_jobs.worker.completed import Completed
from blazy_jobs.worker.held import Held
from blazy_jobs.worker.spoken import Spoken


class Word(NamedTuple):
    held: Held
    kind: str
    report: bytes
    final: bool
    instead: bool = False
    """It says what the server would not take of the run's own last word."""


def said_singly(said: Spoken) -> Iterator[Word]:
    for run_id, kind, report in said.reports():
        yield Word(said.group.single(run_id), kind, report, final=False)


def ended_singly(columns: Completed) -> Iterator[Word]:
    for run_id, report in columns.reports():
        yield Word(columns.group.single(run_id), "completed", report, final=True)
