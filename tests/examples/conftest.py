"""An attempt of a run as a handler sees it, without a worker: what it says is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from blazy_jobs import JobContext

RUN_ID = "run_0000000000001"


@dataclass
class Attempt:
    """Stands in for the worker: `stop_reason` set means that the handler was told to stop."""

    stop_reason: str | None = None
    deadline_at: float = field(default_factory=lambda: time.time() + 60)
    percents: list[float] = field(default_factory=list)
    messages: list[str | None] = field(default_factory=list)
    spoke: asyncio.Event = field(default_factory=asyncio.Event)
    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def voice(self) -> Attempt:
        return self

    @property
    def context(self) -> JobContext:
        return JobContext({"id": RUN_ID, "job_type": "example", "attempt": 1, "max_attempts": 4}, self)

    def progress(self, percent: float, message: str | None, data: Any) -> None:
        self.percents.append(percent)
        self.messages.append(message)
        self.spoke.set()

    def log(self, level: str, message: str, fields: Mapping[str, Any]) -> None:
        self.lines.append((level, message, dict(fields)))


@pytest.fixture
def attempt() -> Attempt:
    return Attempt()


@pytest.fixture
def shop_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "shop.db"
    monkeypatch.setenv("SHOP_DATABASE", str(path))
    return path


@pytest.fixture
def reports_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPORTS_DIR", str(tmp_path))
    return tmp_path
