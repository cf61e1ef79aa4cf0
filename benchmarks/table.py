"""The figures and how they are shown."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SIGNIFICANT = 3


@dataclass(frozen=True)
class Scale:
    """How much work a benchmark does: `full` sizes, or the smallest that still shows that it runs."""

    quick: bool = False

    def of(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def times(self, full: int = 3) -> range:
        return range(1 if self.quick else full)


@dataclass(frozen=True)
class Row:
    """One figure. `target` is for `ratio` where there is one, else for `value`; `lower` says that less is better."""

    figure: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_name: str = ""
    ratio: float | None = None
    target: float | None = None
    lower: bool = False

    @property
    def reached(self) -> str:
        judged = self.value if self.ratio is None else self.ratio
        if self.target is None:
            return ""
        return "yes" if (judged <= self.target if self.lower else judged >= self.target) else "**no**"


def number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{SIGNIFICANT}g}"


def markdown(rows: Iterable[Row]) -> str:
    lines = [
        "| figure | measured | baseline of the same run | ratio | target | met |",
        "| --- | ---: | --- | ---: | ---: | --- |",
    ]
    for row in rows:
        baseline = f"{number(row.baseline)} {row.baseline_name}".strip()
        target = "" if row.target is None else f"{'≤' if row.lower else '≥'} {number(row.target)}"
        lines.append(
            f"| {row.figure} | {number(row.value)} {row.unit} | {baseline} | {number(row.ratio)} | {target} "
            f"| {row.reached} |"
        )
    return "\n".join(lines)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


Measure = Callable[[Scale], list[Row]]


def main(measure: Measure) -> None:
    """The command of one benchmark."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("--quick", action="store_true", help="one short iteration")
    began = time.monotonic()
    print(markdown(measure(Scale(parser.parse_args().quick))))
    print(f"\n{time.monotonic() - began:.0f} s")
