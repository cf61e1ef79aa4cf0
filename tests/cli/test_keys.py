"""`blazy-jobs keys`: at a server, and on the database itself."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import COMPLETED, CREATED, Answer, Stub, block, event, problem, run

KEY = "bjk_7fK2mPq9Xa_" + "s" * 43 + "000000"
FORM = re.compile(r"bjk_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}")


def key(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "7fK2mPq9Xa",
        "name": "ci",
        "scopes": ["runs:write"],
        "job_types": None,
        "queues": None,
        "rate_limit": None,
        "created_at": "2026-11-28T10:00:00.000000Z",
        "created_by": "root",
        "expires_at": None,
        "last_used_at": None,
        "revoked_at": None,
        "previous_until": None,
    }
    return made | changes


# -- at a server


def test_a_new_key_is_all_that_a_script_gets(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/keys", Answer(201, key(key=KEY)))
    called = call("keys", "create", "ci", "--scope", "runs:write", "--url", stub.url)
    assert (called.code, called.out) == (0, f"{KEY}\n")
    assert "7fK2mPq9Xa" in called.err
    assert KEY not in called.err
    assert stub.asked[0].body == {"name": "ci", "scopes": ["runs:write"]}


def test_each_option_is_sent(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/keys", Answer(201, key(key=KEY)))
    words = "--scope runs:read --scope workers --job-type mail-* --job-type greet --queue q --rate 1000/1h --json"
    expires = ("--expires", "2027-01-31T09:00:00+01:00")
    called = call("keys", "create", "ci", *words.split(), *expires, "--url", stub.url)
    assert json.loads(called.out) == key(key=KEY)
    assert stub.asked[0].body == {
        "name": "ci",
        "scopes": ["runs:read", "workers"],
        "job_types": ["mail-*", "greet"],
        "queues": ["q"],
        "expires_at": "2027-01-31T08:00:00Z",
        "rate_limit": {"limit": 1000, "per_seconds": 3600},
    }


def test_a_lost_answer_makes_no_second_key(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/keys", problem(503, "store_unavailable", "no"), Answer(201, key(key=KEY)))
    assert call("keys", "create", "ci", "--scope", "admin", "--url", stub.url).code == 1
    assert len(stub.asked) == 1


def test_all_pages_are_listed(stub: Stub, call: Call) -> None:
    pages = [{"data": [key(name=name)], "next_cursor": cursor} for name, cursor in (("a", "next"), ("b", None))]
    stub.on("GET /v1/keys", *(Answer(200, page) for page in pages))
    for words in (("keys",), ("keys", "list")):
        stub.asked.clear()
        stub.on("GET /v1/keys", *(Answer(200, page) for page in pages))
        called = call(*words, "--url", stub.url)
        assert [json.loads(line)["name"] for line in called.lines][-1] == "b"


def test_a_key_is_rotated_into_its_file(stub: Stub, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old\n")
    path.chmod(0o640)
    stub.on("POST /v1/keys/7fK2mPq9Xa/rotate", Answer(200, key(key=KEY, previous_until="2026-11-29T10:00:00Z")))
    called = call("keys", "rotate", "7fK2mPq9Xa", "--overlap", "10m", "--out", str(path), "--url", stub.url)
    assert (called.code, called.out) == (0, "")
    assert "2026-11-29T10:00:00Z" in called.err
    assert stub.asked[0].body == {"overlap_seconds": 600}
    assert path.read_text() == f"{KEY}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["key"]


def test_a_refused_rotation_leaves_the_file(stub: Stub, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old\n")
    stub.on("POST /v1/keys/7fK2mPq9Xa/rotate", problem(409, "rotation_pending", "no"))
    called = call("keys", "rotate", "7fK2mPq9Xa", "--out", str(path), "--url", stub.url)
    assert called.code == 1
    assert "rotation_pending" in called.err
    assert (path.read_text(), os.listdir(tmp_path)) == ("old\n", ["key"])


def test_no_key_is_made_that_cannot_be_kept(stub: Stub, call: Call, tmp_path: Path) -> None:
    words = ("keys", "create", "ci", "--scope", "admin", "--out", str(tmp_path / "none" / "key"), "--url", stub.url)
    assert call(*words).code == 1
    assert stub.asked == []


def test_a_key_is_revoked_and_ones_own_is_shown(stub: Stub, call: Call) -> None:
    stub.on("DELETE /v1/keys/7fK2mPq9Xa", Answer(204))
    assert json.loads(call("keys", "revoke", "7fK2mPq9Xa", "--url", stub.url).out) == {
        "id": "7fK2mPq9Xa",
        "revoked": True,
    }
    own = {"id": "root", "name": "JOBS_API_KEY", "scopes": ["admin"], "job_types": None, "queues": None}
    stub.on("GET /v1/keys/self", Answer(200, own))
    assert json.loads(call("keys", "self", "--url", stub.url).out) == own


def test_a_run_is_watched_on_with_the_next_key_of_the_file(
    stub: Stub, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.write_text("the-old-key")
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(path))

    def until_it_is_rotated() -> Iterator[bytes]:
        yield block(event(1, "queued", {"due_at": CREATED}))
        path.write_text("the-newer-key")

    run_id = "run_0000000000001"
    streams = [Answer(blocks=until_it_is_rotated()), Answer(blocks=[block(COMPLETED)])]
    stub.on(f"GET /v1/runs/{run_id}", Answer(body=run(state="completed")))
    stub.on(f"GET /v1/runs/{run_id}/events", *streams)
    assert call("watch", run_id, "--url", stub.url).code == 0
    keys = [asked.headers["Authorization"] for asked in stub.asked if asked.path.endswith("/events")]
    assert keys == ["Bearer the-old-key", "Bearer the-newer-key"]


@pytest.mark.parametrize(
    "words",
    [
        ("create", "ci", "--scope", "admin", "--rate", "many"),
        ("create", "ci", "--scope", "admin", "--expires", "soon"),
        ("revoke", "../runs"),
        ("rotate", "a/b"),
        ("self", "--data", "d"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(stub: Stub, call: Call, words: tuple[str, ...]) -> None:
    assert call("keys", *words, "--url", stub.url).code == 2
    assert stub.asked == []


# -- on the database


def test_the_first_key_is_made_without_a_server(call: Call, tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    made = call("keys", "create", "admin", "--scope", "admin", "--data", str(data))
    assert made.code == 0, made.err
    assert FORM.fullmatch(made.out.strip())
    [listed] = [json.loads(line) for line in call("keys", "list", "--data", str(data)).lines]
    assert (listed["name"], listed["scopes"], listed["created_by"]) == ("admin", ["admin"], "command")
    assert stat.S_IMODE((data / "jobs.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    rotated = call("keys", "rotate", listed["id"], "--overlap", "0", "--data", str(data))
    assert FORM.fullmatch(rotated.out.strip())
    assert rotated.out != made.out
    assert call("keys", "revoke", listed["id"], "--data", str(data)).code == 0
    ended = call("keys", "rotate", listed["id"], "--data", str(data))
    assert (ended.code, "key_ended" in ended.err) == (1, True)
    secret = made.out.strip().split("_")[2][:43]
    assert secret.encode() not in b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())


def test_the_settings_of_a_server_say_where(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_DATA", str(tmp_path / "data"))
    assert call("keys", "create", "admin", "--scope", "admin", "--offline").code == 0
    assert (tmp_path / "data" / "jobs.db").exists()
    monkeypatch.setenv("JOBS_DATABASE_URL", "mysql://no")
    refused = call("keys", "list", "--offline")
    assert (refused.code, "JOBS_DATABASE_URL" in refused.err) == (2, True)


def test_what_a_server_refuses_is_refused_on_the_database_too(call: Call, tmp_path: Path) -> None:
    where = ("--data", str(tmp_path))
    for words, said in (
        (("--scope", "everything"), "/scopes/0"),
        (("--scope", "admin", "--queue", "q"), "cannot be restricted"),
        (("--scope", "admin", "--expires", "2020-01-01T00:00:00Z"), "/expires_at"),
        ((), "/scopes"),
    ):
        refused = call("keys", "create", "ci", *words, *where)
        assert refused.code == 1
        assert said in refused.err
    assert call("keys", "list", *where).lines == []
    unknown = call("keys", "revoke", "0000000000", *where)
    assert (unknown.code, "key_not_found" in unknown.err) == (1, True)


def test_a_file_of_others_or_of_a_newer_version_is_left_alone(call: Call, tmp_path: Path) -> None:
    for name, statement in (
        ("foreign", "CREATE TABLE things (id)"),
        ("newer", "CREATE TABLE alembic_version (version_num)"),
    ):
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        with sqlite3.connect(folder / "jobs.db") as connection:
            connection.execute(statement)
            if name == "newer":
                connection.execute("INSERT INTO alembic_version VALUES ('9999')")
        connection.close()
        before = (folder / "jobs.db").read_bytes()
        refused = call("keys", "create", "x", "--scope", "admin", "--data", str(folder))
        assert refused.code == 1
        assert str(folder) in refused.err
        if name == "newer":
            assert (folder / "jobs.db").read_bytes()[100:] == before[100:]


def test_without_the_server_it_says_what_to_install(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda **_: ())
    called = call("keys", "list", "--data", "d")
    assert (called.code, "pip install blazy-jobs-server" in called.err) == (2, True)
