"""Every setting is in docs/operating.md with its default and its flag, and none that is not there."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path

import pytest
import typer
from blazy_jobs import cli as client_cli
from blazy_jobs.address import DEFAULT_URL
from blazy_jobs.worker.outcome import max_result_bytes
from blazy_jobs.worker.settings import read_settings

from blazy_jobs_server import cli as server_cli
from blazy_jobs_server.settings import Settings
from tests.docs.pages import OPERATING, PAGES, ROOT, name_of, rows

SETTING = re.compile(r"\bJOBS_[A-Z][A-Z_]*[A-Z]\b")
SERVER = {f"JOBS_{name.upper()}" for name in Settings.model_fields}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("JOBS_")]:
        monkeypatch.delenv(name)


def package_settings() -> set[str]:
    """What the Python package reads from its environment: the names in its code, quoted whole."""
    code = [path for path in (ROOT / "clients/python/blazy_jobs").rglob("*.py") if "_generated" not in path.parts]
    return {name for path in code for name in re.findall(r'"(JOBS_[A-Z_]+)"', path.read_text())}


def unquoted(cell: str) -> str:
    return cell.strip("`")


def shown(value: object) -> str:
    if value in (None, [], ()):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_the_servers_table_has_each_setting_with_its_default() -> None:
    defaults = {f"JOBS_{name.upper()}": shown(getattr(Settings(), name)) for name in Settings.model_fields}
    assert {unquoted(row[0]): unquoted(row[2]) for row in rows(OPERATING, "Setting")} == defaults


def test_the_servers_table_names_flags_that_serve_takes() -> None:
    command = typer.Typer(add_completion=False)
    command.command()(server_cli.serve)
    taken = {flag for parameter in typer.main.get_command(command).params for flag in parameter.opts}
    named = {unquoted(row[1]) for row in rows(OPERATING, "Setting")}
    assert {flag for flag in named if flag.startswith("--")} <= taken


def test_the_workers_table_has_each_setting_with_its_default() -> None:
    settings = read_settings(("shop",), None, None, None, env={})
    defaults: dict[str, object] = {
        "JOBS_URL": f"http://{settings.endpoint}",
        "JOBS_API_KEY": None,
        "JOBS_API_KEY_FILE": None,
        "JOBS_APP": settings.app,
        "JOBS_BUILD": settings.build,
        "JOBS_WORKER_QUEUES": settings.queues,
        "JOBS_WORKER_CONCURRENCY": settings.concurrency,
        "JOBS_WORKER_SLOTS": settings.slots,
        "JOBS_STOP_GRACE_SECONDS": settings.stop_grace_seconds,
        "JOBS_DRAIN_SECONDS": settings.drain_seconds,
        "JOBS_MAX_RESULT_BYTES": max_result_bytes(),
        "JOBS_TRACE_PARENT": settings.trace_parent,
        "JOBS_TRACE_CALLS": settings.trace_calls,
        "JOBS_LOG_LEVEL": Settings().log_level,
        "JOBS_LOG_FORMAT": Settings().log_format,
    }
    of_web_apps = {"JOBS_SIGNING_SECRET"}  # docs/http-handlers.md has it
    assert package_settings() == defaults.keys() | of_web_apps
    assert defaults["JOBS_URL"] == DEFAULT_URL
    table = {unquoted(row[0]): unquoted(row[2]) for row in rows(OPERATING, "Setting of a worker")}
    assert table == {name: shown(value) for name, value in defaults.items()}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_setting_that_does_not_exist(page: Path) -> None:
    assert set(SETTING.findall(page.read_text())) <= SERVER | package_settings()


def test_flags_are_those_of_the_commands() -> None:
    flags = {unquoted(row[1]) for row in rows(OPERATING, "Setting")} - {"", "arguments"}
    parameters = set(inspect.signature(server_cli.serve).parameters) - {"modules", "ready_fd"}
    assert flags == {f"--{name.replace('_', '-')}" for name in parameters}
    worker = {unquoted(row[1]) for row in rows(OPERATING, "Setting of a worker")} - {""}
    named = worker | {"--name"}
    assert named == {f"--{name}" for name in inspect.signature(client_cli.worker).parameters if name != "modules"}
