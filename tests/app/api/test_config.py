"""Configuration as code: exported, compared and applied as one document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.app.api.test_keys import ROOT, Client, make, root
from tests.app.server import Server, paths, problem

WORKER = {"kind": "worker"}
CRON = {"kind": "cron", "expression": "0 3 * * *"}
SHOP: dict[str, Any] = {
    "owner": "shop",
    "job_types": [
        {"name": "pay", "handler": WORKER, "timeout_seconds": 30, "retry": 2, "redact": ["/card"]},
        {"name": "mail", "handler": WORKER, "queue": "mail", "tags": ["a"]},
    ],
    "queues": [{"name": "slow"}],
    "schedules": [
        {"name": "nightly", "job_type": "pay", "trigger": CRON, "timezone": "Europe/Berlin", "payload": {"n": 1}},
        {"name": "once", "job_type": "mail", "trigger": {"kind": "date", "at": "2001-01-01T00:00:00Z"}},
    ],
}


@pytest.fixture
async def server(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve() as server:
        yield server


async def apply(server: Server, document: Any, status: int = 200, **query: str) -> Any:
    answer = await server.http.post("/v1/config/apply", json=document, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def refusal(server: Server, document: Any, code: str = "invalid_request", status: int = 422) -> list[Any]:
    before = await server.get("/v1/config")
    answer = await server.http.post("/v1/config/apply", json=document)
    found = problem(answer, status, code).get("errors", [])
    assert await server.get("/v1/config") == before, "nothing is applied"
    return [(error["path"], error["code"]) for error in found]


def brief(answer: Any) -> list[tuple[str, str, str]]:
    return [(change["action"], change["kind"], change["name"]) for change in answer["changes"]]


def fields(answer: Any, place: int = 0) -> dict[str, tuple[Any, Any]]:
    return {field["path"]: (field["before"], field["after"]) for field in answer["changes"][place]["fields"]}


# -- applying


async def test_a_document_is_applied_whole_and_again_changes_nothing(server: Server) -> None:
    first = await apply(server, SHOP)
    assert brief(first) == [
        ("create", "job_type", "pay"),
        ("create", "job_type", "mail"),
        ("create", "queue", "slow"),
        ("create", "schedule", "nightly"),
        ("create", "schedule", "once"),
    ]
    assert (first["owner"], first["dry_run"], first["unchanged"]) == ("shop", False, 0)
    assert fields(first) == {
        "/handler": (None, WORKER),
        "/retry/max_attempts": (4, 3),
        "/timeout_seconds": (300, 30),
        "/redact": ([], ["/card"]),
    }
    again = await apply(server, SHOP)
    assert (again["changes"], again["unchanged"]) == ([], 5)
    pay = await server.get("/v1/job-types/pay")
    assert (pay["source"], pay["version"], pay["timeout_seconds"]) == ("config", 1, 30)
    nightly = await server.get("/v1/schedules/nightly")
    assert (nightly["source"], nightly["payload"], nightly["next_fire_at"] is None) == ("config", {"n": 1}, False)
    assert (await server.get("/v1/schedules/once"))["next_fire_at"] is None, "its time has passed, and it is no error"
    await server.restart()
    assert (await apply(server, SHOP))["changes"] == []


async def test_a_dry_run_says_the_same_and_writes_nothing(server: Server) -> None:
    before = await server.get("/v1/config")
    dry = await apply(server, SHOP, dry_run="true")
    assert dry["dry_run"] is True
    assert await server.get("/v1/config") == before
    assert (await apply(server, SHOP))["changes"] == dry["changes"]
    assert (await apply(server, SHOP, dry_run="1"))["changes"] == []
    for query, path in (({"dry_run": "maybe"}, "/dry_run"), ({"dryrun": "true"}, "/dryrun")):
        answer = await server.http.post("/v1/config/apply", json={}, params=query)
        assert paths(problem(answer, 422, "invalid_request")) == [path]


async def test_the_difference_is_told_by_field(server: Server) -> None:
    await apply(server, SHOP)
    changed = await apply(
        server,
        {
            "owner": "shop",
            "job_types": [{"name": "pay", "handler": WORKER, "retry": {"backoff": "fixed"}, "redact": ["/card"]}],
            "schedules": [
                SHOP["schedules"][0]
                | {"trigger": {"kind": "cron", "expression": "0 4 * * *"}, "payload": {"n": True}, "paused": True}
            ],
        },
    )
    assert fields(changed) == {
        "/retry/max_attempts": (3, 4),
        "/retry/backoff": ("exponential", "fixed"),
        "/timeout_seconds": (30, 300),
    }
    assert fields(changed, 1) == {
        "/payload": ({"n": 1}, {"n": True}),
        "/trigger/expression": ("0 3 * * *", "0 4 * * *"),
        "/paused": (False, True),
    }
    assert (await server.get("/v1/job-types/pay"))["version"] == 2


async def test_a_pause_is_left_to_those_who_made_it(server: Server) -> None:
    await apply(server, SHOP)
    await server.post("/v1/job-types/pay/pause")
    await server.post("/v1/schedules/nightly/pause")
    await server.post("/v1/queues/slow/pause")
    assert (await apply(server, SHOP))["changes"] == []
    exported = await server.get("/v1/config")
    paused = [item["name"] for items in exported.values() for item in items if item.get("paused")]
    assert paused == ["pay", "slow", "nightly"]
    resumed = await apply(server, {"job_types": [SHOP["job_types"][0] | {"paused": False}]})
    assert fields(resumed) == {"/paused": (True, False)}
    assert (await server.get("/v1/job-types/pay"))["source"] == "config"


async def test_the_same_payload_written_otherwise_is_the_same(server: Server) -> None:
    await apply(server, SHOP | {"schedules": [SHOP["schedules"][0] | {"payload": {"a": 1, "b": 2.0}}]})
    same = await apply(server, SHOP | {"schedules": [SHOP["schedules"][0] | {"payload": {"b": 2, "a": 1.0}}]})
    assert same["changes"] == []


# -- what is wrong


async def test_each_place_that_is_wrong_is_named_and_nothing_applied(server: Server) -> None:
    await apply(server, SHOP)
    assert await refusal(server, {"job_types": [{"name": "x"}], "jobs": []}) == [
        ("/job_types/0/handler", "missing"),
        ("/jobs", "extra_forbidden"),
    ]
    new = {"name": "new", "handler": WORKER}
    bad = {"name": "bad", "handler": WORKER, "payload_schema": {"type": "text"}}
    schedule = {"name": "s", "job_type": "new", "trigger": CRON}
    assert await refusal(server, {"job_types": [new, bad, bad | {"name": "worse"}]}) == [
        ("/job_types/1/payload_schema/type", "invalid_schema"),
        ("/job_types/2/payload_schema/type", "invalid_schema"),
    ]
    assert await refusal(
        server,
        {
            "job_types": [new | {"payload_schema": {"required": ["a"]}}],
            "schedules": [
                schedule | {"payload": {"a": 1}},
                schedule | {"name": "t", "payload": {}},
                schedule | {"name": "u", "job_type": "none"},
                schedule
                | {"name": "v", "trigger": {"kind": "cron", "expression": "*/90 * * * *"}, "payload": {"a": 1}},
            ],
        },
    ) == [
        ("/schedules/1/payload", "required"),
        ("/schedules/2/job_type", "job_type_not_found"),
        ("/schedules/3/trigger/expression", "invalid_schedule"),
    ]
    assert await refusal(
        server, {"job_types": [new, new], "queues": [{"name": "q"}, {"name": "q", "max_queued": 1}]}
    ) == [
        ("/job_types/1/name", "duplicate"),
        ("/queues/1/name", "duplicate"),
    ]
    assert await refusal(server, {"queues": [{"name": "q", "engine": "bullmq", "max_queued": 1}] * 2}) == [
        ("/queues/0/max_queued", "limit_unsupported"),
        ("/queues/1/max_queued", "limit_unsupported"),
    ]
    assert await refusal(server, {"queues": [{"name": "q", "engine": "bullmq"}]}) == [
        ("/queues/0/engine", "not_supported")
    ]
    changed = SHOP["job_types"][0] | {"payload_schema": {"type": "string"}}
    nightly = SHOP["schedules"][0]
    assert await refusal(server, {"job_types": [changed], "schedules": [nightly]}) == [("/schedules/0/payload", "type")]


async def test_a_queue_with_unfinished_runs_and_a_job_type_in_use_refuse_it(server: Server) -> None:
    await apply(server, SHOP)
    await server.dispatch("mail")
    left = {"owner": "shop", "prune": True, "job_types": SHOP["job_types"][:1], "schedules": SHOP["schedules"][:1]}
    await refusal(server, left, "job_type_in_use", 409)


# -- owners, prune


async def test_only_what_the_owner_has_is_pruned_and_only_when_asked(server: Server) -> None:
    await server.register("by-hand")
    await server.register("taken")
    await apply(server, {"owner": "other", "job_types": [{"name": "theirs", "handler": WORKER}]})
    await apply(server, SHOP)
    await apply(
        server,
        {
            "owner": "shop",
            "job_types": [{"name": "by-hand", "handler": WORKER}, {"name": "taken", "handler": WORKER, "priority": 1}],
        },
    )
    assert brief(await apply(server, {"owner": "shop"})) == []
    empty = {"owner": "shop", "prune": True}
    dry = await apply(server, empty, dry_run="true")
    gone = await apply(server, empty)
    assert dry["changes"] == gone["changes"]
    assert sorted(brief(gone)) == [
        ("delete", "job_type", "mail"),
        ("delete", "job_type", "pay"),
        ("delete", "job_type", "taken"),
        ("delete", "schedule", "nightly"),
        ("delete", "schedule", "once"),
    ]
    assert [found["name"] for found in (await server.get("/v1/config"))["job_types"]] == ["by-hand", "theirs"]
    assert (await apply(server, empty))["changes"] == []
    assert brief(await apply(server, SHOP))[0] == ("create", "job_type", "pay")
    assert (await server.get("/v1/job-types/pay"))["version"] == 2


async def test_what_was_changed_over_http_is_nobodys_until_it_is_applied_again(server: Server) -> None:
    await apply(server, SHOP)
    await server.http.patch("/v1/job-types/pay", json={"priority": 7})
    await server.http.patch("/v1/schedules/nightly", json={"payload": 5})
    exported = await server.get("/v1/config")
    assert [(item["source"], item["owner"]) for item in exported["job_types"]] == [("config", "shop"), ("api", None)]
    assert [(item["source"], item["owner"]) for item in exported["schedules"]] == [("api", None), ("config", "shop")]
    assert ("delete", "job_type", "pay") not in brief(
        await apply(server, {"owner": "shop", "prune": True}, dry_run="1")
    )
    back = await apply(server, SHOP)
    assert [fields(back, place) for place in range(2)] == [{"/priority": (7, 0)}, {"/payload": (5, {"n": 1})}]
    assert (await server.get("/v1/schedules/nightly"))["source"] == "config"


async def test_what_another_owner_has_may_be_named_but_not_changed(server: Server) -> None:
    await apply(server, SHOP)
    assert (await apply(server, SHOP | {"owner": "other"}))["changes"] == []
    changed = [SHOP["job_types"][1], SHOP["job_types"][0] | {"priority": 1}]
    found = await refusal(server, {"owner": "other", "job_types": changed}, "config_conflict", 409)
    assert found == [("/job_types/1", "owned_by_another")]


async def test_what_code_declares_is_told_apart_and_taken_from_it_where_it_differs(server: Server) -> None:
    declared = {"name": "declared", "handler": WORKER}
    schedule = {"name": "tick", "job_type": "declared", "trigger": CRON}
    declares = {"app": "shop", "job_types": [declared], "schedules": [schedule]}
    await server.worker("declared", declares=declares)
    exported = await server.get("/v1/config")
    assert [(item["source"], item["owner"]) for item in exported["job_types"]] == [("code", None)]
    assert (await apply(server, exported))["changes"] == []
    assert (await server.get("/v1/job-types/declared"))["source"] == "code"
    await apply(server, {"job_types": [declared | {"priority": 4}]})
    assert (await server.get("/v1/job-types/declared"))["source"] == "config"
    worker = await server.worker("declared", declares=declares)
    assert [(found["kind"], found["name"]) for found in worker.registered["conflicts"]] == [("job_type", "declared")]
    assert (await server.get("/v1/job-types/declared"))["priority"] == 4


# -- export


async def test_an_export_applied_to_an_empty_server_gives_the_same_export(
    server: Server, serve: Callable[..., Server], data: Any, tmp_path: Any
) -> None:
    await apply(server, SHOP)
    await apply(server, {"owner": "other", "job_types": [{"name": "theirs", "handler": WORKER, "paused": True}]})
    exported = await server.get("/v1/config")
    assert {"payload", "trigger", "source", "owner"} < exported["schedules"][0].keys()
    assert (await apply(server, exported))["changes"] == []
    for name, document in (("all", exported), ("one", await server.get("/v1/config", owner="shop"))):
        folder = tmp_path / name
        folder.mkdir()
        async with Server(folder, server.clock) as fresh:
            await apply(fresh, document)
            again = await fresh.get("/v1/config", **({"owner": "shop"} if name == "one" else {}))
            assert again == document
            assert (await apply(fresh, document))["changes"] == []


async def test_one_owners_export_has_what_it_applied(server: Server) -> None:
    await server.register("by-hand")
    await apply(server, SHOP)
    exported = await server.get("/v1/config", owner="shop")
    assert exported["owner"] == "shop"
    assert [item["name"] for item in exported["job_types"]] == ["mail", "pay"]
    assert exported["queues"] == []
    assert (await apply(server, exported | {"prune": True}))["changes"] == []


async def test_applies_at_once_take_turns(server: Server) -> None:
    documents = [
        {"owner": "shop", "job_types": [{"name": name, "handler": WORKER, "priority": n} for name in ("a", "b")]}
        for n in range(4)
    ]
    await asyncio.gather(*(apply(server, document) for document in documents))
    first, second = (await server.get("/v1/config"))["job_types"]
    assert first["priority"] == second["priority"]


# -- keys


@pytest.fixture
async def guarded(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        await root(server, "POST", "/v1/config/apply", SHOP)
        yield server


async def test_a_restricted_key_sees_and_applies_what_lies_inside(guarded: Server) -> None:
    mail = await make(guarded, "config", job_types=["mail*"], queues=["mail", "default"])
    exported = await mail.get("/v1/config")
    assert [item["name"] for item in exported["job_types"]] == ["mail"]
    assert [item["name"] for item in exported["schedules"]] == ["once"]
    assert {item["name"] for item in exported["queues"]} == {"mail", "default"}
    assert (await ask(mail, exported))["changes"] == []
    refused = problem(await mail.ask("POST", "/v1/config/apply", SHOP), 422, "invalid_request")
    assert [(error["path"], error["code"]) for error in refused["errors"]] == [
        ("/job_types/0/name", "job_type_not_found"),
        ("/queues/0/name", "queue_not_found"),
        ("/schedules/0/name", "job_type_not_found"),
    ]
    gone = await ask(mail, {"owner": "shop", "prune": True})
    assert brief(gone) == [("delete", "schedule", "once"), ("delete", "job_type", "mail")]
    assert [item["name"] for item in (await root(guarded, "GET", "/v1/config"))["job_types"]] == ["pay"]


async def ask(client: Client, document: Any) -> Any:
    answer = await client.ask("POST", "/v1/config/apply", document)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_is_redacted_is_not_in_the_export_nor_in_the_difference(guarded: Server) -> None:
    config, seer = await make(guarded, "config"), await make(guarded, "config", "runs:reveal")
    nightly = SHOP["schedules"][0] | {"payload": {"card": "4111", "n": 1}}
    changed = await ask(config, SHOP | {"schedules": [nightly]})
    assert fields(changed) == {"/payload": ({"n": 1}, {"card": "***", "n": 1})}
    exported = await config.get("/v1/config")
    assert exported["schedules"][0]["payload"] == {"card": "***", "n": 1}
    assert (await ask(config, exported))["changes"] == []
    other = SHOP | {"schedules": [nightly | {"payload": {"card": "5500", "n": 1}}]}
    hidden = (await ask(config, other))["changes"][0]["fields"]
    assert hidden == [{"path": "/payload", "before": "***", "after": "***"}]
    assert (await seer.get("/v1/config"))["schedules"][0]["payload"] == {"card": "5500", "n": 1}
    less = SHOP | {"job_types": [SHOP["job_types"][0] | {"redact": []}]}
    problem(await config.ask("POST", "/v1/config/apply", less), 403, "forbidden")
    assert (await ask(seer, less))["changes"][0]["fields"] == [{"path": "/redact", "before": ["/card"], "after": []}]
    fresh = {
        "job_types": [{"name": "new", "handler": WORKER, "redact": ["/card"]}],
        "schedules": [nightly | {"name": "fresh", "job_type": "new", "payload": {"card": "***"}}],
    }
    refused = problem(await config.ask("POST", "/v1/config/apply", fresh), 422, "invalid_request")
    assert [(error["path"], error["code"]) for error in refused["errors"]] == [
        ("/schedules/0/payload/card", "redacted_value")
    ]


async def test_an_http_handler_needs_the_scope_admin(guarded: Server) -> None:
    config = await make(guarded, "config")
    hook = {"job_types": [{"name": "hook", "handler": {"kind": "http", "url": "https://example.org/"}}]}
    assert "admin" in problem(await config.ask("POST", "/v1/config/apply", hook), 403, "forbidden")["detail"]
    for scope in ("runs:read", "runs:write", "workers"):
        key = await make(guarded, scope)
        problem(await key.ask("GET", "/v1/config"), 403, "forbidden")
        problem(await key.ask("POST", "/v1/config/apply", {}), 403, "forbidden")


HOOK = {"name": "hook", "handler": {"kind": "http", "url": "https://hooks.example/a", "headers": {"X-Token": "geheim"}}}


async def test_an_http_handlers_headers_are_masked_and_kept_and_its_secret_shown_once(server: Server) -> None:
    dry = await apply(server, {"job_types": [HOOK]}, dry_run="true")
    assert "secret" not in dry["changes"][0]
    answer = await server.http.post("/v1/config/apply", json={"job_types": [HOOK]})
    assert answer.headers["cache-control"] == "no-store"
    [change] = answer.json()["changes"]
    assert change["secret"].startswith("whsec_")
    exported = await server.get("/v1/config")
    [hook] = exported["job_types"]
    assert hook["handler"]["headers"] == {"X-Token": "***"}
    assert "geheim" not in str(exported) + str(change)
    assert (await apply(server, exported))["changes"] == []
    assert (await apply(server, {"job_types": [HOOK]}))["changes"] == []
    other = HOOK | {"handler": HOOK["handler"] | {"headers": {"X-Token": "other"}}}  # type: ignore[operator]
    [change] = (await apply(server, {"job_types": [other]}))["changes"]
    assert change["fields"] == [{"path": "/handler/headers", "before": "***", "after": "***"}]
    moved = HOOK | {"handler": hook["handler"] | {"url": "https://elsewhere.example/a"}}
    found = await refusal(server, {"job_types": [moved]})
    assert found == [("/job_types/0/handler/headers/X-Token", "headers_required")]
    blocked = HOOK | {"handler": {"kind": "http", "url": "https://127.0.0.1/"}}
    assert await refusal(server, {"job_types": [{"name": "a", "handler": WORKER}, blocked]}) == [
        ("/job_types/1/handler/url", "blocked_destination")
    ]


HOOKS: dict[str, Any] = {
    "owner": "shop",
    "webhooks": [
        {"name": "one", "url": "https://hooks.example/1", "events": ["run.failed"], "job_types": ["mail*"]},
        {"name": "two", "url": "https://hooks.example/2", "enabled": False},
    ],
}


async def test_webhooks_are_applied_exported_and_pruned(server: Server) -> None:
    dry = await apply(server, HOOKS, dry_run="true")
    assert "secret" not in str(dry)
    answer = await server.http.post("/v1/config/apply", json=HOOKS)
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert brief(made) == [("create", "webhook", "one"), ("create", "webhook", "two")]
    assert all(change["secret"].startswith("whsec_") for change in made["changes"])
    assert fields(made) == {
        "/url": (None, "https://hooks.example/1"),
        "/events": (["run.completed", "run.failed", "run.cancelled", "run.retrying"], ["run.failed"]),
        "/job_types": (None, ["mail*"]),
    }
    assert (await apply(server, HOOKS))["changes"] == []
    exported = await server.get("/v1/config")
    assert [(hook["name"], hook.get("enabled"), hook["owner"]) for hook in exported["webhooks"]] == [
        ("one", None, "shop"),
        ("two", False, "shop"),
    ]
    assert "whsec" not in str(exported)
    assert (await apply(server, exported))["changes"] == []
    await server.http.patch("/v1/webhooks/one", json={"enabled": False})
    await server.http.patch("/v1/webhooks/two", json={"url": "https://hooks.example/3"})
    assert [await hook_of(server, name) for name in ("one", "two")] == [("config", False), ("api", False)]
    back = await apply(server, {"owner": "shop", "webhooks": HOOKS["webhooks"][1:], "prune": True}, dry_run="1")
    assert brief(back) == [("update", "webhook", "two"), ("delete", "webhook", "one")]
    assert fields(back) == {"/url": ("https://hooks.example/3", "https://hooks.example/2")}
    await apply(server, HOOKS)
    assert await hook_of(server, "one") == ("config", False), "who disabled it has it"
    found = await refusal(
        server,
        HOOKS | {"owner": "other", "webhooks": [HOOKS["webhooks"][0] | {"include": ["result"]}]},
        "config_conflict",
        409,
    )
    assert found == [("/webhooks/0", "owned_by_another")]
    bad = {
        "webhooks": [HOOKS["webhooks"][0], {"name": "y", "url": "ftp://a/"}, {"name": "y", "url": "https://a.example/"}]
    }
    assert await refusal(server, bad) == [("/webhooks/1/url", "invalid_url")]
    many = {"webhooks": [{"name": f"w{n}", "url": "https://hooks.example/"} for n in range(99)]}
    await refusal(server, many, "too_many_webhooks", 409)
    gone = await apply(server, {"owner": "shop", "prune": True})
    assert brief(gone) == [("delete", "webhook", "two"), ("delete", "webhook", "one")]
    assert (await server.get("/v1/webhooks"))["data"] == []


async def hook_of(server: Server, name: str) -> tuple[str, bool]:
    found = await server.get(f"/v1/webhooks/{name}")
    return found["source"], found["enabled"]
