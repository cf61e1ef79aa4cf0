"""Pages of other sites, names that point here, cookies that are not what they seem."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.sessions import IDLE_SECONDS, MOST_SECONDS
from blazy_jobs_server.trust import sessions
from tests.app.api.test_exchange import connected
from tests.app.clock import HandClock
from tests.app.server import Server, problem

ROOT = "a-root-key-of-some-length"
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
COOKIE = "blazy_80"
UNSAFE = [
    ("POST", "/v1/job-types"),
    ("PUT", "/v1/queues/default"),
    ("PATCH", "/v1/job-types/greet"),
    ("DELETE", "/v1/job-types/greet"),
    ("POST", "/v1/job-types/greet/runs"),
    ("POST", "/v1/runs/batch"),
    ("POST", "/v1/workers"),
    ("POST", "/v1/keys"),
    ("DELETE", "/v1/session"),
]


@pytest.fixture
async def keyed(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        yield server


async def log_in(server: Server, key: str = ROOT, **headers: str) -> str:
    """The cookie, as a browser sends it back."""
    given = SAME_ORIGIN | {name.replace("_", "-"): value for name, value in headers.items()}
    server.http.cookies.clear()
    answer = await server.http.post("/v1/session", json={"key": key}, headers=given)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    server.http.cookies.clear()
    cookie: str = answer.headers["set-cookie"].partition(";")[0]
    return cookie


async def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    server.http.cookies.clear()
    return await server.http.request(method, path, headers=given, **({} if body is None else {"json": body}))


async def make_key(server: Server, *scopes: str, **fields: Any) -> Any:
    body = {"name": "k", "scopes": list(scopes)} | fields
    return await server.post("/v1/keys", body, status=201, authorization=f"Bearer {ROOT}")


# -- logging in, and what one is then


async def test_a_session_does_what_its_key_allows(keyed: Server) -> None:
    key = await make_key(keyed, "runs:read", job_types=["mail*"])
    cookie = await log_in(keyed, key["key"])
    shown = await ask(keyed, "GET", "/v1/session", cookie=cookie)
    assert shown.headers["cache-control"] == "no-store"
    assert shown.json() == {
        "id": key["id"],
        "name": "k",
        "scopes": ["runs:read"],
        "job_types": ["mail*"],
        "queues": None,
        "expires_at": "2026-01-08T00:00:00.000000Z",
    }
    assert (await ask(keyed, "GET", "/v1/job-types", cookie=cookie)).status_code == 200
    refused = problem(
        await ask(keyed, "POST", "/v1/job-types", {}, cookie=cookie, sec_fetch_site="same-origin"), 403, "forbidden"
    )
    assert "config" in refused["detail"]
    problem(await ask(keyed, "GET", "/v1/keys", cookie=cookie), 403, "forbidden")


async def test_no_script_reads_the_cookie_and_no_other_site_sends_it(keyed: Server) -> None:
    answer = await keyed.http.post("/v1/session", json={"key": ROOT}, headers=SAME_ORIGIN)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    token, *attributes = rest.split("; ")
    assert name == COOKIE
    assert len(token) == 43
    assert attributes == [f"Max-Age={MOST_SECONDS}", "Path=/", "HttpOnly", "SameSite=Strict"]
    assert answer.headers["cache-control"] == "no-store"
    stored = b"".join(path.read_bytes() for path in keyed.settings.data.iterdir() if path.is_file())
    assert token.encode() not in stored


async def test_two_servers_on_a_machine_have_cookies_of_their_own(keyed: Server) -> None:
    cookie = await log_in(keyed, host="localhost:8000")
    assert cookie.startswith("blazy_8000=")
    assert (await ask(keyed, "GET", "/v1/session", cookie=cookie, host="localhost:8000")).status_code == 200
    problem(await ask(keyed, "GET", "/v1/session", cookie=cookie, host="localhost:8001"), 401, "unauthorized")
    for host in ("[::1]", "localhost:", "localhost:" + "9" * 5000, "localhost", "a:b"):
        assert (await log_in(keyed, host=host)).startswith(f"{COOKIE}="), "no port that there can be"
    assert (await log_in(keyed, host="[::1]:8000")).startswith("blazy_8000=")


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"public_url": "https://jobs.example.com"}, {}),
        ({"trusted_proxies": "127.0.0.0/8"}, {"x-forwarded-proto": "https"}),
        ({"trusted_proxies": "127.0.0.0/8"}, {"forwarded": "for=192.0.2.1;proto=https;by=203.0.113.43"}),
    ],
)
async def test_behind_tls_the_cookie_is_the_hosts_alone(
    serve: Callable[..., Server], settings: dict[str, str], headers: dict[str, str]
) -> None:
    async with serve(api_key=ROOT, **settings) as server:
        answer = await server.http.post("/v1/session", json={"key": ROOT}, headers=SAME_ORIGIN | headers)
        cookie, *attributes = answer.headers["set-cookie"].split("; ")
        assert cookie.startswith("__Host-blazy=")
        assert attributes == [f"Max-Age={MOST_SECONDS}", "Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
        assert (await ask(server, "GET", "/v1/session", cookie=cookie, **headers)).status_code == 200
        tossed = cookie.replace("__Host-blazy", COOKIE)
        problem(await ask(server, "GET", "/v1/session", cookie=tossed, **headers), 401, "unauthorized")


async def test_who_is_no_trusted_proxy_does_not_say_that_there_is_tls(keyed: Server) -> None:
    assert (await log_in(keyed, x_forwarded_proto="https")).startswith(f"{COOKIE}=")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "tauri://127.0.0.1"},
    ],
)
async def test_no_other_site_logs_one_in(keyed: Server, headers: dict[str, str]) -> None:
    problem(await keyed.http.post("/v1/session", json={"key": ROOT}, headers=headers), 403, "cross_site")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_logs_nobody_in(keyed: Server, media_type: str) -> None:
    answer = await keyed.http.post("/v1/session", content=b'{"key":"x"}', headers={"content-type": media_type})
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"{}", 422, "invalid_request"),
        (b'{"key":""}', 422, "invalid_request"),
        (b'{"key":7}', 422, "invalid_request"),
        (b'{"key":"a","key":"b"}', 400, "malformed_json"),
        (b'{"key":"a","user":"b"}', 422, "invalid_request"),
        (b'{"key":"%s"}' % (b"x" * 20_000), 413, "payload_too_large"),
    ],
)
async def test_what_is_no_key_is_said_so_and_is_no_try(keyed: Server, body: bytes, status: int, code: str) -> None:
    for _ in range(7):
        problem(await keyed.raw("POST", "/v1/session", body), status, code)


async def test_a_key_in_a_url_is_never_read(keyed: Server) -> None:
    answer = await keyed.http.post(f"/v1/session?key={ROOT}", json={"key": ROOT})
    problem(answer, 422, "invalid_request")
    problem(await keyed.http.get(f"/v1/session?key={ROOT}&access_token={ROOT}"), 401, "unauthorized")


# -- guessing


async def test_keys_are_guessed_five_times_a_minute_and_address(keyed: Server, clock: HandClock) -> None:
    async def guess(key: str = "wrong") -> httpx.Response:
        return await ask(keyed, "POST", "/v1/session", {"key": key})

    for _ in range(4):
        problem(await guess(), 401, "unauthorized")
    assert (await guess(ROOT)).status_code == 204, "a good one is no bad try"
    clock.move(10)
    problem(await guess(), 401, "unauthorized")
    for key in ("wrong", ROOT):
        answer = await guess(key)
        problem(answer, 429, "rate_limited")
        assert answer.headers["retry-after"] == "50"
    assert (await ask(keyed, "GET", "/v1/runs", authorization=f"Bearer {ROOT}")).status_code == 200
    clock.move(49.5)
    assert (await guess(ROOT)).headers["retry-after"] == "1"
    clock.move(0.5)
    assert (await guess(ROOT)).status_code == 204


async def test_behind_a_proxy_the_address_is_the_clients(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT, trusted_proxies="127.0.0.1, 10.0.0.0/8, fd00::/8") as server:

        async def guess(forwarded_for: str, **headers: str) -> int:
            given = {"x_forwarded_for": forwarded_for} if forwarded_for else {}
            return (await ask(server, "POST", "/v1/session", {"key": "wrong"}, **given, **headers)).status_code

        for n in range(5):
            assert await guess(f"198.51.100.{n}, 192.0.2.1, 10.1.1.1, fd00::1") == 401
        assert await guess("192.0.2.1") == 429
        assert await guess("10.9.9.9, 192.0.2.1:4711, 10.0.0.1") == 429, "what the client wrote before does not count"
        assert await guess("", forwarded='for=198.51.100.7, for="192.0.2.1:4711";proto=https') == 429
        assert await guess("192.0.2.2") == 401
        for _ in range(5):
            assert await guess("", forwarded='for="[2001:db8::1]:4711"') in (401, 429)
        assert await guess("2001:db8::ffff") == 429, "who has one address of a network of 64 bits has them all"
        assert await guess("2001:db8:0:1::1") == 401


async def test_an_address_is_not_made_up(serve: Callable[..., Server]) -> None:
    """Without a trusted proxy, or where the proxy wrote the one header and the client the other."""
    async with serve(api_key=ROOT) as server:
        for n in range(5):
            answer = await ask(server, "POST", "/v1/session", {"key": "x"}, x_forwarded_for=f"192.0.2.{n}")
            assert answer.status_code == 401
        assert (await ask(server, "POST", "/v1/session", {"key": "x"})).status_code == 429
    async with serve(api_key=ROOT, trusted_proxies="127.0.0.1") as server:
        for n in range(5):
            both = {"x_forwarded_for": "192.0.2.1", "forwarded": f"for=198.51.100.{n}"}
            assert (await ask(server, "POST", "/v1/session", {"key": "x"}, **both)).status_code == 401
        for given in ({}, {"x_forwarded_for": "192.0.2.9, unknown"}, {"x_forwarded_for": "127.0.0.1"}):
            answer = await ask(server, "POST", "/v1/session", {"key": "x"}, **given)
            assert answer.status_code == 429, "it is that of the connection"


# -- writes with a cookie


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"content-type": "text/plain"},
    ],
)
async def test_a_write_with_a_cookie_shows_that_a_page_of_ours_made_it(keyed: Server, headers: dict[str, str]) -> None:
    cookie = await log_in(keyed)
    given = {name.replace("-", "_"): value for name, value in headers.items()}
    for method, path in UNSAFE:
        problem(await ask(keyed, method, path, {}, cookie=cookie, **given), 403, "cross_site")
    assert (await ask(keyed, "GET", "/v1/session", cookie=cookie)).status_code == 200, "and nobody was logged out"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"origin": "http://127.0.0.1"},
        {"origin": "http://127.0.0.1", "sec_fetch_site": "none"},
        {"origin": "http://LOCALHOST:8000", "host": "localhost:8000"},
    ],
)
async def test_a_page_of_ours_writes(keyed: Server, headers: dict[str, str]) -> None:
    cookie = await log_in(keyed, **({"host": headers["host"]} if "host" in headers else {}))
    for method, path in UNSAFE[:-1]:
        answer = await ask(keyed, method, path, {}, cookie=cookie, **headers)
        assert answer.status_code in (200, 201, 404, 422), answer.text


async def test_the_public_address_is_the_servers_own(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT, public_url="https://jobs.example.com/a") as server:
        cookie = await log_in(server, host="10.0.0.7:8000")
        for origin, status in (("https://jobs.example.com", 422), ("http://jobs.example.com", 403)):
            answer = await ask(server, "POST", "/v1/keys", {}, cookie=cookie, origin=origin, host="10.0.0.7:8000")
            assert answer.status_code == status


async def test_with_a_cookie_another_site_does_not_read(keyed: Server) -> None:
    """No browser sends a strict cookie across sites, but to another port of the same host."""
    cookie = await log_in(keyed)
    for site in ("same-site", "cross-site"):
        problem(await ask(keyed, "GET", "/v1/runs", cookie=cookie, sec_fetch_site=site), 403, "cross_site")


async def test_a_key_wins_over_a_cookie(keyed: Server) -> None:
    cookie = await log_in(keyed)
    key = await make_key(keyed, "runs:read")
    shown = await ask(keyed, "GET", "/v1/session", cookie=cookie, authorization=f"Bearer {key['key']}")
    assert (shown.json()["id"], shown.json()["expires_at"]) == (key["id"], None)
    for bad in ("Bearer x", "Bearer", "", "Basic YTpi"):
        problem(await ask(keyed, "GET", "/v1/session", cookie=cookie, authorization=bad), 401, "unauthorized")
    made = await ask(
        keyed, "POST", "/v1/keys", {"name": "k", "scopes": ["metrics"]}, cookie=cookie, authorization=f"Bearer {ROOT}"
    )
    assert made.status_code == 201, "no browser adds a key by itself"


# -- the end of a session


def same(answer: httpx.Response) -> Any:
    return answer.status_code, answer.content, sorted(answer.headers.items())


async def test_whatever_a_cookie_lacks_the_answer_is_the_same(keyed: Server, clock: HandClock) -> None:
    nothing = same(await ask(keyed, "GET", "/v1/runs"))
    assert nothing[0] == 401
    key = await make_key(keyed, "runs:read", expires_at="2026-01-01T01:00:00Z")
    revoked = await make_key(keyed, "runs:read")
    cookies = {
        "of an expired key": await log_in(keyed, key["key"]),
        "of a revoked key": await log_in(keyed, revoked["key"]),
        "logged out": await log_in(keyed),
        "idle": await log_in(keyed),
        "good": (good := await log_in(keyed)),
        "unknown": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "empty": f"{COOKIE}=",
        "of another name": good.replace(COOKIE, "blazy"),
        "of TLS": good.replace(COOKIE, "__Host-blazy"),
        "twice": f"{good}; {good}",
        "twice, one of another": f"{COOKIE}=x; {good}",
        "quoted": good.replace("=", '="') + '"',
        "a key": f"{COOKIE}={ROOT}",
    }
    answer = await ask(keyed, "DELETE", "/v1/session", cookie=cookies["logged out"], sec_fetch_site="same-origin")
    assert answer.status_code == 204
    assert answer.headers["set-cookie"] == f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
    await ask(keyed, "DELETE", f"/v1/keys/{revoked['id']}", authorization=f"Bearer {ROOT}")
    await keyed.advance(IDLE_SECONDS - 1)
    assert (await ask(keyed, "GET", "/v1/runs", cookie=good)).status_code == 200
    await keyed.advance(1)
    assert (await ask(keyed, "GET", "/v1/runs", cookie=cookies.pop("good"))).status_code == 200
    for what, cookie in cookies.items():
        for method, path in (("GET", "/v1/runs"), ("GET", "/v1/session"), ("GET", "/metrics"), ("POST", "/v1/keys")):
            body = None if method == "GET" else {}
            assert same(await ask(keyed, method, path, body, cookie=cookie)) == nothing, what
    assert len(await keyed.store.sessions()) == 1, "what has ended is not kept"


async def test_a_session_ends_after_seven_days_however_it_is_used(keyed: Server) -> None:
    cookie = await log_in(keyed)
    for _ in range(MOST_SECONDS // 36_000):
        await keyed.advance(36_000)
        assert (await ask(keyed, "GET", "/v1/session", cookie=cookie)).status_code == 200
    await keyed.advance(MOST_SECONDS % 36_000)
    problem(await ask(keyed, "GET", "/v1/session", cookie=cookie), 401, "unauthorized")


async def test_other_servers_hear_at_once_that_one_was_used_after_long(keyed: Server) -> None:
    cookie = await log_in(keyed)
    await keyed.advance(IDLE_SECONDS - 1)
    assert (await ask(keyed, "GET", "/v1/session", cookie=cookie)).status_code == 200
    await keyed.settle()
    [stored] = await keyed.store.sessions()
    assert stored.used_at == keyed.clock.now()


async def test_it_outlives_a_restart_and_a_logout_does_too(keyed: Server) -> None:
    stays, ended = await log_in(keyed), await log_in(keyed)
    await ask(keyed, "DELETE", "/v1/session", cookie=ended, sec_fetch_site="same-origin")
    await keyed.advance(IDLE_SECONDS - 60)
    await ask(keyed, "GET", "/v1/session", cookie=stays)
    await keyed.restart()
    await keyed.advance(IDLE_SECONDS - 1)
    assert (await ask(keyed, "GET", "/v1/session", cookie=stays)).status_code == 200
    problem(await ask(keyed, "GET", "/v1/session", cookie=ended), 401, "unauthorized")


async def test_it_ends_with_the_root_key(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT) as server:
        cookie = await log_in(server)
    async with serve(api_key=ROOT + "-another") as server:
        problem(await ask(server, "GET", "/v1/session", cookie=cookie), 401, "unauthorized")


async def test_it_ends_with_the_secret_that_opened_it(keyed: Server) -> None:
    key = await make_key(keyed, "runs:read")
    bearer = {"authorization": f"Bearer {ROOT}"}
    old = await log_in(keyed, key["key"])
    rotated = (await ask(keyed, "POST", f"/v1/keys/{key['id']}/rotate", {"overlap_seconds": 60}, **bearer)).json()
    new = await log_in(keyed, rotated["key"])
    assert (await ask(keyed, "GET", "/v1/runs", cookie=old)).status_code == 200
    await keyed.advance(60)
    problem(await ask(keyed, "GET", "/v1/runs", cookie=old), 401, "unauthorized")
    assert (await ask(keyed, "GET", "/v1/runs", cookie=new)).status_code == 200


@pytest.mark.parametrize("how", ["log out", "revoke", "expire", "idle"])
async def test_its_streams_end_with_it(keyed: Server, how: str) -> None:
    key = await make_key(keyed, "runs:read", expires_at="2026-01-01T13:00:00Z")
    cookie, other = await log_in(keyed, key["key"]), await log_in(keyed)
    async with (
        keyed.stream("/v1/events", cookie=cookie) as stream,
        keyed.stream("/v1/events", cookie=other) as stays,
    ):
        assert (stream.status, stays.status) == (200, 200)
        await ask(keyed, "GET", "/v1/session", cookie=other)
        if how == "log out":
            await ask(keyed, "DELETE", "/v1/session", cookie=cookie, sec_fetch_site="same-origin")
        elif how == "revoke":
            await ask(keyed, "DELETE", f"/v1/keys/{key['id']}", authorization=f"Bearer {ROOT}")
        else:
            await keyed.advance(3600 * 6)
            await ask(keyed, "GET", "/v1/session", cookie=other)
            if how == "expire":
                await ask(keyed, "GET", "/v1/session", cookie=cookie)
            await keyed.advance(3600 * 6)
            if how == "expire":
                assert (await ask(keyed, "GET", "/v1/session", cookie=cookie)).status_code == 200
                await keyed.advance(3600)
        assert await stream.rest() == []
        body = {"name": "greet", "handler": {"kind": "worker"}}
        await keyed.post("/v1/job-types", body, status=201, authorization=f"Bearer {ROOT}")
        await keyed.post("/v1/job-types/greet/runs", {"payload": 1}, status=202, authorization=f"Bearer {ROOT}")
        assert (await stays.event()).event == "queued"


async def test_a_key_has_a_thousand_sessions_at_most(keyed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_OF_A_KEY", 3)
    key = await make_key(keyed, "runs:read")
    others = await log_in(keyed)
    cookies = []
    for _ in range(3):
        cookies.append(await log_in(keyed, key["key"]))
        await keyed.advance(1)
    assert (await ask(keyed, "GET", "/v1/runs", cookie=cookies[0])).status_code == 200
    await keyed.advance(1)
    cookies.append(await log_in(keyed, key["key"]))
    found = [(await ask(keyed, "GET", "/v1/runs", cookie=cookie)).status_code for cookie in (*cookies, others)]
    assert found == [200, 401, 200, 200, 200], "the one that was used longest ago has ended"


async def test_a_logout_that_could_not_be_stored_is_none(keyed: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = await log_in(keyed)

    async def fail(_: object) -> None:
        raise StoreUnavailable("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(keyed.store, "end_sessions", fail)
        answer = await ask(keyed, "DELETE", "/v1/session", cookie=cookie, sec_fetch_site="same-origin")
        problem(answer, 503, "store_unavailable")
        assert "set-cookie" not in answer.headers
    assert (await ask(keyed, "GET", "/v1/session", cookie=cookie)).status_code == 200
    answer = await ask(keyed, "DELETE", "/v1/session", cookie=cookie, sec_fetch_site="same-origin")
    assert answer.status_code == 204
    problem(await ask(keyed, "GET", "/v1/session", cookie=cookie), 401, "unauthorized")


# -- a server without keys


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0", ""])
async def test_a_name_that_was_made_to_point_here_is_refused(server: Server, host: str, method: str) -> None:
    """DNS rebinding: to the browser the page and the server are one site then."""
    for path in ("/v1/runs", "/v1/job-types", "/v1/session", "/v1/events", "/metrics", "/openapi.json", "/docs", "/no"):
        answer = await ask(server, method, path, host=host, sec_fetch_site="same-origin", origin=f"http://{host}")
        assert answer.status_code == 403
        if method == "HEAD":
            assert answer.content == b""
        else:
            problem(answer, 403, "host_refused")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "origin": "https://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "embed"},
    ],
)
async def test_another_site_reads_nothing(server: Server, headers: dict[str, str]) -> None:
    for path in ("/v1/runs", "/v1/runs/run_0000000000000", "/v1/events", "/metrics", "/openapi.json"):
        problem(await ask(server, "GET", path, **headers), 403, "cross_site")
        assert (await ask(server, "HEAD", path, **headers)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
    ],
)
async def test_a_link_leads_here(server: Server, headers: dict[str, str]) -> None:
    assert (await ask(server, "GET", "/v1/runs", **headers)).status_code == 200


@pytest.mark.parametrize(
    "header", ["forwarded", "x_forwarded_for", "x_forwarded_host", "x_forwarded_proto", "x_forwarded_server"]
)
@pytest.mark.parametrize("settings", [{}, {"trusted_proxies": "127.0.0.1"}])
async def test_behind_a_proxy_it_would_be_open_to_all(
    serve: Callable[..., Server], header: str, settings: dict[str, str]
) -> None:
    async with serve(**settings) as server:
        given = {header: "for=192.0.2.1"}
        for method, path in (("GET", "/v1/runs"), ("POST", "/v1/job-types"), ("GET", "/docs"), ("DELETE", "/no")):
            problem(await ask(server, method, path, **given), 403, "proxy_without_key")
        assert (await ask(server, "GET", "/healthz", **given)).status_code == 200


async def test_nobody_logs_in_where_there_is_no_key(server: Server) -> None:
    problem(await ask(server, "POST", "/v1/session", {"key": "x"}), 401, "unauthorized")
    shown = (await ask(server, "GET", "/v1/session", cookie=f"{COOKIE}=x")).json()
    assert (shown["id"], shown["scopes"], shown["expires_at"]) == ("anyone", ["admin"], None)
    assert (await ask(server, "DELETE", "/v1/session")).status_code == 204


# -- what is told of it


async def test_what_is_refused_is_told_once_each(keyed: Server) -> None:
    cookie = await log_in(keyed)
    for _ in range(7):
        await ask(keyed, "POST", "/v1/session", {"key": "x"})
    await ask(keyed, "POST", "/v1/session", {"key": "x"}, origin="null")
    for _ in range(2):
        await ask(keyed, "POST", "/v1/job-types/greet/runs", {"payload": 1}, cookie=cookie)
        await ask(keyed, "GET", "/v1/session", cookie=f"{COOKIE}=x")
    async with connected(keyed.app) as connection:
        body = b"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n" + b'{"payload":1}'
        connection.send(b"POST /v1/job-types/greet/runs HTTP/1.1\r\n" + body)
        assert (await connection.answer())[0] == 401
    await keyed.live(61)
    answer = await ask(keyed, "GET", "/v1/audit?action=request.refuse", authorization=f"Bearer {ROOT}")
    told = [(entry["actor"], entry["outcome"], entry["count"]) for entry in answer.json()["data"]]
    root = {"id": "root", "name": "JOBS_API_KEY"}
    counts: dict[tuple[str | None, str], int] = {}
    for actor, outcome, count in told:
        assert actor in (None, root)
        place = (None if actor is None else actor["id"], outcome)
        counts[place] = counts.get(place, 0) + count
    assert counts == {
        (None, "unauthorized"): 5 + 2 + 1,
        (None, "rate_limited"): 2,
        (None, "cross_site"): 1,
        ("root", "cross_site"): 2,
    }


async def test_strangers_are_told_too(server: Server) -> None:
    for path in ("/v1/runs", "/v1/job-types/greet/runs", "/docs", "/no"):
        await ask(server, "POST", path, {}, host="evil.example")
    await ask(server, "GET", "/v1/runs", x_forwarded_for="192.0.2.1")
    await server.live(61)
    entries = (await server.get("/v1/audit", action="request.refuse"))["data"]
    assert {(entry["outcome"], entry["count"]) for entry in entries} == {("host_refused", 4), ("proxy_without_key", 1)}
