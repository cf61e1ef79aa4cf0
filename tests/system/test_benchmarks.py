"""One short iteration of each benchmark, so that none rots. Nothing here judges speed."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.table import Row, Scale, markdown

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

OF_SECONDS = {"completed", "batch", "latency"}
"""The others take longer, and run with the tests of a release."""


def with_marks(module: ModuleType) -> Any:
    name = module.__name__.rpartition(".")[2]
    return pytest.param(module, id=name, marks=[] if name in OF_SECONDS else [pytest.mark.release])


@pytest.mark.parametrize("benchmark", [with_marks(module) for module in BENCHMARKS])
def test_the_benchmark_runs(benchmark: ModuleType) -> None:
    rows: list[Row] = benchmark.measure(Scale(quick=True))
    assert rows
    assert all(row.missing or row.value > 0 or row.figure.startswith(("idle", "memory")) for row in rows)
    assert len(markdown(rows).splitlines()) == len(rows) + 2
