"""The Dockerfile, read. `make try-image` builds and runs it, where there is an engine."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
LINES = [re.sub(r"\s+", " ", line) for line in TEXT.replace("\\\n", " ").splitlines() if line.strip()]
LAST_STAGE = LINES[max(n for n, line in enumerate(LINES) if line.startswith("FROM ")) :]


def the(instruction: str) -> str:
    found = [line.partition(" ")[2] for line in LAST_STAGE if line.startswith(f"{instruction} ")]
    assert len(found) == 1
    return found[0]


def test_every_stage_has_the_same_base() -> None:
    assert len({line.split()[1] for line in LINES if line.startswith("FROM ")}) == 1


def test_it_runs_as_a_user_that_is_a_number_and_not_root() -> None:
    """Kubernetes' `runAsNonRoot` refuses a name."""
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", the("USER"))


def test_its_commands_are_run_without_a_shell() -> None:
    assert json.loads(the("ENTRYPOINT"))[-1] == "blazy-jobs"
    assert json.loads(the("CMD")) == ["serve"]
    probe = json.loads(the("HEALTHCHECK").partition(" CMD ")[2])
    compile(probe[-1], "probe", "exec")
    assert "GET /readyz " in probe[-1]


def test_only_locked_packages_are_installed() -> None:
    installs = [part for line in LINES for part in line.split("&&") if re.search(r"pip (\S+ \S+ )?install", part)]
    assert installs
    assert [part for part in installs if "--require-hashes" not in part and "--no-index" not in part] == []


@pytest.mark.parametrize("stage_file", sorted({name for line in LINES for name in re.findall(r"[\w.-]+\.lock", line)}))
def test_what_it_copies_is_there_and_not_ignored(stage_file: str) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert (ROOT / stage_file).is_file()
    assert f"!{stage_file}" in ignored


def test_its_version_is_that_of_the_server() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={version}" in LAST_STAGE
    assert 'org.opencontainers.image.licenses="MIT"' in the("LABEL")
