"""Which runs a list shows: the newest keys that its filter lets through, found by indexes however many runs there are.

A list walks one index downwards (store/walking.py): that of its tag, of its schedule, of each pair of lane and state,
or the keys themselves. The time of creation bounds the walk, since keys come from the clock. Where the filter says more
than that index does, the walk takes steps of bounded size and looks at each run; when it has looked for long, the page
ends early, and the next one goes on from there. A search for text looks at fewer, and says how many.

`search` and `tally` say what to ask for, whichever store asks: they yield questions and are sent their rows.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple

from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Counted, RunFilter, Tally
from blazy_jobs_server.store import searching
from blazy_jobs_server.store.ledger import Lane
from blazy_jobs_server.store.tables import AHEAD_MICROSECONDS, AHEAD_SQL
from blazy_jobs_server.store.walking import Dialect, Indexed, Place, Places, Question, Source, Terms

MAX_KEY = 2**63 - 1
FEW = 5_000
"""So many runs of its states, job type and queue a list looks at one by one, and leaves the index of its tag."""
SOME = 200_000
"""So many, when that index has proved to be of little help."""
HELPFUL_STEPS = 3
FIRST_STEP = 1_000
LARGEST_STEP = 16_000
LOOK_SECONDS = 2.0
MOST_READ = 50_000
"""Keys that are read of all places together, before all but the newest are dropped."""
ALL_OF_STEP = 1 << 30
NAMED_STEP = 500
"""Of runs that are named one by one."""
STATES_SQL = ", ".join(f"coalesce(sum(CASE WHEN r.state = {int(state)} THEN 1 ELSE 0 END), 0)" for state in State)
Hidden = Mapping[int, tuple[str, ...]]
"""By lane: what whoever searches for text is not shown (JSON Pointers)."""


class Found(NamedTuple):
    keys: list[int]
    """Newest first."""
    before: int | None
    """Where the next page goes on (exclusive) when this one was given up early."""
    looked: int = 0
    """At so many runs' texts."""


def cut(found: Found, limit: int) -> tuple[list[int], int | None]:
    """Of what was found for one more than the limit: a page, and where the next one goes on."""
    more = len(found.keys) > limit
    keys = found.keys[:limit]
    return keys, keys[-1] if more else found.before


def counted(found: Found, most: int) -> Counted:
    """By what was found for one more than `most`."""
    return Counted(min(len(found.keys), most), len(found.keys) > most or found.before is not None)


def summed(places: Sequence[Place]) -> Tally:
    numbers: Counter[State] = Counter()
    for place in places:
        numbers[State(place.state)] += place.runs
    return Tally(numbers, True)


def hidden_lanes(lanes: Mapping[int, Lane], where: RunFilter) -> dict[int, tuple[str, ...]]:
    if where.q is None or where.hides is None:
        return {}
    hidden = {lane.id: where.hides(lane.job_type) for lane in lanes.values()}
    return {lane_id: pointers for lane_id, pointers in hidden.items() if pointers}


class Index(NamedTuple):
    """How runs are found that have a value: `walked` is asked of a row `s` of the table, or `probed` of a run `r`."""

    table: str
    key: str
    walked: str
    probed: str
    value: str


def indexes_of(where: RunFilter) -> list[Index]:
    """Those that the filter names; the one that is likely to lead to the fewest runs first."""
    found = [_index_of_runs("error_group", where.error_group)]
    if where.tag is not None:
        # OFFSET: PostgreSQL shall probe for each run, and not go through all that have the tag.
        probed = "EXISTS (SELECT 1 FROM run_tags AS t WHERE t.tag = {} AND t.run_id = r.id LIMIT 1 OFFSET 0)"
        found.append(Index("run_tags AS s", "s.run_id", "s.tag = {}", probed, where.tag))
    found += [_index_of_runs("schedule", where.schedule), _index_of_runs("error_code", where.error_code)]
    return [index for index in found if index is not None]


def _index_of_runs(column: str, value: str | None) -> Index | None:
    if value is None:
        return None
    return Index("runs AS s", "s.id", f"s.{column} IS NOT NULL AND s.{column} = {{}}", f"r.{column} = {{}}", value)


class Bounds(NamedTuple):
    """When a walk is given up: at an instant of the clock of `search`, and a search for text after so many runs."""

    until: float
    runs: int


def search(
    dialect: Dialect,
    where: RunFilter,
    before: int | None,
    limit: int,
    places: Sequence[Place] | None,
    now: Callable[[], float] = time.monotonic,
    hidden: Hidden | None = None,
) -> Generator[Question, list[Any], Found]:
    """At most `limit` keys below `before`. `places`: those that the filter's states, job type and queue leave; None
    where it says nothing of them."""
    by_text = where.q is not None
    bounds = Bounds(now() + (searching.SECONDS if by_text else LOOK_SECONDS), searching.MOST_RUNS)
    return (yield from _Search(dialect, where, places, now, bounds, hidden or {}).found(before, limit))


def tally(
    dialect: Dialect,
    where: RunFilter,
    before: int | None,
    places: Sequence[Place] | None,
    seconds: float,
    now: Callable[[], float] = time.monotonic,
) -> Generator[Question, list[Any], Tally]:
    """How many runs below `before` the filter, which asks for no text, lets through, as far as so many seconds
    last."""
    return (yield from _Search(dialect, where, places, now, Bounds(now() + seconds, MAX_KEY), {}).tally(before))


class _Search:
    def __init__(
        self,
        dialect: Dialect,
        where: RunFilter,
        places: Sequence[Place] | None,
        now: Callable[[], float],
        bounds: Bounds,
        hidden: Hidden,
    ) -> None:
        self._dialect = dialect
        self._where = where
        self._places = places
        self._now = now
        self._bounds = bounds
        self._hidden = hidden
        self._looked = 0
        self._in_places = MAX_KEY if places is None else sum(place.runs for place in places)
        self._text = None if where.q is None else searching.needles(where.q)
        self._indexes = indexes_of(where)

    def _span(self, before: int | None) -> tuple[int, int]:
        low = 0
        if self._where.created_after is not None:
            # A key is never smaller than its creation time.
            low = min(max(self._where.created_after, 0) << COUNTER_BITS, MAX_KEY)
        return low, MAX_KEY if before is None else before

    def _made_before(self) -> int:
        """But for runs that are older than their keys say, what was created in time has smaller keys."""
        until = self._where.created_before
        return MAX_KEY if until is None else max(until + AHEAD_MICROSECONDS, 0) << COUNTER_BITS

    def _source(self, places: Sequence[Place] | None) -> Source:
        """The first of the indexes that the filter names, else its places, else the keys."""
        if self._indexes:
            first = self._indexes[0]
            return Indexed(self._dialect, first.table, first.key, ((first.walked, first.value),))
        return Indexed(self._dialect, "runs AS s", "s.id", ()) if places is None else Places(self._dialect, places)

    # -- keys

    def found(self, before: int | None, limit: int) -> Generator[Question, list[Any], Found]:
        low, high = self._span(before)
        keys: list[int] = []
        if self._where.ids is not None:
            return (yield from self._named((low, high), limit))
        made = self._made_before()
        if made < high:
            keys = yield from self._ahead((made, high), limit)
            high = made
        if len(keys) >= limit or low >= high or (self._places is not None and not self._places):
            return Found(keys[:limit], None, self._looked)
        if self._places is None or (self._indexes and self._in_places > FEW):
            steps = HELPFUL_STEPS if self._in_places <= SOME else None
            rest = yield from self._walk(self._source(self._places), (low, high), limit - len(keys), steps)
            keys += rest.keys
            if rest.before is None or steps is None or self._is_over():
                return Found(keys, rest.before, self._looked)
            high = rest.before
        assert self._places is not None
        left = limit - len(keys)
        if self._says_more(Places) or left * len(self._places) > MOST_READ:
            rest = yield from self._walk(Places(self._dialect, self._places), (low, high), left, None)
            return Found(keys + rest.keys, rest.before, self._looked)
        found = yield from self._in_all_places((low, high), left)
        return Found((keys + sorted(found, reverse=True))[:limit], None, self._looked)

    def _is_over(self) -> bool:
        return self._now() >= self._bounds.until or self._looked >= self._bounds.runs

    def _says_more(self, kind: type[Source]) -> bool:
        """Whether the filter says more than such a source does."""
        where = self._where
        return (
            where.asks_of_each
            or where.created_after is not None
            or where.created_before is not None
            or len(self._indexes) > (kind is Indexed)
            or (self._places is not None and kind is not Places)
        )

    def _named(self, span: tuple[int, int], limit: int) -> Generator[Question, list[Any], Found]:
        low, high = span
        named = sorted((key for key in self._where.ids or () if low <= key < high), reverse=True)
        keys: list[int] = []
        if self._places is not None and not self._places:
            return Found([], None, 0)
        for start in range(0, len(named), NAMED_STEP):
            some = named[start : start + NAMED_STEP]
            terms = self._narrowed(Terms(self._dialect.mark), None, text=True)
            listed = ", ".join(map(str, some))
            rows = yield Question(
                f"SELECT r.id FROM runs AS r WHERE r.id IN ({listed}) AND {terms} ORDER BY r.id DESC", terms.parameters
            )
            keys += yield from self._shown([row[0] for row in rows])
            self._looked += len(some) if self._text is not None else 0
            if len(keys) >= limit:
                return Found(keys[:limit], None, self._looked)
            if self._is_over() and start + NAMED_STEP < len(named):
                return Found(keys, some[-1], self._looked)
        return Found(keys, None, self._looked)

    def _ahead(self, span: tuple[int, int], limit: int) -> Generator[Question, list[Any], list[int]]:
        """The runs that are older than their keys say, nearly always none."""
        terms = Terms(self._dialect.mark)
        terms.add("r.id >= {} AND r.id < {}", *span)
        self._narrowed(terms, None, text=True)
        condition = AHEAD_SQL.replace("id >>", "r.id >>").replace("created_at", "r.created_at")
        rows = yield Question(
            f"SELECT r.id FROM {self._dialect.ahead} WHERE {condition} AND {terms} ORDER BY r.id DESC LIMIT {limit}",
            terms.parameters,
        )
        return (yield from self._shown([row[0] for row in rows]))

    def _in_all_places(self, span: tuple[int, int], limit: int) -> Generator[Question, list[Any], list[int]]:
        assert self._places is not None
        keys: list[int] = []
        for question in Places(self._dialect, self._places).newest(span, Terms(self._dialect.mark), limit):
            rows = yield question
            keys += [row[0] for row in rows]
        return keys

    def _walk(
        self, source: Source, span: tuple[int, int], limit: int, steps: int | None
    ) -> Generator[Question, list[Any], Found]:
        """In steps down a source: at most so many, or until the bounds."""
        low, high = span
        in_steps = self._says_more(type(source)) or isinstance(source, Places)
        keys: list[int] = []
        step, taken = FIRST_STEP, 0
        while True:
            edge = None
            if in_steps:
                rows = yield source.edge((low, high), step)
                edge = rows[0][0] if rows else None
            floor = low if edge is None else edge + 1
            looking = self._look if self._text is None else self._look_for_text
            here = yield from looking(source, (floor, high), limit - len(keys))
            keys += here.keys
            if here.before is not None:
                return Found(keys, here.before, self._looked)
            if len(keys) >= limit or edge is None:
                return Found(keys, None, self._looked)
            high = floor
            step = min(step * 4, LARGEST_STEP)
            taken += 1
            if taken == steps or self._is_over():
                return Found(keys, high, self._looked)

    def _look(self, source: Source, span: tuple[int, int], limit: int) -> Generator[Question, list[Any], Found]:
        keys: list[int] = []
        for question in source.look(span, self._narrowed(Terms(self._dialect.mark), source), limit):
            rows = yield question
            keys += [row[0] for row in rows]
        return Found(sorted(keys, reverse=True)[:limit], None)

    # -- text

    def _look_for_text(
        self, source: Source, span: tuple[int, int], limit: int
    ) -> Generator[Question, list[Any], Found]:
        """Some at a time of what the rest of the filter leaves: as many as can be read in a moment."""
        candidates = (yield from self._look(source, span, ALL_OF_STEP)).keys
        keys: list[int] = []
        start, some = 0, searching.FIRST_BATCH
        while start < len(candidates):
            if self._looked and self._is_over():
                return Found(keys, candidates[start - 1] if start else span[1])
            batch = candidates[start : start + max(1, min(some, self._bounds.runs - self._looked))]
            begun = self._now()
            found = yield from self._with_text(source, (batch[-1], batch[0] + 1), limit - len(keys))
            keys += found
            if len(keys) >= limit:
                self._looked += sum(key >= keys[-1] for key in batch)
                return Found(keys, None)
            self._looked += len(batch)
            start += len(batch)
            some = searching.next_batch(some, self._now() - begun)
        return Found(keys, None)

    def _with_text(
        self, source: Source, span: tuple[int, int], limit: int
    ) -> Generator[Question, list[Any], list[int]]:
        """What has the text in something that is not shown uses up no place on the page."""
        low, high = span
        keys: list[int] = []
        while True:
            wanted: list[int] = []
            for question in source.look(
                (low, high), self._narrowed(Terms(self._dialect.mark), source, text=True), limit
            ):
                rows = yield question
                wanted += [row[0] for row in rows]
            wanted = sorted(wanted, reverse=True)[:limit]
            keys += yield from self._shown(wanted)
            if len(wanted) < limit or len(keys) >= limit:
                return keys[:limit]
            high = wanted[-1]

    def _shown(self, keys: list[int]) -> Generator[Question, list[Any], list[int]]:
        """Of runs that have the text, those that have it in what is shown of them."""
        if self._text is None or not self._hidden or not keys:
            return keys
        lanes = ", ".join(map(str, self._hidden))
        found = set(keys)
        for start in range(0, len(keys), searching.FIRST_BATCH):
            listed = ", ".join(map(str, keys[start : start + searching.FIRST_BATCH]))
            rows = yield Question(
                f"SELECT r.id, r.lane_id, {searching.columns('r')} FROM runs AS r "
                f"WHERE r.id IN ({listed}) AND r.lane_id IN ({lanes})",
                [],
            )
            found -= {row[0] for row in rows if not searching.is_shown(row[2:], self._text, self._hidden[row[1]])}
        return [key for key in keys if key in found]

    # -- numbers

    def tally(self, before: int | None) -> Generator[Question, list[Any], Tally]:
        where, places = self._where, self._places
        numbers: Counter[State] = Counter()
        if places is not None and not places:
            return Tally(numbers, True)
        if where.ids is not None or where.created_before is not None:
            return (yield from self._counted(before, numbers))
        low, high = self._span(before)
        use_places = places is not None and (not self._indexes or self._in_places <= FEW)
        source: Source = Places(self._dialect, places) if use_places and places is not None else self._source(places)
        step = FIRST_STEP
        while low < high:
            rows = yield source.edge((low, high), step)
            edge = rows[0][0] if rows else None
            floor = low if edge is None else edge + 1
            narrowed = self._narrowed(Terms(self._dialect.mark), source)
            rows = yield source.count((floor, high), narrowed, STATES_SQL)
            numbers.update({state: n for state, n in zip(State, rows[0], strict=True) if n})
            if edge is None:
                break
            high = floor
            step = min(step * 4, LARGEST_STEP)
            if self._is_over():
                return Tally(numbers, False)
        return Tally(numbers, True)

    def _counted(self, before: int | None, numbers: Counter[State]) -> Generator[Question, list[Any], Tally]:
        """By keys, where they come in pieces."""
        while True:
            found = yield from self.found(before, LARGEST_STEP)
            for start in range(0, len(found.keys), NAMED_STEP):
                listed = ", ".join(map(str, found.keys[start : start + NAMED_STEP]))
                [row] = yield Question(f"SELECT {STATES_SQL} FROM runs AS r WHERE r.id IN ({listed})", [])
                numbers.update({state: n for state, n in zip(State, row, strict=True) if n})
            before = found.keys[-1] if len(found.keys) == LARGEST_STEP else found.before
            if before is None:
                return Tally(numbers, True)
            if self._is_over():
                return Tally(numbers, False)

    # -- what is asked of each run

    def _narrowed(self, terms: Terms, source: Source | None, *, text: bool = False) -> Terms:
        """What is asked of a run `r` beyond its key, and what the source says already."""
        where = self._where
        if self._places is not None and not isinstance(source, Places):
            lanes = ", ".join(str(lane_id) for lane_id in sorted({place.lane_id for place in self._places})) or "0"
            terms.add(f"r.lane_id IN ({lanes})")
            if where.states:
                terms.add(f"r.state IN ({', '.join(str(int(state)) for state in sorted(where.states))})")
        if where.created_after is not None:
            terms.add("r.created_at >= {}", where.created_after)
        if where.created_before is not None:
            terms.add("r.created_at < {}", where.created_before)
        for index in self._indexes[1:] if isinstance(source, Indexed) else self._indexes:
            terms.add(index.probed, index.value)
        if where.resolved is not None:
            terms.add(f"r.resolved_at IS {'NOT ' if where.resolved else ''}NULL")
        for column, comparison, value in where.comparisons:
            terms.add(f"r.{column} {comparison} {{}}", value)
        if text and self._text is not None:
            condition = " OR ".join(
                self._dialect.has_text(f"r.{column}") for column in searching.COLUMNS for _ in self._text
            )
            needles = [self._dialect.needle(text) for _ in searching.COLUMNS for text in self._text]
            terms.add(f"({condition})", *needles)
        return terms
