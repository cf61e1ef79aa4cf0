"""Progress and log lines of runs of groups, as a report has them: by columns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held

MOST_WORDS = 5000
"""In one call; the server takes twice as many."""


class Spoken(NamedTuple):
    """`words`: JSON with commas between, a list for each run. `before`: how many each has said before."""

    group: Group
    run_ids: Sequence[str]
    before: Sequence[int]
    number: int
    """Of all words."""
    words: bytes

    def reports(self) -> Iterator[tuple[str, str, bytes]]:
        """Of each word: the run's id, its type, and its report by itself."""
        for run_id, words in zip(self.run_ids, orjson.loads(b"[%s]" % self.words), strict=True):
            for word in words:
                yield run_id, word["type"], orjson.dumps({**self.group.report(run_id), **word})


def take(waiting: deque[Spoken], most_bytes: int) -> list[Spoken]:
    """What fits into a call, and at least one of them."""
    taken: list[Spoken] = []
    number = size = 0
    while waiting:
        number += waiting[0].number
        size += len(waiting[0].words)
        if taken and (number > MOST_WORDS or size > most_bytes):
            break
        taken.append(waiting.popleft())
    return taken


def tokens(spoken: Sequence[Spoken]) -> list[str]:
    """Of the items that `write` makes."""
    return list(dict.fromkeys(each.group.token for each in spoken))


def write(spoken: Sequence[Spoken]) -> bytes:
    """The items of a report's `said`, with commas between: those of one lease together."""
    columns: dict[str, tuple[int, list[str], list[int], list[bytes]]] = {}
    for each in spoken:
        _, run_ids, before, words = columns.setdefault(each.group.token, (each.group.attempt, [], [], []))
        run_ids += each.run_ids
        before += each.before
        words.append(each.words)
    items = []
    for token, (attempt, run_ids, before, words) in columns.items():
        item = orjson.dumps({"lease_token": token, "attempt": attempt, "run_ids": run_ids, "before": before})
        items.append(item[:-1] + b',"words":[' + b",".join(words) + b"]}")
    return b",".join(items)


def pass_on(
    runs: Mapping[str, Held | Group],
    single: Callable[[str], Held],
    run_ids: Sequence[str],
    before: Sequence[int],
    number: int,
    words: bytes,
) -> None:
    """What runs of one group have said goes to its lane together, but for those that are by themselves now."""
    held = {runs.get(run_id) for run_id in run_ids}
    group = next((each for each in held if isinstance(each, Group)), None)
    if group is not None and len(held) == 1 and group.whole:
        group.spoken(run_ids, before, number, words)
        return
    rest: dict[str, tuple[int, list[Any]]] = {}
    for run_id, had_said, said in zip(run_ids, before, orjson.loads(b"[%s]" % words), strict=True):
        each = runs.get(run_id)
        if isinstance(each, Group) and not each.is_single(run_id):
            rest[run_id] = (had_said, said)
        elif each is not None:
            by_itself = single(run_id)
            for word in said:
                by_itself.desk.tell(by_itself, word["type"], by_itself.write(word))
    if group is not None and rest:
        texts = b",".join([orjson.dumps(said) for _, said in rest.values()])
        number = sum(len(said) for _, said in rest.values())
        group.spoken(list(rest), [had_said for had_said, _ in rest.values()], number, texts)
