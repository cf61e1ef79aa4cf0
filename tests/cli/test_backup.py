"""`blazy-jobs backup` and `restore`, from the command line."""

from __future__ import annotations

import os
import pwd
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Call


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOBS_DATA", "JOBS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_backup_is_made_and_restored(call: Call, tmp_path: Path) -> None:
    data, file = str(tmp_path / "data"), str(tmp_path / "backup.db")
    kept = call("keys", "create", "kept", "--scope", "admin", "--data", data, "--json")
    made = call("backup", file, "--data", data)
    assert (made.code, made.err) == (0, "")
    assert file in made.out
    assert "keyring" in made.out
    assert call("keys", "create", "later", "--scope", "admin", "--data", data).code == 0
    [key_id] = [line.split('"')[3] for line in kept.lines]
    assert call("keys", "revoke", key_id, "--data", data).code == 0
    restored = call("restore", file, "--data", data)
    assert restored.code == 0
    assert "jobs.db.replaced" in restored.out
    assert f"keys revoke {key_id}" in restored.err
    assert "'later'" in restored.err
    assert [name in call("keys", "list", "--data", data).out for name in ("kept", "later")] == [True, False]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_is_the_folders_owners(call: Call, tmp_path: Path) -> None:
    """A service's own user cannot always be taken: systemd's dynamic ones reach their folder in the service only."""
    nobody = pwd.getpwnam("nobody")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    where = ("--data", str(data))
    for words in (("keys", "create", "x", "--scope", "admin"), ("backup", str(tmp_path / "b")), ("migrate",)):
        assert call(*words, *where).code == 0
    held = sqlite3.connect(data / "jobs.db")
    held.execute("SELECT count(*) FROM api_keys").fetchall()
    assert call("keys", "list", *where).code == 0
    assert (data / "jobs.db-wal").exists()
    assert owners(data) == {nobody.pw_uid}
    held.close()
    assert call("restore", str(tmp_path / "b"), *where).code == 0
    assert owners(data) == {nobody.pw_uid}
    assert (tmp_path / "b").stat().st_uid == 0


def owners(folder: Path) -> set[int]:
    return {path.stat().st_uid for path in folder.iterdir()}


def test_what_cannot_be_done_is_said(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = str(tmp_path / "data")
    for words, code, said in (
        (("backup", str(tmp_path / "file")), 1, "no such file"),
        (("restore", str(tmp_path / "file")), 1, "no such file"),
        (("restore",), 2, "name the backup"),
    ):
        refused = call(*words, "--data", data)
        assert (refused.code, said in refused.err) == (code, True), refused.err
    monkeypatch.setenv("JOBS_DATABASE_URL", "postgresql://127.0.0.1:1/jobs")
    for words, code, said in (
        (("backup", "file"), 2, "pg_dump"),
        (("restore", "file"), 2, "own tools"),
        (("restore",), 1, "127.0.0.1:1"),
    ):
        refused = call(*words)
        assert (refused.code, said in refused.err) == (code, True), refused.err
