"""The key and its file. That settings and docs agree is held in tests/docs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("JOBS_")]:
        monkeypatch.delenv(name)


def key() -> str | None:
    found = Settings().api_key
    return found.get_secret_value() if found is not None else None


def test_the_key_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("in-a-file\n")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    assert key() == "in-a-file"
    monkeypatch.setenv("JOBS_API_KEY", "")
    assert key() == "in-a-file"


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_API_KEY_FILE", "")
    monkeypatch.setenv("JOBS_API_KEY", "")
    assert key() is None
    monkeypatch.setenv("JOBS_API_KEY", "one")
    assert key() == "one"


@pytest.mark.parametrize(
    ("held", "reason"), [(None, "cannot be read"), ("\n", "is empty"), ("\udcff", "cannot be read")]
)
def test_a_file_that_was_named_and_holds_no_key_does_not_open_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str | None, reason: str
) -> None:
    if held is not None:
        (tmp_path / "key").write_text(held, errors="surrogateescape")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(ValidationError, match=f"JOBS_API_KEY_FILE {reason}"):
        Settings()


def test_a_key_and_a_file_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("one")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("JOBS_API_KEY", "two")
    with pytest.raises(ValidationError, match="not both"):
        Settings()
