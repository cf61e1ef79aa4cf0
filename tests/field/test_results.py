"""What a handler returns is written as payloads are; what cannot be names its place."""

from __future__ import annotations

from typing import Any

import pytest
from blazy_jobs.client.bodies import content
from blazy_jobs.testing import run_job

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.field.jobs import trades

KINDS = ("returns", "returns-async", "returns-thread")


@pytest.mark.parametrize("name", trades.GOOD)
def test_what_pydantic_writes_is_a_result_and_a_payload(name: str) -> None:
    value, written = trades.GOOD[name]
    for kind in KINDS:
        assert run_job(trades.jobs[kind], f"good {name}").result == written
    assert content({"payload": value}) == content({"payload": written})


@pytest.mark.parametrize("name", trades.BAD)
def test_what_cannot_be_written_names_its_place(name: str) -> None:
    value, expected = trades.BAD[name]
    for kind in KINDS:
        outcome = run_job(trades.jobs[kind], name)
        assert outcome.error is not None
        assert (outcome.state, outcome.error["code"]) == ("failed", "invalid_result")
        assert expected in outcome.error["message"]
    if name != "generator":
        with pytest.raises(ValueError, match="cannot be sent as JSON") as refused:
            content({"payload": value})
        assert expected.split(" ", 1)[1] in str(refused.value)


@pytest.mark.system
async def test_a_workers_results_are_the_same(peer: Peer, start: Start) -> None:
    await start(trades.__file__)
    for kind in KINDS:
        for name, (_, written) in trades.GOOD.items():
            outcome = await peer.outcome(await peer.add(kind, f"good {name}"))
            assert (outcome["type"], outcome.get("result")) == ("completed", written)
        for name, (_, expected) in trades.BAD.items():
            outcome = await peer.outcome(await peer.add(kind, name))
            assert (outcome["error"]["code"], outcome["retryable"]) == ("invalid_result", False)
            assert expected in outcome["error"]["message"]


GETS = ("gets", "gets-async", "gets-thread")
GOT = {"items": ["first", "added"], "at": "1.5"}


@pytest.mark.system
@pytest.mark.parametrize("alone", [False, True])
async def test_a_payload_that_middleware_changes_in_its_place_reaches_every_handler(
    peer: Peer, start: Start, alone: bool
) -> None:
    await start(trades.__file__)
    for kind in GETS:
        outcome = await peer.outcome(await peer.add(kind, {"items": ["first"]}, alone=alone))
        assert outcome.get("result") == GOT, outcome


@pytest.mark.parametrize("kind", GETS)
def test_a_payload_that_is_changed_in_its_place_reaches_a_rehearsed_handler(kind: str) -> None:
    payload: dict[str, Any] = {"items": ["first"]}
    assert run_job(trades.wrapped[kind], payload).result == GOT
    assert payload == {"items": ["first"]}
