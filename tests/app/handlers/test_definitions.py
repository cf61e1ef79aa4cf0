"""HTTP handlers over the API: who may write one, what is shown of it, and the secret that signs for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.app.clock import HandClock
from tests.app.handlers.receiver import Receiver
from tests.app.server import Server, paths, problem

ROOT = "a-root-key-of-some-length"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


def handler(url: str, **fields: Any) -> Any:
    return {"kind": "http", "url": url} | fields


async def put(server: Server, name: str, **fields: Any) -> httpx.Response:
    return await server.http.put(f"/v1/job-types/{name}", json={"handler": handler(**fields)})


async def test_a_secret_is_shown_when_it_is_made_and_never_again(server: Server, app: Receiver) -> None:
    body = {"name": "mail", "handler": handler(app.url, headers={"X-Key": "swordfish"})}
    answer = await server.http.post("/v1/job-types", json=body)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert SECRET.fullmatch(made["secret"])
    shown = {"kind": "http", "url": app.url, "headers": {"X-Key": "***"}, "completion": "response"}
    assert made["handler"] == shown | {"heartbeat_seconds": None}
    for again in (
        await server.http.get("/v1/job-types/mail"),
        await put(server, "mail", url=app.url, headers={"X-Key": "***"}),
        await server.http.patch("/v1/job-types/mail", json={"description": "x"}),
        await server.http.get("/v1/job-types"),
    ):
        assert again.status_code == 200
        assert "secret" not in again.text
        assert "swordfish" not in again.text
        assert "cache-control" not in again.headers


async def test_a_secret_that_a_replacement_makes_is_shown_with_200(server: Server, app: Receiver) -> None:
    await server.register("mail")
    answer = await put(server, "mail", url=app.url)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert SECRET.fullmatch(answer.json()["secret"])
    back = await server.http.put("/v1/job-types/mail", json={"handler": {"kind": "worker"}})
    assert back.json()["handler"] == {"kind": "worker"}
    assert "secret" not in (await put(server, "mail", url=app.url)).json()


async def test_what_is_unchanged_makes_no_version(server: Server, app: Receiver) -> None:
    first = (await put(server, "mail", url=app.url, headers={"A": "1", "B": "2"})).json()
    same = (await put(server, "mail", url=app.url, headers={"a": "***", "B": "2"})).json()
    assert same["version"] == first["version"] + 1  # the name is spelt otherwise
    kept = (await put(server, "mail", url=app.url, headers={"a": "***", "B": "***"})).json()
    assert kept["version"] == same["version"]
    said = (await put(server, "mail", url=app.url, headers={"a": "1", "B": "2"})).json()
    assert said["version"] == same["version"]
    other = (await put(server, "mail", url=app.url, headers={"a": "1", "B": "3"})).json()
    assert other["version"] == same["version"] + 1


async def test_a_patch_keeps_what_it_leaves_out(server: Server, app: Receiver) -> None:
    await put(server, "mail", url=app.url, headers={"A": "1"}, completion="report", heartbeat_seconds=5)
    answer = await server.http.patch("/v1/job-types/mail", json={"handler": handler(f"{app.url}/more")})
    changed = answer.json()["handler"]
    assert (changed["headers"], changed["completion"], changed["heartbeat_seconds"]) == ({"A": "***"}, "report", 5)
    await server.http.patch("/v1/job-types/mail", json={"handler": handler(app.url, completion="response")})
    await server.dispatch("mail")
    assert (await app.called()).headers["a"] == "1"


async def test_another_origin_needs_the_headers_again(server: Server, app: Receiver) -> None:
    await put(server, "mail", url=app.url, headers={"A": "1"})
    elsewhere = f"http://127.0.0.1:{app.port - 1}/jobs"
    for answer in (
        await put(server, "mail", url=elsewhere, headers={"A": "***"}),
        await put(server, "mail", url=elsewhere),
        await server.http.patch("/v1/job-types/mail", json={"handler": handler(elsewhere)}),
        await put(server, "other", url=app.url, headers={"A": "***"}),
        await put(server, "mail", url=app.url, headers={"A": "***", "B": "***"}),
    ):
        problem(answer, 422, "headers_required")
    assert paths(answer.json()) == ["/handler/headers/B"]
    assert (await put(server, "mail", url=elsewhere, headers={"A": "2"})).status_code == 200
    assert (await put(server, "mail", url=app.url, headers={})).json()["handler"]["headers"] == {}
    assert (await put(server, "mail", url=elsewhere)).status_code == 200  # it has none to lose
    await put(server, "mail", url=elsewhere, headers={"A": "1"})
    assert (await put(server, "mail", url=elsewhere)).json()["handler"]["headers"] == {}


@pytest.mark.parametrize(
    ("url", "code", "path"),
    [
        ("http://10.0.0.1/", "blocked_destination", "/handler/url"),
        ("http://169.254.169.254/latest", "blocked_destination", "/handler/url"),
        ("https://[::1]/", "blocked_destination", "/handler/url"),
        ("ftp://127.0.0.1/", "invalid_request", "/handler/url"),
        ("http://me:pw@127.0.0.1/", "invalid_request", "/handler/url"),
        ("http://127.0.0.1/#top", "invalid_request", "/handler/url"),
    ],
)
async def test_where_the_server_does_not_go_is_refused(server: Server, url: str, code: str, path: str) -> None:
    answer = await put(server, "mail", url=url)
    assert paths(problem(answer, 422, code)) == [path]
    assert "169.254" not in answer.text
    assert (await server.http.get("/v1/job-types/mail")).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "x"},
        {"content-type": "x"},
        {"Webhook-Id": "x"},
        {"Proxy-Authorization": "x"},
        {"Connection": "x"},
        {"bad name": "x"},
        {"A": "one\r\nB: two"},
        {"A": "nul\0"},
        {"A": "1", "a": "2"},
        {f"H{n}": "x" for n in range(21)},
    ],
)
async def test_headers_that_cannot_be_are_refused(server: Server, app: Receiver, headers: dict[str, str]) -> None:
    answer = await put(server, "mail", url=app.url, headers=headers)
    assert answer.status_code in (400, 422)
    assert (await server.http.get("/v1/job-types/mail")).status_code == 404


async def test_a_handler_is_an_admins_to_write(serve: Callable[..., Server], app: Receiver) -> None:
    async with serve(http_allow="127.0.0.0/8", api_key=ROOT) as server:
        admin = {"authorization": f"Bearer {ROOT}"}
        made = await server.http.post("/v1/keys", json={"name": "c", "scopes": ["config"]}, headers=admin)
        config = {"authorization": f"Bearer {made.json()['key']}"}
        body = {"name": "mail", "handler": handler(app.url)}
        refused = await server.http.post("/v1/job-types", json=body, headers=config)
        assert "admin" in problem(refused, 403, "forbidden")["detail"]
        assert (await server.http.post("/v1/job-types", json=body, headers=admin)).status_code == 201
        for method, path, asked in (
            ("PUT", "/v1/job-types/mail", {"handler": handler(app.url)}),
            ("PATCH", "/v1/job-types/mail", {"handler": handler(app.url)}),
            ("POST", "/v1/job-types/mail/secret/rotate", {}),
            ("DELETE", "/v1/job-types/mail/secret/previous", None),
        ):
            answer = await server.http.request(method, path, json=asked, headers=config)
            assert "admin" in problem(answer, 403, "forbidden")["detail"]
        other = await server.http.patch("/v1/job-types/mail", json={"priority": 5}, headers=config)
        assert (other.status_code, other.json()["priority"]) == (200, 5)


async def test_a_worker_cannot_declare_one_without_admin(serve: Callable[..., Server], app: Receiver) -> None:
    async with serve(http_allow="127.0.0.0/8", api_key=ROOT) as server:
        admin = {"authorization": f"Bearer {ROOT}"}
        made = await server.http.post("/v1/keys", json={"name": "w", "scopes": ["workers"]}, headers=admin)
        worker = {"authorization": f"Bearer {made.json()['key']}"}
        job_types = [{"name": "mail", "handler": handler(app.url)}, {"name": "own", "handler": {"kind": "worker"}}]
        body = {"name": "w", "job_types": ["own"], "declares": {"app": "shop", "job_types": job_types}}
        answer = await server.http.post("/v1/workers", json=body, headers=worker)
        assert answer.status_code == 201
        assert answer.json()["conflicts"] == [{"kind": "job_type", "name": "mail", "reason": "needs_admin"}]
        assert (await server.http.get("/v1/job-types/mail", headers=admin)).status_code == 404
        assert (await server.http.get("/v1/job-types/own", headers=admin)).status_code == 200
        answer = await server.http.post("/v1/workers", json=body, headers=admin)
        assert answer.json()["conflicts"] == []
        declared = (await server.http.get("/v1/job-types/mail", headers=admin)).json()
        assert (declared["source"], declared["handler"]["url"]) == ("code", app.url)
        job_types[0]["handler"] = handler(app.url, headers={"A": "1"})
        problem(await server.http.post("/v1/workers", json=body, headers=admin), 422, "not_supported")


async def test_a_rotation_has_two_secrets_until_it_is_over(server: Server, app: Receiver, clock: HandClock) -> None:
    first = (await put(server, "mail", url=app.url)).json()["secret"]
    answer = await server.http.post("/v1/job-types/mail/secret/rotate", json={"overlap_seconds": 60})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    second = answer.json()["secret"]
    assert SECRET.fullmatch(second)
    assert second != first
    assert answer.json()["previous_until"] is not None
    await server.dispatch("mail")
    assert len((await app.called()).headers["webhook-signature"].split(" ")) == 2
    pending = await server.http.post("/v1/job-types/mail/secret/rotate", json={"overlap_seconds": 60})
    problem(pending, 409, "rotation_pending")
    for _ in range(2):
        assert (await server.http.delete("/v1/job-types/mail/secret/previous")).status_code == 204
    await server.dispatch("mail")
    assert len((await app.called(2)).headers["webhook-signature"].split(" ")) == 1
    again = await server.http.post("/v1/job-types/mail/secret/rotate")
    assert again.status_code == 200
    clock.move(86_401)
    await server.dispatch("mail")
    assert len((await app.called(3)).headers["webhook-signature"].split(" ")) == 1
    assert (await server.get("/v1/job-types/mail"))["version"] == 1


async def test_a_job_type_without_a_secret_has_none_to_rotate(server: Server) -> None:
    problem(await server.http.post("/v1/job-types/none/secret/rotate"), 404, "job_type_not_found")
    await server.register("mail")
    problem(await server.http.post("/v1/job-types/mail/secret/rotate"), 404, "secret_not_found")
    problem(await server.http.delete("/v1/job-types/mail/secret/previous"), 404, "secret_not_found")


async def test_nothing_secret_is_on_the_disk(server: Server, app: Receiver) -> None:
    secret = (await put(server, "mail", url=app.url, headers={"Authorization": "Bearer swordfish"})).json()["secret"]
    await server.http.post("/v1/job-types/mail/secret/rotate")
    await server.dispatch("mail")
    token = (await app.called()).json["report"]["token"]
    await server.restart()
    for file in server.settings.data.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        for text in ("swordfish", secret, secret.removeprefix("whsec_"), token):
            assert text.encode() not in content, file
    await server.dispatch("mail")
    call = await app.called(2)
    assert call.headers["authorization"] == "Bearer swordfish"


async def test_a_retired_name_has_another_secret(server: Server, app: Receiver) -> None:
    first = (await put(server, "mail", url=app.url)).json()["secret"]
    assert (await server.http.delete("/v1/job-types/mail")).status_code == 204
    assert (await put(server, "mail", url=app.url)).json()["secret"] != first
