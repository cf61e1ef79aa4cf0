"""`report` and `cancel`: what the holder of a lease says is written, and what anybody else says is not."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from blazy_jobs_server.domain.errors import RunFinished
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Error, State
from blazy_jobs_server.ports import Held, Report, Unjudged, Verdict
from tests.contract.stage import LEASE_SECONDS, Stage, ids, says, shown

BOOM = Error("handler_error", "boom", "ValueError", None)
MISFIT = Error("invalid_result", "It does not fit.")
ENDS = ["completed", "failed", "released", "snoozed", "lost"]
WORDS: list[tuple[str, dict[str, Any]]] = [
    ("progress", {"data": '{"percent":40}'}),
    ("log", {"data": '{"level":"info"}'}),
    ("touch", {}),
    ("completed", {"data": "1"}),
    ("failed", {"error": BOOM}),
    ("released", {}),
    ("snoozed", {"delay_seconds": 9}),
    ("lost", {}),
    ("cancelled", {}),
]


# -- each kind


async def test_progress_and_lines_are_kept_and_the_last_progress_is_the_runs(stage: Stage) -> None:
    lease = await stage.started()
    for n in (1, 2):
        assert (await stage.say(lease, "progress", data=f'{{"percent":{n}}}')).status == "accepted"
    await stage.say(lease, "log", data='{"level":"info","message":"hello"}')
    run = await stage.read(lease)
    assert (run.state, run.progress, run.logs) == (State.RUNNING, '{"percent":2}', 1)
    assert await stage.log(run) == ["queued", "started", "progress", "progress", "log"]
    assert [event.data for event in (await stage.events(run))[-2:]] == [
        '{"percent":2}',
        '{"level":"info","message":"hello"}',
    ]


async def test_a_result_is_kept_in_the_run_and_its_last_event(stage: Stage) -> None:
    lease = await stage.started()
    stage.clock.move(3)
    await stage.complete(lease, '{"ok":[1,"é"]}')
    run = await stage.read(lease)
    assert (run.state, run.result, run.finished_at) == (State.COMPLETED, '{"ok":[1,"é"]}', stage.clock.now())
    assert run.delete_at == stage.clock.now() + 604_800 * SECOND
    assert (run.deadline_at, run.payload) == (None, "{}")
    assert (await stage.events(run))[-1].data == '{"result":{"ok":[1,"é"]}}'
    assert shown(stage.told[-1].ran) == {("greet", "default", State.COMPLETED): (3 * SECOND, 1)}


async def test_a_result_that_does_not_fit_its_schema_fails_the_run(stage: Stage) -> None:
    await stage.define("greet", result_schema={"type": "integer"})
    good, bad = await stage.started(), await stage.started()
    await stage.complete(good, "5", verdict=Verdict(good.definition_id, None))
    await stage.complete(bad, '"five"', verdict=Verdict(bad.definition_id, MISFIT))
    assert (await stage.state(good), await stage.state(bad)) == ("completed", "failed")
    failed = await stage.read(bad)
    assert (orjson.loads(failed.error or "")["code"], failed.result) == ("invalid_result", None)


async def test_a_result_without_a_verdict_by_its_runs_own_definition_waits_for_it(stage: Stage) -> None:
    first = await stage.define("greet", result_schema={"type": "integer"}, timeout_seconds=1)
    lease = await stage.started()
    later = await stage.define("greet", result_schema={"type": "string"})
    wrong = Verdict(later.definition_id, MISFIT)
    for _ in range(4):
        for verdict in (None, wrong):
            stage.clock.move(LEASE_SECONDS - 1)
            answer = await stage.say(lease, "completed", data="5", verdict=verdict)
            assert isinstance(answer, Unjudged)
            assert (answer.definition_id, answer.result_schema) == (first.definition_id, {"type": "integer"})
            await stage.store.sweep()
    assert await stage.log(lease) == ["queued", "started"], "neither its lease nor its time has run out"
    await stage.complete(lease, "5", verdict=Verdict(first.definition_id, None))
    assert await stage.state(lease) == "completed"


@pytest.mark.parametrize("misfit", [None, MISFIT])
async def test_a_result_that_is_said_again_is_answered_as_before(stage: Stage, misfit: Error | None) -> None:
    await stage.define("greet", result_schema={"type": "integer"})
    lease = await stage.started()
    await stage.complete(lease, "5", verdict=Verdict(lease.definition_id, misfit))
    await stage.complete(lease, "5")
    await stage.complete(lease, "5", verdict=Verdict(lease.definition_id, misfit))
    assert len(await stage.log(lease)) == 3


async def test_what_is_said_after_a_result_that_waits_for_its_verdict_waits_too(stage: Stage) -> None:
    await stage.define("greet", result_schema={"type": "integer"})
    lease, other = await stage.started(), await stage.started()
    words = [
        says(lease, "log"),
        says(lease, "completed", data="5"),
        says(lease, "failed", error=BOOM),
        says(other, "log"),
    ]
    answers, _ = await stage.report(7, *words)
    assert [answer.status for answer in answers] == ["accepted", "unjudged", "unjudged", "accepted"]
    verdict = Verdict(lease.definition_id, None)
    answers, _ = await stage.report(7, says(lease, "completed", data="5", verdict=verdict), words[2])
    assert [answer.status for answer in answers] == ["accepted", "lease_lost"]
    assert await stage.state(lease) == "completed"


async def test_a_failure_is_tried_again_after_the_backoff(stage: Stage) -> None:
    lease = await stage.started()
    await stage.fail(lease, error=BOOM)
    run = await stage.read(lease)
    assert (run.state, run.attempt, run.worker_id) == (State.RETRYING, 1, None)
    assert run.due_at == stage.clock.now() + 750_000, "half of the second, and half of the rest as the draw says"
    assert stage.told[-1].due_at == run.due_at
    assert orjson.loads(run.error or "")["message"] == "boom"
    assert orjson.loads((await stage.events(run))[-1].data)["error"] == orjson.loads(run.error or "")


async def test_a_handler_may_name_the_wait_or_end_it_all(stage: Stage) -> None:
    one, two = await stage.started(), await stage.started()
    await stage.fail(one, error=BOOM, retry_after_seconds=30)
    await stage.fail(two, error=BOOM, retryable=False)
    assert (await stage.read(one)).due_at == stage.clock.now() + 30 * SECOND
    failed = await stage.read(two)
    assert failed.state is State.FAILED
    assert (await stage.events(two))[-1].data == f'{{"error":{failed.error}}}'


async def test_the_last_attempt_that_fails_fails_the_run(stage: Stage) -> None:
    await stage.define("greet", retry=RetryPolicy(max_attempts=2))
    run = await stage.run_of()
    for state in ("retrying", "failed"):
        [lease] = await stage.take()
        await stage.fail(lease, error=BOOM)
        assert await stage.state(run) == state
        await stage.sweep_at(10)
    assert await stage.log(run) == ["queued", "started", "retrying", "started", "failed"]


async def test_a_completion_after_a_failure_forgets_the_error(stage: Stage) -> None:
    run = await stage.run_of()
    [lease] = await stage.take()
    await stage.fail(lease, error=BOOM)
    await stage.sweep_at(10)
    [lease] = await stage.take()
    await stage.complete(lease)
    assert (await stage.read(run)).error is None


@pytest.mark.parametrize("more", [[], ["progress"]])
async def test_a_completion_ends_being_alone(stage: Stage, more: list[str]) -> None:
    await stage.say(await stage.started(), "lost")
    [lease] = await stage.take()
    await stage.report(7, *(says(lease, kind) for kind in [*more, "completed"]))
    run = await stage.read(lease)
    assert (lease.alone, run.alone, run.losses, run.state) == (True, False, 1, State.COMPLETED)


@pytest.mark.parametrize("end", ["failed", "completed", "snoozed", "released", "lost"])
async def test_what_is_released_as_a_suspect_runs_alone_until_an_attempt_ends_otherwise(stage: Stage, end: str) -> None:
    await stage.say(await stage.started(), "released", alone=True)
    [lease] = await stage.take()
    assert (lease.alone, lease.losses, lease.attempt) == (True, 0, 1)
    await stage.say(lease, end)
    assert (await stage.read(lease)).alone is (end in ("released", "lost"))


async def test_what_is_released_is_ready_at_once(stage: Stage) -> None:
    lease = await stage.started(queue="mail")
    await stage.say(lease, "released")
    assert stage.told[-1].ready == {("greet", "mail")}
    run = await stage.read(lease)
    assert (run.state, run.attempt, run.claims, run.losses, run.worker_id) == (State.QUEUED, 0, 1, 0, None)
    assert ids(await stage.take()) == [run.id]


async def test_what_is_snoozed_comes_again_later_as_the_same_attempt(stage: Stage) -> None:
    lease = await stage.started()
    await stage.say(lease, "snoozed", delay_seconds=9)
    run = await stage.read(lease)
    assert (run.state, run.attempt, run.due_at) == (State.SCHEDULED, 0, stage.clock.now() + 9 * SECOND)
    await stage.sweep_at(9)
    [again] = await stage.take()
    assert (again.id, again.attempt, again.claims) == (run.id, 1, 2)


async def test_a_run_whose_worker_is_lost_three_times_fails(stage: Stage) -> None:
    run = await stage.run_of()
    for losses in (1, 2, 3):
        [lease] = await stage.take()
        assert lease.alone is (losses > 1)
        await stage.say(lease, "lost")
        assert (await stage.read(run)).losses == losses
    assert await stage.state(run) == "failed"
    lived = ["queued", "started", "interrupted", "started", "interrupted", "started", "failed"]
    assert await stage.log(run) == lived


async def test_a_kind_of_report_that_is_not_known_is_a_bug(stage: Stage) -> None:
    lease = await stage.started()
    with pytest.raises(ValueError, match="no report of the kind"):
        await stage.say(lease, "exploded")
    await stage.complete(lease)


# -- the fence


@pytest.mark.parametrize(("kind", "fields"), WORDS)
@pytest.mark.parametrize("wrong", ["token", "attempt", "worker", "run"])
async def test_only_the_lease_that_holds_may_write(stage: Stage, kind: str, fields: Any, wrong: str) -> None:
    lease = await stage.started(worker=7)
    await stage.store.cancel(lease.id, None)
    before, events = await stage.read(lease), await stage.events(lease)
    stale = {"token": {"token": "old"}, "attempt": {"attempt": 2}, "run": {"run_id": 12}, "worker": {}}[wrong]
    worker = 8 if wrong == "worker" else 7
    [reported], _ = await stage.report(worker, says(lease, kind, **fields | stale))
    assert (reported.status, reported.cancel_requested) == ("lease_lost", False)
    assert (await stage.read(lease), await stage.events(lease)) == (before, events)


@pytest.mark.parametrize(("kind", "fields"), WORDS)
async def test_an_earlier_lease_cannot_write_to_what_another_holds(stage: Stage, kind: str, fields: Any) -> None:
    old = await stage.started()
    await stage.sweep_at(LEASE_SECONDS)
    [new] = await stage.take()
    before = await stage.read(new)
    assert (new.id, new.attempt) == (old.id, old.attempt), "only the token tells them apart"
    assert (await stage.say(old, kind, **fields)).status == "lease_lost"
    assert await stage.read(new) == before
    await stage.complete(new)


@pytest.mark.parametrize(("kind", "fields"), [word for word in WORDS if word[0] != "completed"])
async def test_nothing_more_is_written_to_a_completed_run(stage: Stage, kind: str, fields: Any) -> None:
    lease = await stage.started()
    await stage.complete(lease)
    before = await stage.read(lease)
    assert (await stage.say(lease, kind, **fields)).status == "lease_lost"
    assert await stage.read(lease) == before


@pytest.mark.parametrize(("kind", "fields"), [word for word in WORDS if word[0] in [*ENDS, "cancelled"]])
async def test_the_last_word_sent_again_is_accepted_and_written_once(stage: Stage, kind: str, fields: Any) -> None:
    lease = await stage.started()
    if kind == "cancelled":
        await stage.store.cancel(lease.id, None)
    assert (await stage.say(lease, kind, **fields)).status == "accepted"
    before, events = await stage.read(lease), await stage.events(lease)
    stage.clock.move(1)
    for _ in range(2):
        assert (await stage.say(lease, kind, **fields)).status == "accepted"
    assert (await stage.read(lease), await stage.events(lease)) == (before, events)


@pytest.mark.parametrize("kind", ["completed", "failed", "released", "snoozed"])
async def test_the_last_word_of_a_cancelled_handler_sent_again_is_accepted(stage: Stage, kind: str) -> None:
    lease = await stage.started()
    await stage.store.cancel(lease.id, "enough")
    first, again = await stage.say(lease, kind), await stage.say(lease, kind)
    assert (first.status, again.status) == ("accepted", "accepted")
    assert await stage.state(lease) == ("completed" if kind == "completed" else "cancelled")


async def test_the_same_report_twice_at_once_is_written_once(stage: Stage) -> None:
    lease = await stage.started()
    answers = await asyncio.gather(*(stage.say(lease, "completed", data="1") for _ in range(3)))
    assert [answer.status for answer in answers] == ["accepted"] * 3
    assert await stage.log(lease) == ["queued", "started", "completed"]


async def test_two_workers_that_both_hold_a_run_cannot_both_end_it(stage: Stage) -> None:
    old = await stage.started(worker=7)
    await stage.sweep_at(LEASE_SECONDS)
    [new] = await stage.take(worker=8)
    one, two = await asyncio.gather(stage.say(old, "completed", data="1"), stage.say(new, "completed", data="2"))
    assert (one.status, two.status) == ("lease_lost", "accepted")
    assert (await stage.read(new)).result == "2"


# -- many at once


async def test_a_bad_item_harms_no_other(stage: Stage) -> None:
    leases = [await stage.started() for _ in range(4)]
    reports = [
        says(leases[0], "progress", data='{"percent":1}'),
        says(leases[1], "completed", token="old"),
        says(leases[2], "cancelled"),
        Report(run_id=99, attempt=1, token="t", kind="completed"),
        says(leases[0], "completed", data="0"),
        says(leases[3], "failed", error=BOOM),
    ]
    reported, _ = await stage.report(7, *reports)
    assert [item.status for item in reported] == [
        "accepted",
        "lease_lost",
        "rejected",
        "lease_lost",
        "accepted",
        "accepted",
    ]
    assert reported[2].error == "no cancel was asked of this run"
    assert [await stage.state(lease) for lease in leases] == ["completed", "running", "running", "retrying"]
    assert await stage.log(leases[0]) == ["queued", "started", "progress", "completed"]
    assert (await stage.read(leases[0])).progress == '{"percent":1}'


async def test_a_thousand_words_about_one_run_keep_their_order(stage: Stage) -> None:
    lease = await stage.started()
    lines = [says(lease, "log", data=f'{{"message":"{n}"}}') for n in range(1500)]
    reported, _ = await stage.report(7, *lines, says(lease, "completed"))
    assert {item.status for item in reported} == {"accepted"}
    assert [event.data for event in await stage.events(lease)][2:-1] == [line.data for line in lines]


async def test_lines_beyond_the_bound_are_counted_before_the_final_event(stage: Stage) -> None:
    lease = await stage.started()
    for _ in range(21):
        await stage.report(7, *(says(lease, "log", data="{}") for _ in range(1000)))
    await stage.say(lease, "touch", dropped=5)
    assert (await stage.read(lease)).logs_dropped == 1005
    await stage.say(lease, "completed", data="1", dropped=2)
    run = await stage.read(lease)
    assert (run.logs, run.seq, run.result, run.state) == (20_000, 20_004, "1", State.COMPLETED)
    line, final = await stage.store.events(run.id, run.seq - 2, 10)
    assert orjson.loads(line.data) == {"level": "warning", "message": "1007 lines dropped", "fields": {"dropped": 1007}}
    assert final.type is EventType.COMPLETED


# -- leases renewed


async def test_a_report_renews_the_leases_that_it_names_and_no_other(stage: Stage) -> None:
    said, touched, held, other = [await stage.started() for _ in range(4)]
    stage.clock.move(10)
    answer = await stage.report(
        7, says(said, "progress", data="{}"), says(touched, "touch"), holding=(held.id, held.id)
    )
    assert answer[1] == [Held(held.id, True, False)] * 2
    await stage.sweep_at(LEASE_SECONDS - 10)
    assert [await stage.state(run) for run in (said, touched, held, other)] == ["running"] * 3 + ["queued"]
    assert await stage.sweep_at(9) == stage.clock.now() + SECOND
    await stage.sweep_at(1)
    assert [await stage.state(run) for run in (said, touched, held)] == ["queued"] * 3


async def test_nobody_holds_what_another_has_or_nobody(stage: Stage) -> None:
    lease, waiting, done = await stage.started(worker=7), await stage.finished(), await stage.finished()
    stage.clock.move(10)
    _, held = await stage.report(8, holding=(lease.id, waiting.id, done.id, 99))
    assert held == [Held(run_id, False, False) for run_id in (lease.id, waiting.id, done.id, 99)]
    await stage.sweep_at(LEASE_SECONDS - 10)
    assert await stage.state(lease) == "queued", "what another names is not renewed"


async def test_a_report_with_a_wrong_token_renews_nothing(stage: Stage) -> None:
    lease = await stage.started()
    stage.clock.move(10)
    await stage.say(lease, "touch", token="old")
    await stage.sweep_at(LEASE_SECONDS - 10)
    assert await stage.state(lease) == "queued"


# -- cancel


@pytest.mark.parametrize("state", ["queued", "scheduled", "retrying"])
async def test_what_does_not_run_is_cancelled_at_once(stage: Stage, state: str) -> None:
    run = await stage.run_of(delay_seconds=5 if state == "scheduled" else 0, payload="[1]")
    if state == "retrying":
        [lease] = await stage.take()
        await stage.fail(lease, error=BOOM)
    assert await stage.state(run) == state
    answer = await stage.store.cancel(run.id, "enough")
    assert answer is not None
    assert (answer.state, answer.cancel_reason) == (State.CANCELLED, "enough")
    kept = await stage.read(run)
    assert (kept.state, kept.cancel_requested, kept.cancel_reason) == (State.CANCELLED, True, "enough")
    assert (kept.finished_at, kept.payload) == (stage.clock.now(), "[1]")
    assert (await stage.events(run))[-1].data == '{"reason":"enough"}'
    assert await stage.sweep_at(1000) is None
    assert await stage.take() == []


async def test_a_running_handler_is_asked_and_its_worker_hears_of_it(stage: Stage) -> None:
    lease = await stage.started()
    for reason in ("enough", "again"):
        answer = await stage.store.cancel(lease.id, reason)
        assert answer is not None
        assert (answer.state, answer.cancel_requested, answer.cancel_reason) == (State.RUNNING, True, "enough")
    assert await stage.log(lease) == ["queued", "started", "cancelling"]
    [reported], held = await stage.report(7, says(lease, "touch"), holding=(lease.id,))
    assert (reported.status, reported.cancel_requested) == ("accepted", True)
    assert held == [Held(lease.id, True, True)]
    assert (await stage.say(lease, "cancelled")).status == "accepted"
    assert (await stage.events(lease))[-1].data == '{"reason":"enough"}'


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("completed", "completed"),
        ("failed", "cancelled"),
        ("released", "cancelled"),
        ("snoozed", "cancelled"),
        ("lost", "cancelled"),
        ("cancelled", "cancelled"),
    ],
)
async def test_after_a_cancel_only_a_completion_is_not_cancelled(stage: Stage, kind: str, state: str) -> None:
    lease = await stage.started()
    await stage.store.cancel(lease.id, None)
    assert (await stage.say(lease, kind)).status == "accepted"
    assert await stage.state(lease) == state
    assert await stage.log(lease) == ["queued", "started", "cancelling", state]


async def test_final_is_final_and_what_is_not_there_is_nothing(stage: Stage) -> None:
    done = await stage.finished()
    with pytest.raises(RunFinished, match="completed"):
        await stage.store.cancel(done.id, None)
    assert await stage.store.cancel(99, None) is None


async def test_of_a_cancel_and_a_completion_at_once_one_comes_first(stage: Stage) -> None:
    lease = await stage.started()
    cancelled, completed = await asyncio.gather(
        stage.store.cancel(lease.id, None), stage.say(lease, "completed"), return_exceptions=True
    )
    assert not isinstance(completed, BaseException)
    assert completed.status == "accepted"
    assert await stage.state(lease) == "completed"
    assert isinstance(cancelled, RunFinished) or "cancelling" in await stage.log(lease)
