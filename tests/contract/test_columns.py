"""Plain runs that are leased and completed by columns, and all that may happen to them meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import JobTypeNotFound
from blazy_jobs_server.domain.event import EVENT_TYPES, EventColumn, EventType
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Commit, Completed, Leased, Said, Unjudged
from blazy_jobs_server.store import columns
from blazy_jobs_server.store.sqlite import SqliteStore
from tests.app.clock import SECOND
from tests.contract.conftest import NewPlace
from tests.contract.stage import LEASE_SECONDS, SqlitePlace, Stage, ids, says, shown
from tests.support.examples import examples

LOG, PROGRESS = EventType.LOG, EventType.PROGRESS
TAGS = '["a","b"]'


@pytest.fixture
async def stage(tmp_path: Path, new_place_by_columns: NewPlace) -> AsyncIterator[Stage]:
    async with Stage(new_place_by_columns(tmp_path)) as stage:
        await stage.define("greet")
        yield stage


async def leased(stage: Stage, limit: int = 100, *, columns: bool = True) -> Leased:
    claim = replace(stage.asks(limit=limit), columns=columns)
    [answer] = await stage.store.claim([claim], LEASE_SECONDS)
    assert answer is not None
    return answer


async def made(stage: Stage, number: int) -> list[Run]:
    return (await stage.dispatch(*(stage.order(payload=f'{{"n":{n}}}') for n in range(number)))).runs


async def test_what_is_plain_comes_as_one_batch_in_the_order_of_starts(stage: Stage) -> None:
    late = await stage.run_of(payload="[1]")
    first = await stage.run_of(priority=5, payload="[2]", tags=TAGS, metadata='{"k":"v"}')
    answer = await leased(stage)
    [batch] = answer.batches
    assert answer.runs == []
    assert (batch.run_ids, batch.payloads) == ([first.id, late.id], "[2],[1]")
    assert (batch.tags, batch.metadata) == ({first.id: TAGS}, {first.id: '{"k":"v"}'})


async def test_runs_that_several_keys_asked_for_are_made_together(stage: Stage) -> None:
    makers = ["one", None, "two", "one"]
    orders = [stage.order(payload=f"[{n}]", created_by=maker) for n, maker in enumerate(makers)]
    runs = (await stage.dispatch(*orders)).runs
    assert [run.created_by for run in runs] == makers
    answer = await leased(stage)
    [batch] = answer.batches
    assert (batch.run_ids, batch.payloads) == (ids(runs), "[0],[1],[2],[3]")


async def test_who_does_not_ask_for_columns_gets_runs(stage: Stage) -> None:
    await made(stage, 3)
    answer = await leased(stage, columns=False)
    assert (len(answer.runs), answer.batches) == (3, [])


@pytest.mark.parametrize("why", ["retried", "released", "own settings", "older definition"])
async def test_what_is_not_plain_comes_by_itself_beside_a_batch(stage: Stage, why: str) -> None:
    match why:
        case "retried":
            await stage.fail(await stage.started())
            stage.clock.move(3600)
        case "released":
            await stage.say(await stage.started(), "released")
        case "own settings":
            await stage.run_of(overrides='{"timeout_seconds":7}')
        case "older definition":
            await stage.run_of()
            await stage.define("greet", priority=0, timeout_seconds=9)
    plain = await made(stage, 2)
    answer = await leased(stage)
    assert [batch.run_ids for batch in answer.batches] == [ids(plain)]
    assert len(answer.runs) == 1
    assert {(await stage.state(run)) for run in [*answer.runs, *plain]} == {"running"}


async def test_columns_are_told_as_columns(stage: Stage) -> None:
    heard: list[Commit] = []
    stage.store.on_commit = lambda commit: (heard.append(commit), stage._hear(commit))[0]
    runs = await made(stage, 3)
    stage.clock.move(2)
    [batch] = (await leased(stage)).batches
    [started] = heard[-1].events
    assert isinstance(started, EventColumn)
    assert (started.run_ids, started.seq) == (ids(runs), 2)
    assert shown(heard[-1].waited) == {("greet", "default"): (6 * SECOND, 3)}
    stage.clock.move(1)
    await stage.store.report(7, (), (), LEASE_SECONDS, [Completed(batch.token, 1, batch.run_ids)])
    [ended] = heard[-1].events
    assert isinstance(ended, EventColumn)
    assert shown(heard[-1].ran) == {("greet", "default", State.COMPLETED): (3 * SECOND, 3)}


async def test_runs_that_speak_stay_in_their_batch(stage: Stage) -> None:
    heard: list[Commit] = []
    runs = await stage.claim_of(3)
    one, two, three = runs
    progress, line = '{"percent":50}', '{"level":"info","message":"m","fields":{}}'
    said = [says(one, "progress", data=progress), says(two, "log", data=line), says(one, "log", data=line)]
    await stage.report(7, *said)
    stage.store.on_commit = lambda commit: (heard.append(commit), stage._hear(commit))[0]
    await stage.report(7, *(says(run, "completed", data=f'"{run.id}"') for run in runs))
    assert [type(event) for event in heard[-1].events] == [EventColumn]
    assert await stage.log(one) == ["queued", "started", "progress", "log", "completed"]
    assert await stage.log(two) == ["queued", "started", "log", "completed"]
    assert await stage.log(three) == ["queued", "started", "completed"]
    found = await stage.read(one)
    assert (found.progress, found.logs, found.seq, found.result) == (progress, 1, 5, f'"{one.id}"')


async def test_one_of_a_batch_may_fare_otherwise(stage: Stage) -> None:
    cancelled, failed, snoozed, again, good, other = await stage.claim_of(6)
    await stage.store.cancel(cancelled.id, "enough")
    line = '{"level":"info","message":"m","fields":{}}'
    await stage.report(7, says(failed, "log", data=line), says(failed, "failed"), says(snoozed, "snoozed"))
    rest = [cancelled, failed, again, good, good]
    item = Completed(good.lease_token or "", 1, ids(rest), [f"{n}" for n in range(len(rest))])
    judged = await stage.store.report(7, (), (other.id, cancelled.id), LEASE_SECONDS, [item])
    [refused] = judged.completed
    assert {run_id: (answer.status, answer.cancel_requested) for run_id, answer in refused.items()} == {
        cancelled.id: ("accepted", True),
        failed.id: ("lease_lost", False),
    }
    assert [(held.held, held.cancel_requested) for held in judged.held] == [(True, False), (False, False)]
    states = [await stage.state(run) for run in (cancelled, failed, snoozed, again, good, other)]
    assert states == ["completed", "retrying", "queued", "completed", "completed", "running"]
    assert (await stage.read(good)).result == "3"
    assert await stage.log(failed) == ["queued", "started", "log", "retrying"]


@pytest.mark.parametrize("wrong", ["token", "attempt", "worker"])
async def test_the_fence_of_a_batch_is_that_of_each(stage: Stage, wrong: str) -> None:
    runs = await stage.claim_of(2)
    token = "another" if wrong == "token" else runs[0].lease_token or ""
    item = Completed(token, 2 if wrong == "attempt" else 1, ids(runs))
    judged = await stage.store.report(8 if wrong == "worker" else 7, (), (), LEASE_SECONDS, [item])
    assert {answer.status for answer in judged.completed[0].values()} == {"lease_lost"}
    assert [await stage.state(run) for run in runs] == ["running", "running"]


async def test_what_was_said_before_is_accepted_again(stage: Stage) -> None:
    runs = await stage.claim_of(3)
    item = Completed(runs[0].lease_token or "", 1, ids(runs))
    for _ in range(2):
        judged = await stage.store.report(7, (), (), LEASE_SECONDS, [item])
        assert judged.completed == [{}]
    assert [(await stage.read(run)).seq for run in runs] == [3, 3, 3]


async def test_each_of_a_batch_lasts_as_long_as_it_is_named(stage: Stage) -> None:
    silent, held, speaking = await stage.claim_of(3)
    stage.clock.move(10)
    await stage.report(7, says(speaking, "progress", data='{"percent":1}'), holding=(held.id,))
    due_at = await stage.sweep_at(0)
    assert due_at == stage.clock.now() + 5 * SECOND
    await stage.sweep_at(5)
    assert [await stage.state(run) for run in (silent, held, speaking)] == ["queued", "running", "running"]
    stage.clock.move(9)
    await stage.report(7, holding=(speaking.id,))
    await stage.sweep_at(1)
    assert [await stage.state(run) for run in (held, speaking)] == ["queued", "running"]
    await stage.complete(speaking)


async def test_a_batch_times_out_and_is_lost_as_its_runs_would(stage: Stage) -> None:
    await stage.define("greet", timeout_seconds=5, retry=replace(stage.types["greet"].definition.retry, max_attempts=1))
    late = await stage.claim_of(2)
    for _ in range(2):
        stage.clock.move(10)
        await stage.report(7, holding=tuple(ids(late)))
        await stage.store.sweep()
    assert [await stage.state(run) for run in late] == ["failed", "failed"]
    worker = await stage.worker()
    runs = await made(stage, 2)
    [lost] = await stage.claim(stage.asks(worker))
    assert ids(lost) == ids(runs)
    assert await stage.store.give_up_worker(worker, lost=True) == 2
    assert [(await stage.read(run)).losses for run in runs] == [1, 1]


async def test_a_result_that_has_to_fit_waits_for_its_verdict(stage: Stage) -> None:
    await stage.define("greet", result_schema={"type": "integer"})
    one, two = await stage.claim_of(2)
    item = Completed(one.lease_token or "", 1, [one.id, two.id], ["1", '"one"'])
    judged = await stage.store.report(7, (), (), LEASE_SECONDS, [item])
    assert {run_id: type(answer) for run_id, answer in judged.completed[0].items()} == {
        one.id: Unjudged,
        two.id: Unjudged,
    }
    assert [await stage.state(run) for run in (one, two)] == ["running", "running"]


async def test_a_run_is_kept_as_long_as_the_key_that_made_it(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=60)
    [run] = (await stage.dispatch(stage.order(), key="k")).runs
    [lease] = await stage.take()
    await stage.complete(lease)
    assert (await stage.read(run)).delete_at == run.created_at + 86_400 * SECOND


async def test_a_limit_holds_for_batches(stage: Stage) -> None:
    await stage.define("greet", concurrency=2)
    await made(stage, 5)
    first = (await leased(stage)).batches[0]
    assert len(first.run_ids) == 2
    assert (await leased(stage)).number == 0
    await stage.store.report(7, (), (), LEASE_SECONDS, [Completed(first.token, 1, first.run_ids[:1])])
    assert stage.told[-1].ready == {("greet", "default")}
    assert (await leased(stage)).number == 1


async def test_a_claim_gets_no_more_payload_than_it_can_carry(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MAX_CLAIM_BYTES", 2_500)
    await stage.dispatch(*(stage.order(payload=f'"{"x" * 998}"') for _ in range(8)))
    numbers = [(await leased(stage, 4)).number for _ in range(3)]
    # In a SQLite file it is known of the lane from the first claim on.
    assert numbers == ([4, 3, 1] if isinstance(stage.store, SqliteStore) else [3, 3, 2])


async def test_a_payload_of_any_size_is_given_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MAX_CLAIM_BYTES", 100)
    await stage.dispatch(*(stage.order(payload=f'"{"x" * 998}"') for _ in range(3)))
    numbers = [(await leased(stage, 2)).number for _ in range(2)]
    assert numbers == ([2, 1] if isinstance(stage.store, SqliteStore) else [1, 1])


async def test_batches_of_a_killed_server_are_leases_of_the_next(stage: Stage) -> None:
    runs = await stage.claim_of(2)
    await stage.reopen(crashed=True)
    assert (await stage.report(7, *(says(run, "completed") for run in runs)))[0][0].status == "accepted"
    assert [await stage.state(run) for run in runs] == ["completed", "completed"]


async def test_a_batch_that_is_made_by_columns_is_remembered_under_its_key(stage: Stage) -> None:
    orders = tuple(stage.order(payload=f"{n}") for n in range(3))
    made = await stage.dispatch(*orders, key="k")
    again = await stage.dispatch(*orders, key="k")
    assert (again.replayed, again.first_ids, ids(again.runs)) == (True, ids(made.runs), ids(made.runs))
    assert [run.payload for run in made.runs] == ["0", "1", "2"]
    assert {run.keep_until for run in made.runs} == {stage.clock.now() + 86_400 * SECOND}


async def test_a_batch_of_a_name_that_is_gone_makes_nothing(stage: Stage) -> None:
    order = stage.order()
    assert await stage.store.retire_job_type("greet")
    with pytest.raises(JobTypeNotFound):
        await stage.dispatch(order, order)
    assert await stage.all_runs() == []


async def test_single_ends_of_a_batch_are_written_together_in_the_order_of_words(stage: Stage) -> None:
    heard: list[Commit] = []
    stage.store.on_commit = lambda commit: (heard.append(commit), stage._hear(commit))[0]
    one, two = await stage.claim_of(2)
    line = '{"level":"info","message":"m","fields":{}}'
    said = [
        says(one, "log", data=line),
        says(one, "completed", data="1"),
        says(two, "log", data=line),
        says(one, "log", data=line),
        says(one, "completed", data="2"),
        says(two, "completed", data="3"),
        says(two, "failed"),
    ]
    judged = await stage.store.report(7, said, (), LEASE_SECONDS)
    statuses = ["accepted", "accepted", "accepted", "lease_lost", "accepted", "accepted", "lease_lost"]
    assert [answer.status for answer in judged.reported] == statuses
    assert [await stage.log(run) for run in (one, two)] == [["queued", "started", "log", "completed"]] * 2
    assert [(await stage.read(run)).result for run in (one, two)] == ["1", "3"]
    assert len(heard) == 3


async def test_words_by_columns_are_told_as_a_column_and_stand_before_the_end(stage: Stage) -> None:
    heard: list[Commit] = []
    one, two = await stage.claim_of(2)
    stage.store.on_commit = lambda commit: (heard.append(commit), stage._hear(commit))[0]
    said = Said(one.lease_token or "", 1, ids([one, two]), [2, 1], [LOG, PROGRESS, LOG], ["1", "2", "3"])
    judged = await stage.store.report(7, (), (), LEASE_SECONDS, [Completed(said.token, 1, ids([one, two]))], [said])
    assert (judged.said, judged.completed) == ([{}], [{}])
    if isinstance(stage.store, SqliteStore):
        [words, ends] = heard[-1].events
        assert isinstance(words, EventColumn)
        assert (words.run_ids, words.type, words.seq) == ([one.id, one.id, two.id], [LOG, PROGRESS, LOG], [3, 4, 3])
        assert isinstance(ends, EventColumn)
        assert (words.last_id + 1, ends.seq) == (ends.first_id, [5, 4])
    assert [await stage.log(run) for run in (one, two)] == [
        ["queued", "started", "log", "progress", "completed"],
        ["queued", "started", "log", "completed"],
    ]
    read = await stage.read(one)
    assert (read.progress, read.logs, read.seq) == ("2", 1, 5)


@given(st.data())
@settings(max_examples=examples(15), suppress_health_check=list(HealthCheck), deadline=None)
def test_words_by_columns_make_of_a_run_what_single_words_make(empty_database: Path, data: st.DataObject) -> None:
    """Whatever is said, and however the run ends: of two runs, one speaks by columns and the other by reports."""
    kinds = st.lists(st.sampled_from(["progress", "log"]), max_size=4)
    calls = data.draw(st.lists(kinds, min_size=1, max_size=3))
    end = data.draw(st.sampled_from([None, "completed", "failed", "released", "cancelled"]))

    async def speak(folder: Path) -> None:
        async with Stage(SqlitePlace(folder, empty_database, columns=True)) as stage:
            await stage.define("greet")
            one, two = await stage.claim_of(2)
            if end == "cancelled":
                await stage.store.cancel(one.id, None)
                await stage.store.cancel(two.id, None)
            for number, words in enumerate(calls):
                last = [end] if end is not None and number == len(calls) - 1 else []
                texts = [f'{{"n":{number}{place}}}' for place in range(len(words))]
                said = Said(one.lease_token or "", 1, [one.id], [len(words)], [EVENT_TYPES[w] for w in words], texts)
                ends = [says(one, kind, data="1") for kind in last]
                by_columns = await stage.store.report(7, ends, (), LEASE_SECONDS, (), [said])
                reports = [says(two, kind, data=text) for kind, text in zip(words, texts, strict=True)]
                singly = await stage.store.report(
                    7, reports + [says(two, k, data="1") for k in last], (), LEASE_SECONDS
                )
                assert by_columns.reported == singly.reported[len(words) :]
                assert not words or set(by_columns.said[0].values()) <= set(singly.reported)
                stage.clock.move(1)
            first, second = await stage.read(one), await stage.read(two)
            assert replace(first, id=0) == replace(second, id=0)
            logs = [await stage.store.events(run.id, 0, 100) for run in (first, second)]
            assert [replace(e, run_id=0, id=0) for e in logs[0]] == [replace(e, run_id=0, id=0) for e in logs[1]]

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(speak(Path(folder) / "data"))
