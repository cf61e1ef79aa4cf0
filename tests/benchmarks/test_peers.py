from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.drain import Drained
from benchmarks.table import Scale, markdown

OURS = {"noop": [Drained(300.0, {"loop": 20.0, "writer": 10.0})], "noop-sync": [Drained(100.0, {"loop": 60.0})]}
THEIRS = [Drained(200.0, {"their worker": 15.0, "Redis": 5.0})]


def test_what_is_not_installed_is_a_row_that_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(peers, "PEERS_PYTHON", tmp_path / "python")
    table = markdown(peers.measure(Scale(quick=True)))
    assert "not measured: Node and npm are not installed" in table
    assert "not measured: it is not installed (`make peers`)" in table


def test_packages_that_cannot_be_installed_are_named_with_npms_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, text in (("node", "exit 0"), ("npm", "echo no registry >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "package-lock.json").write_text("{}")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(peers, "NODE_FOLDER", folder)
    [row] = peers.beside_bullmq(Scale(quick=True))
    assert "no registry" in row.missing


def test_ratios_are_ours_by_theirs_of_rates_and_of_cpu_time() -> None:
    rows = {row.figure: row for row in peers.rows_of("SQLite", "BullMQ", "BullMQ 6", OURS, THEIRS)}
    drain, cpu = "SQLite: drain of 20,000 async no-ops, one worker", ": CPU"
    assert (rows[drain].ratio, rows[drain].target, rows[drain].reached) == (1.5, 1.2, "yes")
    assert (rows[drain + cpu].value, rows[drain + cpu].baseline, rows[drain + cpu].ratio) == (30.0, 20.0, 1.5)
    sync = "SQLite: drain of 20,000 sync no-ops, two slots"
    assert (rows[sync].ratio, rows[sync].reached) == (0.5, "**no**")
    assert rows[drain].costs["BullMQ 6, per job"] == {"their worker": 15.0, "Redis": 5.0}
