"""Sessions of browsers are kept until they are ended, and their last use goes forward."""

from __future__ import annotations

from msgspec.structs import replace

from blazy_jobs_server.domain.sessions import BrowserSession, id_of
from tests.contract.stage import Stage

ONE = BrowserSession(id=id_of("one"), key_id="0000000001", secret="digest", created_at=1_000_000, used_at=1_000_000)
OTHER = replace(ONE, id=id_of("other"), key_id="root", secret="realm")


async def all_of(stage: Stage) -> dict[str, BrowserSession]:
    return {session.id: session for session in await stage.store.sessions()}


async def test_one_that_was_begun_is_there_after_a_crash(stage: Stage) -> None:
    assert await stage.store.sessions() == []
    for session in (ONE, OTHER):
        await stage.store.save_session(session)
    await stage.reopen(crashed=True)
    assert await all_of(stage) == {ONE.id: ONE, OTHER.id: OTHER}
    assert await stage.store.sessions(OTHER.id) == [OTHER]
    assert await stage.store.sessions(id_of("none")) == []


async def test_one_that_was_ended_is_gone_after_a_crash(stage: Stage) -> None:
    for session in (ONE, OTHER):
        await stage.store.save_session(session)
    await stage.store.end_sessions([ONE.id, id_of("none")])
    await stage.reopen(crashed=True)
    assert await all_of(stage) == {OTHER.id: OTHER}


async def test_its_last_use_goes_forward(stage: Stage) -> None:
    for session in (ONE, OTHER):
        await stage.store.save_session(session)
    await stage.store.note_sessions({ONE.id: 5_000_000, id_of("none"): 6_000_000})
    await stage.store.note_sessions({ONE.id: 4_000_000})
    assert await all_of(stage) == {ONE.id: replace(ONE, used_at=5_000_000), OTHER.id: OTHER}
