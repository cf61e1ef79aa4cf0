"""The figures and how they are shown."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

SIGNIFICANT = 3


@dataclass(frozen=True)
class Scale:
    """How much work a benchmark does: `full` sizes, or the smallest that still shows that it runs."""

    quick: bool = False
    finished_runs: int = 1_000_000
    """In the full file; in that of `bulk` they wait."""

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
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Microseconds of processor time by activity, of what the key names."""
    missing: str = ""
    """Why it was not measured; there is no value then."""
    spread: tuple[float, float] | None = None
    """The least and the greatest of several rounds: of the ratio where there is one, else of the value."""

    @property
    def judged(self) -> float:
        return self.value if self.ratio is None else self.ratio

    @property
    def reached(self) -> str:
        if self.target is None or self.missing:
            return ""
        return "yes" if (self.judged <= self.target if self.lower else self.judged >= self.target) else "**no**"


def not_measured(figure: str, why: str) -> Row:
    return Row(figure, 0.0, "", missing=why)


def number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{SIGNIFICANT}g}"


def markdown(rows: Sequence[Row]) -> str:
    """With a column for the spread where there were several rounds."""
    spread = any(row.spread for row in rows)
    heads = ["figure", "measured", "baseline of the same run", "ratio", *(["range of the rounds"] if spread else [])]
    lines = [
        f"| {' | '.join([*heads, 'target', 'met'])} |",
        f"| --- | ---: | --- | {'---: | ' * (len(heads) - 3)}---: | --- |",
    ]
    for row in rows:
        measured = f"not measured: {row.missing}" if row.missing else f"{number(row.value)} {row.unit}"
        baseline = f"{number(row.baseline)} {row.baseline_name}".strip()
        cells = [row.figure, measured, baseline, number(row.ratio)]
        if spread:
            cells.append(" to ".join(map(number, row.spread or ())))
        target = "" if row.target is None else f"{'≤' if row.lower else '≥'} {number(row.target)}"
        lines.append(f"| {' | '.join([*cells, target, row.reached])} |")
    return "\n".join(lines)


def costs_markdown(rows: Iterable[Row]) -> str:
    """Processor time in microseconds by activity; empty where none was taken."""
    costs = {name: cost for row in rows for name, cost in row.costs.items() if cost}
    if not costs:
        return ""
    activities = list(dict.fromkeys(activity for cost in costs.values() for activity in cost))
    lines = [
        f"| CPU time in µs | all | {' | '.join(activities)} |",
        f"| --- | {'---: | ' * (len(activities) + 1)}".rstrip(),
    ]
    for name, cost in costs.items():
        cells = [number(sum(cost.values())), *(number(cost.get(activity)) for activity in activities)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def median_cost(costs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each activity."""
    activities = dict.fromkeys(activity for cost in costs for activity in cost)
    return {activity: median(cost.get(activity, 0.0) for cost in costs) for activity in activities}


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def medians(rounds: Sequence[Sequence[Row]]) -> list[Row]:
    """Each figure's medians over the rounds that measured it. A ratio's is that of the rounds' own ratios."""
    found: dict[str, list[Row]] = {}
    for row in (row for rows in rounds for row in rows):
        found.setdefault(row.figure, []).append(row)
    return [_median_row(rows) for rows in found.values()]


def _median_row(rows: Sequence[Row]) -> Row:
    measured = [row for row in rows if not row.missing]
    if len(measured) < 2:
        return (measured or rows)[0]
    judged = [row.judged for row in measured]
    names = dict.fromkeys(name for row in measured for name in row.costs)
    return replace(
        measured[0],
        value=median(row.value for row in measured),
        baseline=_median_of([row.baseline for row in measured]),
        ratio=_median_of([row.ratio for row in measured]),
        costs={name: median_cost([row.costs[name] for row in measured if name in row.costs]) for name in names},
        spread=(min(judged), max(judged)),
    )


def _median_of(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return median(there) if there else None


def machine() -> str:
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"load average {loads}"
    )


def show(rows: Sequence[Row], before: str) -> str:
    """What a command prints. `before` is the machine when it began."""
    parts = [f"{before} before, {machine().rpartition('load average ')[2]} after", markdown(rows), costs_markdown(rows)]
    return "\n\n".join(part for part in parts if part)


def keep(file: Path, rounds: Sequence[Sequence[Row]], before: str) -> None:
    """The figures of each round, and their medians."""
    kept: dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine_before": before,
        "machine_after": machine(),
        "medians": [asdict(row) for row in medians(rounds)],
        "rounds": [[asdict(row) for row in rows] for rows in rounds],
    }
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


Measure = Callable[[Scale], list[Row]]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="one short iteration of each")
    parser.add_argument("--rounds", type=int, default=1, help="measure so many times, and give the medians")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures of each round in it")
    parser.add_argument(
        "--finished-runs",
        type=int,
        default=Scale.finished_runs,
        metavar="N",
        help="in the full file of big_file, bulk and dashboard",
    )


def scale_of(given: argparse.Namespace) -> Scale:
    return Scale(given.quick, given.finished_runs)


def main(measure: Measure) -> None:
    """The command of one benchmark."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    options(parser)
    given = parser.parse_args()
    began, before = time.monotonic(), machine()
    rounds = [measure(scale_of(given)) for _ in range(given.rounds)]
    if given.json:
        keep(given.json, rounds, before)
    print(show(medians(rounds), before))
    print(f"\n{time.monotonic() - began:.0f} s")
