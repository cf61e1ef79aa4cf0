"""One short iteration of each benchmark, so that none rots. Nothing here judges speed."""

from types import ModuleType

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.table import Row, Scale, markdown

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_benchmark_runs(benchmark: ModuleType) -> None:
    rows: list[Row] = benchmark.measure(Scale(quick=True))
    assert rows
    assert all(row.value > 0 or row.figure.startswith(("idle", "memory")) for row in rows)
    assert len(markdown(rows).splitlines()) == len(rows) + 2
