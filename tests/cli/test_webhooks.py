"""`blazy-jobs webhooks`."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub, problem

SECRET = "whsec_c2VjcmV0"
ID = "evt_1i9lna4ic0001"


def webhook(**changes: Any) -> dict[str, Any]:
    made = {
        "name": "shop",
        "url": "https://shop.example/hook",
        "events": ["run.completed", "run.failed"],
        "job_types": None,
        "queues": ["slow"],
        "include": [],
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "last_success_at": None,
        "previous_secret_until": None,
        "source": "api",
        "created_at": "2026-11-28T10:00:00.000000Z",
        "updated_at": "2026-11-28T10:00:00.000000Z",
    }
    return made | changes


DELIVERY = {
    "id": ID,
    "type": "run.failed",
    "run_id": "run_1i9lna4ic0000",
    "state": "failed",
    "attempts": 10,
    "next_attempt_at": None,
    "last_attempt_at": "2026-11-28T10:00:00.000000Z",
    "error": {"code": "http_status", "message": "The endpoint answered with the status 500.", "status": 500},
    "created_at": "2026-11-28T10:00:00.000000Z",
}


def test_a_new_secret_is_all_that_a_script_gets(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/webhooks", Answer(201, webhook(secret=SECRET)))
    called = call("webhooks", "create", "shop", "https://shop.example/hook", "--url", stub.url)
    assert (called.code, called.out) == (0, f"{SECRET}\n")
    assert SECRET not in called.err
    assert stub.asked[0].body == {"name": "shop", "url": "https://shop.example/hook"}


def test_each_option_is_sent_and_the_secret_goes_to_a_file(stub: Stub, call: Call, tmp_path: Path) -> None:
    stub.on("POST /v1/webhooks", Answer(201, webhook(secret=SECRET)))
    words = "--event run.failed --event run.cancelled --job-type mail-* --queue slow --result"
    out = tmp_path / "secret"
    url = "https://shop.example/hook"
    called = call("webhooks", "create", "shop", url, *words.split(), "--out", str(out), "--url", stub.url)
    assert (called.code, called.out) == (0, "")
    assert stub.asked[0].body == {
        "name": "shop",
        "url": url,
        "events": ["run.failed", "run.cancelled"],
        "job_types": ["mail-*"],
        "queues": ["slow"],
        "include": ["result"],
    }
    assert out.read_text().strip() == SECRET
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_lost_answer_makes_no_second_try(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/webhooks", problem(503, "store_unavailable", "no"), Answer(201, webhook(secret=SECRET)))
    assert call("webhooks", "create", "shop", "https://shop.example/", "--url", stub.url).code == 1
    assert len(stub.asked) == 1


def test_they_are_listed_as_a_table_or_as_json(stub: Stub, call: Call) -> None:
    found = [webhook(), webhook(name="old", enabled=False, disabled_reason="gone")]
    for words in (("webhooks", "--json"), ("webhooks", "list", "--json"), ("webhook", "list", "--json")):
        stub.on("GET /v1/webhooks", Answer(200, {"data": found, "next_cursor": None}))
        called = call(*words, "--url", stub.url)
        assert [json.loads(line) for line in called.out.splitlines()] == found


@pytest.mark.parametrize(("verb", "body"), [("enable", {"enabled": True}), ("disable", {"enabled": False})])
def test_one_is_switched_on_and_off(stub: Stub, call: Call, verb: str, body: Any) -> None:
    stub.on("PATCH /v1/webhooks/shop", Answer(200, webhook(**body)))
    assert call("webhooks", verb, "shop", "--url", stub.url).code == 0
    assert stub.asked[0].body == body


def test_one_is_shown_and_deleted(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/webhooks/shop", Answer(200, webhook()))
    assert json.loads(call("webhooks", "show", "shop", "--json", "--url", stub.url).out) == webhook()
    stub.on("DELETE /v1/webhooks/shop", Answer(204, None))
    called = call("webhooks", "delete", "shop", "--json", "--url", stub.url)
    assert json.loads(called.out) == {"name": "shop", "deleted": True}


def test_its_secret_is_rotated(stub: Stub, call: Call) -> None:
    until = "2026-11-28T11:00:00.000000Z"
    stub.on("POST /v1/webhooks/shop/secret/rotate", Answer(200, webhook(secret=SECRET, previous_secret_until=until)))
    called = call("webhooks", "rotate", "shop", "--overlap", "1h", "--url", stub.url)
    assert called.out == f"{SECRET}\n"
    assert until in called.err
    assert stub.asked[0].body == {"overlap_seconds": 3600}


def test_what_was_not_received_is_listed_and_sent_again(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/webhooks/shop/deliveries", Answer(200, {"data": [DELIVERY], "next_cursor": None}))
    words = "--state failed --event run.failed --run run_1i9lna4ic0000 --json"
    called = call("webhooks", "deliveries", "shop", *words.split(), "--url", stub.url)
    assert json.loads(called.out) == DELIVERY
    stub.on(f"POST /v1/webhooks/shop/deliveries/{ID}/retry", Answer(202, DELIVERY))
    assert call("webhooks", "retry", "shop", ID, "--url", stub.url).code == 0
    stub.on("POST /v1/webhooks/shop/recover", Answer(202, {"deliveries": 3}))
    called = call("webhooks", "recover", "shop", "--since", "2026-11-28T10:00:00+01:00", "--json", "--url", stub.url)
    assert json.loads(called.out) == {"deliveries": 3}
    assert stub.asked[-1].body == {"since": "2026-11-28T09:00:00Z"}
    assert call("webhooks", "recover", "shop", "--since", "2h", "--url", stub.url).code in (0, 1)


def test_a_test_says_what_came_of_it(stub: Stub, call: Call) -> None:
    good = {"delivered": True, "status": 204, "error": None, "duration_seconds": 0.1}
    bad = {"delivered": False, "status": 404, "error": DELIVERY["error"], "duration_seconds": 0.1}
    stub.on("POST /v1/webhooks/shop/test", Answer(200, good), Answer(200, bad))
    called = call("webhooks", "test", "shop", "--json", "--url", stub.url)
    assert (called.code, json.loads(called.out)) == (0, good)
    assert call("webhooks", "test", "shop", "--url", stub.url).code == 1
