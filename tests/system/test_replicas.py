"""Three real servers on one real PostgreSQL database, through the ends of all of them."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest

from tests.support.anywhere import Anywhere, Wanderer
from tests.support.postgres import Postgres
from tests.support.server import Server, ServerFailed, wait_until
from tests.support.speed import stretched
from tests.system.test_schedules import runs_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

GOOD = "tests.system.jobs.good"
LEASE_SECONDS = 3.0
BACK_SECONDS = 5.0
FINISHED = ("completed", "failed", "cancelled")
MakeServers = Callable[..., list[Server]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """One that is stopped and killed: what it has said to be committed must be."""
    cluster = Postgres(settings=("synchronous_commit=on",))
    yield cluster
    cluster.close()


@pytest.fixture
def replicas(cluster: Postgres, serve: Callable[..., Server]) -> Iterator[MakeServers]:
    """Makes servers on one empty database."""
    url = cluster.url(cluster.new_database())
    env = {
        "JOBS_DATABASE_URL": url,
        "JOBS_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
        "JOBS_STOP_GRACE_SECONDS": "1",
        "JOBS_DRAIN_SECONDS": "3",
    }

    def make(number: int = 3, *, workers: int = 1, arguments: tuple[str, ...] = (), **more: str) -> list[Server]:
        return [serve(GOOD, workers=workers, env=env | more, arguments=arguments) for _ in range(number)]

    yield make
    if cluster.process.poll() is not None:
        cluster.start()


def urls(servers: list[Server]) -> list[str]:
    return [server.url for server in servers]


class Load:
    """Clients that dispatch one run after the other, each under a key, until told to stop; `made` are the answers."""

    def __init__(self, servers: list[Server], clients: int = 4, patience_seconds: float = 10.0) -> None:
        self._clients = [Anywhere(random.sample(urls(servers), len(servers)), patience_seconds) for _ in range(clients)]
        self._stopping = False
        self.made: dict[str, str] = {}
        self.answered_at: list[float] = []

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.create_task(self._dispatch(client)) for client in self._clients]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        try:
            await asyncio.gather(*self._tasks)
        finally:
            for client in self._clients:
                client.close()

    @property
    def again(self) -> int:
        return sum(client.again for client in self._clients)

    async def _dispatch(self, client: Anywhere) -> None:
        while not self._stopping:
            key = uuid.uuid4().hex
            body = {"payload": {"n": 1, "seconds": random.choice([0.0, 0.05, 0.2])}, "tags": [key]}
            path = f"/v1/job-types/{random.choice(['good-async', 'good-sync'])}/runs"
            answer = await client.ask("POST", path, body, {"Idempotency-Key": key})
            assert answer.status in (200, 202), answer.body
            self.made[key] = answer.json()["id"]
            self.answered_at.append(time.monotonic())
            await asyncio.sleep(0.05)

    async def goes_on(self, since: float) -> float:
        """Seconds from then to the first answer after it."""
        async with asyncio.timeout(stretched(60)):
            while not self.answered_at or self.answered_at[-1] < since:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return min(at for at in self.answered_at if at >= since) - since


async def all_runs(client: Anywhere) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        page = (await client.ask("GET", f"/v1/runs?limit=200{cursor}")).json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def ended(servers: list[Server], load: Load | None = None, timeout: float = 45.0) -> list[Any]:
    """All runs, once they have ended: of the load each that was acknowledged, and each key's once."""
    client = Anywhere(urls(servers))
    try:
        async with asyncio.timeout(stretched(timeout)):
            unfinished = "/v1/runs?state=queued&state=running&state=retrying&state=scheduled&limit=200"
            while (await client.ask("GET", unfinished)).json()["data"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        runs = await all_runs(client)
    finally:
        client.close()
    if load is not None:
        known = {run["id"] for run in runs}
        assert set(load.made.values()) <= known, "what was acknowledged is there"
        keys = Counter(run["tags"][0] for run in runs)
        assert max(keys.values()) == 1, "each key made one run"
        assert {run["state"] for run in runs} == {"completed"}
    return runs


def on(server: Server, method: str, path: str, body: Any = None) -> Any:
    with server.client() as client:
        answer = client.request(method, path, json=body)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json()


# -- the data folder


def test_a_data_folder_is_one_servers_whose_workers_it_keeps(
    replicas: MakeServers, serve: Callable[..., Server]
) -> None:
    [first] = replicas(1)
    second = serve(GOOD, env=first.env, data=first.data, start=False)
    second.log = first.data.parent / "second.log"
    with pytest.raises(
        ServerFailed, match=rf"(?s)exit code 1 .*in use by another server \(process {first.pid}\)"
    ) as refused:
        second.start()
    assert "Traceback" not in str(refused.value)
    for process in first.controls():
        process.kill()
    run = on(first, "POST", "/v1/job-types/good-async/runs", {"payload": {"n": 1, "seconds": 0}})["id"]
    assert on(first, "GET", f"/v1/runs/{run}?wait_seconds=20")["state"] == "completed"
    first.restart()  # a killed server holds it no more, although its workers live on


# -- schedules


def test_each_time_of_a_schedule_makes_one_run_whichever_servers_are_killed(replicas: MakeServers) -> None:
    """Nine schedules a second for five seconds."""
    servers = replicas()
    names = [f"s{n}" for n in range(9)]
    for n, name in enumerate(names):
        body = {"name": name, "job_type": "good-async", "payload": {"n": n}, "catch_up": "all"}
        on(servers[n % 3], "POST", "/v1/schedules", body | {"trigger": {"kind": "interval", "every_seconds": 1}})
    until, kills = time.monotonic() + 6, 0
    while time.monotonic() < until:
        time.sleep(random.uniform(0.2, 0.8))
        random.choice(servers).restart()
        kills += 1
    for n, name in enumerate(names):
        on(servers[n % 3], "POST", f"/v1/schedules/{name}/pause")
    total = 0
    with servers[0].client() as client:
        for name in names:
            times = runs_of(client, name)
            known = client.get(f"/v1/schedules/{name}").json()
            first = datetime.fromisoformat(known["created_at"]) + timedelta(seconds=1)
            assert times == [first + timedelta(seconds=n) for n in range(len(times))], name
            assert (known["missed"], datetime.fromisoformat(known["last_fire_at"])) == (0, times[-1])
            assert len(times) >= 5
            total += len(times)
    print(f"{total} times of {len(names)} schedules through {kills} kills: one run each, none missing")


# -- cancelling and streams


def test_a_cancel_on_one_reaches_the_handler_of_another_within_a_second(replicas: MakeServers) -> None:
    [worker] = replicas(1)
    [api] = replicas(1, workers=0)
    took = []
    for _ in range(3):
        run = on(api, "POST", "/v1/job-types/wait-async/runs", {"payload": {"seconds": 100}})["id"]
        wait_until(lambda run=run: on(api, "GET", f"/v1/runs/{run}")["progress"], "it has begun")  # type: ignore[misc]
        began = time.monotonic()
        on(api, "POST", f"/v1/runs/{run}/cancel")
        assert on(api, "GET", f"/v1/runs/{run}?wait_seconds=20")["state"] == "cancelled"
        took.append(time.monotonic() - began)
    print(f"cancelled after {', '.join(f'{seconds * 1000:.0f}' for seconds in took)} ms")
    assert sorted(took)[1] < stretched(1)
    assert worker.running


async def test_a_run_stream_is_whole_for_who_goes_on_at_another_server(replicas: MakeServers) -> None:
    [worker] = replicas(1)
    others = replicas(2, workers=0)
    path, lines = "/v1/job-types/talkative/runs", round(stretched(4) / 0.1)
    run = on(others[0], "POST", path, {"payload": {"lines": lines, "seconds": 0.1}})["id"]
    reader = Wanderer(urls(others), f"/v1/runs/{run}/events")
    reading = asyncio.create_task(reader.run())
    restarted = cycle(others)  # the reader goes to the one that is restarted next
    while not reading.done():
        await asyncio.sleep(random.uniform(0.2, 0.5))
        await asyncio.to_thread(next(restarted).restart)
    seen = await reading
    numbers = [event["seq"] for event in seen.events]
    stored = on(worker, "GET", f"/v1/runs/{run}")
    print(f"{len(numbers)} events over {seen.connections} connections")
    assert (seen.ended, seen.problem, stored["state"]) == ("204", "", "completed")
    assert numbers == list(range(1, len(numbers) + 1))
    assert seen.events[-1]["type"] == "completed"
    assert len(numbers) == lines + 3
    assert seen.connections > 2


# -- servers that end


async def test_what_a_killed_server_and_its_pool_had_in_hand_goes_on_elsewhere_at_no_loss(
    replicas: MakeServers,
) -> None:
    [doomed] = replicas(1)
    mine = {worker["id"] for worker in on(doomed, "GET", "/v1/workers")["data"]}
    others = replicas(2)
    for n in range(30):
        on([doomed, *others][n % 3], "POST", "/v1/job-types/good-async/runs", {"payload": {"n": n, "seconds": 2}})
    running = on(others[0], "GET", "/v1/runs?state=running&limit=200")["data"]
    held = [run["id"] for run in running if run["worker_id"] in mine]
    doomed.close()
    runs = await ended(others)
    print(f"{len(held)} runs were in its hand")
    assert held
    assert Counter(run["state"] for run in runs) == {"completed": 30}
    assert {run["losses"] for run in runs} == {0}
    assert {run["attempt"] for run in runs} == {1}


async def test_a_rolling_restart_under_load_fails_no_request_and_loses_no_run(replicas: MakeServers) -> None:
    servers = replicas()
    async with Load(servers) as load:
        for server in servers:
            await asyncio.sleep(0.5)
            assert await asyncio.to_thread(server.stop) == 0
            await asyncio.to_thread(server.start)
        await asyncio.sleep(0.5)
    runs = await ended(servers, load)
    print(f"{len(load.made)} dispatched, {load.again} requests sent again, {len(runs)} runs")
    assert len(runs) == len(load.made)
    assert {run["losses"] for run in runs} == {0}
    assert len(runs) > 50


def test_roles_share_the_work(replicas: MakeServers) -> None:
    [api] = replicas(1, arguments=("--role", "api"))
    assert api.controls() == []
    [worker] = replicas(1, arguments=("--role", "worker"))
    run = on(api, "POST", "/v1/job-types/good-async/runs", {"payload": {"n": 1}})["id"]
    assert on(api, "GET", f"/v1/runs/{run}?wait_seconds=20")["state"] == "completed"
    with worker.client() as client:
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert client.get(f"/v1/runs/{run}").status_code == 404
        assert client.post("/v1/job-types/good-async/runs", json={"payload": {"n": 1}}).status_code == 404


# -- the database that ends


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_all_go_on_by_themselves_after_a_restart_of_the_database(
    cluster: Postgres, replicas: MakeServers, how: signal.Signals
) -> None:
    servers = replicas()
    took = []
    async with Load(servers, patience_seconds=60) as load:
        for _ in range(2):
            await asyncio.sleep(1)
            await asyncio.to_thread(cluster.stop, how)
            await asyncio.sleep(random.uniform(0, 1))
            await asyncio.to_thread(cluster.start)
            took.append([await load.goes_on(time.monotonic()), *await answering(servers)])
    runs = await ended(servers, load)
    print(f"{how.name}: {load.again} sent again, {len(runs)} runs; the first answer and each server's after {took} s")
    assert max(max(seconds) for seconds in took) < stretched(BACK_SECONDS)
    assert {run["losses"] for run in runs} == {0}


async def answering(servers: list[Server]) -> list[float]:
    """Seconds until each of them has made a run."""
    began = time.monotonic()

    async def one(server: Server) -> float:
        client = Anywhere([server.url], patience_seconds=60)
        key = uuid.uuid4().hex
        body = {"payload": {"n": 1}, "tags": [key]}
        await client.ask("POST", "/v1/job-types/good-async/runs", body, {"Idempotency-Key": key})
        client.close()
        return round(time.monotonic() - began, 3)

    return await asyncio.gather(*(one(server) for server in servers))


async def test_an_outage_longer_than_a_lease_is_nobodys_loss(cluster: Postgres, replicas: MakeServers) -> None:
    servers = replicas()
    for n in range(30):
        on(
            servers[n % 3],
            "POST",
            "/v1/job-types/good-async/runs",
            {"payload": {"n": n, "seconds": 1.5 * LEASE_SECONDS}},
        )
    cluster.stop(signal.SIGINT)
    await asyncio.sleep(1.5 * LEASE_SECONDS)
    cluster.start()
    await answering(servers)
    runs = await ended(servers)
    assert Counter(run["state"] for run in runs) == {"completed": 33}
    assert {run["losses"] for run in runs} == {0}


@pytest.mark.parametrize("how", ["terminated", "killed"])
async def test_backends_that_end_at_any_moment_cost_no_run(cluster: Postgres, replicas: MakeServers, how: str) -> None:
    """A killed one makes PostgreSQL end all others and recover."""
    servers = replicas()
    ends = 0
    async with Load(servers, patience_seconds=60) as load:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            await asyncio.sleep(random.uniform(0.02, 0.2) if how == "terminated" else random.uniform(0.8, 1.5))
            ends += await asyncio.to_thread(_end_a_backend, cluster, how)
        took = await answering(servers)
    runs = await ended(servers, load)
    print(f"{ends} backends {how}: {load.again} sent again, {len(runs)} runs; answering after {took} s")
    assert ends > 1
    assert max(took) < stretched(BACK_SECONDS)


def _end_a_backend(cluster: Postgres, how: str) -> bool:
    pids = backends(cluster)
    if not pids:
        return False
    victim = random.choice(pids)
    if how == "terminated":
        cluster.psql(f"SELECT pg_terminate_backend({victim})")
    else:
        os.kill(victim, signal.SIGKILL)
    return True


def backends(cluster: Postgres) -> list[int]:
    """Those that serve servers; none while the database is away."""
    try:
        rows = cluster.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'blazy-jobs'")
    except Exception:  # noqa: BLE001  # it recovers
        return []
    return [int(row) for row in rows.split()]


async def test_no_server_stays_wedged_on_connections_that_froze(cluster: Postgres, replicas: MakeServers) -> None:
    """All at one moment, idle or at work, for longer than a lease, which is longer than an answer is waited for."""
    servers = replicas(JOBS_LEASE_SECONDS="6")
    async with Load(servers, patience_seconds=60) as load:
        await asyncio.sleep(1)
        frozen = backends(cluster)
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(8)
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        took = await answering(servers)
    runs = await ended(servers, load)
    print(f"{len(frozen)} frozen: {load.again} sent again, {len(runs)} runs; answering {took} s after the thaw")
    assert max(took) < stretched(BACK_SECONDS)
    assert {run["losses"] for run in runs} == {0}


async def test_idle_connections_that_froze_for_good_are_given_up(cluster: Postgres, replicas: MakeServers) -> None:
    """They hold no lock, and nobody ends them: the servers make others."""
    servers = replicas(2)
    await answering(servers)
    await ended(servers)
    frozen = backends(cluster)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        took = await answering(servers)
        await ended(servers)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    print(f"answering {took} s after {len(frozen)} connections froze")
    assert max(took) < stretched(20)
