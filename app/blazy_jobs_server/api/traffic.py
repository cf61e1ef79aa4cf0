"""Requests as the metrics tell of them: by route, method and status, never by what a path names."""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter

from starlette.types import Scope

BOUNDS = (0.005, 0.025, 0.1, 0.5, 2.5, 10, 60)
"""Upper bounds in seconds of the buckets; one more holds what took longer."""
BEGAN = "jobs.began"
ROUTE = "jobs.route"
OTHER = "_other"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Answered:
    """Requests of one route, method and status."""

    __slots__ = ("buckets", "number", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.number = 0
        self.seconds = 0.0


class Traffic:
    def __init__(self) -> None:
        self.answered: dict[tuple[str, str, int], Answered] = {}

    def count(self, route: str, method: str, status: int, seconds: float, number: int = 1) -> None:
        """So many requests, answered together after `seconds`."""
        place = (route, method, status)
        answered = self.answered.get(place)
        if answered is None:
            answered = self.answered[place] = Answered()
        answered.buckets[bisect_left(BOUNDS, seconds)] += number
        answered.number += number
        answered.seconds += seconds * number

    def begin(self, scope: Scope) -> None:
        scope[BEGAN] = perf_counter()

    def note(self, scope: Scope, status: int) -> None:
        """The head of the answer is written: of a stream that is when it opens."""
        began = scope.pop(BEGAN, None)
        if began is None:
            return
        method = scope["method"]
        self.count(_route(scope), method if method in METHODS else OTHER, status, perf_counter() - began)


def _route(scope: Scope) -> str:
    """The template of its path; the hot routes name theirs, the framework has those of the others."""
    route: str | None = scope.get(ROUTE)
    if route is None:
        route = getattr(scope.get("route"), "path", None)
    return OTHER if route is None else route
