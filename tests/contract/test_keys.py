"""API keys are kept, changed from what they were, and never lost."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from blazy_jobs_server.domain.keys import ApiKey, RateLimit, Scope, Within, digest_of
from tests.contract.stage import Stage

FIRST = ApiKey(
    id="0000000001",
    name="first",
    digest=digest_of("one"),
    scopes=(Scope.READ, Scope.WRITE),
    created_at=1_000_000,
    created_by="root",
)
WHOLE = ApiKey(
    id="0000000002",
    name="ünï",
    digest=digest_of("two"),
    scopes=(Scope.WORKERS,),
    within=Within(("mail*", "greet"), ("a",)),
    rate_limit=RateLimit(5, 0.5),
    created_at=2_000_000,
    created_by=FIRST.id,
    expires_at=9_000_000,
    previous_digest=digest_of("before"),
    previous_until=8_000_000,
)


async def test_all_of_them_are_kept_the_newest_first(stage: Stage) -> None:
    assert await stage.store.keys() == []
    for key in (FIRST, WHOLE):
        assert await stage.store.save_key(key, before=None)
    assert await stage.store.keys() == [WHOLE, FIRST]
    await stage.reopen(crashed=True)
    assert await stage.store.keys() == [WHOLE, FIRST]


async def test_a_key_is_made_once(stage: Stage) -> None:
    assert await stage.store.save_key(FIRST, before=None)
    assert not await stage.store.save_key(replace(WHOLE, id=FIRST.id), before=None)
    assert await stage.store.keys() == [FIRST]


async def test_it_is_changed_from_what_it_was_or_not_at_all(stage: Stage) -> None:
    await stage.store.save_key(FIRST, before=None)
    revoked = replace(FIRST, revoked_at=5)
    assert not await stage.store.save_key(revoked, before=replace(FIRST, name="other"))
    assert not await stage.store.save_key(replace(WHOLE, revoked_at=5), before=WHOLE)
    assert await stage.store.save_key(revoked, before=FIRST)
    assert not await stage.store.save_key(replace(FIRST, digest=digest_of("three")), before=FIRST)
    assert await stage.store.keys() == [revoked]


async def test_of_two_who_change_it_at_once_one_does(stage: Stage) -> None:
    await stage.store.save_key(FIRST, before=None)
    changes = [replace(FIRST, digest=digest_of(secret)) for secret in ("three", "four")]
    done = await asyncio.gather(*(stage.store.save_key(key, before=FIRST) for key in changes))
    assert sorted(done) == [False, True]
    assert await stage.store.keys() == [changes[done.index(True)]]


async def test_its_last_use_goes_forward_and_survives_a_change(stage: Stage) -> None:
    for key in (FIRST, WHOLE):
        await stage.store.save_key(key, before=None)
    await stage.store.note_used({FIRST.id: 60, WHOLE.id: 120, "nobody0000": 5})
    await stage.store.note_used({FIRST.id: 30})
    used = replace(FIRST, last_used_at=60)
    assert await stage.store.keys() == [replace(WHOLE, last_used_at=120), used]
    assert await stage.store.save_key(replace(FIRST, revoked_at=5), before=FIRST)
    assert (await stage.store.keys())[1] == replace(used, revoked_at=5)
