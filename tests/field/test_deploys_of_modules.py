"""Real servers and workers, and the files of their jobs: moved, renamed, put back, and side by side."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.programs import running
from tests.support.server import REPO, Server, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

Serve = Callable[..., Server]


def write(path: Path, *, timeout: int, job: str = "greet", schedules: Sequence[str] = (), changed_at: int = 0) -> Path:
    """A module with one job. `changed_at` is its file's time, by default long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    planned = ", ".join(f'"{name}": schedule.every_day_at(3)' for name in schedules)
    path.write_text(
        textwrap.dedent(f"""
            from blazy_jobs import Jobs, schedule

            jobs = Jobs()

            @jobs.job("{job}", timeout={timeout}, schedule={{{planned}}})
            async def handler(payload):
                return {timeout}
        """)
    )
    os.utime(path, (changed_at, changed_at))
    return path


def timeout(server: Server, job: str = "greet") -> Any:
    with server.client() as client:
        return client.get(f"/v1/job-types/{job}").json()["timeout_seconds"]


def orphans(server: Server) -> dict[str, bool]:
    with server.client() as client:
        return {found["name"]: found["orphaned"] for found in client.get("/v1/schedules").json()["data"]}


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `blazy-jobs worker` for a server, with settings by name, and returns when it has registered."""
    begun: list[subprocess.Popen[bytes]] = []
    stack = contextlib.ExitStack()

    def start(server: Server, module: Path, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        name = f"w{len(begun)}"
        env = {key: value for key, value in os.environ.items() if not key.startswith("JOBS_")}
        command = [sys.executable, "-m", "blazy_jobs.worker", str(module), "--url", server.url, "--name", name]
        log = (tmp_path / f"{name}.log").open("wb")
        with log:
            worker = running(
                [*command, *arguments],
                env={**env, **settings, "PYTHONPATH": str(REPO)},
                cwd=module.parent,
                stderr=log,
                stdout=log,
            )
            begun.append(stack.enter_context(worker))
        with server.client() as client:
            wait_until(
                lambda: any(w["name"].startswith(f"{name}/") for w in client.get("/v1/workers").json()["data"]),
                f"{name} has registered",
            )
        return begun[-1]

    with stack:
        yield start


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_code_with_an_older_file_time_that_is_started_last_holds(serve: Serve, tmp_path: Path) -> None:
    module = write(tmp_path / "shop.py", timeout=2, schedules=("noon",), changed_at=2_000_000_000)
    server = serve(str(module), workers=2)
    assert (timeout(server), orphans(server)) == (2, {"greet.noon": False})
    server.stop()
    write(module, timeout=1, schedules=("night",), changed_at=1_000_000_000)
    server.start()
    assert (timeout(server), orphans(server)) == (1, {"greet.noon": True, "greet.night": False})
    assert "job type changed by code" in server.log.read_text()


def test_a_module_that_moved_takes_its_definitions_along(serve: Serve, tmp_path: Path) -> None:
    server = serve(str(write(tmp_path / "shop.py", timeout=1, schedules=("night", "noon"))))
    server.stop()
    moved = write(tmp_path / "pkg" / "jobs.py", timeout=2, schedules=("night",))
    server.modules = [str(moved)]
    server.start()
    assert (timeout(server), orphans(server)) == (2, {"greet.night": False, "greet.noon": True})
    assert "not taken" not in server.log.read_text()


def test_two_modules_of_one_name_in_two_folders_live_side_by_side(serve: Serve, tmp_path: Path, work: Any) -> None:
    mail = write(tmp_path / "mail" / "jobs.py", timeout=1, job="send", schedules=("night",))
    bill = write(tmp_path / "billing" / "jobs.py", timeout=2, job="bill", schedules=("night",))
    server = serve(str(mail), str(bill))
    both = {"send.night": False, "bill.night": False}
    assert orphans(server) == both
    with server.client() as client:
        for job, result in (("send", 1), ("bill", 2)):
            run = client.post(f"/v1/job-types/{job}/runs", json={"payload": None}, headers={"Prefer": "wait=20"}).json()
            assert (run["state"], run["result"]) == ("completed", result)
    for module in (mail, bill, mail):
        work(server, module)
        assert orphans(server) == both
    assert "not taken" not in server.log.read_text()


def test_a_replaced_process_of_a_pool_does_not_flip_what_a_worker_brought(
    serve: Serve, tmp_path: Path, work: Any
) -> None:
    module = write(tmp_path / "old" / "jobs.py", timeout=1)
    server = serve(str(module), workers=2)
    work(server, write(tmp_path / "new" / "jobs.py", timeout=2))
    assert timeout(server) == 2
    with server.client() as client:

        def pool() -> set[str]:
            return {w["name"] for w in client.get("/v1/workers").json()["data"] if w["name"].startswith("pool-")}

        before = pool()
        for process in psutil.Process(server.pid).children():
            process.kill()
        wait_until(lambda: len(pool() - before) == len(before), "both have been replaced")
    assert timeout(server) == 2


def test_a_rolling_deploy_and_rollback_with_builds(serve: Serve, tmp_path: Path, work: Any) -> None:
    server = serve()
    one, two = write(tmp_path / "v1" / "shop.py", timeout=1), write(tmp_path / "v2" / "shop.py", timeout=2)
    old = work(server, one, JOBS_BUILD="v1")
    new = work(server, two, "--build", "v2")
    assert timeout(server) == 2
    end(old)
    back = work(server, one, JOBS_BUILD="v1")
    assert timeout(server) == 2
    assert "newer build 'v2'" in (tmp_path / "w2.log").read_text()
    end(new)
    assert timeout(server) == 1
    assert back.poll() is None


def test_apps_are_named_by_setting_argument_and_code(serve: Serve, tmp_path: Path, work: Any) -> None:
    server = serve()
    one, two = write(tmp_path / "a" / "jobs.py", timeout=1), write(tmp_path / "b" / "jobs.py", timeout=2)
    work(server, one, "--app", "shop")
    work(server, two, JOBS_APP="mail")
    assert timeout(server) == 1
    told = (tmp_path / "w1.log").read_text()
    assert "'shop'" in told
    assert "JOBS_APP" in told
    two.write_text(two.read_text().replace("Jobs()", 'Jobs(app="shop")'))
    work(server, two, JOBS_APP="mail")
    assert timeout(server) == 2


def test_the_server_is_told_app_and_build_like_a_worker(serve: Serve, tmp_path: Path, work: Any) -> None:
    module = write(tmp_path / "shop.py", timeout=1)
    server = serve(str(module), env={"JOBS_APP": "shop"}, arguments=("--build", "v1"))
    assert "no such settings" not in server.log.read_text()
    work(server, write(tmp_path / "new" / "shop.py", timeout=2), JOBS_APP="shop", JOBS_BUILD="v2")
    work(server, write(tmp_path / "old" / "shop.py", timeout=3), JOBS_APP="shop", JOBS_BUILD="v1")
    assert timeout(server) == 2


@pytest.mark.parametrize("kind", ["async def", "def"])
def test_runs_of_newer_code_are_not_failed_by_workers_of_older(
    serve: Serve, tmp_path: Path, work: Any, kind: str
) -> None:
    def module(version: int) -> Path:
        path = tmp_path / f"v{version}" / "shop.py"
        path.parent.mkdir()
        path.write_text(
            textwrap.dedent(f"""
                from dataclasses import dataclass

                from blazy_jobs import Jobs

                jobs = Jobs()

                @dataclass
                class Payload:
                    v{version}: int

                @jobs.job("greet")
                {kind} greet(payload: Payload):
                    return {version}
            """)
        )
        return path

    server = serve()
    old = module(1)
    for _ in range(2):
        work(server, old)
    new = work(server, module(2))
    with server.client() as client:

        def ended(payload: Any) -> Any:
            sent = client.post("/v1/job-types/greet/runs", json={"payload": payload}, headers={"Prefer": "wait=30"})
            return sent.json()

        found = [ended({"v2": n}) for n in range(10)]
        assert {(run["state"], run["result"], run["attempt"]) for run in found} == {("completed", 2, 1)}
        end(new)
        assert ended({"v1": 1})["result"] == 1
