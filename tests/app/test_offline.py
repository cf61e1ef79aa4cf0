"""Keys written in the database beside a running server, and by nobody's server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from blazy_jobs import ApiError, AsyncClient, Client
from blazy_jobs.cli.offline import Offline
from blazy_jobs.client.sync.keys import Keys

from blazy_jobs_server import offline
from blazy_jobs_server.domain.keys import Scope
from blazy_jobs_server.store import sqlite, visiting
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.trust.root_file import RootFile
from tests.app.clock import HandClock
from tests.app.server import Server
from tests.support.postgres import Postgres

SECONDS = 2
"""A change holds on every server within them."""


class Beside:
    """The command line's way."""

    def __init__(self, server: Server) -> None:
        url = server.settings.database_url
        self._ask = offline.keys(str(server.settings.data), None if url is None else url.get_secret_value())

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        content = orjson.dumps(body) if method == "POST" else None
        status, answer = await asyncio.to_thread(self._ask, method, f"/v1/keys{path}", content)
        assert status < 400, answer
        return answer

    async def create(self, *scopes: str) -> Any:
        return await self.ask("POST", "", name="made beside", scopes=list(scopes))


@pytest.fixture
def beside(server: Server) -> Beside:
    return Beside(server)


def bearer(key: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {key['key']}"}


async def test_the_first_key_closes_an_open_server(server: Server, beside: Beside) -> None:
    assert (await server.http.get("/v1/runs")).status_code == 200
    key = await beside.create(Scope.READ)
    await server.live(SECONDS)
    assert (await server.http.get("/v1/runs")).status_code == 401
    assert (await server.http.get("/v1/runs", headers=bearer(key))).status_code == 200


async def test_a_revoked_key_ends_what_is_under_way(server: Server, beside: Beside) -> None:
    await server.register()
    run = await server.dispatch()
    key = await beside.create(Scope.READ)
    await server.live(SECONDS)
    waiting = asyncio.create_task(server.http.get(f"/v1/runs/{run['id']}?wait_seconds=50", headers=bearer(key)))
    await server.settle()
    assert not waiting.done()
    await beside.ask("DELETE", f"/{key['id']}")
    await server.live(SECONDS)
    assert (await waiting).json()["state"] == "queued", "it ends, as it stands"
    assert (await server.http.get("/v1/runs", headers=bearer(key))).status_code == 401


async def test_the_audit_log_tells_of_it(server: Server, beside: Beside) -> None:
    key = await beside.create(Scope.ADMIN)
    other = await beside.create(Scope.READ)
    await beside.ask("POST", f"/{other['id']}/rotate", overlap_seconds=0)
    await beside.ask("DELETE", f"/{other['id']}")
    await server.live(SECONDS)
    entries = (await server.http.get("/v1/audit?actor=command", headers=bearer(key))).json()["data"]
    told = [(entry["action"], entry["target"]) for entry in reversed(entries)]
    assert told == [
        ("key.create", key["id"]),
        ("key.create", other["id"]),
        ("key.rotate", other["id"]),
        ("key.revoke", other["id"]),
    ]
    assert all(entry["actor"]["name"] and entry["address"] is None for entry in entries)


async def test_a_rotated_key_goes_on_with_the_new_secret_alone(server: Server, beside: Beside) -> None:
    key = await beside.create(Scope.READ)
    rotated = await beside.ask("POST", f"/{key['id']}/rotate", overlap_seconds=0)
    await server.live(SECONDS)
    assert (await server.http.get("/v1/runs", headers=bearer(key))).status_code == 401
    assert (await server.http.get("/v1/keys/self", headers=bearer(rotated))).json()["id"] == key["id"]


async def test_the_servers_own_writes_go_on(server: Server, beside: Beside) -> None:
    """Both write the file, each knows what the other wrote."""
    admin = await beside.create(Scope.ADMIN)
    await server.live(SECONDS)
    for number in range(3):
        made = await server.http.post(
            "/v1/keys", json={"name": f"{number}", "scopes": ["admin"]}, headers=bearer(admin)
        )
        assert made.status_code == 201
        await beside.ask("POST", f"/{made.json()['id']}/rotate", overlap_seconds=0)
        refused = await beside.ask("GET", "")
        assert len(refused["data"]) == number + 2
    await server.restart()
    assert (await server.http.get("/v1/keys", headers=bearer(admin))).status_code == 200


async def test_the_root_key_is_replaced_in_its_file(serve: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "root-key"

    def put(text: str) -> None:
        (tmp_path / "new").write_text(text)
        os.replace(tmp_path / "new", path)

    async def asked(key: str, **headers: str) -> int:
        server.http.cookies.clear()
        answer = await server.http.get("/v1/keys", headers={"authorization": f"Bearer {key}"} | headers)
        return answer.status_code

    old, new = "the-old-root-key-of-a-file", "the-new-root-key-of-a-file"
    put(old)
    async with serve(api_key_file=path) as server:
        server.access.root_file = RootFile(path, lambda text: len(text) > 8)
        assert (await asked(old), await asked(new)) == (200, 401)
        put("short")
        await server.live(SECONDS)
        assert (await asked(old), await asked("short")) == (200, 401), "what cannot be one changes nothing"
        path.unlink()
        await server.live(SECONDS)
        assert await asked(old) == 200
        async with server.stream("/v1/events", authorization=f"Bearer {old}") as stream:
            put(f"{new}\n")
            await server.live(SECONDS)
            assert (await asked(old), await asked(new)) == (401, 200)
            assert [block.fields for block in await stream.rest() if "data" in block.fields] == [], "it has ended"


async def test_the_asynchronous_client_has_them(serve: Callable[..., Server]) -> None:
    async with serve(api_key="a-root-key-of-some-length") as server:
        transport = httpx.ASGITransport(app=server.app)
        async with AsyncClient("http://127.0.0.1", api_key="a-root-key-of-some-length", transport=transport) as root:
            assert (await root.keys.own())["id"] == "root"
            made = await root.keys.create("ci", ["runs:read", "workers"], job_types=["mail-*"], expires_at=None)
            async with AsyncClient("http://127.0.0.1", api_key=made["key"], transport=transport) as client:
                own = await client.keys.own()
                assert own == {name: made[name] for name in ("id", "name", "scopes", "job_types", "queues")}  # type: ignore[literal-required]
                with pytest.raises(ApiError, match="forbidden"):
                    await client.keys.create("more", ["admin"])
            rotated = await root.keys.rotate(made["id"], overlap=60)
            assert (rotated["id"], rotated["key"] != made["key"]) == (made["id"], True)
            with pytest.raises(ApiError, match="rotation_pending"):
                await root.keys.rotate(made["id"])
            await root.keys.revoke(made["id"])
            told = [entry["action"] async for entry in root.audit.list(target=made["id"])]
            assert told == ["key.revoke", "key.rotate", "key.create"]
            for number in range(60):
                await root.keys.create(f"{number}", ["metrics"])
            listed = [key async for key in root.keys.list()]
            assert len(listed) == 61
            assert [key["id"] for key in listed if key["revoked_at"]] == [made["id"]]
            with pytest.raises(ApiError, match="key_not_found"):
                await root.keys.revoke("0000000000")


def test_the_synchronous_client_has_them(tmp_path: Path) -> None:
    keys = Keys(Offline(str(tmp_path / "data"), None))
    made = keys.create("ci", ["runs:read"], rate_limit={"limit": 5, "per_seconds": 1})
    rotated = keys.rotate(made["id"], overlap=60)
    assert rotated["previous_until"] is not None
    keys.revoke(made["id"])
    [listed] = keys.list()
    assert "key" not in listed
    assert listed["revoked_at"] is not None
    with pytest.raises(ApiError, match="key_ended"):
        keys.rotate(made["id"])
    with pytest.raises(ValueError, match="scopes"):
        keys.create("ci", "admin")  # type: ignore[arg-type]
    with Client("http://127.0.0.1:1") as client:
        assert isinstance(client.keys, Keys)


def test_they_wait_for_no_restore(tmp_path: Path) -> None:
    ask = offline.keys(str(tmp_path), None)
    with visiting.no_visitors(tmp_path / "jobs.db"), pytest.raises(OSError, match="being restored"):
        ask("GET", "/v1/keys", None)


def test_an_older_file_is_not_migrated_under_whoever_owns_it(tmp_path: Path) -> None:
    """The owner may be a server of that version."""
    ask = offline.keys(str(tmp_path), None)
    with sqlite.hold(tmp_path / "jobs.db"), pytest.raises(OSError, match="in use"):
        ask("GET", "/v1/keys", None)
    assert ask("GET", "/v1/keys", None) == (200, {"data": [], "next_cursor": None})


@pytest.mark.system
async def test_an_empty_postgres_database_gets_its_tables_and_first_key(postgres: Postgres, clock: HandClock) -> None:
    url = postgres.url(postgres.new_database())
    ask = offline.keys(None, url)
    status, made = await asyncio.to_thread(ask, "POST", "/v1/keys", b'{"name": "admin", "scopes": ["admin"]}')
    assert status == 201
    async with Server(Path("unused"), clock, database_url=url) as server:
        assert (await server.http.get("/v1/keys", headers=bearer(made))).status_code == 200
        assert (await server.http.get("/v1/keys")).status_code == 401


def test_a_database_that_is_away_is_told_without_its_password() -> None:
    ask = offline.keys(None, "postgresql://jobs:secret@127.0.0.1:1/jobs")
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1") as told:
        ask("GET", "/v1/keys", None)
    assert "secret" not in str(told.value)
    with pytest.raises(DatabaseUnusable), visiting.visit(Path("/proc/none/jobs.db")):
        pass
