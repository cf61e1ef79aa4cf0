"""The worker protocol: register, claim, report, leave; leases, silence, drain, restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from blazy_jobs_server.domain.event import EVENT_NAMES
from blazy_jobs_server.ports import Commit
from tests.app.asgi import scope_of
from tests.app.server import Server, Worker, item, paths, problem
from tests.app.waiting import until

NO_WORKER = "wrk_0000000000000"


def at(seconds: float) -> str:
    return f"2026-01-01T00:{int(seconds) // 60:02}:{seconds % 60:09.6f}Z"


async def until_parked(server: Server, n: int = 1) -> None:
    """Returns when so many claims wait for a run, their time running."""

    async def are_parked() -> bool:
        await server.settle()
        members = server.jobs.leasing.membership.members()
        return sum(member.claims for member in members) == n and not server.jobs.leasing.claims.serving

    await until(are_parked)


def parked(worker: Worker, most: int = 10, wait_seconds: float = 30) -> asyncio.Task[list[Any]]:
    return asyncio.create_task(worker.claim(most, wait_seconds))


# -- registering


async def test_a_worker_registers_with_little(server: Server) -> None:
    worker = await server.worker("greet")
    assert worker.id.startswith("wrk_")
    times = {"lease_seconds": 15, "heartbeat_seconds": 5}
    assert worker.registered == {"id": worker.id, **times, "columns": True, "said": True, "conflicts": []}
    assert (await server.get("/v1/workers"))["data"] == [
        {
            "id": worker.id,
            "name": "test",
            "job_types": ["greet"],
            "queues": None,
            "concurrency": 10,
            "registered_at": at(0),
            "seen_at": at(0),
            "last_seen_at": at(0),
            "slots": 10,
            "busy": 0,
            "running": [],
            "draining": False,
            "host": None,
            "pid": None,
            "version": None,
            "server": server.jobs.server_id,
        }
    ]


async def test_the_bounds_of_a_registration(server: Server) -> None:
    good: dict[str, Any] = {"name": "w", "job_types": ["greet"]}
    bad: list[tuple[str, list[Any]]] = [
        ("name", ["", "x" * 256, None, 5]),
        ("job_types", [None, "greet", ["a b"], [""], [5], ["x" * 129], [f"t{i}" for i in range(1001)]]),
        ("queues", ["default", ["a b"], [None]]),
        ("concurrency", [0, 10_001, 1.5, "10", True]),
        (
            "declares",
            [
                "x",
                {"app": ""},
                {},
                {"app": "a", "build": ""},
                {"app": "a", "start": "x" * 256},
                {"app": "a", "declared_at": "now"},
            ],
        ),
    ]
    for field, values in bad:
        for value in values:
            document = problem(
                await server.http.post("/v1/workers", json=good | {field: value}), 422, "invalid_request"
            )
            assert {path.split("/")[1] for path in paths(document)} == {field}, (value, document)
    for left_out in good:
        body = {name: value for name, value in good.items() if name != left_out}
        assert paths(problem(await server.http.post("/v1/workers", json=body), 422, "invalid_request")) == [
            f"/{left_out}"
        ]
    assert (await server.get("/v1/workers"))["data"] == []
    for fields in ({"job_types": []}, {"queues": []}, {"concurrency": 10_000}, {"name": "é" * 255}, {"declares": None}):
        await server.post("/v1/workers", good | fields, status=201)


async def test_a_worker_may_serve_names_that_nobody_defined_yet(server: Server) -> None:
    worker = await server.worker("later")
    assert await worker.claim() == []
    claim = parked(worker)
    await until_parked(server)
    await server.register("later")
    await server.dispatch("later")
    assert len(await claim) == 1


async def test_workers_are_listed_newest_first_and_in_pages(server: Server) -> None:
    workers = [await server.worker(name=f"w{n}") for n in range(5)]
    found: list[str] = []
    cursor = None
    for _ in range(3):
        page = await server.get("/v1/workers", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [worker["id"] for worker in page["data"]]
        cursor = page["next_cursor"]
    assert (found, cursor) == ([worker.id for worker in workers][::-1], None)
    assert found == sorted(found, reverse=True)


async def test_an_unknown_worker_is_404(server: Server) -> None:
    problem(await server.http.post(f"/v1/workers/{NO_WORKER}/claim"), 404, "worker_not_found")
    problem(await server.http.post(f"/v1/workers/{NO_WORKER}/report", json={}), 404, "worker_not_found")
    problem(await server.http.delete(f"/v1/workers/{NO_WORKER}"), 404, "worker_not_found")


# -- claiming


async def test_a_claim_that_finds_nothing_waits_and_is_woken_by_a_dispatch(server: Server) -> None:
    await server.register()
    claim = parked(await server.worker())
    await until_parked(server)
    await server.advance(29.9)
    assert not claim.done()
    run = await server.dispatch(payload="hello")
    [lease] = await claim
    assert (lease["run"]["id"], lease["run"]["payload"], lease["attempt"]) == (run["id"], "hello", 1)
    assert (lease["lease_until"], lease["deadline_at"]) == (at(29.9 + 15), at(29.9 + 315))


async def test_a_claim_that_waits_shares_the_transaction_of_its_dispatch(server: Server) -> None:
    await server.register()
    claim = parked(await server.worker(), most=2)
    await until_parked(server)
    commits: list[list[str]] = []
    on_commit = server.store.on_commit

    def listen(commit: Commit) -> None:
        commits.append([EVENT_NAMES[event.type] for event in commit.events])
        on_commit(commit)

    server.store.on_commit = listen
    await server.dispatch()
    assert len(await claim) == 1
    await server.dispatch(delay_seconds=5)
    await server.dispatch()
    assert [commit for commit in commits if commit] == [["queued", "started"], ["queued"], ["queued"]]


@pytest.mark.parametrize("waker", ["due", "retry", "resume", "queue", "release", "room", "batch"])
async def test_whatever_makes_a_run_ready_wakes_a_claim(server: Server, waker: str) -> None:
    await server.register(retry={"initial_seconds": 5, "jitter": False}, concurrency=1 if waker == "room" else None)
    first, second = await server.worker(), await server.worker()
    lease = None
    if waker in ("retry", "release", "room"):
        await server.dispatch()
        lease = await first.take()
    if waker in ("resume", "queue", "room"):
        what = {"resume": "job-types/greet", "queue": "queues/default"}.get(waker)
        if what is not None:
            await server.post(f"/v1/{what}/pause")
        await server.dispatch()
    claim = parked(second)
    await until_parked(server)
    match waker:
        case "due":
            await server.dispatch(delay_seconds=5)
            await server.live(5)
        case "retry":
            await first.fail(lease)
            await server.live(5)
        case "resume" | "queue":
            await server.post(f"/v1/{what}/resume")
        case "release":
            await first.leave()
        case "room":
            await first.complete(lease)
        case "batch":
            await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(3)]})
    await server.settle()
    assert len(await claim) == (3 if waker == "batch" else 1)


async def test_a_wait_that_ends_empty_is_204(server: Server) -> None:
    worker = await server.worker()
    answer = await server.http.post(f"/v1/workers/{worker.id}/claim", json={"wait_seconds": 0})
    assert (answer.status_code, answer.content) == (204, b"")
    claim = parked(worker, wait_seconds=3600)
    await until_parked(server)
    await server.live(59.5)
    assert not claim.done(), "it waits, and its worker is not taken for silent"
    server.clock.move(0.5)
    assert await claim == [], "every wait is cut at a minute"
    unsaid = asyncio.create_task(server.http.post(f"/v1/workers/{worker.id}/claim"))
    await until_parked(server)
    server.clock.move(30)
    assert (await unsaid).status_code == 204, "30 seconds unless said"


async def test_the_bounds_of_a_claim(server: Server) -> None:
    worker = await server.worker()
    bad: list[tuple[str, list[Any]]] = [
        ("max", [0, -1, 1001, 1.5, "1", None]),
        ("wait_seconds", [-1, 3601, "1", None]),
        ("job_types", [["greet"]]),
    ]
    for field, values in bad:
        for value in values:
            answer = await server.http.post(f"/v1/workers/{worker.id}/claim", json={field: value})
            assert paths(problem(answer, 422, "invalid_request")) == [f"/{field}"]


async def test_a_claim_brings_no_more_than_asked(server: Server) -> None:
    await server.register()
    await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(12)]})
    worker = await server.worker()
    assert [len(await worker.claim(most)) for most in (1, 3, 1000, 5)] == [1, 3, 8, 0]


async def test_the_order_of_starts(server: Server) -> None:
    """Priority, then due time, then creation, over all queues and types that the claim serves."""
    await server.register("greet")
    await server.register("bye", queue="mail", priority=5)
    dispatched = [
        ("plain", await server.dispatch("greet")),
        ("late", await server.dispatch("greet", delay_seconds=2)),
        ("low", await server.dispatch("greet", priority=-100)),
        ("soon", await server.dispatch("greet", delay_seconds=1)),
        ("high", await server.dispatch("bye")),
        ("highest", await server.dispatch("greet", queue="x", priority=100)),
        ("plain too", await server.dispatch("bye", priority=0)),
        ("past", await server.dispatch("greet", run_at="2020-01-01T00:00:00Z")),
    ]
    names = {run["id"]: name for name, run in dispatched}
    await server.advance(5)
    worker = await server.worker("greet", "bye")
    order = ["highest", "high", "plain", "plain too", "past", "soon", "late", "low"]
    assert [names[lease["run"]["id"]] for lease in await worker.claim(3)] == order[:3]
    assert [names[lease["run"]["id"]] for lease in await worker.claim()] == order[3:]


async def test_a_worker_gets_its_job_types_and_queues_only(server: Server) -> None:
    for name in ("greet", "bye"):
        await server.register(name)
        for queue in ("default", "mail"):
            await server.dispatch(name, payload=f"{name} {queue}", queue=queue)

    async def claimed(*names: str, queues: list[str] | None) -> list[Any]:
        return [lease["run"]["payload"] for lease in await (await server.worker(*names, queues=queues)).claim()]

    assert await claimed("greet", queues=[]) == []
    assert await claimed("greet", queues=["none", "mail"]) == ["greet mail"]
    assert await claimed("other", queues=None) == []
    assert await claimed("greet", "bye", queues=["default"]) == ["greet default", "bye default"]
    assert await claimed("bye", queues=None) == ["bye mail"]


async def test_paused_types_and_queues_are_passed_over(server: Server) -> None:
    await server.register("greet")
    await server.register("bye", queue="mail")
    await server.dispatch("greet", priority=9)
    await server.dispatch("bye")
    worker = await server.worker("greet", "bye")
    await server.post("/v1/job-types/greet/pause")
    await server.post("/v1/queues/mail/pause")
    assert await worker.claim() == []
    await server.post("/v1/queues/mail/resume")
    assert [lease["run"]["job_type"] for lease in await worker.claim()] == ["bye"]


async def test_no_run_goes_to_two_claims(server: Server) -> None:
    await server.register()
    workers = [await server.worker() for _ in range(4)]
    claims = [parked(worker, most=3) for worker in workers for _ in range(2)]
    await until_parked(server, len(claims))
    await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(24)]})
    leases = [lease for claim in claims for lease in await claim]
    assert sorted(lease["run"]["payload"] for lease in leases) == list(range(24))
    assert len({lease["run"]["id"] for lease in leases}) == 24


async def test_runs_are_dealt_out_among_the_claims_that_wait(server: Server) -> None:
    await server.register()
    claims = [parked(await server.worker()) for _ in range(3)]
    await until_parked(server, 3)
    await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(6)]})
    assert [len(await claim) for claim in claims] == [2, 2, 2]


async def test_what_is_leased_to_a_claimer_that_went_away_is_given_back(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    gone, sent = asyncio.Event(), []
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = scope_of("POST", f"/v1/workers/{worker.id}/claim", {})
    claim = asyncio.create_task(server.app(scope, receive, send))
    await until_parked(server)
    gone.set()
    await claim
    await server.dispatch()
    await server.settle()
    assert len(await (await server.worker()).claim()) == 1, "nobody else has it"


async def test_a_cancel_wakes_a_claim_so_that_its_worker_hears_of_it(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    claim = parked(worker)
    await until_parked(server)
    await server.cancel(run, status=202)
    assert await claim == []
    assert await worker.hold(lease) == [{"run_id": run["id"], "held": True, "cancel_requested": True}]


# -- reporting


async def leased(server: Server, n: int = 1, **fields: Any) -> tuple[Worker, list[Any]]:
    await server.register(**fields)
    for _ in range(n):
        await server.dispatch()
    worker = await server.worker()
    leases = await worker.claim(n)
    assert len(leases) == n
    return worker, leases


async def test_an_answer_names_each_report_in_order(server: Server) -> None:
    worker, leases = await leased(server, 3)
    answer = await worker.call(
        [item(leases[2], "completed"), item(leases[0], "progress", percent=1), item(leases[1], "released")],
        holding=[leases[0]["run"]["id"], leases[1]["run"]["id"], "run_0000000000000", "nonsense"],
    )
    assert answer == {
        "data": [
            {"run_id": leases[n]["run"]["id"], "attempt": 1, "status": "accepted"}
            | {"error": None, "cancel_requested": False}
            for n in (2, 0, 1)
        ],
        "holding": [
            {"run_id": leases[0]["run"]["id"], "held": True, "cancel_requested": False},
            {"run_id": leases[1]["run"]["id"], "held": False, "cancel_requested": False},
            {"run_id": "run_0000000000000", "held": False, "cancel_requested": False},
            {"run_id": "nonsense", "held": False, "cancel_requested": False},
        ],
        "drain": False,
    }


async def test_an_empty_report_is_a_heartbeat(server: Server) -> None:
    worker = await server.worker()
    for body in ({}, {"reports": []}, {"holding": []}):
        answer = await server.post(f"/v1/workers/{worker.id}/report", body, status=200)
        assert answer == {"data": [], "holding": [], "drain": False}


BAD_ITEMS: list[Any] = [
    5,
    None,
    [],
    {},
    {"type": "nonsense"},
    {"run_id": "nonsense"},
    {"run_id": 5},
    {"attempt": "1"},
    {"attempt": -1},
    {"lease_token": None},
    {"unknown": 1},
    {"type": "failed"},
    {"type": "failed", "error": "x"},
    {"type": "failed", "error": {}},
    {"type": "failed", "error": {"message": None}},
    {"type": "failed", "error": {"message": "x", "unknown": 1}},
    {"type": "failed", "error": {"message": "x"}, "retryable": "no"},
    {"type": "failed", "error": {"message": "x"}, "retry_after_seconds": -1},
    {"type": "progress", "percent": "40"},
    {"type": "progress", "message": 5},
    {"type": "log", "message": 5},
    {"type": "log", "fields": []},
    {"type": "log", "dropped": -1},
    {"type": "snoozed", "delay_seconds": -1},
    {"type": "snoozed", "delay_seconds": 1e12},
    {"type": "snoozed", "due_at": "tomorrow"},
    {"type": "snoozed", "due_at": "2026-01-01T00:00:00"},
    {"type": "cancelled"},
]


async def test_a_bad_item_is_rejected_with_its_reason_and_harms_no_other(server: Server) -> None:
    worker, leases = await leased(server, 2)
    good = item(leases[0], "log", message="fine")
    reports = [good]
    for bad in BAD_ITEMS:
        reports.append(item(leases[1], "completed") | bad if isinstance(bad, dict) and bad else bad)
    reports.append(item(leases[1], "log", message="still mine"))
    answers = (await worker.call(reports))["data"]
    assert [answer["status"] for answer in answers] == ["accepted", *["rejected"] * len(BAD_ITEMS), "accepted"]
    assert all(answer["error"] for answer in answers[1:-1])
    assert [await server.types(lease) for lease in leases] == [["queued", "started", "log"]] * 2
    assert (answers[1]["run_id"], answers[1]["attempt"]) == (None, None)


async def test_the_bounds_of_a_report(server: Server) -> None:
    worker = await server.worker()
    for body, path in (
        ([], ""),
        ({"reports": None}, "/reports"),
        ({"reports": {}}, "/reports"),
        ({"reports": [5] * 10_001}, "/reports"),
        ({"holding": ["x"] * 10_001}, "/holding"),
        ({"holding": [5]}, "/holding"),
        ({"worker": "x"}, "/worker"),
    ):
        answer = await server.http.post(f"/v1/workers/{worker.id}/report", json=body)
        assert paths(problem(answer, 422, "invalid_request")) == [path]


async def test_an_old_token_changes_nothing_and_is_told_so(server: Server) -> None:
    worker, [old] = await leased(server, retry={"initial_seconds": 0})
    await worker.say(old, "released")
    lease = await worker.take()
    assert lease["lease_token"] != old["lease_token"]
    before = await server.run(lease), await server.events(lease)
    stranger = await server.worker()
    for kind in ("progress", "log", "completed", "released", "snoozed", "cancelled", "lost"):
        for teller, said in (
            (worker, old),
            (worker, lease | {"attempt": 2}),
            (worker, lease | {"lease_token": ""}),
            (stranger, lease),
            (worker, lease | {"run": {"id": "run_0000000000000"}}),
        ):
            assert (await teller.say(said, kind))["status"] == "lease_lost", kind
    assert (await server.run(lease), await server.events(lease)) == before


@pytest.mark.parametrize(
    ("kind", "fields", "state"),
    [
        ("completed", {"result": 1}, "completed"),
        ("failed", {"error": {"message": "x"}}, "retrying"),
        ("failed", {"error": {"message": "x"}, "retry_after_seconds": 0}, "queued"),
        ("failed", {"error": {"message": "x"}, "retryable": False}, "failed"),
        ("released", {}, "queued"),
        ("snoozed", {"delay_seconds": 5}, "scheduled"),
        ("snoozed", {"delay_seconds": 0}, "queued"),
        ("lost", {}, "queued"),
    ],
)
async def test_a_last_word_sent_again_is_accepted_again_and_written_once(
    server: Server, kind: str, fields: dict[str, Any], state: str
) -> None:
    worker, [lease] = await leased(server)
    for _ in range(3):
        assert (await worker.say(lease, kind, **fields))["status"] == "accepted"
        run = await server.run(lease)
        assert (run["state"], run["losses"]) == (state, int(kind == "lost"))
    assert len(await server.events(lease)) == 3
    both = await worker.call([item(lease, kind, **fields)] * 2)
    assert [answer["status"] for answer in both["data"]] == ["accepted"] * 2
    for other in {"completed", "failed"} - {kind}:
        assert (await worker.say(lease, other, error={"message": "x"}))["status"] == "lease_lost", (
            "another word than the last"
        )


async def test_a_last_word_is_no_more_when_the_next_attempt_runs(server: Server) -> None:
    worker, [old] = await leased(server, retry={"initial_seconds": 0})
    await worker.fail(old)
    lease = await worker.take()
    assert (await worker.say(old, "failed", error={"message": "x"}))["status"] == "lease_lost"
    await worker.complete(lease)
    assert (await worker.say(old, "failed", error={"message": "x"}))["status"] == "lease_lost"


async def test_every_answer_says_whether_a_cancel_was_asked(server: Server) -> None:
    worker, [lease] = await leased(server)
    assert (await worker.say(lease, "progress", percent=1))["cancel_requested"] is False
    await server.cancel(lease, status=202)
    await server.advance(1)
    for kind in ("progress", "log"):
        assert (await worker.say(lease, kind))["cancel_requested"] is True
    assert (await worker.hold(lease))[0]["cancel_requested"] is True


async def test_nobody_ends_as_cancelled_who_was_not_asked(server: Server) -> None:
    worker, [lease] = await leased(server)
    answer = await worker.say(lease, "cancelled")
    assert (answer["status"], bool(answer["error"])) == ("rejected", True)
    assert (await server.run(lease))["state"] == "running"


# -- leases


async def test_a_report_renews_what_it_names_and_nothing_else(server: Server) -> None:
    worker, [named, reported, unnamed] = await leased(server, 3)
    for _ in range(3):
        await server.live(5)
        await worker.call([item(reported, "progress")], holding=[named["run"]["id"]])
    assert (await server.run(unnamed))["state"] == "queued"
    assert [(await server.run(lease))["state"] for lease in (named, reported)] == ["running"] * 2
    assert await worker.hold(unnamed) == [
        {"run_id": unnamed["run"]["id"], "held": False, "cancel_requested": False},
    ]
    assert (await server.get("/v1/workers"))["data"][0]["seen_at"] == at(15)


async def test_a_lease_that_its_worker_does_not_name_is_released_without_a_loss(server: Server) -> None:
    worker, [lease] = await leased(server, retry=0)
    for _ in range(2):
        await server.live(7)
        await worker.call()
    assert (await server.run(lease))["state"] == "running"
    await server.live(1)
    run = await server.run(lease)
    assert (run["state"], run["losses"], run["attempt"], run["wait_reason"]) == ("queued", 0, 0, None)
    assert (await server.events(lease))[-1]["data"] == {"reason": "released", "due_at": at(15)}
    again = await worker.take()
    assert (again["alone"], again["attempt"]) == (False, 1)
    assert (await worker.say(lease, "completed"))["status"] == "lease_lost"


async def test_a_silent_worker_is_gone_and_its_runs_are_lost(server: Server) -> None:
    worker, leases = await leased(server, 2)
    await server.live(14.5)
    assert (await server.run(leases[0]))["state"] == "running"
    await server.live(0.5)
    for lease in leases:
        run = await server.run(lease)
        assert (run["state"], run["losses"], run["attempt"], run["wait_reason"]) == ("queued", 1, 0, "no_worker")
        assert (await server.events(run))[-1]["data"] == {"reason": "lost", "due_at": at(15)}
    for path in ("claim", "report"):
        answer = await server.http.post(f"/v1/workers/{worker.id}/{path}", json={})
        problem(answer, 404, "worker_not_found")
    assert (await server.get("/v1/workers"))["data"] == []
    again = await server.worker()
    assert again.id != worker.id
    assert [lease["alone"] for lease in await again.claim()] == [True, True]


async def test_a_heartbeat_keeps_a_worker_and_a_claim_that_waits_too(server: Server) -> None:
    worker, [lease] = await leased(server)
    for _ in range(4):
        await server.live(5)
        await worker.hold(lease)
    await worker.complete(lease)
    idle = parked(worker)
    await until_parked(server)
    await server.live(20)
    assert not idle.done()
    server.clock.move(10)
    assert await idle == []
    await server.live(14)
    assert await worker.claim() == []


async def test_a_server_that_stood_still_blames_nobody_for_the_silence(server: Server) -> None:
    worker, [lease] = await leased(server)
    await server.advance(1)
    await server.dispatch(delay_seconds=0.25)
    await server.settle()
    await server.advance(60)
    run = await server.run(lease)
    assert run["losses"] == 0, "it could not hear anybody"
    assert (await server.get("/v1/workers"))["data"][0]["id"] == worker.id


async def test_a_worker_that_leaves_gives_its_runs_back_at_no_cost(server: Server) -> None:
    worker, [lease] = await leased(server)
    claim = parked(worker)
    await until_parked(server)
    await worker.leave()
    assert await claim == []
    run = await server.run(lease)
    assert (run["state"], run["losses"], run["attempt"]) == ("queued", 0, 0)
    assert (await server.events(lease))[-1]["data"] == {"reason": "released", "due_at": at(0)}
    problem(await server.http.delete(f"/v1/workers/{worker.id}"), 404, "worker_not_found")
    problem(await server.http.post(f"/v1/workers/{worker.id}/claim"), 404, "worker_not_found")


@pytest.mark.parametrize("server", [{"lease_seconds": 3, "heartbeat_seconds": 1}], indirect=True)
async def test_the_term_of_a_lease_is_a_setting_and_is_told(server: Server) -> None:
    worker, [lease] = await leased(server)
    assert (worker.registered["lease_seconds"], worker.registered["heartbeat_seconds"]) == (3, 1)
    assert lease["lease_until"] == at(3)
    await server.live(3)
    assert (await server.run(lease))["losses"] == 1


# -- drain and restart


async def test_a_drain_ends_claims_and_takes_reports(server: Server) -> None:
    worker, [lease] = await leased(server)
    await server.dispatch()
    await worker.take()
    await server.dispatch()
    claim = parked(await server.worker("other"))
    await until_parked(server)
    server.jobs.drain()
    assert await claim == []
    assert await worker.claim(wait_seconds=30) == [], "nothing new is leased out"
    answer = await worker.call([item(lease, "completed", result=1)])
    assert answer["data"][0]["status"] == "accepted"
    assert answer["drain"] is False, "workers elsewhere reconnect"


async def test_a_restart_keeps_workers_and_leases_a_full_term(server: Server) -> None:
    worker, [lease, unnamed] = await leased(server, 2)
    await server.live(14)
    await server.restart()
    await server.settle()
    await server.live(14)
    assert [(await server.run(run))["state"] for run in (lease, unnamed)] == ["running"] * 2
    assert await worker.hold(lease) == [{"run_id": lease["run"]["id"], "held": True, "cancel_requested": False}]
    await server.live(1)
    given_back = await server.run(unnamed)
    assert (given_back["state"], given_back["losses"]) == ("queued", 0)
    await worker.complete(lease, "after the restart")
    assert (await server.run(lease))["result"] == "after the restart"


async def test_a_time_without_a_server_is_nobodys_loss(server: Server) -> None:
    worker, [lease] = await leased(server, timeout_seconds=5)
    await server.__aexit__()
    server.clock.move(3600)
    await server.__aenter__()
    await server.settle()
    assert (await server.run(lease))["state"] == "running"
    await server.live(10)
    await worker.complete(lease)
    run = await server.run(lease)
    assert (run["state"], run["losses"], run["attempt"]) == ("completed", 0, 1)


async def test_a_worker_that_does_not_come_back_after_a_restart_is_lost(server: Server) -> None:
    worker, [lease] = await leased(server)
    await server.restart()
    await server.settle()
    await server.live(15)
    assert (await server.run(lease))["losses"] == 1
    problem(await server.http.post(f"/v1/workers/{worker.id}/claim"), 404, "worker_not_found")
