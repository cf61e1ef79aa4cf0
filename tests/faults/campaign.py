"""One round: load, kills at random moments, settling, and the history for the checker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.faults.clients import Client, Watcher
from tests.faults.history import History, read_journals, read_trace
from tests.faults.power_cut import PowerCut
from tests.support.postgres import Postgres
from tests.support.server import COMMAND, Server
from tests.support.wire import Session

MODULE = "tests.faults.jobs"
SETTLE_SECONDS = 90.0
COLLECTORS = 8
UNFINISHED = "state=scheduled&state=queued&state=running&state=retrying"
LEASE_SECONDS = 4.0
ALL_DIE = ("everything", "power")
TARGETS = {"server": 8, "control": 4, "host": 4, "slot": 3, "everything": 1}
OF_POSTGRES = {"backend": 3, "postgres-fast": 1, "postgres-immediate": 1}
SHARED_CLOCK_SECONDS = 0.5
"""An event bears the time at which its transaction began, which may wait for one of another server."""


@dataclass
class Plan:
    kills: int
    seed: int
    clients: int = 5
    pause_seconds: float = 0.12
    follow_seconds: float = 180
    """How long the end of a run's stream is waited for: a run may be interrupted many times while a campaign lasts."""
    workers: int = 2
    between_seconds: tuple[float, float] = (0.2, 1.2)
    targets: dict[str, int] = field(default_factory=lambda: dict(TARGETS))
    launcher: Sequence[str] = COMMAND
    env: dict[str, str] = field(default_factory=dict)
    replicas: int = 0
    """Servers on one PostgreSQL database; 0: one on a file."""
    power_cut: PowerCut | None = None
    """For the target "power": everything dies, and the files are as the disk has them."""


@dataclass
class Outcome:
    history: History
    killed: Counter[str]
    seconds: float
    logs: list[Path]

    def summary(self) -> str:
        states = Counter(run["state"] for run in self.history.runs.values())
        events = sum(map(len, self.history.events.values()))
        readers = Counter("all" if stream.run is None else "run" for stream in self.history.streams)
        connections = sum(stream.connections for stream in self.history.streams)
        return (
            f"{len(self.history.runs)} runs ({_counted(states)}), {events} events, "
            f"{len(self.history.answers)} acknowledgements, killed {_counted(self.killed)}, "
            f"readers {_counted(readers)} over {connections} connections, {self.seconds:.0f} s"
        )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.most_common()) or "none"


def on_postgres(kills: int, seed: int, replicas: int = 3, **fields: Any) -> Plan:
    """Of several servers on one database, whose backends and cluster are killed too. Each has one worker."""
    return Plan(kills, seed, replicas=replicas, workers=1, targets=TARGETS | OF_POSTGRES, **fields)


class Site:
    """The servers of a round, and the cluster that they share."""

    def __init__(self, servers: list[Server], cluster: Postgres | None) -> None:
        self.servers = servers
        self.cluster = cluster

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]

    def start(self) -> None:
        """All at one moment."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.start, self.servers))

    def close(self) -> None:
        for server in self.servers:
            server.close()
        if self.cluster is not None:
            self.cluster.close()


def prepare(folder: Path, plan: Plan) -> Site:
    env = {
        "FAULTS_TRACE": str(folder / "trace"),
        "JOBS_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
        "JOBS_HEARTBEAT_SECONDS": "1",
        "JOBS_STOP_GRACE_SECONDS": "1",
        **plan.env,
        **(plan.power_cut.env() if plan.power_cut else {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Postgres(settings=("synchronous_commit=on",)) if plan.replicas else None
    if cluster is not None:
        env["JOBS_DATABASE_URL"] = cluster.url(cluster.new_database())
    data = [folder / f"data{n}" for n in range(plan.replicas)] or [folder / "data"]
    return Site(
        [Server(each, [MODULE], workers=plan.workers, env=env, launcher=plan.launcher) for each in data], cluster
    )


async def run_round(folder: Path, plan: Plan) -> Outcome:
    """Leaves everything that it wrote in `folder`. All its processes have ended when it returns."""
    began = time.monotonic()
    site = prepare(folder, plan)
    try:
        await asyncio.to_thread(site.start)
        history, killed = await _drive(site, folder, plan)
    finally:
        await asyncio.to_thread(site.close)
    read_journals(history, sorted(folder.glob("client-*.jsonl")))
    history.trace = read_trace(folder / "trace")
    if plan.replicas:
        history.clock_seconds = history.overlap_seconds = SHARED_CLOCK_SECONDS
    return Outcome(history, killed, time.monotonic() - began, [server.log for server in site.servers])


async def _drive(site: Site, folder: Path, plan: Plan) -> tuple[History, Counter[str]]:
    rng = random.Random(plan.seed)
    clients = [
        Client(
            site.urls,
            folder,
            str(n),
            random.Random(rng.random()),
            pause_seconds=plan.pause_seconds,
            follow_seconds=plan.follow_seconds,
        )
        for n in range(plan.clients)
    ]
    watchers = [Watcher(site.urls), Watcher(site.urls)]
    working = [asyncio.create_task(client.run()) for client in clients]
    killed: Counter[str] = Counter()
    for _ in range(plan.kills):
        await asyncio.sleep(rng.uniform(*plan.between_seconds))
        killed[await _kill(site, rng, plan)] += 1
    for client in clients:
        client.stop()
    await asyncio.gather(*working)
    await settle(site.urls[0])
    history = await collect(site.urls[-1])
    known = [event["id"] for events in history.events.values() for event in events]
    for client in clients:
        history.streams.extend(client.streams)
    history.streams.extend(await asyncio.gather(*(watcher.finish(known) for watcher in watchers)))
    return history, killed


async def _kill(site: Site, rng: random.Random, plan: Plan) -> str:
    """Kills one of the kinds in the plan; where none of that kind lives at this moment, a server."""
    wanted = rng.choices(list(plan.targets), list(plan.targets.values()))[0]
    server = rng.choice(site.servers)
    if wanted in OF_POSTGRES and site.cluster is not None and await _kill_postgres(site.cluster, wanted, rng):
        return wanted
    victims = await asyncio.to_thread(_victims, server, wanted)
    if wanted in ("control", "host", "slot") and victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            rng.choice(victims).send_signal(signal.SIGKILL)
        return wanted
    ended = site.servers if wanted in ALL_DIE else [server]
    for each in ended:
        await asyncio.to_thread(each.kill)
    if wanted in ALL_DIE:
        for each in ended:
            await asyncio.to_thread(each.close)
    if wanted == "power":
        assert plan.power_cut is not None
        await asyncio.to_thread(plan.power_cut.cut, server.data)
    await asyncio.sleep(rng.choice([0.0, 0.0, rng.uniform(0, 1)]))
    await asyncio.gather(*(asyncio.to_thread(each.start) for each in ended))
    return wanted if wanted in ALL_DIE else "server"


async def _kill_postgres(cluster: Postgres, wanted: str, rng: random.Random) -> bool:
    if wanted == "backend":
        return await asyncio.to_thread(_end_backend, cluster, rng)
    how = signal.SIGINT if wanted == "postgres-fast" else signal.SIGQUIT
    await asyncio.to_thread(cluster.stop, how)
    await asyncio.sleep(rng.choice([0.0, 0.0, rng.uniform(0, 1)]))
    await asyncio.to_thread(cluster.start)
    return True


def _end_backend(cluster: Postgres, rng: random.Random) -> bool:
    """One in four is killed, after which PostgreSQL ends all others and recovers."""
    pids = backends(cluster)
    if not pids:
        return False
    victim = rng.choice(pids)
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL if rng.random() < 0.25 else signal.SIGTERM)
    return True


def backends(cluster: Postgres) -> list[int]:
    """Those that serve servers; none while the database is away."""
    try:
        rows = cluster.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'blazy-jobs'")
    except subprocess.CalledProcessError:
        return []
    return [int(row) for row in rows.split()]


def _victims(server: Server, wanted: str) -> list[psutil.Process]:
    if wanted == "control":
        return server.controls()
    if wanted in ("host", "slot"):
        return [process for process in server.work_processes() if kind_of(process) == wanted]
    return []


def kind_of(process: psutil.Process) -> str:
    """ "host" or "slot", by the command line; a slot for one lonely run is a slot too."""
    with contextlib.suppress(psutil.Error):
        return "host" if "host" in process.cmdline() else "slot"
    return ""


async def settle(url: str, timeout: float = SETTLE_SECONDS) -> None:
    """Until no run is unfinished, or `timeout` has passed: the checker will say which were."""
    session = Session(url)
    deadline = time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            answer = await session.ask("GET", f"/v1/runs?{UNFINISHED}&limit=1")
            if not answer.json()["data"]:
                return
            await asyncio.sleep(0.1)
    finally:
        session.close()


async def _pages(session: Session, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        mark = "&" if "?" in path else "?"
        answer = await session.ask("GET", f"{path}{mark}limit=200{cursor}", None, {"Accept": "application/json"})
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.body[:500]!r}")
        page = answer.json()
        found.extend(page["data"])
        if not page.get("next_cursor"):
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def collect(url: str) -> History:
    """All that the server says, run by run."""
    history = History()
    session = Session(url)
    for run in await _pages(session, "/v1/runs"):
        history.runs[run["id"]] = run
    session.close()
    left = list(history.runs)

    async def read() -> None:
        own = Session(url)
        while left:
            run = left.pop()
            history.events[run] = await _pages(own, f"/v1/runs/{run}/events")
            answer = await own.ask("GET", f"/v1/runs/{run}/attempts")
            history.attempts[run] = answer.json()["data"]
        own.close()

    await asyncio.gather(*(read() for _ in range(COLLECTORS)))
    return history
