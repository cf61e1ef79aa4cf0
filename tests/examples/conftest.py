from __future__ import annotations

from pathlib import Path

import pytest

RUN_ID = "run_0000000000001"


@pytest.fixture
def shop_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "shop.db"
    monkeypatch.setenv("SHOP_DATABASE", str(path))
    return path


@pytest.fixture
def reports_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPORTS_DIR", str(tmp_path))
    return tmp_path
