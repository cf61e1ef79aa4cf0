"""What a schema costs: how often one part of a value is looked at in the worst case, and the memory of its patterns.

The validator follows references each time that it comes by: of ten small schemas that each name the next one twice, the
last looks at a value a thousand times. Where references come back to, it remembers its judgement of each part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import partial

import jsonschema_rs

from blazy_jobs_server.engine.schema_tree import REFERENCES, Place, Tree, children

IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
OF_ITEMS = frozenset({"items", "contains", "unevaluatedItems"})
OF_PROPERTIES = frozenset({"additionalProperties", "unevaluatedProperties", "propertyNames"})
PATTERN_BYTES = tuple(1 << power for power in range(8, 23))
MATCHER_BYTES = 16 << 10
"""What a matcher takes at least, however small its pattern."""
MAX_PATTERNS_BYTES = 4 << 20
"""Of all patterns of one schema, compiled."""
MAX_VISITS = 100_000
"""A schema that may look at one part of a value more often is refused."""
MAX_DEPTH = 500
MAX_LOOKS = 5_000
DFA_BYTES = 512 << 10


class TooCostly(ValueError):
    """Says why."""


def pattern_bytes(pattern: str) -> int:
    """The memory of a compiled pattern, rounded up; 0 of one that is none, or takes more than the most."""
    found = bisect_left(PATTERN_BYTES, True, key=partial(_takes_at_most, pattern))
    return PATTERN_BYTES[found] if found < len(PATTERN_BYTES) else 0


def _takes_at_most(pattern: str, bytes: int) -> bool:
    options = jsonschema_rs.RegexOptions(size_limit=bytes)
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def patterns(tree: Tree) -> Iterator[str]:
    for place in tree.places:
        yield from _own_patterns(place)


def _own_patterns(place: Place) -> Iterator[str]:
    if isinstance(place.schema, dict):
        if isinstance(pattern := place.schema.get("pattern"), str):
            yield pattern
        if isinstance(named := place.schema.get("patternProperties"), dict):
            yield from named


def pattern_looks(bytes: int) -> int:
    """What one byte of a string costs by a compiled pattern of so many bytes, in looks at it.

    Linear time is that of the string times the pattern: an automaton that outgrows its cache is run state by state. In
    small patterns a state takes few bytes; of large ones, most bytes are shared out among the ranges of characters.
    """
    return max(min(bytes // 8, 300), bytes // 64)


def patterns_bytes(tree: Tree) -> int:
    """Of all patterns, each counted once. Raises TooCostly."""
    total = 0
    for pattern in dict.fromkeys(patterns(tree)):
        total += max(pattern_bytes(pattern), MATCHER_BYTES)
        if total > MAX_PATTERNS_BYTES:
            raise TooCostly(f"the patterns take more than {MAX_PATTERNS_BYTES} bytes of memory when compiled")
    return total


class Visits:
    """How often one part of a value may be looked at."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._repeated = _repeated(tree)
        self._inner: dict[str, Counter[str]] = {}
        self._places: dict[str, Place] = {}
        self._matching: dict[str, int] = {}

    def most(self) -> int:
        """With what its patterns cost in looks. Raises TooCostly."""
        worst, rows = 0, [self._look([(self._tree.root, 1)])]
        seen: set[frozenset[tuple[str, int]]] = set()
        while rows:
            row = rows.pop()
            key = frozenset(row.items())
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MAX_LOOKS:
                return max(worst, MAX_VISITS)
            looks = sum(count * _own(self._places[at]) for at, count in row.items())
            if looks > MAX_VISITS:
                raise TooCostly(f"one value would be visited more than {MAX_VISITS} times as references are followed")
            worst = max(worst, looks + sum(count * self._matched(self._places[at]) for at, count in row.items()))
            rows.extend(self._below(row))
        return worst

    def _matched(self, place: Place) -> int:
        looks = self._matching.get(place.at)
        if looks is None:
            looks = self._matching[place.at] = _looks_of_patterns(place)
        return looks

    def _look(self, places: list[tuple[Place, int]]) -> Counter[str]:
        """All schemas that look at the same value with these, each with how often."""
        row: Counter[str] = Counter()
        once: set[str] = set()
        stack = list(places)
        while stack:
            place, count = stack.pop()
            if place.at in self._repeated:
                if place.at in once:
                    continue
                once.add(place.at)
                count = 1
            for at, times in self._in_place(place, []).items():
                if at in self._repeated and at != place.at:
                    stack.append((self._places[at], 1))
                else:
                    row[at] += count * times
        return row

    def _in_place(self, place: Place, way: list[str]) -> Counter[str]:
        """Without what lies behind the repeated ones, but for this one itself."""
        known = self._inner.get(place.at)
        if known is not None:
            return known
        if len(way) > MAX_DEPTH:
            raise TooCostly(f"references lead through more than {MAX_DEPTH} schemas")
        self._places[place.at] = place
        row = Counter({place.at: 1})
        for child in _applied(self._tree, place):
            if child.at in self._repeated:
                self._places[child.at] = child
                row[child.at] = 1
            else:
                row.update(self._in_place(child, [*way, place.at]))
        self._inner[place.at] = row
        return row

    def _below(self, row: Counter[str]) -> Iterator[Counter[str]]:
        """For each name and index that the schemas know, what looks at the value there."""
        named: dict[str, list[tuple[Place, int]]] = {}
        others: list[tuple[Place, int]] = []
        items: list[tuple[Place, int]] = []
        for at, count in row.items():
            for keyword, child in children(self._places[at]):
                if keyword == "properties":
                    named.setdefault(child.at.rpartition("/")[2], []).append((child, count))
                elif keyword in OF_PROPERTIES or keyword == "patternProperties":
                    others.append((child, count))
                elif keyword in OF_ITEMS or keyword == "prefixItems":
                    items.append((child, count))
        for places in (*((found + others) for found in named.values()), others, items):
            if places:
                yield self._look(places)


def _own(place: Place) -> int:
    """Of one look at one value, without what lies below."""
    schema = place.schema
    if not isinstance(schema, dict):
        return 1
    options = schema.get("enum")
    return 1 + len(schema) + (len(options) // 8 if isinstance(options, list) else 0)


def _looks_of_patterns(place: Place) -> int:
    return sum(pattern_looks(pattern_bytes(pattern)) for pattern in _own_patterns(place))


def _applied(tree: Tree, place: Place) -> Iterator[Place]:
    """What looks at the same value as this schema does."""
    for keyword, child in children(place):
        if keyword in IN_PLACE:
            yield child
    yield from _targets(tree, place)


def _targets(tree: Tree, place: Place) -> Iterator[Place]:
    if isinstance(place.schema, dict):
        for keyword in REFERENCES:
            if keyword in place.schema and (target := tree.target(place, keyword)) is not None:
                yield target


def _repeated(tree: Tree) -> set[str]:
    """Where references come back to: the validator remembers its judgement there for each part of the value."""
    repeated: set[str] = set()
    done: set[str] = set()
    way: dict[str, Iterator[Place]] = {tree.root.at: _leads(tree, tree.root)}
    while way:
        at = next(reversed(way))
        following = next(way[at], None)
        if following is None:
            done.add(at)
            del way[at]
        elif following.at in way:
            repeated.add(following.at)
        elif following.at not in done:
            if len(way) > MAX_DEPTH:
                raise TooCostly(f"references lead through more than {MAX_DEPTH} schemas")
            way[following.at] = _leads(tree, following)
    return repeated


def _leads(tree: Tree, place: Place) -> Iterator[Place]:
    for keyword, child in children(place):
        if keyword not in ("$defs", "definitions"):
            yield child
    yield from _targets(tree, place)
