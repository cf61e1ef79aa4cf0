"""The groups of errors that a list shows, found by indexes however many runs have failed.

Each lane has its groups by the time of their last failure. A list takes the newest of all lanes, and counts each group
over the lanes that it may show; a group stands where it failed last in any of these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec.json import decode

from blazy_jobs_server.domain.run import Error, State
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup, GroupPlace
from blazy_jobs_server.store.ledger import Lane
from blazy_jobs_server.store.listing import LOOK_SECONDS, MAX_KEY
from blazy_jobs_server.store.walking import Question

MAX_MESSAGE = 1000
NEWEST_PLACE = GroupPlace(MAX_KEY, "")


class Grouped(NamedTuple):
    groups: list[ErrorGroup]
    before: GroupPlace | None
    """Where the next page goes on (exclusive); None where this is the last."""


class Dialect(Protocol):
    def newest(self, lanes: Collection[int], state: State, before: GroupPlace, limit: int) -> list[Question]:
        """Rows of `error_counts` below that place, newest first, of each lane or of all: when it failed last, and the
        group."""
        ...

    def counted(self, groups: Sequence[str], state: State) -> Question:
        """Of each group and lane: both, how many runs, when it failed first and last."""
        ...

    def samples(self, pairs: Sequence[tuple[str, int]], state: State) -> Question:
        """Of each group and lane: the group, and the key of its newest run."""
        ...

    def errors(self, run_ids: Sequence[int]) -> Question:
        """Keys and errors."""
        ...


class _Count(NamedTuple):
    lanes: list[int]
    runs: int
    first_at: int
    last_at: int


def grouped(
    dialect: Dialect,
    where: ErrorFilter,
    before: GroupPlace | None,
    limit: int,
    lanes: Mapping[int, Lane],
    now: Callable[[], float] = time.monotonic,
) -> Generator[Question, list[Any], Grouped]:
    """`lanes`: those that the filter lets through and that have runs in its state."""
    found: dict[str, _Count] = {}
    place = before or NEWEST_PLACE
    until = now() + LOOK_SECONDS
    more: GroupPlace | None = None
    if where.group is not None:
        found = yield from _counted(dialect, [where.group], where.state, lanes)
    elif lanes:
        while True:
            places = yield from _newest(dialect, lanes, where.state, place, limit + 1)
            fresh = list(dict.fromkeys(item.group for item in places if item.group not in found))
            counts = yield from _counted(dialect, fresh, where.state, lanes)
            for place in places:
                count = counts.get(place.group)
                if count is not None and count.last_at == place.last_at and len(found) <= limit:
                    found[place.group] = count
            if len(found) > limit:
                found.popitem()
                group, last = list(found.items())[-1]
                more = GroupPlace(last.last_at, group)
                break
            if len(places) <= limit:
                break
            if now() >= until:
                more = place
                break
    return Grouped((yield from _shown(dialect, found, where.state, lanes)), more)


def _newest(
    dialect: Dialect, lanes: Collection[int], state: State, before: GroupPlace, limit: int
) -> Generator[Question, list[Any], list[GroupPlace]]:
    places: list[GroupPlace] = []
    for question in dialect.newest(lanes, state, before, limit):
        rows = yield question
        places += [GroupPlace(row[0], row[1]) for row in rows]
    return sorted(places, reverse=True)[:limit]


def _counted(
    dialect: Dialect, groups: Sequence[str], state: State, lanes: Collection[int]
) -> Generator[Question, list[Any], dict[str, _Count]]:
    """Of those that have runs in these lanes."""
    if not groups:
        return {}
    rows = yield dialect.counted(groups, state)
    counts: dict[str, _Count] = {}
    for group, lane_id, runs, first_at, last_at in rows:
        if runs > 0 and lane_id in lanes:
            known = counts.get(group, _Count([], 0, MAX_KEY, 0))
            first = known.first_at if first_at is None else min(known.first_at, first_at)
            counts[group] = _Count([*known.lanes, lane_id], known.runs + runs, first, max(known.last_at, last_at))
    return counts


def _shown(
    dialect: Dialect, found: Mapping[str, _Count], state: State, lanes: Mapping[int, Lane]
) -> Generator[Question, list[Any], list[ErrorGroup]]:
    if not found:
        return []
    rows = yield dialect.samples([(group, lane) for group, count in found.items() for lane in count.lanes], state)
    samples = _newest_of_each(rows)
    rows = yield dialect.errors(list(samples.values()))
    errors = {row[0]: decode(row[1], type=Error) for row in rows}
    return [
        _group(group, count, samples[group], errors[samples[group]], lanes)
        for group, count in found.items()
        if group in samples
    ]


def _newest_of_each(rows: Iterable[Any]) -> dict[str, int]:
    samples: dict[str, int] = {}
    for group, run_id in rows:
        if run_id is not None:
            samples[group] = max(samples.get(group, 0), run_id)
    return samples


def _group(group: str, count: _Count, run_id: int, error: Error, lanes: Mapping[int, Lane]) -> ErrorGroup:
    return ErrorGroup(
        group=group,
        code=error.code,
        type=error.type,
        message=error.message[:MAX_MESSAGE],
        job_types=tuple(sorted({lanes[lane_id].job_type for lane_id in count.lanes})),
        count=count.runs,
        first_at=min(count.first_at, count.last_at),
        last_at=count.last_at,
        sample_run_id=run_id,
    )
