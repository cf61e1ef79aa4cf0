"""Webhooks over HTTP, and what comes to their endpoints."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from blazy_jobs.receiving import verify

from blazy_jobs_server.domain.webhook import MAX_ATTEMPTS, RETRY_SECONDS
from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    DestinationBlocked,
    HeadTooLarge,
    NoConnection,
    SendFailed,
    SendTimedOut,
)
from blazy_jobs_server.ports.webhooks import DeliveryFilter
from tests.app.api.test_keys import ROOT, make, root
from tests.app.endpoints import Post
from tests.app.server import Server, paths, problem
from tests.app.waiting import until

URL = "https://shop.example/hook"
OTHER = "https://other.example/hook"
EVENTS = ["run.completed", "run.failed", "run.cancelled", "run.retrying"]


async def create(server: Server, name: str = "shop", url: str = URL, **fields: Any) -> Any:
    made = await server.post("/v1/webhooks", {"name": name, "url": url} | fields, status=201)
    await server.settle()
    return made


async def complete(server: Server, name: str = "greet", result: Any = None, **fields: Any) -> Any:
    """A run of that job type, from beginning to end."""
    worker = await server.worker(name)
    run = await server.dispatch(name, **fields)
    await worker.complete(await worker.take(), result)
    return run


async def deliveries(server: Server, name: str = "shop", **query: Any) -> list[Any]:
    found: list[Any] = (await server.get(f"/v1/webhooks/{name}/deliveries", **query))["data"]
    return found


async def settled_deliveries(server: Server, number: int, name: str = "shop") -> list[Any]:
    found: list[Any] = await until(lambda: deliveries(server, name), lambda found: len(found) == number)
    return found


# -- making, reading, changing


async def test_a_webhook_is_created_with_all_that_is_left_out_and_shows_its_secret_once(server: Server) -> None:
    answer = await server.http.post("/v1/webhooks", json={"name": "shop", "url": URL})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/webhooks/shop"
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made.pop("secret"))
    assert made | {"created_at": 0, "updated_at": 0} == {
        "name": "shop",
        "url": URL,
        "events": EVENTS,
        "job_types": None,
        "queues": None,
        "include": [],
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "last_success_at": None,
        "previous_secret_until": None,
        "source": "api",
        "created_at": 0,
        "updated_at": 0,
    }
    assert await server.get("/v1/webhooks/shop") == made
    assert (await server.get("/v1/webhooks"))["data"] == [made]


async def test_a_name_is_taken_once(server: Server) -> None:
    await create(server)
    problem(await server.http.post("/v1/webhooks", json={"name": "shop", "url": OTHER}), 409, "webhook_exists")


async def test_put_creates_and_replaces(server: Server) -> None:
    made = await server.http.put("/v1/webhooks/shop", json={"url": URL, "include": ["result"], "enabled": False})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert not made.json()["enabled"]
    again = await server.http.put("/v1/webhooks/shop", json={"url": OTHER, "job_types": ["mail*"]})
    assert again.status_code == 200
    shown = again.json()
    assert "secret" not in shown
    assert (shown["url"], shown["include"], shown["job_types"]) == (OTHER, [], ["mail*"])
    assert not shown["enabled"]
    problem(await server.http.put("/v1/webhooks/shop", json={"name": "x", "url": URL}), 422, "invalid_request")


async def test_a_webhook_can_be_sent_back_as_it_was_read(server: Server) -> None:
    made = await create(server)
    body = {name: made[name] for name in ("url", "events", "job_types", "queues", "include", "enabled")}
    again = await server.http.put("/v1/webhooks/shop", json=body | {"disabled_reason": None})
    assert again.status_code == 200
    del made["secret"]
    assert again.json() == made


async def test_some_fields_are_changed(server: Server) -> None:
    await create(server, job_types=["greet"], queues=["a"])
    answer = await server.http.patch("/v1/webhooks/shop", json={"events": ["run.failed"], "queues": None})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["events"], shown["job_types"], shown["queues"]) == (["run.failed"], ["greet"], None)


async def test_a_webhook_is_deleted_and_its_name_is_free(server: Server) -> None:
    await create(server)
    assert (await server.http.delete("/v1/webhooks/shop")).status_code == 204
    problem(await server.http.get("/v1/webhooks/shop"), 404, "webhook_not_found")
    problem(await server.http.delete("/v1/webhooks/shop"), 404, "webhook_not_found")
    await create(server)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"url": "ftp://x.example/"}, "/url"),
        ({"url": "https://u:p@x.example/"}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": URL, "events": []}, "/events"),
        ({"url": URL, "events": ["run.started"]}, "/events/0"),
        ({"url": URL, "include": ["payload"]}, "/include/0"),
        ({"url": URL, "job_types": []}, "/job_types"),
        ({"url": URL, "queues": ["*a"]}, "/queues/0"),
        ({"url": URL, "enabled": None}, "/enabled"),
        ({"url": URL, "evnts": []}, "/evnts"),
        ({}, "/url"),
    ],
)
async def test_what_is_wrong_is_said_with_its_place(server: Server, body: Any, path: str) -> None:
    answer = await server.http.post("/v1/webhooks", json={"name": "shop"} | body)
    assert paths(problem(answer, 422, "invalid_request")) == [path]


async def test_an_address_that_nothing_is_sent_to_is_refused(server: Server) -> None:
    server.sender.blocked.add("https://inside.example/")
    answer = await server.http.post("/v1/webhooks", json={"name": "shop", "url": "https://inside.example/"})
    assert paths(problem(answer, 422, "blocked_destination")) == ["/url"]
    await create(server)
    answer = await server.http.patch("/v1/webhooks/shop", json={"url": "https://inside.example/"})
    problem(answer, 422, "blocked_destination")


# -- messages


async def test_a_completed_run_is_told_with_a_signature(server: Server) -> None:
    secret = (await create(server))["secret"]
    await server.register()
    run = await complete(server, result={"sent": True})
    [post] = await server.sender.got(1)
    assert post.url == URL
    assert post.timeout_seconds == 15
    assert post.headers["content-type"] == "application/json"
    final = (await server.events(run))[-1]
    assert post.json == {
        "type": "run.completed",
        "timestamp": final["time"],
        "data": {
            "run_id": run["id"],
            "job_type": "greet",
            "queue": "default",
            "state": "completed",
            "seq": 3,
            "attempt": 1,
            "error": None,
        },
    }
    assert post.id == final["id"]
    now = server.clock.now() // 1_000_000
    assert post.headers["webhook-timestamp"] == str(now)
    assert verify(post.headers, post.body, secret, now=now).id == final["id"]


async def test_each_kind_of_end_is_told_and_what_is_tried_again(server: Server) -> None:
    await create(server)
    await server.register(retry={"max_attempts": 2, "initial_seconds": 1})
    worker = await server.worker()
    await server.dispatch()
    await worker.fail(await worker.take(), "first")
    await server.sender.got(1)
    await server.advance(2)
    await worker.fail(await worker.take(), "second")
    await server.sender.got(2)
    run = await server.dispatch()
    await server.cancel(run, status=200)
    posts = await server.sender.got(3)
    told = [(post.json["type"], post.json["data"]["state"], post.json["data"]["error"]) for post in posts]
    assert told == [
        ("run.retrying", "retrying", {"code": "handler_error", "message": "first"}),
        ("run.failed", "failed", {"code": "handler_error", "message": "second"}),
        ("run.cancelled", "cancelled", None),
    ]
    assert [post.json["data"]["seq"] for post in posts] == [3, 5, 2]


async def test_a_result_comes_along_where_it_is_asked_for_up_to_64_kibibytes(server: Server) -> None:
    await create(server, include=["result"])
    await server.register()
    await complete(server, result={"n": [1, 2]})
    [post] = await server.sender.got(1)
    assert post.json["data"]["result"] == {"n": [1, 2]}
    assert "result_omitted" not in post.json["data"]
    await complete(server, result="x" * 65_534)
    assert (await server.sender.got(2))[1].json["data"]["result"] == "x" * 65_534
    await complete(server, result="x" * 65_535)
    data = (await server.sender.got(3))[2].json["data"]
    assert (data["result"], data["result_omitted"]) == (None, True)


async def test_what_a_job_type_redacts_is_not_sent(server: Server) -> None:
    await create(server, include=["result"])
    await server.register(redact=["/card"])
    await complete(server, result={"card": 4711, "ok": True})
    [post] = await server.sender.got(1)
    assert post.json["data"]["result"] == {"card": "***", "ok": True}


async def test_only_what_a_webhook_is_about_is_told(server: Server) -> None:
    await server.register("mail-a")
    await server.register("greet")
    await create(server, "types", URL, job_types=["mail*"])
    await create(server, "queues", OTHER, queues=["slow"], events=["run.completed"])
    await complete(server, "mail-a")
    await complete(server, "greet")
    await complete(server, "greet", queue="slow")
    assert [post.json["data"]["job_type"] for post in await server.sender.got(1, URL)] == ["mail-a"]
    assert [post.json["data"]["queue"] for post in await server.sender.got(1, OTHER)] == ["slow"]
    await server.settle()
    assert len(server.sender.posts) == 2


async def test_a_webhook_is_told_what_happens_from_its_creation_on(server: Server) -> None:
    await server.register()
    await complete(server)
    await create(server)
    run = await complete(server)
    [post] = await server.sender.got(1)
    assert post.json["data"]["run_id"] == run["id"]


async def test_nothing_is_sent_while_it_is_disabled_and_what_happened_meanwhile_afterwards(server: Server) -> None:
    await create(server)
    await server.register()
    await server.http.patch("/v1/webhooks/shop", json={"enabled": False})
    await server.settle()
    run = await complete(server)
    await server.settle()
    assert server.sender.posts == []
    await server.http.patch("/v1/webhooks/shop", json={"enabled": True})
    [post] = await server.sender.got(1)
    assert post.json["data"]["run_id"] == run["id"]


async def test_a_deleted_webhook_is_told_nothing(server: Server) -> None:
    await create(server)
    await server.register()
    await server.http.delete("/v1/webhooks/shop")
    await server.settle()
    await complete(server)
    await server.settle()
    assert server.sender.posts == []


async def test_another_url_holds_at_once(server: Server) -> None:
    await create(server)
    await server.register()
    await server.http.patch("/v1/webhooks/shop", json={"url": OTHER})
    await server.settle()
    await complete(server)
    assert [post.url for post in await server.sender.got(1)] == [OTHER]


# -- what is not received


async def test_what_is_not_received_is_tried_again_until_it_is(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = 500
    run = await complete(server)
    [delivery] = await settled_deliveries(server, 1)
    [post] = server.sender.posts
    assert delivery == {
        "id": post.id,
        "type": "run.completed",
        "run_id": run["id"],
        "state": "pending",
        "attempts": 1,
        "next_attempt_at": "2026-01-01T00:00:05.000000Z",
        "last_attempt_at": "2026-01-01T00:00:00.000000Z",
        "error": {"code": "http_status", "message": "The endpoint answered with the status 500.", "status": 500},
        "created_at": "2026-01-01T00:00:00.000000Z",
    }
    assert (await server.get("/v1/webhooks/shop"))["failing_since"] == "2026-01-01T00:00:00.000000Z"
    server.sender.answers[URL] = 204
    await server.advance(5)
    again = (await server.sender.got(2))[1]
    assert (again.id, again.body) == (post.id, post.body)
    assert again.headers["webhook-timestamp"] != post.headers["webhook-timestamp"]
    assert await settled_deliveries(server, 0) == []
    shown = await server.get("/v1/webhooks/shop")
    assert (shown["failing_since"], shown["last_success_at"]) == (None, "2026-01-01T00:00:05.000000Z")


async def test_after_ten_attempts_over_three_days_it_has_failed(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = SendTimedOut("It took too long.")
    await complete(server)
    for number, seconds in enumerate(RETRY_SECONDS, 1):
        [delivery] = await settled_deliveries(server, 1)
        assert (delivery["attempts"], delivery["state"]) == (number, "pending")
        assert delivery["error"] == {"code": "timeout", "message": "It took too long.", "status": None}
        await server.advance(seconds)
        await server.sender.got(number + 1)
        await until_attempts(server, number + 1)
    [delivery] = await deliveries(server)
    assert (delivery["attempts"], delivery["state"], delivery["next_attempt_at"]) == (MAX_ATTEMPTS, "failed", None)
    assert 74 * 3600 < sum(RETRY_SECONDS) < 76 * 3600
    await server.advance(86_400)
    assert len(server.sender.posts) == MAX_ATTEMPTS
    assert await deliveries(server, state="pending") == []
    assert len(await deliveries(server, state="failed")) == 1
    # It may be recovered, and has all attempts again.
    recovered = await server.post("/v1/webhooks/shop/recover", {"since": "2026-01-01T00:00:00Z"}, status=202)
    assert recovered == {"deliveries": 1}
    await server.sender.got(MAX_ATTEMPTS + 1)
    await until_attempts(server, 1)
    assert len(await deliveries(server, state="pending")) == 1


async def until_attempts(server: Server, number: int) -> None:
    await until(lambda: deliveries(server), lambda found: found[0]["attempts"] == number)


async def test_an_endpoint_that_is_gone_is_not_asked_again(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = 410
    await complete(server)
    await settled_deliveries(server, 1)
    shown = await server.get("/v1/webhooks/shop")
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
    run = await complete(server)
    await server.advance(3600)
    assert len(server.sender.posts) == 1
    server.sender.answers[URL] = 204
    enabled = await server.http.patch("/v1/webhooks/shop", json={"enabled": True})
    assert enabled.json()["disabled_reason"] is None
    posts = await server.sender.got(3)
    assert {post.json["data"]["run_id"] for post in posts} >= {run["id"]}
    assert await settled_deliveries(server, 0) == []


async def test_without_a_success_for_five_days_it_is_disabled(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = NoConnection("Nothing accepted the connection.")
    await complete(server)
    await settled_deliveries(server, 1)
    await server.advance(5 * 86_400 - 1)
    await until_attempts(server, 2)
    assert (await server.get("/v1/webhooks/shop"))["enabled"]
    await server.advance(400)
    await server.sender.got(3)
    for _ in range(200):
        shown = await server.get("/v1/webhooks/shop")
        if not shown["enabled"]:
            break
        await server.settle()
    assert shown["disabled_reason"] == "failing"


async def test_an_endpoint_may_ask_for_a_later_attempt(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = Answer(503, {"retry-after": "120"}, b"")
    await complete(server)
    [delivery] = await settled_deliveries(server, 1)
    assert delivery["next_attempt_at"] == "2026-01-01T00:02:00.000000Z"


async def test_what_failed_before_a_webhook_was_narrowed_goes_nowhere(serve: Callable[..., Server]) -> None:
    """Who may change it now could send it elsewhere."""
    async with serve(api_key=ROOT) as server:
        server.http.headers["authorization"] = f"Bearer {ROOT}"
        await create(server)
        for name in ("greet", "pay"):
            await server.register(name)
        server.sender.answers[URL] = 500
        inside, outside = [await complete(server, name) for name in ("greet", "pay")]
        await settled_deliveries(server, 2)
        key = await make(server, "runs:read", "config", job_types=["greet"])
        await server.http.patch("/v1/webhooks/shop", json={"job_types": ["greet"]})
        [hidden] = await deliveries(server, run_id=outside["id"])
        header = key.bearer
        listed = (await server.http.get("/v1/webhooks/shop/deliveries", headers=header)).json()["data"]
        assert [delivery["run_id"] for delivery in listed] == [inside["id"]]
        path = f"/v1/webhooks/shop/deliveries/{hidden['id']}/retry"
        problem(await server.http.post(path, headers=header), 404, "delivery_not_found")
        moved = await server.http.patch("/v1/webhooks/shop", json={"url": OTHER}, headers=header)
        assert moved.status_code == 200
        since = {"since": "2026-01-01T00:00:00Z"}
        await server.http.post("/v1/webhooks/shop/recover", json=since, headers=header)
        await settled_deliveries(server, 0)
        sent = [post.json["data"]["run_id"] for post in server.sender.posts if post.url == OTHER]
        assert sent == [inside["id"]]


@pytest.mark.parametrize(
    "asked",
    ["Fri, 31 Dec 99999999999999 00:00:00 GMT", "Fri, 31 Dec 2027 23:59:59 +99999999999999", "²", "9" * 5000 + "s"],
)
async def test_what_an_endpoint_asks_for_does_no_harm(server: Server, asked: str) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = Answer(503, {"retry-after": asked}, b"")
    await complete(server)
    [delivery] = await settled_deliveries(server, 1)
    assert delivery["next_attempt_at"] == "2026-01-01T00:00:05.000000Z"


@pytest.mark.parametrize(("error", "received"), [(HeadTooLarge, False), (AnswerTooLarge, True), (AnswerEncoded, True)])
async def test_an_answer_without_a_status_is_no_success(
    server: Server, error: type[SendFailed], received: bool
) -> None:
    await create(server)

    async def answer(post: Post) -> int:
        raise error("It has more bytes than that.")

    server.sender.answers[URL] = answer
    assert (await server.post("/v1/webhooks/shop/test", status=200))["delivered"] is received


async def test_one_that_never_answers_delays_no_other(server: Server) -> None:
    await create(server, "dead", OTHER)
    await create(server)
    await server.register()

    async def hang(post: Post) -> int:
        await asyncio.Event().wait()
        return 0

    server.sender.answers[OTHER] = hang
    for _ in range(30):
        await complete(server)
    await server.sender.got(30, URL)
    assert len([post for post in server.sender.posts if post.url == OTHER]) == 20


async def test_of_an_endpoint_that_is_down_the_backlog_stays_behind_the_cursor(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = NoConnection("down")
    await server.post(
        "/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": None} for _ in range(150)]}, status=202
    )
    worker = await server.worker(concurrency=200)
    for lease in await worker.claim(150):
        await worker.complete(lease)
    webhook = (await server.store.webhooks())[0].id
    look = lambda: server.store.deliveries(webhook, DeliveryFilter(), None, 500)  # noqa: E731
    await until(look, lambda found: len(found[0]) >= 100)
    await server.settle()
    assert len((await look())[0]) <= 105
    server.sender.answers[URL] = 204
    await server.live(10)
    await until(lambda: len({post.id for post in server.sender.posts}) == 150)
    await settled_deliveries(server, 0)


async def test_a_blocked_address_is_a_failed_attempt_that_names_none(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = DestinationBlocked("The URL leads where the server does not go.")
    await complete(server)
    [delivery] = await settled_deliveries(server, 1)
    assert delivery["error"]["code"] == "blocked_destination"


# -- by hand


async def test_a_delivery_is_tried_again_when_it_is_asked_for(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = 500
    await complete(server)
    [delivery] = await settled_deliveries(server, 1)
    server.sender.answers[URL] = 200
    again = await server.post(f"/v1/webhooks/shop/deliveries/{delivery['id']}/retry", status=202)
    assert again["next_attempt_at"] == "2026-01-01T00:00:00.000000Z"
    await server.sender.got(2)
    await settled_deliveries(server, 0)
    for unknown in (delivery["id"], "evt_0000000000000", "nonsense"):
        answer = await server.http.post(f"/v1/webhooks/shop/deliveries/{unknown}/retry")
        problem(answer, 404, "delivery_not_found")


async def test_all_that_failed_since_a_time_is_recovered(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = 500
    early = await complete(server)
    await settled_deliveries(server, 1)
    await server.advance(2)
    late = await complete(server)
    await settled_deliveries(server, 2)
    server.sender.answers[URL] = 200
    recovered = await server.post("/v1/webhooks/shop/recover", {"since": "2026-01-01T00:00:01Z"}, status=202)
    assert recovered == {"deliveries": 1}
    posts = await server.sender.got(3)
    assert posts[2].json["data"]["run_id"] == late["id"]
    [left] = await settled_deliveries(server, 1)
    assert left["run_id"] == early["id"]


async def test_a_test_message_is_sent_once_and_answered_with_what_came_of_it(server: Server) -> None:
    secret = (await create(server, enabled=False))["secret"]
    answer = await server.post("/v1/webhooks/shop/test", status=200)
    assert answer == {"delivered": True, "status": 204, "error": None, "duration_seconds": 0.0}
    [post] = server.sender.posts
    assert post.json == {
        "type": "webhook.test",
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "data": {"webhook": "shop"},
    }
    assert verify(post.headers, post.body, secret, now=server.clock.now() // 1_000_000).id == post.id
    server.sender.answers[URL] = 404
    answer = await server.post("/v1/webhooks/shop/test", status=200)
    assert (answer["delivered"], answer["status"], answer["error"]["code"]) == (False, 404, "http_status")
    assert await deliveries(server) == []


# -- secrets


async def test_both_secrets_sign_until_the_previous_one_ends(server: Server) -> None:
    first = (await create(server))["secret"]
    await server.register()
    answer = await server.http.post("/v1/webhooks/shop/secret/rotate", json={"overlap_seconds": 60})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()["secret"]
    assert answer.json()["previous_secret_until"] == "2026-01-01T00:01:00.000000Z"
    await server.settle()
    await complete(server)
    [post] = await server.sender.got(1)
    now = server.clock.now() // 1_000_000
    for secret in (first, second):
        assert verify(post.headers, post.body, secret, now=now)
    problem(await server.http.post("/v1/webhooks/shop/secret/rotate"), 409, "rotation_pending")
    await server.advance(61)
    await complete(server)
    post = (await server.sender.got(2))[1]
    assert len(post.headers["webhook-signature"].split()) == 1
    assert verify(post.headers, post.body, second, now=now + 61)


async def test_the_previous_secret_is_ended_at_once(server: Server) -> None:
    await create(server)
    await server.register()
    await server.post("/v1/webhooks/shop/secret/rotate", status=200)
    assert (await server.http.delete("/v1/webhooks/shop/secret/previous")).status_code == 204
    assert (await server.http.delete("/v1/webhooks/shop/secret/previous")).status_code == 204
    assert (await server.get("/v1/webhooks/shop"))["previous_secret_until"] is None
    await server.settle()
    await complete(server)
    [post] = await server.sender.got(1)
    assert len(post.headers["webhook-signature"].split()) == 1
    await server.post("/v1/webhooks/shop/secret/rotate", status=200)


async def test_no_secret_is_stored_in_the_clear(server: Server) -> None:
    secret = (await create(server))["secret"].removeprefix("whsec_").encode()
    for path in server.settings.data.iterdir():
        if path.is_file():
            assert secret not in path.read_bytes()


# -- who may


async def test_scopes_and_restrictions(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT) as server:
        await root(server, "POST", "/v1/webhooks", {"name": "all", "url": URL})
        await root(server, "POST", "/v1/webhooks", {"name": "mail", "url": URL, "job_types": ["mail-in", "mailbox*"]})
        within = await make(server, "config", "runs:read", job_types=["mail*"])
        assert [webhook["name"] for webhook in (await within.get("/v1/webhooks"))["data"]] == ["mail"]
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test")):
            problem(await within.ask(method, f"/v1/webhooks/all{path}"), 404, "webhook_not_found")
        problem(await within.ask("POST", "/v1/webhooks", {"name": "x", "url": URL}), 403, "forbidden")
        outside = {"name": "x", "url": URL, "job_types": ["greet"]}
        problem(await within.ask("POST", "/v1/webhooks", outside), 404, "job_type_not_found")
        problem(await within.ask("PATCH", "/v1/webhooks/mail", {"job_types": ["*"]}), 404, "job_type_not_found")
        inside = {"name": "x", "url": URL, "job_types": ["mail-*"]}
        assert (await within.ask("POST", "/v1/webhooks", inside)).status_code == 201
        reads = await make(server, "runs:read")
        assert (await reads.ask("GET", "/v1/webhooks/all")).status_code == 200
        problem(await reads.ask("DELETE", "/v1/webhooks/all"), 403, "forbidden")


# -- over crashes and time


async def test_what_was_on_its_way_is_delivered_after_a_restart(server: Server) -> None:
    await create(server)
    await server.register()

    async def hang(post: Post) -> int:
        await asyncio.Event().wait()
        return 0

    server.sender.answers[URL] = hang
    run = await complete(server)
    await server.sender.got(1)
    server.sender.answers[URL] = 204
    await server.restart()
    posts = await server.sender.got(2)
    assert posts[1].json["data"]["run_id"] == run["id"]
    assert posts[1].id == posts[0].id


async def test_a_pending_delivery_outlives_its_run(server: Server) -> None:
    await create(server)
    await server.register()
    server.sender.answers[URL] = 500
    run = await complete(server)
    await settled_deliveries(server, 1)
    assert (await server.http.delete(f"/v1/runs/{run['id']}")).status_code == 204
    server.sender.answers[URL] = 204
    await server.advance(6)
    posts = await server.sender.got(2)
    assert posts[1].body == posts[0].body


async def test_retention_waits_for_a_webhook_that_is_behind(server: Server) -> None:
    await create(server)
    await server.register(retention_seconds=1)

    async def hang(post: Post) -> int:
        await asyncio.Event().wait()
        return 0

    server.sender.answers[URL] = hang
    run = await complete(server)
    await server.sender.got(1)
    for _ in range(10):
        await server.advance(10)
    assert (await server.http.get(f"/v1/runs/{run['id']}")).status_code == 200
    await server.advance(86_400)
    for _ in range(5):
        await server.advance(10)
    assert (await server.http.get(f"/v1/runs/{run['id']}")).status_code == 404


async def test_retention_goes_on_where_all_is_delivered(server: Server) -> None:
    await create(server)
    await server.register(retention_seconds=1)
    run = await complete(server)
    await server.sender.got(1)
    for _ in range(10):
        await server.advance(6)
    assert (await server.http.get(f"/v1/runs/{run['id']}")).status_code == 404
