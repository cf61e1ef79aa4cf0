"""Which runs a list shows: the newest keys that its filter lets through, found by indexes however many runs there are.

A list walks one index downwards: that of its tag, of its schedule, of each pair of lane and state, or the keys
themselves. The time of creation bounds the walk, since keys come from the clock. Where the filter says more than
that index does, the walk takes steps of bounded size and looks at each run; when it has looked for long, the page ends
early, and the next one goes on from there.

`search` says what to ask for, whichever store asks: it yields questions and is sent their rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, Protocol

from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.ports import RunFilter
from blazy_jobs_server.store.tables import AHEAD_MICROSECONDS, AHEAD_SQL

MAX_KEY = 2**63 - 1
FEW = 5_000
"""So many runs of its states, job type and queue a list looks at one by one, and leaves the index of its tag."""
SOME = 200_000
"""So many, when that index has proved to be of little help."""
HELPFUL_STEPS = 3
FIRST_STEP = 1_000
LARGEST_STEP = 16_000
LOOK_SECONDS = 2.0


class Question(NamedTuple):
    """A statement whose parameters are numbered from 1 on, in the store's way."""

    statement: str
    parameters: list[Any]


class Place(NamedTuple):
    """A pair of lane and state, and how many runs there are in it."""

    lane_id: int
    state: int
    runs: int


class Found(NamedTuple):
    keys: list[int]
    """Newest first."""
    before: int | None
    """Where the next page goes on (exclusive) when this one was given up early."""


class Dialect(Protocol):
    mark: str
    """What stands before the number of a parameter."""
    ahead: str
    """The runs `r`, to be found by the index of those that are older than their keys say."""

    def looked_at(self, walk: str, key: str, conditions: str, limit: int) -> str:
        """Of what the walk (a FROM and WHERE on `s`) goes through, newest first, the runs `r` that the conditions let
        through: their keys."""
        ...

    def ranges(self, places: Sequence[Place], conditions: str, limit: int) -> list[str]:
        """Of each place the newest keys of runs `r` that the conditions let through, by one statement or several."""
        ...


class _Terms:
    """Conditions with their parameters."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self.parameters: list[Any] = []
        self.conditions: list[str] = []

    def add(self, condition: str, *values: Any) -> None:
        """`{}` in it stands for a value."""
        places = []
        for value in values:
            self.parameters.append(value)
            places.append(f"{self._mark}{len(self.parameters)}")
        self.conditions.append(condition.format(*places))

    def __str__(self) -> str:
        return " AND ".join(self.conditions) if self.conditions else "true"


def search(
    dialect: Dialect,
    where: RunFilter,
    before: int | None,
    limit: int,
    places: Sequence[Place] | None,
    now: Callable[[], float] = time.monotonic,
) -> Generator[Question, list[Any], Found]:
    """At most `limit` keys below `before`. `places`: those that the filter's states, job type and queue leave; None
    where it says nothing of them."""
    high = MAX_KEY if before is None else before
    low = 0
    if where.created_after is not None:
        # A key is never smaller than its creation time.
        low = min(max(where.created_after, 0) << COUNTER_BITS, MAX_KEY)
    keys: list[int] = []
    if where.created_before is not None:
        made = max(where.created_before + AHEAD_MICROSECONDS, 0) << COUNTER_BITS
        if made < high:
            keys = yield from _ahead(dialect, where, (made, high), limit, places)
            high = made
    if len(keys) >= limit or low >= high or (places is not None and not places):
        return Found(keys[:limit], None)
    in_places = MAX_KEY if places is None else sum(place.runs for place in places)
    if places is None or (in_places > FEW and (where.tag is not None or where.schedule is not None)):
        steps = HELPFUL_STEPS if in_places <= SOME else None
        rest = yield from _walk(dialect, where, (low, high), limit - len(keys), places, steps, now)
        keys += rest.keys
        if rest.before is None or steps is None:
            return Found(keys, rest.before)
        high = rest.before
    assert places is not None
    found = yield from _in_places(dialect, where, (low, high), limit, places)
    return Found((keys + sorted(found, reverse=True))[:limit], None)


def _ahead(
    dialect: Dialect, where: RunFilter, span: tuple[int, int], limit: int, places: Sequence[Place] | None
) -> Generator[Question, list[Any], list[int]]:
    """The runs that are older than their keys say, nearly always none."""
    terms = _Terms(dialect.mark)
    terms.add("r.id >= {} AND r.id < {}", *span)
    _narrow(terms, where, places)
    condition = AHEAD_SQL.replace("id >>", "r.id >>").replace("created_at", "r.created_at")
    rows = yield Question(
        f"SELECT r.id FROM {dialect.ahead} WHERE {condition} AND {terms} ORDER BY r.id DESC LIMIT {limit}",
        terms.parameters,
    )
    return [row[0] for row in rows]


def _in_places(
    dialect: Dialect, where: RunFilter, span: tuple[int, int], limit: int, places: Sequence[Place]
) -> Generator[Question, list[Any], list[int]]:
    terms = _Terms(dialect.mark)
    terms.add("r.id >= {} AND r.id < {}", *span)
    _narrow(terms, where, None)
    keys: list[int] = []
    for statement in dialect.ranges(places, str(terms), limit):
        rows = yield Question(statement, terms.parameters)
        keys += [row[0] for row in rows]
    return keys


def _walk(
    dialect: Dialect,
    where: RunFilter,
    span: tuple[int, int],
    limit: int,
    places: Sequence[Place] | None,
    steps: int | None,
    now: Callable[[], float],
) -> Generator[Question, list[Any], Found]:
    """In steps down the index of the tag, of the schedule, or of the keys: at most so many, or for LOOK_SECONDS."""
    low, high = span
    residual = places is not None or where.created_after is not None or where.created_before is not None
    residual = residual or (where.tag is not None and where.schedule is not None)
    keys: list[int] = []
    step, taken = FIRST_STEP, 0
    until = now() + LOOK_SECONDS
    while True:
        edge = None
        if residual:
            source, key, terms = _source(dialect, where, (low, high))
            rows = yield Question(
                f"SELECT {key} FROM {source} WHERE {terms} ORDER BY {key} DESC LIMIT 1 OFFSET {step}", terms.parameters
            )
            edge = rows[0][0] if rows else None
        floor = low if edge is None else edge + 1
        source, key, terms = _source(dialect, where, (floor, high))
        walk = f"{source} WHERE {terms}"
        left = limit - len(keys)
        if residual:
            before_narrowing = len(terms.conditions)
            _narrow(terms, where, places, walked=True)
            conditions = " AND ".join(terms.conditions[before_narrowing:])
            rows = yield Question(dialect.looked_at(walk, key, conditions, left), terms.parameters)
        else:
            rows = yield Question(f"SELECT {key} FROM {walk} ORDER BY {key} DESC LIMIT {left}", terms.parameters)
        keys += [row[0] for row in rows]
        if len(keys) >= limit or edge is None:
            return Found(keys, None)
        high = floor
        step = min(step * 4, LARGEST_STEP)
        taken += 1
        if taken == steps or now() >= until:
            return Found(keys, high)


def _source(dialect: Dialect, where: RunFilter, span: tuple[int, int]) -> tuple[str, str, _Terms]:
    """The table `s` to walk, the column of its key, and what is walked of it."""
    terms = _Terms(dialect.mark)
    if where.tag is not None:
        terms.add("s.tag = {}", where.tag)
        source, key = "run_tags AS s", "s.run_id"
    else:
        source, key = "runs AS s", "s.id"
        if where.schedule is not None:
            terms.add("s.schedule IS NOT NULL AND s.schedule = {}", where.schedule)
    terms.add(f"{key} >= {{}} AND {key} < {{}}", *span)
    return source, key, terms


def _narrow(terms: _Terms, where: RunFilter, places: Sequence[Place] | None, *, walked: bool = False) -> None:
    """What is asked of a run `r` beyond its key. `walked`: by the index of its tag, else of its schedule."""
    if places is not None:
        lanes = ", ".join(str(lane_id) for lane_id in sorted({place.lane_id for place in places})) or "0"
        terms.add(f"r.lane_id IN ({lanes})")
        if where.states:
            terms.add(f"r.state IN ({', '.join(str(int(state)) for state in sorted(where.states))})")
    if where.created_after is not None:
        terms.add("r.created_at >= {}", where.created_after)
    if where.created_before is not None:
        terms.add("r.created_at < {}", where.created_before)
    if where.tag is not None and not walked:
        # OFFSET: PostgreSQL shall probe for each run, and not go through all that have the tag.
        tagged = "SELECT 1 FROM run_tags AS t WHERE t.tag = {} AND t.run_id = r.id LIMIT 1 OFFSET 0"
        terms.add(f"EXISTS ({tagged})", where.tag)
    if where.schedule is not None and not (walked and where.tag is None):
        terms.add("r.schedule = {}", where.schedule)
