"""Backups of a SQLite file, made under a running server, and restored: what is true afterwards, and what no crash at
any point takes away."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from blazy_jobs_server.store import backup, replacing
from blazy_jobs_server.store.sqlite import hold
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.store.visiting import no_visitors, visit
from tests.app.server import Server, problem

KEY = "a-root-key-of-some-length"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "jobs.db"


@pytest.fixture(autouse=True)
def folder(file: Path) -> None:
    file.parent.mkdir()


def database(server: Server) -> Path:
    return server.settings.database.resolve()


async def backed_up(server: Server, file: Path) -> backup.Copy:
    return replacing.back_up(database(server), file)


async def restored(server: Server, file: Path) -> replacing.Restored:
    await server.__aexit__()
    found = replacing.restore(file, database(server), server.clock)
    await server.__aenter__()
    return found


async def names(server: Server) -> list[str]:
    return sorted(item["name"] for item in (await server.get("/v1/job-types"))["data"])


# -- the copy


async def test_a_copy_is_whole_and_private_and_the_server_goes_on(server: Server, file: Path) -> None:
    await server.register("one")
    run = await server.dispatch("one")
    old = os.umask(0)
    try:
        made = await backed_up(server, file)
    finally:
        os.umask(old)
    await server.register("two")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.size_bytes == file.stat().st_size
    assert os.listdir(file.parent) == ["jobs.db"]
    with sqlite3.connect(f"file:{file}?immutable=1", uri=True) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    connection.close()
    assert file.read_bytes()[18:20] == b"\x01\x01", "it needs no write-ahead log"
    await server.get(f"/v1/runs/{run['id']}")


async def test_what_was_erased_is_not_in_a_copy(server: Server, file: Path) -> None:
    await server.register("one")
    run = await server.dispatch("one", {"card": "4111-1111-1111-1111"})
    await server.cancel(run, status=200)
    assert (await server.http.delete(f"/v1/runs/{run['id']}")).status_code == 204
    await backed_up(server, file)
    assert b"4111-1111" not in file.read_bytes()


async def test_a_later_copy_replaces_an_older_one(server: Server, file: Path) -> None:
    file.write_text("older")
    await server.register("one")
    await backed_up(server, file)
    assert backup.check(file)


@pytest.mark.parametrize("name", ["jobs.db", "jobs.db-wal", "jobs.db.lock", ""])
async def test_no_copy_is_made_over_the_database_itself(server: Server, name: str) -> None:
    with pytest.raises(DatabaseUnusable):
        await backed_up(server, database(server).with_name(name) if name else database(server).parent)
    assert (await server.http.get("/readyz")).status_code == 200


def test_there_must_be_something_of_ours_to_copy(tmp_path: Path, file: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="no such file"):
        replacing.back_up(tmp_path / "jobs.db", file)
    sqlite3.connect(tmp_path / "jobs.db").execute("CREATE TABLE things (id)").connection.close()
    with pytest.raises(DatabaseUnusable, match="not a database of Blazy Jobs"):
        replacing.back_up(tmp_path / "jobs.db", file)
    assert os.listdir(file.parent) == []


async def test_two_copies_into_one_file_do_not_meet(server: Server, file: Path) -> None:
    with backup._own(file.with_name("jobs.db.part")), pytest.raises(DatabaseUnusable, match="under way"):
        await backed_up(server, file)
    file.with_name("jobs.db.part").unlink()
    os.symlink("/dev/null", file.with_name("jobs.db.part"))
    with pytest.raises(DatabaseUnusable):
        await backed_up(server, file)


# -- the restore


async def test_a_restore_brings_the_state_of_the_backup_back(server: Server, file: Path) -> None:
    await server.register("kept")
    done = await server.dispatch("kept")
    await backed_up(server, file)
    await server.register("lost")
    lost = await server.dispatch("lost")
    found = await restored(server, file)
    assert await names(server) == ["kept"]
    assert (await server.get(f"/v1/runs/{done['id']}"))["state"] == "queued"
    problem(await server.http.get(f"/v1/runs/{lost['id']}"), 404, "run_not_found")
    assert found.kept is not None
    assert stat.S_IMODE(database(server).stat().st_mode) == 0o600
    newest = (await server.get("/v1/audit"))["data"][0]
    assert (newest["action"], newest["target"]) == ("database.restore", "database")
    with sqlite3.connect(found.kept) as connection:
        assert connection.execute("SELECT count(*) FROM job_types").fetchone() == (2,)
    connection.close()
    assert file.exists()


async def test_what_was_running_is_lost_and_runs_again(server: Server, file: Path) -> None:
    await server.register("careful", retry={"max_attempts": 3, "on_lost": "fail"})
    await server.register()
    runs = [await server.dispatch("careful"), await server.dispatch()]
    worker = await server.worker("careful", "greet")
    leases = await worker.claim()
    await backed_up(server, file)
    found = await restored(server, file)
    assert found.voided == (2, 1)
    assert (await server.get("/v1/workers"))["data"] == []
    careful, other = [await server.get(f"/v1/runs/{run['id']}") for run in runs]
    assert (careful["state"], careful["error"]["code"]) == ("failed", "lease_lost")
    assert (other["state"], other["losses"], other["attempt"]) == ("queued", 1, 0)
    assert await server.types(runs[1]) == ["queued", "started", "interrupted"]
    # The worker of then lives on, and knows of no restore.
    answer = await server.http.post(f"/v1/workers/{worker.id}/claim", json={"max": 1, "wait_seconds": 0})
    problem(answer, 404, "worker_not_found")
    again = await server.worker("careful", "greet")
    for lease in leases:
        assert (await again.say(lease, "completed", result=1))["status"] != "accepted"
    assert (await again.take())["run"]["id"] == runs[1]["id"]


async def test_no_id_is_given_out_twice_although_the_clock_is_behind(server: Server, file: Path) -> None:
    await server.register()
    await backed_up(server, file)
    lost = await server.dispatch()
    [event] = await server.events(lost)
    await server.__aexit__()
    server.clock.move(-3600)
    replacing.restore(file, database(server), server.clock)
    await server.__aenter__()
    for _ in range(3):
        run = await server.dispatch()
        assert run["id"] > lost["id"]
        [fresh] = await server.events(run)
        assert fresh["id"] > event["id"]


async def test_readers_of_what_is_no_more_are_told(server: Server, file: Path) -> None:
    await server.register()
    first = await server.dispatch()
    kept = await cursor(server, first)
    worker = await server.worker()
    await backed_up(server, file)
    lease = await worker.take()
    for percent in range(5):
        await worker.say(lease, "progress", percent=percent)
        await server.live(0.2)
    last_of_run = len(await server.events(first))
    lost = await cursor(server, await server.dispatch())
    await server.advance(10)
    await restored(server, file)
    made_since = await cursor(server, await server.dispatch())
    assert kept < lost < made_since
    for last, status in ((kept, 200), (lost, 410), (made_since, 200)):
        async with server.stream("/v1/events", last_event_id=last) as stream:
            assert stream.status == status
            if status == 410:
                assert b"events_expired" in stream.raw
    # So are those of one run, as far as its numbers tell.
    for seq, status in ((1, 200), (last_of_run, 410)):
        async with server.stream(f"/v1/runs/{first['id']}/events", last_event_id=str(seq)) as stream:
            assert stream.status == status
    # A second backup remembers what the first restore has ended.
    again = file.with_name("again.db")
    await backed_up(server, again)
    await restored(server, again)
    async with server.stream("/v1/events", last_event_id=lost) as stream:
        assert stream.status == 410


async def cursor(server: Server, run: Any) -> str:
    """Of its newest event, in the feed of all."""
    event: str = (await server.events(run))[-1]["id"]
    return event.removeprefix("evt_")


async def test_keys_that_hold_again_are_named(serve: Callable[..., Server], file: Path) -> None:
    bearer = {"authorization": f"Bearer {KEY}"}

    async def key(name: str) -> Any:
        body = {"name": name, "scopes": ["admin"]}
        return (await server.http.post("/v1/keys", json=body, headers=bearer)).json()

    async with serve(api_key=KEY) as server:
        kept, revoked, rotated = [await key(name) for name in ("kept", "revoked", "rotated")]
        await backed_up(server, file)
        later = await key("later")
        await server.http.delete(f"/v1/keys/{revoked['id']}", headers=bearer)
        await server.http.post(f"/v1/keys/{rotated['id']}/rotate", json={"overlap_seconds": 0}, headers=bearer)
        found = await restored(server, file)
        assert {key.id for key in found.revived} == {revoked["id"], rotated["id"]}
        assert [key.id for key in found.gone] == [later["id"]]
        for made, status in ((kept, 200), (revoked, 200), (rotated, 200), (later, 401)):
            answer = await server.http.get("/v1/keys/self", headers={"authorization": f"Bearer {made['key']}"})
            assert answer.status_code == status


async def test_it_takes_the_place_of_a_damaged_file_with_its_log(data: Path, server: Server, file: Path) -> None:
    await server.register("kept")
    await backed_up(server, file)
    await server.__aexit__()
    path = database(server)
    path.write_bytes(b"nothing that SQLite knows" * 400)
    path.with_name("jobs.db-wal").write_bytes(b"stale")
    found = replacing.restore(file, path, server.clock)
    assert found.before is None
    await server.__aenter__()
    assert await names(server) == ["kept"]


async def test_it_fills_an_empty_folder(server: Server, file: Path, tmp_path: Path) -> None:
    await server.register("kept")
    await backed_up(server, file)
    found = replacing.restore(file, tmp_path / "other" / "jobs.db", server.clock)
    assert (found.kept, found.before) == (None, None)
    async with Server(tmp_path / "other", server.clock) as other:
        assert await names(other) == ["kept"]


async def test_it_is_refused_while_anybody_uses_the_folder(server: Server, file: Path) -> None:
    await backed_up(server, file)
    before = database(server).read_bytes()
    with pytest.raises(DatabaseUnusable, match="in use by another server"):
        replacing.restore(file, database(server), server.clock)
    await server.__aexit__()
    with visit(database(server)), pytest.raises(DatabaseUnusable, match="being backed up"):
        replacing.restore(file, database(server), server.clock)
    with no_visitors(database(server)), pytest.raises(DatabaseUnusable, match="being restored"):
        await backed_up(server, file)
    await server.__aenter__()
    assert database(server).read_bytes()[:100] == before[:100]


def broken(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 5] = os.urandom(4096 * 2)
    path.write_bytes(content)


def of_a_newer_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def cut(path: Path) -> None:
    with open(path, "r+b") as content:
        content.truncate(path.stat().st_size // 2)


def in_use(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"a log")


@pytest.mark.parametrize("spoil", [broken, of_a_newer_version, cut, in_use, Path.unlink])
async def test_a_backup_that_is_not_good_changes_nothing(
    server: Server, file: Path, spoil: Callable[[Path], None]
) -> None:
    await server.register("before")
    await backed_up(server, file)
    spoil(file)
    await server.register("after")
    await server.__aexit__()
    with pytest.raises(DatabaseUnusable):
        replacing.restore(file, database(server), server.clock)
    await server.__aenter__()
    assert await names(server) == ["after", "before"]
    assert not [name for name in os.listdir(database(server).parent) if "restor" in name]


async def test_a_backup_of_an_older_version_is_migrated(server: Server, file: Path, tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    from blazy_jobs_server.store.migrations import migrate

    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        migrate(connection, to="0005")
    engine.dispose()
    await restored(server, file)
    assert await names(server) == []


# -- crashes


class Crash(BaseException):
    """The process ends here, as if by SIGKILL."""


def crashes(step: int, work: Callable[[], object]) -> bool:
    """Whether `work` was ended before its call number `step` to the file system. None of its later ones, as of its
    clearing up, is carried out, and what it had open is closed as the kernel does."""
    made = 0
    opened: set[int] = set()

    def until_the_crash(name: str) -> Callable[..., Any]:
        call = getattr(os, name)

        def counted(*arguments: Any, **keywords: Any) -> Any:
            nonlocal made
            if made >= step:
                raise Crash
            made += 1
            found = call(*arguments, **keywords)
            if name == "open":
                opened.add(found)
            return found

        return counted

    def close(descriptor: int) -> None:
        opened.discard(descriptor)
        real_close(descriptor)

    real_close = os.close
    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "replace", "unlink", "fsync", "fchmod", "ftruncate"):
            patch.setattr(os, name, until_the_crash(name))
        patch.setattr(os, "close", close)
        try:
            work()
        except Crash:
            return True
        finally:
            for descriptor in opened:
                with suppress(OSError):  # os.fdopen has closed it
                    real_close(descriptor)
    return False


async def test_a_crash_of_a_restore_leaves_the_old_state_or_the_new(server: Server, file: Path, tmp_path: Path) -> None:
    """With a stale log of a server that was killed, whose commits belong to the old state."""
    await server.register("old")
    await backed_up(server, file)
    await server.register("newer")
    killed = tmp_path / "killed"
    shutil.copytree(database(server).parent, killed)
    assert (killed / "jobs.db-wal").stat().st_size > 0
    seen = []
    crashed, step = True, 0
    while crashed:
        folder = tmp_path / f"crash-{step}"
        shutil.copytree(killed, folder)
        crashed = crashes(step, lambda: replacing.restore(file, folder / "jobs.db", server.clock))  # noqa: B023  # at once
        async with Server(folder, server.clock) as after:
            seen.append(await names(after))
        shutil.rmtree(folder)
        step += 1
    old, new = ["newer", "old"], ["old"]
    assert seen == [old] * seen.count(old) + [new] * seen.count(new), "the old one until a moment, then the new one"
    assert min(seen.count(old), seen.count(new)) > 4


async def test_a_crash_of_a_backup_leaves_the_old_copy_or_the_new(server: Server, file: Path) -> None:
    await server.register("old")
    await backed_up(server, file)
    older = file.read_bytes()
    await server.register("newer")
    replaced = []
    crashed, step = True, 0
    while crashed:
        file.write_bytes(older)
        crashed = crashes(step, lambda: replacing.back_up(database(server), file))
        replaced.append(file.read_bytes() != older)
        backup.check(file)
        step += 1
    assert replaced == sorted(replaced)
    assert {*replaced} == {True, False}
    assert not file.with_name("jobs.db.part").exists(), "the last one has cleared up after those that crashed"


async def test_whoever_comes_first_ends_a_restore_that_was_cut_short(
    server: Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register("old")
    await backed_up(server, file)
    await server.register("newer")
    await server.__aexit__()
    path = database(server)
    monkeypatch.setattr(backup, "finish_restore", lambda path: None)
    replacing.restore(file, path, server.clock)
    monkeypatch.undo()
    assert backup.is_pending(path)
    again = file.with_name("again.db")
    replacing.back_up(path, again)
    assert not backup.is_pending(path)
    with sqlite3.connect(again) as connection:
        assert connection.execute("SELECT name FROM job_types").fetchall() == [("old",)]
    connection.close()
    with hold(path):
        pass
    await server.__aenter__()
    assert await names(server) == ["old"]
