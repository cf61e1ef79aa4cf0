"""Runs of groups that have completed, as a report has them: by columns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held

MOST_RUNS = 5000
"""In one call; the server takes twice as many."""


class Completed(NamedTuple):
    """`results`: JSON with commas between; nothing where all are null."""

    group: Group
    run_ids: Sequence[str]
    results: bytes

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """The run's id, and its report by itself."""
        results = orjson.loads(b"[%s]" % self.results) if self.results else [None] * len(self.run_ids)
        for run_id, result in zip(self.run_ids, results, strict=True):
            yield run_id, orjson.dumps({**self.group.report(run_id), "type": "completed", "result": result})


def take(waiting: deque[Completed], most_bytes: int) -> list[Completed]:
    """What fits into a call, and at least one of them."""
    taken: list[Completed] = []
    runs = size = 0
    while waiting:
        runs += len(waiting[0].run_ids)
        size += len(waiting[0].results)
        if taken and (runs > MOST_RUNS or size > most_bytes):
            break
        taken.append(waiting.popleft())
    return taken


def write(completed: Sequence[Completed]) -> bytes:
    """The items of a report's `completed`, with commas between: those of one lease together."""
    columns: dict[tuple[str, int, bool], tuple[list[str], list[bytes]]] = {}
    for each in completed:
        run_ids, results = columns.setdefault((each.group.token, each.group.attempt, bool(each.results)), ([], []))
        run_ids += each.run_ids
        results.append(each.results)
    items = []
    for (token, attempt, has_results), (run_ids, results) in columns.items():
        item = orjson.dumps({"lease_token": token, "attempt": attempt, "run_ids": run_ids})
        items.append(item[:-1] + b',"results":[' + b",".join(results) + b"]}" if has_results else item)
    return b",".join(items)


def pass_on(found: Sequence[Held | Group], run_ids: Sequence[str], results: bytes) -> None:
    """The ends of runs of one group go to its lane together, but for those that are by themselves now."""
    group = next((held for held in found if isinstance(held, Group)), None)
    if group is not None and group.whole:
        group.completed(run_ids, results)
        return
    values = orjson.loads(b"[%s]" % results) if results else [None] * len(run_ids)
    rest: dict[str, Any] = {}
    for run_id, held, value in zip(run_ids, found, values, strict=True):
        if isinstance(held, Group) and not held.is_single(run_id):
            rest[run_id] = value
        else:
            single = held.single(run_id) if isinstance(held, Group) else held
            single.finish({"type": "completed", "result": value})
    if group is not None and rest:
        group.completed(list(rest), b",".join(map(orjson.dumps, rest.values())))
