"""What is sealed holds, and a rotation loses nothing wherever it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blazy_jobs_server.domain.errors import KeyringUnavailable, NotSupported, SealBroken
from blazy_jobs_server.store import sealed
from blazy_jobs_server.trust import keyring_file, rotation
from blazy_jobs_server.trust.keyring import Keyring, key_id
from blazy_jobs_server.trust.keyring_file import KeyringUnusable

PURPOSE = "job_type/emails/secrets"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring"


@pytest.fixture
def keyring(path: Path) -> Keyring:
    return Keyring(path, makes=True)


def test_a_file_is_made_when_something_is_first_sealed(path: Path, keyring: Keyring) -> None:
    keyring.check(())
    assert not path.exists()
    sealed = keyring.seal("whsec_grüße", PURPOSE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert sealed.startswith("sealed:")
    assert "whsec" not in sealed
    assert keyring.unseal(sealed, PURPOSE) == "whsec_grüße"
    assert Keyring(path, makes=False).unseal(sealed, PURPOSE) == "whsec_grüße"
    assert keyring.seal("whsec_grüße", PURPOSE) != sealed
    assert os.listdir(path.parent) == ["keyring"]


def test_of_two_that_make_the_file_one_does(path: Path) -> None:
    one, two = Keyring(path, makes=True), Keyring(path, makes=True)
    first, second = one.seal("a", PURPOSE), two.seal("b", PURPOSE)
    assert key_id(first) == key_id(second)
    assert one.unseal(second, PURPOSE) + two.unseal(first, PURPOSE) == "ba"


@pytest.mark.parametrize("other", ["job_type/other/secrets", "webhook/emails/secrets", ""])
def test_a_value_unseals_where_it_was_sealed_for_only(keyring: Keyring, other: str) -> None:
    with pytest.raises(SealBroken):
        keyring.unseal(keyring.seal("a", PURPOSE), other)


def test_a_changed_value_does_not_unseal(keyring: Keyring) -> None:
    sealed = keyring.seal("a", PURPOSE)
    prefix, _, data = sealed.rpartition(":")
    for place in range(len(data) - 1):
        changed = data[:place] + ("A" if data[place] != "A" else "B") + data[place + 1 :]
        with pytest.raises(SealBroken):
            keyring.unseal(f"{prefix}:{changed}", PURPOSE)
    for text in ("", "whsec_x", "sealed:", "sealed::x", f"{prefix}:", f"{prefix}:!", f"{prefix}:ü"):
        with pytest.raises(SealBroken):
            keyring.unseal(text, PURPOSE)


def test_servers_that_share_a_database_must_be_given_the_file(path: Path) -> None:
    with pytest.raises(NotSupported, match="set JOBS_KEYRING_FILE"):
        Keyring(None, makes=False).seal("a", PURPOSE)
    with pytest.raises(KeyringUnavailable, match="blazy-jobs keyring rotate"):
        Keyring(path, makes=False).seal("a", PURPOSE)
    assert not path.exists()
    Keyring(None, makes=False).check(())
    with pytest.raises(KeyringUnusable, match="not set"):
        Keyring(None, makes=False).check({"a"})


def test_a_key_that_is_missing_is_named(path: Path, keyring: Keyring) -> None:
    sealed = keyring.seal("a", PURPOSE)
    other = Keyring(path.with_name("other"), makes=True)
    other.seal("b", PURPOSE)
    with pytest.raises(KeyringUnavailable, match=key_id(sealed)):
        other.unseal(sealed, PURPOSE)
    with pytest.raises(KeyringUnusable, match=key_id(sealed)):
        other.check({key_id(sealed)})
    keyring.check({key_id(sealed)})
    path.unlink()
    with pytest.raises(KeyringUnavailable, match="no longer there"):
        keyring.seal("b", PURPOSE)
    with pytest.raises(KeyringUnusable):
        Keyring(path, makes=True).check({key_id(sealed)})


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing\n", "x\n", "00000000 AAAA\n", "00000000 !\n", "0000000O " + "A" * 43 + "=\n", "\xff"),
        *(
            "00000000 " + "A" * 43 + "= x\n",
            "00000000 " + "A" * 43 + "= standby\n",
            2 * ("00000000 " + "A" * 43 + "=\n"),
        ),
    ],
)
def test_a_file_that_is_no_keyring_is_refused_and_not_shown(path: Path, text: str) -> None:
    path.write_text(text, "latin-1")
    with pytest.raises(KeyringUnusable) as caught:
        Keyring(path, makes=True).check(())
    assert "AAAA" not in str(caught.value)
    with pytest.raises(KeyringUnavailable):
        Keyring(path, makes=True).seal("a", PURPOSE)
    assert path.read_text("latin-1") == text


def test_a_rotation_knows_all_columns_that_are_sealed() -> None:
    named = {(column.table, column.column): column.purpose for column in sealed.columns()}
    assert named == {
        ("job_types", "secrets"): "job_type/{name}/secrets",
        ("webhooks", "secret"): "webhook/{name}/secret",
        ("webhooks", "previous_secret"): "webhook/{name}/secret",
    }


class Database:
    """One sealed value, exchanged in one step."""

    def __init__(self, value: str) -> None:
        self.value = value

    def reseal_all(self, exchange: rotation.Exchange) -> int:
        before, self.value = self.value, exchange(self.value, PURPOSE)
        return int(self.value != before)


@pytest.fixture
def database(keyring: Keyring) -> Database:
    return Database(keyring.seal("a", PURPOSE))


def test_a_running_server_follows_a_rotation(path: Path, keyring: Keyring, database: Database) -> None:
    old = database.value
    key, count = rotation.rotate(path, database.reseal_all)
    assert count == 1
    assert key_id(database.value) == key.id != key_id(old)
    assert keyring.unseal(database.value, PURPOSE) == keyring.unseal(old, PURPOSE) == "a"
    assert key_id(keyring.seal("b", PURPOSE)) == key.id
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_retired_key_unseals_nothing_more(path: Path, keyring: Keyring, database: Database) -> None:
    old = database.value
    key, _ = rotation.rotate(path, lambda exchange: 0)  # interrupted before anything was sealed anew
    retired, count = rotation.retire(path, database.reseal_all)
    assert [key.id for key in retired] == [key_id(old)]
    assert count == 1
    assert key_id(database.value) == key.id
    fresh = Keyring(path, makes=False)
    fresh.check({key.id})
    assert fresh.unseal(database.value, PURPOSE) == "a"
    with pytest.raises(KeyringUnavailable):
        fresh.unseal(old, PURPOSE)


def test_a_prepared_key_seals_after_the_rotation_only(path: Path, keyring: Keyring, database: Database) -> None:
    first = key_id(database.value)
    new = rotation.prepare(path)
    assert rotation.prepare(path).id == new.id
    assert key_id(keyring.seal("b", PURPOSE)) == first
    elsewhere = Keyring(path.with_name("copy"), makes=False)
    path.with_name("copy").write_bytes(path.read_bytes())
    assert rotation.rotate(path, database.reseal_all)[0].id == new.id
    assert elsewhere.unseal(database.value, PURPOSE) == "a"
    assert key_id(elsewhere.seal("b", PURPOSE)) == first


def test_without_a_file_a_rotation_makes_it(path: Path) -> None:
    key, count = rotation.rotate(path, lambda exchange: 0)
    assert count == 0
    assert key_id(Keyring(path, makes=False).seal("a", PURPOSE)) == key.id


class Killed(BaseException):
    pass


CALLS = ("open", "write", "fsync", "rename", "close")


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """The process ends at the n-th system call of those that change files; in half of the cases after it was done."""
    left = [-1]
    opened: set[int] = set()

    def turn() -> None:
        left[0] -= 1
        if left[0] == 0:
            while opened:
                really["close"](opened.pop())  # which ends its locks as well
            raise Killed

    def wrap(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            turn()
            if call is really["close"] and left[0] < 0 and args[0] not in opened:
                return None  # in a finally, after the end
            done = call(*args, **kwargs)
            if call is really["open"]:
                opened.add(done)
            elif call is really["close"]:
                opened.discard(args[0])
            turn()
            return done

        return called

    really: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CALLS}

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrap(really[name]))
        yield lambda calls: left.__setitem__(0, calls)


@pytest.mark.parametrize("step", ["prepare", "rotate", "retire"])
def test_killed_at_any_point_it_loses_nothing_and_can_be_run_again(
    tmp_path: Path, kill_at: Callable[[int], None], step: str
) -> None:
    steps: dict[str, Callable[[Path, Database], object]] = {
        "prepare": lambda path, database: rotation.prepare(path),
        "rotate": lambda path, database: rotation.rotate(path, database.reseal_all),
        "retire": lambda path, database: rotation.retire(path, database.reseal_all),
    }
    kills = 0
    for calls in range(1, 60):
        path = tmp_path / f"keyring{calls}"
        database = Database(Keyring(path, makes=True).seal("a", PURPOSE))
        if step == "retire":
            rotation.rotate(path, lambda exchange: 0)
        kill_at(calls)
        try:
            steps[step](path, database)
            kill_at(-1)
        except Killed:
            kills += 1
            kill_at(-1)
            assert Keyring(path, makes=False).unseal(database.value, PURPOSE) == "a"
            steps[step](path, database)
        again = Keyring(path, makes=False)
        again.check({key_id(database.value)})
        assert again.unseal(database.value, PURPOSE) == "a"
        assert again.unseal(again.seal("b", PURPOSE), PURPOSE) == "b"
        assert len([key for key in keyring_file.read(path) if not key.standby]) <= 3
    assert 8 < kills < 59


def test_a_disk_that_is_full_leaves_the_file_as_it_was(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(KeyringUnusable, match="No space left"):
            rotation.rotate(path, database.reseal_all)
    assert path.read_bytes() == before
    assert Keyring(path, makes=False).unseal(database.value, PURPOSE) == "a"
