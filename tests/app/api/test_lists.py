"""Pages, cursors and limits, the same on every list."""

from __future__ import annotations

import pytest

from tests.app.server import Server, paths, problem

LISTS = ["/v1/runs", "/v1/job-types", "/v1/queues", "/v1/workers"]


@pytest.mark.parametrize("path", LISTS)
async def test_an_empty_list(server: Server, path: str) -> None:
    assert await server.get(path) == {"data": [], "next_cursor": None}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", ""])
async def test_a_bad_limit_is_refused(server: Server, path: str, limit: str) -> None:
    assert paths(problem(await server.http.get(path, params={"limit": limit}), 422, "invalid_request")) == ["/limit"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["", "x", "0", "zzzzzzzzzzzzz", "run_0000000000000", "../../etc", "é"])
async def test_a_bad_cursor_is_refused(server: Server, path: str, cursor: str) -> None:
    problem(await server.http.get(path, params={"cursor": cursor}), 422, "invalid_cursor")


async def fill(server: Server, path: str, n: int) -> list[str]:
    """Makes n things and answers their names or ids, newest first."""
    made = []
    if path == "/v1/runs":
        await server.register()
    for i in range(n):
        await server.advance(0.001)
        if path == "/v1/runs":
            made.append((await server.dispatch())["id"])
        elif path == "/v1/job-types":
            made.append((await server.register(f"job-{(7 * i) % n}"))["name"])
        elif path == "/v1/workers":
            made.append((await server.worker(name=f"w{i}")).id)
        else:
            await server.http.put(f"/v1/queues/q{i:03}", json={})
            made.append(f"q{i:03}")
    return made[::-1]


@pytest.mark.parametrize("path", LISTS)
async def test_pages_follow_each_other_newest_first(server: Server, path: str) -> None:
    made = await fill(server, path, 12)
    key = "name" if path in ("/v1/job-types", "/v1/queues") else "id"
    for limit in (1, 5, 12, 200):
        found: list[str] = []
        cursor = None
        pages = 0
        while True:
            page = await server.get(path, limit=limit, **({"cursor": cursor} if cursor else {}))
            assert set(page) == {"data", "next_cursor"}
            found += [entry[key] for entry in page["data"]]
            pages += 1
            cursor = page["next_cursor"]
            if cursor is None:
                break
            assert len(page["data"]) == limit
        assert found == made
        assert pages == -(-12 // limit)


async def test_the_limit_is_50_unless_said(server: Server) -> None:
    await server.register()
    items = [{"job_type": "greet", "payload": i} for i in range(201)]
    await server.post("/v1/runs/batch", {"runs": items})
    assert len((await server.get("/v1/runs"))["data"]) == 50
    page = await server.get("/v1/runs", limit=200)
    assert [run["payload"] for run in page["data"]] == list(range(200, 0, -1))
    rest = await server.get("/v1/runs", limit=200, cursor=page["next_cursor"])
    assert ([run["payload"] for run in rest["data"]], rest["next_cursor"]) == ([0], None)


async def test_what_is_made_meanwhile_does_not_move_the_pages(server: Server) -> None:
    await server.register()
    old = [(await server.dispatch())["id"] for _ in range(4)]
    page = await server.get("/v1/runs", limit=2)
    await server.dispatch()
    rest = await server.get("/v1/runs", limit=2, cursor=page["next_cursor"])
    assert [run["id"] for run in page["data"] + rest["data"]] == old[::-1]


@pytest.mark.parametrize("path", ["/v1/job-types", "/v1/queues"])
async def test_a_cursor_outlives_the_thing_that_it_stands_at(server: Server, path: str) -> None:
    made = await fill(server, "/v1/job-types", 3)
    page = await server.get("/v1/job-types", limit=1)
    assert (await server.http.delete(f"/v1/job-types/{made[0]}")).status_code == 204
    rest = await server.get("/v1/job-types", cursor=page["next_cursor"])
    assert [job_type["name"] for job_type in rest["data"]] == made[1:]


async def test_a_page_ends_early_at_4_mib(server: Server) -> None:
    await server.register()
    payload = "x" * 1_000_000
    for _ in range(6):
        await server.dispatch(payload=payload)
    sizes = []
    cursor = None
    while True:
        page = await server.get("/v1/runs", **({"cursor": cursor} if cursor else {}))
        sizes.append(len(page["data"]))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sum(sizes) == 6
    assert sizes[0] in (4, 5)


async def test_a_page_of_events_ends_early_at_4_mib(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    from tests.app.server import item

    text = {"text": "x" * 16_000}
    for _ in range(3):
        await worker.call([item(lease, "log", level="info", message="m", fields=text) for _ in range(100)])
        await server.advance(1)
    await worker.complete(lease)
    first = await server.http.get(f"/v1/runs/{run['id']}/events?limit=200", headers={"accept": "application/json"})
    assert len(first.content) < 4.5 * 1024 * 1024
    assert await server.types(run) == ["queued", "started", *["log"] * 300, "completed"]
