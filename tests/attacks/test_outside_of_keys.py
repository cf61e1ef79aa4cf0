"""Ways by which a restricted key could reach what lies outside of its restrictions, or what it is not to be shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from blazy_jobs_server.domain import ids
from blazy_jobs_server.ports import WorkerRecord
from tests.app.server import Server, problem
from tests.attacks.test_keys import ADMIN, GREET, ROOT, ask, make

ALL = ("runs:read", "runs:write", "workers", "config")


@pytest.fixture
async def keyed(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        for name, queue in (("greet", "a"), ("pay", "b")):
            await ask(server, "POST", "/v1/job-types", {**GREET, "name": name, "queue": queue}, **ADMIN)
        yield server


async def dispatched(server: Server, name: str, **body: Any) -> Any:
    return (await ask(server, "POST", f"/v1/job-types/{name}/runs", {"payload": "of the owner"} | body, **ADMIN)).json()


# -- runs


async def test_a_replay_makes_no_run_in_a_queue_outside(keyed: Server) -> None:
    """The job type has moved to another queue meanwhile."""
    _, key = await make(keyed, *ALL, queues=["a"])
    run = (await dispatched(keyed, "greet"))["id"]
    await ask(keyed, "PATCH", "/v1/job-types/greet", {"queue": "b"}, **ADMIN)
    problem(await ask(keyed, "POST", f"/v1/runs/{run}/replay", **key), 404, "job_type_not_found")
    assert (await ask(keyed, "GET", "/v1/runs?queue=b", **ADMIN)).json()["data"] == []


async def test_a_dedupe_key_shows_no_run_in_a_queue_outside(keyed: Server) -> None:
    _, key = await make(keyed, *ALL, queues=["a"])
    hidden = await dispatched(keyed, "greet", queue="b", dedupe_key="k")
    body = {"payload": 1, "dedupe_key": "k"}
    answer = await ask(keyed, "POST", "/v1/job-types/greet/runs", body, **key)
    problem(answer, 409, "dedupe_key_in_use")
    assert hidden["id"] not in answer.text
    batch = {"runs": [{"job_type": "greet", "payload": 1}, {"job_type": "greet"} | body]}
    problem(await ask(keyed, "POST", "/v1/runs/batch", batch, **key), 409, "dedupe_key_in_use")
    assert (await ask(keyed, "GET", "/v1/runs", **key)).json()["data"] == []
    other = await ask(keyed, "POST", "/v1/job-types/greet/runs", body | {"dedupe_key": "j"}, **key)
    assert other.status_code == 202
    again = await ask(keyed, "POST", "/v1/job-types/greet/runs", body | {"dedupe_key": "j"}, **key)
    assert (again.status_code, again.json()["id"]) == (200, other.json()["id"])


# -- definitions


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/job-types/pay", {**GREET, "name": "pay", "queue": "a"}),
        ("PATCH", "/v1/job-types/pay", {"queue": "a"}),
        ("PATCH", "/v1/job-types/pay", {"paused": True}),
        ("DELETE", "/v1/job-types/pay", None),
        ("POST", "/v1/job-types/pay/pause", None),
        ("POST", "/v1/config/apply", {"job_types": [{**GREET, "name": "pay", "queue": "a"}]}),
    ],
)
async def test_a_job_type_of_a_queue_outside_is_not_taken(keyed: Server, method: str, path: str, body: Any) -> None:
    _, key = await make(keyed, *ALL, queues=["a"])
    before = (await ask(keyed, "GET", "/v1/job-types/pay", **ADMIN)).json()
    answer = await ask(keyed, method, path, body, **key)
    assert "job_type_not_found" in answer.text, answer.text
    assert (await ask(keyed, "GET", "/v1/job-types/pay", **ADMIN)).json() == before


async def test_a_declaration_does_not_take_a_job_type_of_a_queue_outside(keyed: Server) -> None:
    declares = {"app": "app", "job_types": [{**GREET, "name": "bill", "queue": "b"}]}
    worker = {"name": "w", "job_types": ["bill"], "declares": declares}
    assert (await ask(keyed, "POST", "/v1/workers", worker, **ADMIN)).status_code == 201
    before = (await ask(keyed, "GET", "/v1/job-types/bill", **ADMIN)).json()
    _, key = await make(keyed, *ALL, queues=["a"])
    theirs = {"app": "app", "job_types": [{**GREET, "name": "bill", "queue": "a"}]}
    body = {"name": "x", "job_types": ["bill"], "queues": ["a"], "declares": theirs}
    problem(await ask(keyed, "POST", "/v1/workers", body, **key), 403, "forbidden")
    assert (await ask(keyed, "GET", "/v1/job-types/bill", **ADMIN)).json() == before


async def test_a_declared_schedule_makes_no_runs_in_a_queue_outside(keyed: Server) -> None:
    """Its job type is another's, in another queue."""
    _, key = await make(keyed, *ALL, queues=["a"])
    plan = {"name": "s", "job_type": "pay", "trigger": {"kind": "interval", "every_seconds": 60}}
    declares = {"app": "app", "job_types": [], "schedules": [plan]}
    body = {"name": "x", "job_types": ["greet"], "queues": ["a"], "declares": declares}
    problem(await ask(keyed, "POST", "/v1/workers", body, **key), 403, "forbidden")
    problem(await ask(keyed, "GET", "/v1/schedules/s", **ADMIN), 404, "schedule_not_found")


async def test_a_declaration_does_not_take_a_schedule_outside(keyed: Server) -> None:
    trigger = {"kind": "interval", "every_seconds": 3600}
    declares = {
        "app": "app",
        "job_types": [{**GREET, "name": "bill"}],
        "schedules": [{"name": "nightly", "job_type": "bill", "trigger": trigger}],
    }
    worker = {"name": "w", "job_types": ["bill"], "declares": declares}
    assert (await ask(keyed, "POST", "/v1/workers", worker, **ADMIN)).status_code == 201
    before = (await ask(keyed, "GET", "/v1/schedules/nightly", **ADMIN)).json()
    assert before["orphaned"] is False
    _, key = await make(keyed, *ALL, job_types=["greet"])
    for schedules in ([{"name": "nightly", "job_type": "greet", "trigger": trigger}], []):
        theirs = {"app": "app", "job_types": [GREET], "schedules": schedules, "build": "zzz"}
        body = {"name": "x", "job_types": ["greet"], "declares": theirs}
        problem(await ask(keyed, "POST", "/v1/workers", body, **key), 403, "forbidden")
        assert (await ask(keyed, "GET", "/v1/schedules/nightly", **ADMIN)).json() == before


async def test_an_app_outside_loses_nothing_to_its_name(keyed: Server) -> None:
    """After its workers have gone, another registers under its name."""
    trigger = {"kind": "interval", "every_seconds": 3600}
    declares = {
        "app": "app",
        "job_types": [{**GREET, "name": "bill"}],
        "schedules": [{"name": "nightly", "job_type": "bill", "trigger": trigger}],
    }
    worker = {"name": "w", "job_types": ["bill"], "declares": declares}
    made = (await ask(keyed, "POST", "/v1/workers", worker, **ADMIN)).json()["id"]
    before = (await ask(keyed, "GET", "/v1/schedules/nightly", **ADMIN)).json()
    await ask(keyed, "DELETE", f"/v1/workers/{made}", **ADMIN)
    _, key = await make(keyed, *ALL, job_types=["greet"])
    for schedules in ([{"name": "nightly", "job_type": "greet", "trigger": trigger}], []):
        theirs = {"app": "app", "job_types": [{**GREET, "name": "greet"}], "schedules": schedules}
        body = {"name": "x", "job_types": ["greet"], "declares": theirs}
        problem(await ask(keyed, "POST", "/v1/workers", body, **key), 403, "forbidden")
        assert (await ask(keyed, "GET", "/v1/schedules/nightly", **ADMIN)).json() == before


async def test_a_part_of_an_app_is_served_by_a_key_of_its_own(keyed: Server) -> None:
    trigger = {"kind": "interval", "every_seconds": 3600}
    parts = {}
    for name in ("bill", "post"):
        _, parts[name] = await make(keyed, "workers", job_types=[name])
    for name, key in (parts | parts).items():
        plan = {"name": f"{name}-nightly", "job_type": name, "trigger": trigger}
        declares = {"app": "app", "modules": [name], "job_types": [{**GREET, "name": name}], "schedules": [plan]}
        body = {"name": "w", "job_types": [name], "declares": declares}
        answer = await ask(keyed, "POST", "/v1/workers", body, **key)
        assert (answer.status_code, answer.json()["conflicts"]) == (201, [])
    found = (await ask(keyed, "GET", "/v1/schedules", **ADMIN)).json()["data"]
    assert [(schedule["name"], schedule["orphaned"]) for schedule in found] == [
        ("post-nightly", False),
        ("bill-nightly", False),
    ]


# -- workers


async def test_the_servers_own_workers_are_not_there_for_keys(keyed: Server) -> None:
    """The pool's, and those of HTTP handlers: they have no key, and their runs may lie outside."""
    own = WorkerRecord(
        id=0, name="pool", job_types=("pay",), queues=None, concurrency=1, registered_at=0, pool=True, key_id=None
    )
    registered, _ = await keyed.jobs.deployments.register(own, [])
    _, key = await make(keyed, *ALL, job_types=["greet"])
    await dispatched(keyed, "pay")
    path = f"/v1/workers/{ids.worker_id(registered.id)}"
    for action, body in (("claim", {"max": 1, "wait_seconds": 0}), ("report", {})):
        problem(await ask(keyed, "POST", f"{path}/{action}", body, **key), 404, "worker_not_found")
    problem(await ask(keyed, "DELETE", path, **key), 404, "worker_not_found")


# -- redaction


CARD = {"name": "card", "handler": {"kind": "worker"}, "redact": ["/number"]}
SECRET = "4111111111111111"


async def test_whoever_is_not_shown_a_value_takes_no_redaction_away(keyed: Server) -> None:
    await ask(keyed, "POST", "/v1/job-types", CARD, **ADMIN)
    run = (await dispatched(keyed, "card", payload={"number": SECRET}))["id"]
    _, key = await make(keyed, *ALL)

    async def is_hidden(how: str) -> None:
        for path in (f"/v1/runs/{run}", "/v1/runs", "/v1/config"):
            assert SECRET not in (await ask(keyed, "GET", path, **key)).text, how
        page = await ask(keyed, "GET", f"/v1/runs/{run}/events", accept="application/json", **key)
        assert SECRET not in page.text, how

    await is_hidden("at first")
    bare = {"name": "card", "handler": {"kind": "worker"}}
    for method, path, body in (
        ("PUT", "/v1/job-types/card", bare),
        ("PATCH", "/v1/job-types/card", {"redact": []}),
        ("PATCH", "/v1/job-types/card", {"redact": ["/number/x"]}),
        ("POST", "/v1/config/apply", {"job_types": [bare]}),
        ("POST", "/v1/workers", {"name": "w", "job_types": [], "declares": {"app": "x", "job_types": [bare]}}),
    ):
        await ask(keyed, method, path, body, **key)
        await is_hidden(f"{method} {path}")
    await ask(keyed, "POST", f"/v1/runs/{run}/cancel", **key)
    await ask(keyed, "DELETE", "/v1/job-types/card", **key)
    await is_hidden("retired")
    worker = {"name": "w", "job_types": ["card"], "declares": {"app": "x", "job_types": [bare]}}
    conflicts = (await ask(keyed, "POST", "/v1/workers", worker, **key)).json()["conflicts"]
    assert conflicts == [{"kind": "job_type", "name": "card", "reason": "needs_reveal"}]
    await is_hidden("declared anew")
    await ask(keyed, "POST", "/v1/job-types", bare, **key)
    await is_hidden("registered anew")


async def test_what_makes_a_run_answers_it_redacted(keyed: Server) -> None:
    await ask(keyed, "POST", "/v1/job-types", CARD, **ADMIN)
    _, key = await make(keyed, *ALL)
    body = {"payload": {"number": SECRET}, "dedupe_key": "k"}
    for _ in range(2):
        answer = await ask(keyed, "POST", "/v1/job-types/card/runs", body, **key)
        assert answer.status_code in (200, 202)
        assert SECRET not in answer.text
    run = answer.json()["id"]
    for path in (f"/v1/runs/{run}/replay", f"/v1/runs/{run}/cancel"):
        answer = await ask(keyed, "POST", path, **key)
        assert answer.status_code in (200, 202)
        assert SECRET not in answer.text
    narrow = {"payload_schema": {"properties": {"number": {"type": "string", "maxLength": 3, "enum": ["x"]}}}}
    assert (await ask(keyed, "PATCH", "/v1/job-types/card", narrow, **key)).status_code == 403
    assert (await ask(keyed, "PATCH", "/v1/job-types/card", narrow, **ADMIN)).status_code == 200
    answer = await ask(keyed, "POST", f"/v1/runs/{run}/replay", **key)
    assert answer.status_code == 422
    assert SECRET not in answer.text


# -- keys


@pytest.mark.parametrize("scope", ["admin", "metrics"])
async def test_what_knows_no_restriction_is_not_for_restricted_keys(keyed: Server, scope: str) -> None:
    body = {"name": "k", "scopes": [scope], "job_types": ["greet"]}
    problem(await ask(keyed, "POST", "/v1/keys", body, **ADMIN), 422, "invalid_request")


# -- tokens of handlers


async def test_who_has_no_token_is_not_told_of_runs_of_retired_job_types(keyed: Server) -> None:
    run = (await dispatched(keyed, "pay"))["id"]
    assert (await ask(keyed, "POST", f"/v1/runs/{run}/cancel", **ADMIN)).status_code == 200
    assert (await ask(keyed, "DELETE", "/v1/job-types/pay", **ADMIN)).status_code == 204
    problem(await ask(keyed, "POST", f"/v1/runs/{run}/report", {}, authorization="Bearer x"), 401, "unauthorized")


# -- counts


async def test_statistics_leave_out_what_ran_in_queues_outside(keyed: Server) -> None:
    """They are kept by job type: one that has runs outside too is left out."""
    worker = (await ask(keyed, "POST", "/v1/workers", {"name": "w", "job_types": ["pay", "greet"]}, **ADMIN)).json()
    for name in ("pay", "greet"):
        await dispatched(keyed, name)
    claim = await ask(keyed, "POST", f"/v1/workers/{worker['id']}/claim", {"max": 9, "wait_seconds": 0}, **ADMIN)
    reports = [
        {"run_id": lease["run"]["id"], "attempt": 1, "lease_token": lease["lease_token"], "type": "completed"}
        for lease in claim.json()["data"]
    ]
    answer = await ask(keyed, "POST", f"/v1/workers/{worker['id']}/report", {"reports": reports}, **ADMIN)
    assert [item["status"] for item in answer.json()["data"]] == ["accepted", "accepted"], answer.text

    async def seen(header: dict[str, str]) -> list[int]:
        stats = (await ask(keyed, "GET", "/v1/stats", **header)).json()
        counted = stats["started_last_minute"], stats["waited"]["count"], stats["ran"]["count"]
        return [stats["finished_last_minute"], *counted]

    for queues, expected in ((["a"], 1), (["b"], 1), (["c"], 0), (["a", "b"], 2)):
        _, key = await make(keyed, "runs:read", queues=queues)
        assert await seen(key) == [expected] * 4
    assert await seen(ADMIN) == [2] * 4


async def test_a_queue_counts_no_runs_of_job_types_outside(keyed: Server) -> None:
    await dispatched(keyed, "pay")
    await dispatched(keyed, "greet", queue="b")
    _, key = await make(keyed, *ALL, job_types=["greet"])
    for header, expected in ((key, 1), (ADMIN, 2)):
        listed = (await ask(keyed, "GET", "/v1/queues", **header)).json()["data"]
        found = [
            (await ask(keyed, "GET", "/v1/queues/b", **header)).json(),
            next(queue for queue in listed if queue["name"] == "b"),
            (await ask(keyed, "PUT", "/v1/queues/b", {"name": "b"}, **header)).json(),
            (await ask(keyed, "POST", "/v1/queues/b/pause", **header)).json(),
        ]
        assert [queue["counts"]["queued"] for queue in found] == [expected] * 4
