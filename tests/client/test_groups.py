"""Plain runs that a worker claims together, by columns: what happens to one of them is that one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from blazy_jobs.worker import lane as lane_module
from blazy_jobs.worker import spoken
from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held, JobInfo
from blazy_jobs.worker.http import Endpoint
from blazy_jobs.worker.lane import Lane
from blazy_jobs.worker.session import Session, TooMuch

from tests.client.conftest import Start
from tests.client.peer import FINAL, Peer
from tests.client.test_worker import completes
from tests.support.speed import stretched

by_columns = pytest.mark.parametrize("peer", [True], indirect=True, ids=["columns"])


async def outcomes(peer: Peer, runs: Sequence[str]) -> list[dict[str, Any]]:
    return [await peer.outcome(run) for run in runs]


@pytest.mark.system
@by_columns
async def test_runs_that_come_together_end_together_each_with_its_own_result(peer: Peer, start: Start) -> None:
    await start()
    runs = await peer.add_many("echo", range(250))
    assert [outcome["result"] for outcome in await outcomes(peer, runs)] == list(range(250))
    assert set(peer.by_columns) == set(runs)
    assert len(peer.groups) < 20
    nothing = await peer.add_many("echo", [None] * 20)
    assert [outcome["result"] for outcome in await outcomes(peer, nothing)] == [None] * 20
    sync = await peer.add_many("echo-sync", [{"n": n} for n in range(30)])
    assert [outcome["result"] for outcome in await outcomes(peer, sync)] == [{"n": n} for n in range(30)]


@pytest.mark.system
@by_columns
async def test_a_run_of_a_group_knows_all_that_a_run_by_itself_does(peer: Peer, start: Start) -> None:
    await start()
    runs = await peer.add_many("tells", ["a", "b"], tags=["red"], metadata={"shop": "7"}, timeout_seconds=60)
    runs += await peer.add_many("tells", ["c"], timeout_seconds=60)
    results = [outcome["result"] for outcome in await outcomes(peer, runs)]
    assert [result.pop("seconds_left") for result in results] == [pytest.approx(60, abs=10)] * 3
    labels = {"tags": ["red"], "metadata": {"shop": "7"}}
    assert results == [
        {"payload": "a", "run_id": runs[0], "attempt": 1, **labels},
        {"payload": "b", "run_id": runs[1], "attempt": 1, **labels},
        {"payload": "c", "run_id": runs[2], "attempt": 1, "tags": [], "metadata": {}},
    ]


@pytest.mark.system
@by_columns
async def test_runs_of_a_group_share_no_context(peer: Peer, start: Start) -> None:
    await start()
    runs = await peer.add_many("remembers", range(50))
    assert [outcome["result"] for outcome in await outcomes(peer, runs)] == [None] * 50


@pytest.mark.system
@by_columns
async def test_a_cancel_or_a_lost_lease_stops_one_run_of_a_group(peer: Peer, start: Start) -> None:
    await start()
    stopped, lost, steady = await peer.add_many("naps", [60, 60, 3])
    await peer.until(lambda: any(set(call["holding"]) == {stopped, lost, steady} for call in peer.calls))
    peer.cancelled.add(stopped)
    del peer.leases[lost]
    assert (await peer.outcome(stopped))["type"] == "cancelled"
    assert (await peer.outcome(steady))["result"] == 3
    await peer.until(lambda: not peer.calls[-1]["holding"])
    assert peer.final(lost) is None


@pytest.mark.system
@by_columns
async def test_the_time_of_each_run_of_a_group_is_its_own(peer: Peer, start: Start) -> None:
    await start()
    late, early = await peer.add_many("naps", [60, 0.01], timeout_seconds=1)
    assert (await peer.outcome(early))["type"] == "completed"
    assert (await peer.outcome(late))["error"]["code"] == "timeout"


@pytest.mark.system
@by_columns
async def test_a_refused_end_by_columns_fails_that_run_alone(peer: Peer, start: Start) -> None:
    peer.refuse = lambda report: "it is too red" if report.get("result") == "red" else None
    await start()
    runs = await peer.add_many("echo", ["blue", "red", "green"])
    blue, red, green = await outcomes(peer, runs)
    assert (blue["result"], green["result"]) == ("blue", "green")
    assert (red["type"], red["error"]["code"]) == ("failed", "invalid_result")
    assert "it is too red" in red["error"]["message"]


@pytest.mark.system
async def test_quick_runs_are_claimed_ahead_within_bounds(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_CONCURRENCY=4)
    runs = await peer.add_many("echo", range(3000))
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, sum(run in peer.leases for run in runs))
        return all(peer.final(run) for run in runs)

    await peer.until(ended, 60)
    assert 4 < max(claim["max"] for claim in peer.claims) <= 204
    assert most <= 204
    assert {outcome["type"] for outcome in await outcomes(peer, runs)} == {"completed"}


@pytest.mark.system
async def test_long_runs_are_not_claimed_ahead(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_CONCURRENCY=4)
    runs = await peer.add_many("waits", [None] * 50)
    await peer.until(lambda: sum(bool(peer.said(run, "progress")) for run in runs) == 4)
    await peer.until(lambda: any(len(call["holding"]) == 4 for call in peer.calls))
    assert len(peer.leases) == 4
    assert max(claim["max"] for claim in peer.claims if claim["worker"] == "tested/async") == 4


@pytest.mark.system
async def test_what_was_claimed_ahead_and_finds_no_room_is_given_back_unbegun(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_CONCURRENCY=2)
    quick, slow = await peer.add_many("echo", range(2000)), await peer.add_many("waits", [None] * 300)
    await peer.until(lambda: all(peer.final(run) for run in quick), 60)

    def running() -> set[str]:
        return {run for run in slow if peer.said(run, "progress")}

    await peer.until(lambda: len(running()) == 2 and running() == set(peer.leases))
    for run in set(slow) - running():
        assert [report["type"] for report in peer.reports[run]] in ([], ["released"])


@pytest.mark.system
async def test_a_host_that_dies_takes_no_run_with_it_that_had_not_begun(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_CONCURRENCY=2)
    await completes(peer, "echo")
    before, (killer,) = await peer.add_many("echo", range(1000)), await peer.add_many("dies", [None])
    after = await peer.add_many("echo", range(200))
    ended = await outcomes(peer, [*before, killer, *after])
    died = [outcome for outcome in ended if outcome["type"] not in ("completed", "released")]
    assert peer.final(killer) in died
    assert all(outcome["type"] == "lost" or outcome["error"]["code"] == "crashed" for outcome in died)
    # What had completed in the moment before, and nobody had been told of, is lost with it as well.
    assert len(died) <= 2 + 2 * 2
    assert (await peer.outcome(await peer.add("echo", 1)))["result"] == 1


@pytest.mark.system
async def test_a_slot_that_dies_costs_only_the_run_that_it_was_in(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_SLOTS=1)
    before, (killer,) = await peer.add_many("echo-sync", range(300)), await peer.add_many("dies-sync", [None])
    after = await peer.add_many("echo-sync", range(100))
    assert [outcome["result"] for outcome in await outcomes(peer, before)] == list(range(300))
    assert (await peer.outcome(killer))["error"]["code"] == "crashed"
    assert {outcome["type"] for outcome in await outcomes(peer, after)} <= {"completed", "released"}


@pytest.mark.system
async def test_ends_of_quick_sync_runs_do_not_wait_for_the_long_one_behind_them(peer: Peer, start: Start) -> None:
    await start(JOBS_WORKER_SLOTS=1)
    quick, slow = await peer.add_many("echo-sync", range(500)), await peer.add_many("waits-sync", [None] * 30)
    assert [outcome["result"] for outcome in await outcomes(peer, quick)] == list(range(500))

    def running() -> set[str]:
        return {run for run in slow if peer.said(run, "progress")}

    await peer.until(lambda: len(running()) == 1 and running() == set(peer.leases))
    for run in set(slow) - running():
        assert [report["type"] for report in peer.reports[run]] in ([], ["released"])


@pytest.mark.system
async def test_sync_runs_of_a_group_speak_before_they_end_and_stop_one_by_one(peer: Peer, start: Start) -> None:
    await start()
    runs = await peer.add_many("speaks-sync", [None] * 40)
    assert {outcome["type"] for outcome in await outcomes(peer, runs)} == {"completed"}
    for run in runs:
        kinds = [report["type"] for report in peer.reports[run]]
        assert sorted(kinds[:-1]) == ["log", "log", "progress"]
    late = await peer.add_many("waits-sync", [None, None], timeout_seconds=1)
    assert [outcome["error"]["code"] for outcome in await outcomes(peer, late)] == ["timeout"] * 2
    stopped, other = await peer.add_many("waits-sync", [None, None])
    await peer.until(lambda: peer.said(stopped, "progress") and peer.said(other, "progress"))
    peer.cancelled.add(stopped)
    assert (await peer.outcome(stopped))["type"] == "cancelled"
    assert peer.final(other) is None


@pytest.mark.system
@by_columns
async def test_a_killed_neighbour_and_middleware_are_as_ever_in_groups(peer: Peer, start: Start) -> None:
    await start("tests.client.wrapped")
    runs = await peer.add_many("wrapped", [1, "snooze", 2])
    first, snoozed, second = await outcomes(peer, runs)
    assert [first["type"], snoozed["type"], second["type"]] == ["completed", "snoozed", "completed"]
    sync = await peer.add_many("wrapped-sync", [1, "raise", 2])
    assert [outcome["type"] for outcome in await outcomes(peer, sync)] == ["completed", "failed", "completed"]
    assert runs[0] in peer.by_columns, "what it said went by columns too"
    assert runs[0] in peer.heard


@pytest.mark.system
@by_columns
async def test_a_worker_goes_back_to_leases_where_the_server_is_an_older_one_now(peer: Peer, start: Start) -> None:
    await start()
    await completes(peer, "echo")
    runs = await peer.add_many("naps", [1.0, 1.0])
    await peer.until(lambda: set(runs) <= set(peer.leases))
    peer.columns = peer.known = False
    assert [outcome["result"] for outcome in await outcomes(peer, runs)] == [1.0, 1.0]
    assert not set(runs) & set(peer.by_columns)
    groups = len(peer.groups)
    assert (await outcomes(peer, await peer.add_many("echo", [1, 2])))[1]["result"] == 2
    assert len(peer.groups) == groups


@pytest.mark.system
@by_columns
@pytest.mark.parametrize("kind", ["speaks", "speaks-sync"])
async def test_what_runs_of_a_group_say_goes_by_columns_before_their_ends(peer: Peer, start: Start, kind: str) -> None:
    await start()
    runs = await peer.add_many(kind, [None] * 60)
    assert {outcome["type"] for outcome in await outcomes(peer, runs)} == {"completed"}
    assert set(peer.by_columns) == set(runs)
    for run in runs:
        *words, end = [report["type"] for report in peer.reports[run]]
        assert end == "completed"
        assert sorted(words) == sorted(word["type"] for word in peer.reports[runs[0]][:-1])
        line = peer.said(run, "log")[0]
        assert (line["message"], line["level"], line["fields"]["who"]) == ("hello", "warning", "ada")
        assert line["written_at"].endswith("+00:00")
    assert len(peer.heard) > 50


@pytest.mark.system
@by_columns
@pytest.mark.parametrize(("kind", "number"), [("speaks-again", 3), ("speaks-again-sync", 1)])
async def test_words_whose_answer_was_lost_are_taken_once_and_in_order(
    peer: Peer, start: Start, tmp_path: Path, kind: str, number: int
) -> None:
    await start(JOBS_WORKER_SLOTS=1)
    await completes(peer, "echo-sync")  # the slot is there: what waits for one too long is given back
    peer.lose_said = 2
    runs = await peer.add_many(kind, [str(tmp_path / "go")] * number)
    await peer.until(lambda: not peer.lose_said and all(peer.said(run, "log") for run in runs))
    await peer.until(lambda: len([call for call in peer.calls if call.get("said")]) >= 3)
    assert set(runs) <= set(peer.leases), "seen while they run"
    (tmp_path / "go").touch()
    await outcomes(peer, runs)
    for run in runs:
        assert [line["message"] for line in peer.said(run, "log")] == ["one", "two", "three"]
    assert set(runs) <= set(peer.by_columns)
    assert any(before == 1 for call in peer.calls for item in call.get("said", ()) for before in item["before"])


@pytest.mark.system
@by_columns
async def test_a_cancel_and_a_lost_lease_are_heard_in_the_answer_to_words(
    peer: Peer, start: Start, tmp_path: Path
) -> None:
    await start()
    never = str(tmp_path / "never")
    stopped, lost, steady = await peer.add_many("speaks-again", [never, never, str(tmp_path / "go")])
    (tmp_path / "go").touch()
    peer.cancelled.add(stopped)
    await peer.until(lambda: lost in peer.leases)
    del peer.leases[lost]
    assert (await peer.outcome(stopped))["type"] == "cancelled"
    assert (await peer.outcome(steady))["type"] == "completed"
    await peer.until(lambda: not peer.calls[-1]["holding"])
    assert peer.final(lost) is None


@pytest.mark.system
@by_columns
async def test_a_refused_word_harms_no_other(peer: Peer, start: Start) -> None:
    peer.refuse = lambda report: "not now" if report["type"] == "progress" else None
    worker = await start()
    runs = await peer.add_many("speaks", [None] * 5)
    assert {outcome["type"] for outcome in await outcomes(peer, runs)} == {"completed"}
    assert [len(peer.said(run, "log")) for run in runs] == [len(peer.said(runs[0], "log"))] * 5
    assert len(peer.said(runs[0], "log")) > 0
    await completes(peer, "echo")  # whose report was sent when the answer before it had been read
    assert "not now" in worker.words()


@pytest.mark.system
@by_columns
async def test_a_server_that_hears_no_columns_is_told_word_by_word(peer: Peer, start: Start) -> None:
    peer.hears = False
    await start()
    runs = await peer.add_many("speaks", [None] * 30) + await peer.add_many("speaks-sync", [None] * 30)
    assert {outcome["type"] for outcome in await outcomes(peer, runs)} == {"completed"}
    for run in runs:
        kinds = [report["type"] for report in peer.reports[run]]
        assert {"log", "progress"} == set(kinds[:-1])
        assert kinds[-1] == "completed"


@pytest.mark.system
@by_columns
async def test_words_that_wait_for_a_server_which_hears_none_by_columns_are_told_singly(
    peer: Peer, start: Start, tmp_path: Path
) -> None:
    await start()
    runs = await peer.add_many("speaks-again", [str(tmp_path / "go")] * 3)
    await peer.until(lambda: all(peer.said(run, "log") for run in runs))
    peer.hears = peer.known = False
    (tmp_path / "go").touch()
    await outcomes(peer, runs)
    for run in runs:
        assert [line["message"] for line in peer.said(run, "log")] == ["one", "two", "three"]


# -- the lane by itself


class Choosy(Session):
    """Refuses calls with more than one run."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(Endpoint("http://127.0.0.1:9"), {"name": "tested", "job_types": []}, lambda: None)
        self.answers = [answer]
        self.said: list[dict[str, Any]] = []
        self.done = asyncio.Event()

    async def claim(self, most: int, wait_seconds: float = 10) -> bytes | None:
        if self.answers:
            return self.answers.pop()
        await asyncio.Event().wait()
        return None

    async def report(self, reports: Any, holding: Any, renew: bool = True, completed: bytes = b"") -> dict[str, Any]:
        await asyncio.sleep(0)
        if completed or len(reports) > 1:
            raise TooMuch("413")
        self.said += [orjson.loads(report) for report in reports]
        if sum(report["type"] in FINAL for report in self.said) == 3:
            self.done.set()
        return {"data": [{"status": "accepted", "cancel_requested": False} for _ in reports], "holding": []}


class Ender:
    """Stands for the worker around a lane: all that begins has completed."""

    def begin(self, runs: list[Held], raw: bytes | None) -> None: ...

    def begin_group(self, group: Group) -> None:
        group.desk.completed(group, group.run_ids, b'1,"two",[3]')

    def stop(self, held: Held, reason: str) -> None: ...
    def renewed(self) -> None: ...
    def said_something(self) -> None: ...
    def drain(self, reason: str) -> None: ...


async def test_ends_by_columns_that_are_refused_as_a_whole_are_reported_one_by_one() -> None:
    common = {"job_type": "work", "job_type_version": 1, "queue": "default", "attempt": 1, "max_attempts": 4}
    common |= {"timeout_seconds": 30, "lease_token": "t", "lease_until": "", "deadline_at": ""}
    group = {**common, "run_ids": ["run_1", "run_2", "run_3"], "payloads": [1, 2, 3]}
    session = Choosy(orjson.dumps({"data": [], "columns": [group]}))
    session.claimed_at = session.renewed_at = asyncio.get_running_loop().time()
    lane = Lane(Ender(), session, {"work": JobInfo("work", "async", False)}, lambda: 5)
    tasks = [asyncio.create_task(lane.claim()), asyncio.create_task(lane.report())]
    async with asyncio.timeout(stretched(20)):
        await session.done.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [(report["run_id"], report["result"]) for report in session.said] == [
        ("run_1", 1),
        ("run_2", "two"),
        ("run_3", [3]),
    ]
    assert lane.idle


class Hearing(Session):
    """Takes all that comes, and remembers each call."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(Endpoint("http://127.0.0.1:9"), {"name": "tested", "job_types": []}, lambda: None)
        self.said = self.columns = True
        self.answers = [answer]
        self.heard: list[str] = []
        self.done = asyncio.Event()

    async def claim(self, most: int, wait_seconds: float = 10) -> bytes | None:
        if self.answers:
            return self.answers.pop()
        await asyncio.Event().wait()
        return None

    async def report(self, reports: Any, holding: Any, renew: bool = True, **columns: bytes) -> dict[str, Any]:
        await asyncio.sleep(0)
        said, completed = (orjson.loads(b"[%s]" % columns.get(name, b"")) for name in ("said", "completed"))
        self.heard += [word["message"] for item in said for words in item["words"] for word in words]
        self.heard += [orjson.loads(report)["message"] for report in reports]
        self.heard += [f"end of {run_id}" for item in completed for run_id in item["run_ids"]]
        if completed:
            self.done.set()
        answer = {"said": [[] for _ in said], "completed": [[] for _ in completed], "holding": []}
        return answer | {"data": [{"status": "accepted", "cancel_requested": False} for _ in reports]}


class Talker(Ender):
    """All that begins says a lot, and has completed."""

    def begin_group(self, group: Group) -> None:
        for n in range(5):
            group.spoken(group.run_ids, [n], 1, b'[{"type":"log","message":"%d"}]' % n)
        single = group.single(group.run_ids[0])
        for n in range(5, 8):
            single.desk.tell(single, "log", single.write({"type": "log", "message": str(n)}))
        group.completed(group.run_ids, b"")


async def test_no_end_is_sent_before_words_that_do_not_fit_into_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken, "MOST_WORDS", 2)
    monkeypatch.setattr(lane_module, "MAX_BATCH", 2)
    common = {"job_type": "work", "job_type_version": 1, "queue": "default", "attempt": 1, "max_attempts": 4}
    common |= {"timeout_seconds": 30, "lease_token": "t", "lease_until": "", "deadline_at": ""}
    session = Hearing(orjson.dumps({"data": [], "columns": [{**common, "run_ids": ["run_1"], "payloads": [1]}]}))
    session.claimed_at = session.renewed_at = asyncio.get_running_loop().time()
    lane = Lane(Talker(), session, {"work": JobInfo("work", "async", False)}, lambda: 5)
    tasks = [asyncio.create_task(lane.claim()), asyncio.create_task(lane.report())]
    async with asyncio.timeout(stretched(20)):
        await session.done.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert session.heard == [*map(str, range(8)), "end of run_1"]
