"""Indexes that a list walks downwards in steps, whichever store asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

LEAST_OF_PLACE = 16
"""A step takes at least so many runs of each place."""


class Question(NamedTuple):
    """A statement whose parameters are numbered from 1 on, in the store's way."""

    statement: str
    parameters: list[Any]


class Place(NamedTuple):
    """A pair of lane and state, and how many runs there are in it."""

    lane_id: int
    state: int
    runs: int


class Dialect(Protocol):
    mark: str
    """What stands before the number of a parameter."""
    ahead: str
    """The runs `r`, to be found by the index of those that are older than their keys say."""

    def looked_at(self, walk: str, key: str, conditions: str, wanted: str) -> str:
        """Of what the walk (a FROM and WHERE on `s`) goes through, newest first, the runs `r` that the conditions let
        through: what is wanted of them."""
        ...

    def ranges(self, places: Sequence[Place], conditions: str, limit: int) -> list[str]:
        """Of each place the newest keys of runs `r` that the conditions let through, by one statement or several."""
        ...

    def edge(self, places: Sequence[Place], conditions: str, offset: int) -> str:
        """The greatest of the keys that, in one of the places, have so many above them; no row, or null, where none
        has."""
        ...

    def in_places(self, places: Sequence[Place], conditions: str, wanted: str) -> str:
        """Of the runs `r` in all places that the conditions let through, what is wanted of them, in any order."""
        ...

    def has_text(self, column: str) -> str:
        """A condition: that it has a text, given as a `needle` in place of `{}`, whatever the case of A to Z."""
        ...

    def needle(self, text: str) -> str: ...


class Terms:
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


class Source(Protocol):
    """What is walked. A span is of keys, the first one inclusive and the second exclusive."""

    def edge(self, span: tuple[int, int], step: int) -> Question:
        """The key above which lies about one step of the span; no row where the span has no more."""
        ...

    def look(self, span: tuple[int, int], narrowed: Terms, limit: int) -> list[Question]:
        """The newest keys of the span whose runs `r` the terms let through, at least so many."""
        ...

    def count(self, span: tuple[int, int], narrowed: Terms, wanted: str) -> Question: ...


class Indexed:
    """A table `s`, by an index on some of its columns and then its key; or by its key alone."""

    def __init__(self, dialect: Dialect, table: str, key: str, by: Sequence[tuple[str, Any]]) -> None:
        self._dialect = dialect
        self._table = table
        self._key = key
        self._by = by

    def _walk(self, span: tuple[int, int], terms: Terms) -> str:
        first = len(terms.conditions)
        for condition, value in self._by:
            terms.add(condition, value)
        terms.add(f"{self._key} >= {{}} AND {self._key} < {{}}", *span)
        return f"{self._table} WHERE {' AND '.join(terms.conditions[first:])}"

    def edge(self, span: tuple[int, int], step: int) -> Question:
        terms = Terms(self._dialect.mark)
        walk = self._walk(span, terms)
        statement = f"SELECT {self._key} FROM {walk} ORDER BY {self._key} DESC LIMIT 1 OFFSET {step}"
        return Question(statement, terms.parameters)

    def look(self, span: tuple[int, int], narrowed: Terms, limit: int) -> list[Question]:
        if not narrowed.conditions:
            terms = Terms(self._dialect.mark)
            walk = self._walk(span, terms)
            statement = f"SELECT {self._key} FROM {walk} ORDER BY {self._key} DESC LIMIT {limit}"
            return [Question(statement, terms.parameters)]
        conditions = str(narrowed)
        walk = self._walk(span, narrowed)
        statement = self._dialect.looked_at(walk, self._key, conditions, "h.id")
        return [Question(f"{statement} ORDER BY h.id DESC LIMIT {limit}", narrowed.parameters)]

    def count(self, span: tuple[int, int], narrowed: Terms, wanted: str) -> Question:
        conditions = str(narrowed)
        walk = self._walk(span, narrowed)
        return Question(self._dialect.looked_at(walk, self._key, conditions, wanted), narrowed.parameters)


class Places:
    """Pairs of lane and state, all at once."""

    def __init__(self, dialect: Dialect, places: Sequence[Place]) -> None:
        self._dialect = dialect
        self._places = places

    @staticmethod
    def _within(span: tuple[int, int], terms: Terms) -> str:
        terms.add("r.id >= {} AND r.id < {}", *span)
        return str(terms)

    def edge(self, span: tuple[int, int], step: int) -> Question:
        terms = Terms(self._dialect.mark)
        offset = max(LEAST_OF_PLACE, step // len(self._places))
        return Question(self._dialect.edge(self._places, self._within(span, terms), offset), terms.parameters)

    def newest(self, span: tuple[int, int], narrowed: Terms, limit: int) -> list[Question]:
        conditions = self._within(span, narrowed)
        statements = self._dialect.ranges(self._places, conditions, limit)
        return [Question(statement, narrowed.parameters) for statement in statements]

    def look(self, span: tuple[int, int], narrowed: Terms, limit: int) -> list[Question]:
        return [self.count(span, narrowed, "r.id")]

    def count(self, span: tuple[int, int], narrowed: Terms, wanted: str) -> Question:
        conditions = self._within(span, narrowed)
        return Question(self._dialect.in_places(self._places, conditions, wanted), narrowed.parameters)
