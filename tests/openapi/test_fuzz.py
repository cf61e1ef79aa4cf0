"""The running server answers as openapi.json says, to what fits it and to what does not.

`python -m tests.openapi.fuzz --max-examples 100 --seed 3` looks longer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.openapi.fuzz import faults, fuzz

pytestmark = pytest.mark.system


@pytest.mark.parametrize("phases", ["coverage", "examples,fuzzing,stateful"])
def test_every_answer_is_what_the_document_says(tmp_path: Path, phases: str) -> None:
    code, report, log = fuzz(tmp_path / "data", ["--phases", phases, "--max-examples", "5", "--seed", "1"])
    assert code == 0, report
    assert faults(log) == []
