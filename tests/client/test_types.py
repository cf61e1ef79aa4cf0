"""The package's types, as mypy and pyright in strict mode read them from a user's code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("sample") / "uses.py"
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.system


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mypy_finds_nothing_in_a_users_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(SAMPLE)]
    assert "no issues found in 1 source file" in run(command, tmp_path)


def test_pyright_finds_nothing_in_a_users_code(tmp_path: Path) -> None:
    settings = {"include": [str(SAMPLE)], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    run([str(BIN / "basedpyright"), "--pythonpath", sys.executable, "--project", str(tmp_path)], tmp_path)


PROLOGUE = """
from blazy_jobs import AsyncClient, Client, Event, JobContext, Jobs

jobs = Jobs()
client = Client()


@jobs.job
async def count(payload: int, ctx: JobContext) -> str:
    return str(payload)


@jobs.job("measure", timeout=3)
def measure(payload: list[int]) -> float:
    return 1.0


def heard(event: Event) -> None: ...
def failed(error: Exception) -> None: ...


run = client.dispatch(count, 5)
"""

WRONG = [
    "state: int = client.dispatch('a').state",
    "client.dispatch(count, 5, rety=3)",
    "client.dispatch('count', 5, rety=3)",
    "client.dispatch(count, 5, priority='high')",
    "client.dispatch(count, 'five')",
    "client.dispatch(count)",
    "number: int = run.result()",
    "number: int = client.dispatch(measure, [1]).replay().result()",
    "measure('text')",
    "measure([1], 2, 3)",
    "text: str = measure([1])",
    "run.on('complted', heard)",
    "run.on('completed', failed)",
    "run.on('error', heard)",
    "client.runs.list(status='failed')",
    "client.runs.list(state='faild')",
    "client.runs.list(created_after=5)",
    "client.events(type='faild')",
    "client.job_types.register('a', timeout=5)",
    "client.job_types.put('a', handler={'kind': 'http'})",
    "client.job_types.put(count, priority='high')",
    "client.job_types.change('a', paushed=True)",
    "client.queues.put('a', rate_limit={'limit': 5})",
    "client.queues.put('a', engine='redis')",
    "client.schedules.create('a', count, catchup='none')",
    "client.schedules.put('a', count, overlap='skp')",
    "client.schedules.put('a', count, trigger={'kind': 'cron', 'every_seconds': 5})",
    "client.schedules.change('a', jobtype='b')",
    "async def wrong() -> None: await AsyncClient().job_types.put('a', timeout=5)",
    "async def wrong() -> None: await AsyncClient().queues.put('a', paushed=True)",
    "async def wrong() -> None: await AsyncClient().schedules.put('a', 'b', catchup='none')",
    "jobs.job(rety=3)",
    "jobs.job('name', timeout='soon')",
    "jobs.queue('q').process('x', isolation='proces')",
    "measure.dispatch_sync([1], rety=3)",
    "measure.dispatch_sync('text')",
    "async def wrong() -> None: await count.dispatch(5, rety=3)",
    "async def wrong() -> None: number: int = await (await count.dispatch(5)).result()",
    "async def wrong() -> None: await AsyncClient().dispatch(count, 5, rety=3)",
    "async def wrong() -> None: await jobs.queue('q').add('x', rety=3)",
]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_each_wrong_use_is_found(tmp_path: Path, checker: str) -> None:
    """All in one file, as a checker takes seconds to start; what comes before them is right."""
    wrong = tmp_path / "wrong.py"
    first = PROLOGUE.count("\n") + 1
    wrong.write_text(PROLOGUE + "\n".join(WRONG) + "\n")
    if checker == "mypy":
        command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(wrong)]
    else:
        command = [str(BIN / "basedpyright"), "--level", "error", "--pythonpath", sys.executable, str(wrong)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 1
    found = {int(line) for line in re.findall(r"wrong\.py:(\d+):.*error", done.stdout)}
    missed = [text for place, text in enumerate(WRONG, first) if place not in found]
    assert not missed, done.stdout
    assert not [line for line in found if line < first], done.stdout
