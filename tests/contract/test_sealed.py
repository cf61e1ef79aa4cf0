"""Sealed values are exchanged all together or not at all, under a server that goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from blazy_jobs_server.domain.keys import ApiKey, Scope, digest_of
from blazy_jobs_server.store import sealed, tables
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.trust import rotation
from blazy_jobs_server.trust.keyring import Keyring, key_id
from tests.app.clock import SECOND
from tests.contract.stage import Stage

FIRST = ApiKey(
    id="0000000001", name="", digest=digest_of("1"), scopes=(Scope.READ,), created_at=2_000_000, created_by="root"
)
SECOND_ONE = replace(FIRST, id="0000000002", created_at=1_000_000)


@pytest.fixture(autouse=True)
def _sealed_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the names of API keys were sealed, and nothing else."""
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            monkeypatch.setattr(column, "info", {})
    monkeypatch.setattr(tables.metadata.tables["api_keys"].c.name, "info", {"sealed": "key/{id}/{created_by}"})


@pytest.fixture
async def keyring(stage: Stage, tmp_path: Path) -> Keyring:
    keyring = Keyring(tmp_path / "keyring", makes=True)
    for key in (FIRST, SECOND_ONE):
        sealed = keyring.seal(f"secret of {key.id}", f"key/{key.id}/root")
        assert await stage.store.save_key(replace(key, name=sealed), before=None)
    return keyring


async def names(stage: Stage) -> list[str]:
    return [key.name for key in await stage.store.keys()]


async def test_the_keys_in_use_are_known(stage: Stage, keyring: Keyring) -> None:
    assert await stage.store.sealing_keys() == {key_id((await names(stage))[0])}


async def test_a_rotation_seals_all_anew_under_a_running_server(stage: Stage, keyring: Keyring, tmp_path: Path) -> None:
    before = await names(stage)
    loop = asyncio.get_running_loop()

    def reseal_all(exchange: rotation.Exchange) -> int:
        return asyncio.run_coroutine_threadsafe(stage.place.reseal(exchange, now=stage.clock.now()), loop).result()

    key, count = await asyncio.to_thread(rotation.rotate, tmp_path / "keyring", reseal_all)
    assert count == 2
    assert await stage.store.sealing_keys() == {key.id}
    after = await names(stage)
    for old, new, owner in zip(before, after, (FIRST, SECOND_ONE), strict=True):
        assert old != new
        for text in (old, new):
            assert keyring.unseal(text, f"key/{owner.id}/root") == f"secret of {owner.id}"
    await stage.reopen(crashed=True)
    assert await names(stage) == after


async def test_one_that_cannot_be_exchanged_leaves_all_as_they_were(stage: Stage, keyring: Keyring) -> None:
    before = await names(stage)
    done: list[str] = []

    def exchange(sealed: str, purpose: str) -> str:
        if done:
            raise RuntimeError
        done.append(purpose)
        return "sealed:other000:x"

    with pytest.raises(RuntimeError):
        await stage.place.reseal(exchange, now=stage.clock.now())
    assert await names(stage) == before
    assert await stage.place.reseal(lambda sealed, purpose: sealed, now=stage.clock.now()) == 0


async def test_alone_it_refuses_while_a_server_is_there(stage: Stage, keyring: Keyring) -> None:
    if stage.store.neighbours is not None:
        await stage.store.neighbours.heard({})
    with pytest.raises(DatabaseUnusable, match=r"in use by another server|used the database in the last 60 s"):
        await stage.place.reseal(lambda sealed, purpose: sealed, now=stage.clock.now(), alone=True)
    if stage.store.neighbours is not None:
        later = stage.clock.now() + 61 * SECOND
        assert await stage.place.reseal(lambda sealed, purpose: sealed, now=later, alone=True) == 0


async def test_without_sealed_columns_there_is_nothing_to_know(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.metadata.tables["api_keys"].c.name, "info", {})
    assert sealed.columns() == []
    assert await stage.store.sealing_keys() == set()
