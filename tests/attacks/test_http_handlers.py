"""The same attacks as a user of the API makes them: with a job type whose handler leads inside or answers badly."""

from __future__ import annotations

import asyncio
import base64
import gzip
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.app.server import Server, paths, problem
from tests.attacks.outside import INSIDE, OUTSIDE, Names, Stage, stage
from tests.attacks.test_addresses import LOOPBACK_NOTATIONS, METADATA_SERVICES
from tests.attacks.test_answers import CHUNKED, OK, Flood, after
from tests.support.receiver import plain

JSON = "Content-Type: application/json"


class Attack:
    """A server that may post to `OUTSIDE`, and what an attacker has."""

    def __init__(self, server: Server, on: Stage) -> None:
        self.server = server
        self.on = on

    async def register(self, url: str, **fields: Any) -> Any:
        body = {"name": "evil", "handler": {"kind": "http", "url": url}} | fields
        return await self.server.http.put("/v1/job-types/evil", json=body)

    async def registered(self, url: str, **fields: Any) -> str:
        """The signing secret."""
        answer = await self.register(url, **fields)
        assert answer.status_code in (200, 201), answer.text
        secret: str = answer.json().get("secret", "")
        return secret

    async def run(self, **fields: Any) -> Any:
        """One run of it, finished."""
        run = await self.server.dispatch("evil", **fields)
        return await self.server.get(f"/v1/runs/{run['id']}", wait_seconds="20")

    def received(self, index: int = -1) -> tuple[bytes, dict[str, str]]:
        return self.on.outside.requests[index][1], self.on.outside.headers(index)


@pytest.fixture
def names() -> Names:
    return Names(evil_test=[[OUTSIDE]])


@pytest.fixture
async def attack(serve: Callable[..., Server], names: Names) -> AsyncIterator[Attack]:
    async with AsyncExitStack() as stack:
        on = await stack.enter_async_context(stage(names))
        server = serve()
        server.make_http_sender = lambda settings: on.sender
        await stack.enter_async_context(server)
        yield Attack(server, on)


def blocked(answer: Any) -> None:
    document = problem(answer, 422, "blocked_destination")
    assert paths(document) == ["/handler/url"]
    said = document["detail"] + str([error["message"] for error in document["errors"]])
    assert not any(digit in said for digit in "0123456789")


@pytest.mark.parametrize(
    "host", [pytest.param(host, id=name) for name, host in (LOOPBACK_NOTATIONS | METADATA_SERVICES).items()]
)
async def test_no_notation_of_an_inner_address_is_registered(attack: Attack, host: str) -> None:
    for scheme in ("http", "https"):
        blocked(await attack.register(attack.on.url(host).replace("http", scheme, 1)))
    assert (await attack.server.http.get("/v1/job-types/evil")).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        *("http://outside@{inside}/", "http://{inside}\\@outside/", "http://{inside}#@outside/", "//{inside}/"),
        *("file:///etc/passwd", "gopher://{inside}/", "http://{inside}\t/", "http://{inside}/\r\nX: y", ""),
    ],
)
async def test_no_other_form_of_a_url_is_registered(attack: Attack, form: str) -> None:
    answer = await attack.register(form.format(inside=f"{INSIDE}:{attack.on.spy.port}"))
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert paths(answer.json()) == ["/handler/url"]


async def test_one_inner_address_among_the_answers_blocks_the_registration(attack: Attack, names: Names) -> None:
    names.answers["evil.test"] = [[OUTSIDE, INSIDE]]
    blocked(await attack.register(attack.on.url("evil.test")))


async def test_a_name_that_comes_to_lead_inside_fails_its_run_at_once(attack: Attack, names: Names) -> None:
    for registered in ([], [[OUTSIDE], [INSIDE]]):
        names.answers.pop("evil.test", None)
        if registered:
            names.answers["evil.test"] = list(registered)
        await attack.registered(attack.on.url("evil.test"), retry={"max_attempts": 5, "initial_seconds": 0})
        names.answers["evil.test"] = [[INSIDE]]
        await attack.server.advance(2)
        done = await attack.run()
        assert (done["state"], done["error"]["code"], done["attempt"]) == ("failed", "blocked_destination", 1)
        assert INSIDE not in str(done)
    assert attack.on.outside.connections == 0


async def test_a_name_rebound_between_two_attempts_fails_the_second(attack: Attack, names: Names) -> None:
    names.answers["evil.test"] = [[OUTSIDE], [INSIDE]]
    await attack.registered(attack.on.url("evil.test"), retry={"max_attempts": 5, "initial_seconds": 0})
    attack.on.outside.answer = plain(b"", "500 Again")
    done = await attack.run()
    assert (done["state"], done["error"]["code"], done["attempt"]) == ("failed", "blocked_destination", 2)
    assert len(attack.on.outside.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_inside_fails_the_run(attack: Attack, status: str) -> None:
    await attack.registered(attack.on.url(OUTSIDE), retry={"max_attempts": 5, "initial_seconds": 0})
    attack.on.outside.answer = plain(b"", status, f"Location: http://{INSIDE}:{attack.on.spy.port}/")
    done = await attack.run()
    assert (done["state"], done["error"]["code"], done["attempt"]) == ("failed", "http_status", 1)
    assert done["error"]["status"] == int(status[:3])
    assert len(attack.on.outside.requests) == 1


async def test_no_proxy_of_the_environment_gets_a_run(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{INSIDE}:{attack.on.spy.port}")
    await attack.registered(attack.on.url(OUTSIDE))
    assert (await attack.run())["state"] == "completed"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(after(CHUNKED, b"2710\r\n" + b"x" * 10_000 + b"\r\n"), id="in chunks"),
        pytest.param(after(OK + b"Content-Length: 99999999999\r\n\r\n", b"x" * 10_000), id="of a length it tells"),
        pytest.param(after(OK, b"X-Filler: " + b"x" * 1000 + b"\r\n"), id="of headers"),
        pytest.param(after(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), id="of interim answers"),
    ],
)
async def test_an_endless_answer_is_an_invalid_result(attack: Attack, pieces: Iterator[bytes]) -> None:
    flood = Flood(pieces)
    attack.on.outside.answer = flood.answer()
    await attack.registered(attack.on.url(OUTSIDE))
    done = await attack.run()
    assert (done["state"], done["error"]["code"]) == ("failed", "invalid_result")
    await flood.ended.wait()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(after(OK + b"Content-Length: 100000\r\n\r\n", b"x"), id="of the body"),
        pytest.param(itertools.chain([OK], itertools.repeat(b"X: y\r\n")), id="of headers"),
        pytest.param(after(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="of interim answers"),
    ],
)
async def test_an_answer_that_trickles_is_a_timeout(attack: Attack, pieces: Iterator[bytes]) -> None:
    flood = Flood(pieces)
    flood.paused = asyncio.Event()
    attack.on.outside.answer = flood.answer()
    await attack.registered(attack.on.url(OUTSIDE), timeout_seconds=30, retry={"max_attempts": 1})
    run = await attack.server.dispatch("evil")
    await flood.begun.wait()
    for _ in range(29):
        await attack.server.advance(1)
        flood.one_more()
    assert (await attack.server.run(run))["state"] == "running"
    await attack.server.advance(2)
    done = await attack.server.get(f"/v1/runs/{run['id']}", wait_seconds="20")
    assert (done["state"], done["error"]["code"]) == ("failed", "timeout")
    flood.let_go()
    await flood.ended.wait()


async def test_a_bomb_is_an_invalid_result(attack: Attack) -> None:
    attack.on.outside.answer = plain(gzip.compress(b" " * 10_000_000 + b"{}"), "200 OK", JSON, "Content-Encoding: gzip")
    await attack.registered(attack.on.url(OUTSIDE), retry={"max_attempts": 5, "initial_seconds": 0})
    done = await attack.run()
    assert (done["state"], done["error"]["code"], done["attempt"]) == ("failed", "invalid_result", 1)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"admin": false, "admin": true}', id="a doubled name"),
        pytest.param(b'{"a": {"b": 1, "\\u0062": 2}}', id="a doubled name within, escaped"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="deep"),
        pytest.param(b'{"a": NaN}', id="not a number"),
        pytest.param(b'{"a": 1e999}', id="too great a number"),
        pytest.param(b'"\\ud800"', id="half a character"),
        pytest.param(b'"\xff"', id="no UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="a mark of byte order"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"{'a': 1}", id="other quotes"),
    ],
)
async def test_what_is_not_strict_json_is_no_result(attack: Attack, body: bytes) -> None:
    attack.on.outside.answer = plain(body, "200 OK", JSON)
    await attack.registered(attack.on.url(OUTSIDE))
    done = await attack.run()
    assert (done["state"], done["result"]) == ("completed", None)


async def test_a_long_message_is_cut_and_one_that_is_no_text_is_left_out(attack: Attack) -> None:
    await attack.registered(attack.on.url(OUTSIDE))
    for body, length in ((b'{"message": "%b"}' % (b"x" * 5000), 1024), (b'{"message": {"a": 1}}', 0)):
        attack.on.outside.answer = plain(body, "400 Bad", JSON)
        error = (await attack.run())["error"]
        assert (error["code"], error["status"]) == ("http_status", 400)
        assert error["message"].count("x") == length


@pytest.mark.parametrize(
    "value",
    ["soon", "-1", "1, 2", "9" * 400 + ".0", "1e3", "Sun, 99 Nov 1994 08:49:37 GMT", "", "\xb2", "inf", "0x10", "1.5"],
)
async def test_a_retry_after_that_is_none_counts_as_absent(attack: Attack, value: str) -> None:
    attack.on.outside.answer = plain(b"", "503 Busy", f"Retry-After: {value}")
    await attack.registered(attack.on.url(OUTSIDE), retry={"max_attempts": 1})
    done = await attack.run()
    assert (done["state"], done["error"]["code"], done["attempt"]) == ("failed", "http_status", 1)


# -- signatures


async def test_the_reference_library_accepts_a_run_and_refuses_it_later(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await attack.registered(attack.on.url(OUTSIDE))
    done = await attack.run(payload={"text": "grüße ✓"})
    body, headers = attack.received()
    assert Webhook(secret).verify(body, headers)["run"]["payload"] == {"text": "grüße ✓"}
    assert headers["webhook-id"] == done["id"]
    for minutes in (-6, 6):

        class Then(datetime):
            @classmethod
            def now(cls, tz: Any = None, minutes: int = minutes) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + timedelta(minutes=minutes)

        with monkeypatch.context() as patch:
            patch.setattr("standardwebhooks.webhooks.datetime", Then)
            with pytest.raises(WebhookVerificationError, match="timestamp"):
                Webhook(secret).verify(body, headers)
    for changed in (body + b" ", body.replace(b'"attempt":1', b'"attempt":2'), b"{}"):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(changed, headers)


async def test_while_a_secret_is_replaced_both_are_good_and_never_a_third(attack: Attack) -> None:
    old = await attack.registered(attack.on.url(OUTSIDE))
    rotate = "/v1/job-types/evil/secret/rotate"
    new = (await attack.server.post(rotate, {"overlap_seconds": 3600}))["secret"]
    await attack.run()
    body, headers = attack.received()
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    problem(await attack.server.http.post(rotate, json={"overlap_seconds": 3600}), 409, "rotation_pending")
    await attack.server.advance(3601)
    await attack.run()
    body, headers = attack.received()
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


@pytest.fixture(params=["Pacific/Kiritimati", "America/St_Johns", "Etc/GMT+12"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
async def test_a_server_in_another_time_zone_signs_the_same_second(attack: Attack) -> None:
    secret = await attack.registered(attack.on.url(OUTSIDE))
    before = int(datetime.now(UTC).timestamp())
    await attack.run()
    body, headers = attack.received()
    assert before <= int(headers["webhook-timestamp"]) <= int(datetime.now(UTC).timestamp())
    Webhook(secret).verify(body, headers)


async def test_a_secret_is_in_no_answer_nor_in_the_database(attack: Attack) -> None:
    header = base64.b64encode(os.urandom(30)).decode()
    handler = {"kind": "http", "url": attack.on.url(OUTSIDE), "headers": {"Authorization": f"Bearer {header}"}}
    answer = await attack.server.http.put("/v1/job-types/evil", json={"handler": handler})
    secret = answer.json()["secret"]
    done = await attack.run()
    assert attack.received()[1]["authorization"] == f"Bearer {header}"
    for path in ("/v1/job-types", "/v1/job-types/evil", "/v1/config", f"/v1/runs/{done['id']}", "/v1/runs"):
        text = (await attack.server.http.get(path)).text
        for hidden in (secret, secret.removeprefix("whsec_"), header):
            assert hidden not in text
    folder = attack.server.settings.data
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    for path in folder.iterdir():
        if path.is_file():
            data = path.read_bytes()
            for needle in (secret.removeprefix("whsec_").encode(), header.encode(), raw):
                assert needle not in data, path
    assert (folder / "keyring").stat().st_mode & 0o777 == 0o600
