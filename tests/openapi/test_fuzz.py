"""The running server answers as openapi.json says, to what fits it and to what does not.

`python -m tests.openapi.fuzz --max-examples 100 --seed 3` looks longer.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.openapi.fuzz import faults, fuzz

pytestmark = pytest.mark.system


#: Their bodies are those of others, or made of them; covering every corner of them again takes half of the time.
TWINS = (
    "register_job_type",
    "patch_job_type",
    "create_schedule",
    "patch_schedule",
    "register_worker",
    "dispatch_batch",
)


@pytest.mark.parametrize("phases", [pytest.param("coverage", marks=pytest.mark.release), "examples,fuzzing,stateful"])
def test_every_answer_is_what_the_document_says(tmp_path: Path, phases: str) -> None:
    less = [f"--exclude-operation-id={name}" for name in TWINS] if phases == "coverage" else []
    code, report, log = fuzz(tmp_path / "data", ["--phases", phases, "--max-examples", "3", "--seed", "1", *less])
    assert code == 0, report
    assert faults(log) == []
