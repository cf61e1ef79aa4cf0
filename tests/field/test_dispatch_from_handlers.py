"""A handler's dispatch reaches the server that its run is from, wherever that listens and whatever opens it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from blazy_jobs import Client, Jobs
from blazy_jobs.testing import JobsServer

from tests.support.programs import running
from tests.support.server import REPO, Server, wait_until

pytestmark = pytest.mark.system

FAMILY = "tests.field.family"
PARENTS = ("awaits", "blocks", "blocks-in-a-thread")

KEY = "a-root-key-of-some-length"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def check_all(client: Client) -> None:
    runs = [client.dispatch(parent, n) for n, parent in enumerate(PARENTS)]
    assert [run.result(60) for run in runs] == [[n + 1, n + 11, n + 21] for n in range(len(PARENTS))]


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("127.0.0.1", None),
        ("127.0.0.1", "JOBS_API_KEY"),
        ("0.0.0.0", "JOBS_API_KEY_FILE"),
        pytest.param("::", "JOBS_API_KEY", marks=pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 here")),
    ],
)
def test_from_a_pools_worker(tmp_path: Path, opened: ExitStack, host: str, key: str | None) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    env = {"JOBS_URL": "http://127.0.0.1:9"}  # whoever set it meant the commands in this shell
    if key is not None:
        env[key] = KEY if key == "JOBS_API_KEY" else str(tmp_path / "key")
    server = Server(tmp_path / "data", [FAMILY], env=env, arguments=["--host", host])
    opened.callback(server.close)
    server.start()
    port = server.url.rpartition(":")[2]
    with Client(f"http://127.0.0.1:{port}", api_key=KEY) as client:
        check_all(client)
        assert client.dispatch("sees").result(60) == [], "a handler needs no key, and gets none"


def test_from_a_pools_worker_whose_data_folder_has_a_long_path(tmp_path: Path, opened: ExitStack) -> None:
    server = Server(tmp_path / ("deep" * 30) / "data", [FAMILY])
    opened.callback(server.close)
    server.start()
    with Client(server.url) as client:
        check_all(client)


def test_what_a_handler_may_do_without_a_key(tmp_path: Path, opened: ExitStack) -> None:
    server = Server(tmp_path / "data", [FAMILY], env={"JOBS_API_KEY": KEY})
    opened.callback(server.close)
    server.start()
    with Client(server.url, api_key=KEY) as client:
        assert client.dispatch("defines").result(60) == "forbidden"
        said = json.loads(client.dispatch("starts-a-program", 4).result(60).splitlines()[-1])
        assert client.runs.get(said["id"]).result(60) == 5, "the command in a handler finds the server too"


def test_a_dispatch_survives_a_kill_of_the_server(tmp_path: Path, opened: ExitStack) -> None:
    """The pool's workers live on, and find the next server in the same place."""
    server = Server(tmp_path / "data", [FAMILY])
    opened.callback(server.close)
    server.start()
    server.restart()
    with Client(server.url) as client:
        check_all(client)


@pytest.mark.parametrize("key", ["JOBS_API_KEY", "JOBS_API_KEY_FILE"])
def test_from_a_worker_elsewhere(tmp_path: Path, opened: ExitStack, key: str) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    server = Server(tmp_path / "data", workers=0, env={"JOBS_API_KEY": KEY})
    opened.callback(server.close)
    server.start()
    env = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
    env |= {"PYTHONPATH": str(REPO), key: KEY if key == "JOBS_API_KEY" else str(tmp_path / "key")}
    command = [sys.executable, "-m", "blazy_jobs.worker", FAMILY, "--url", server.url]
    opened.enter_context(running(command, env=env))
    with Client(server.url, api_key=KEY) as client:
        wait_until(lambda: PARENTS[-1] in [job_type["name"] for job_type in client.job_types.list()], "it is declared")
        check_all(client)


def _family(name: str) -> Jobs:
    jobs = Jobs()

    @jobs.job(f"{name}-child")
    async def child() -> str:
        return name

    @jobs.job(f"{name}-async")
    async def parent_async() -> object:
        return await (await child.dispatch()).result(30)

    @jobs.job(f"{name}-def")
    def parent_def() -> object:
        return child.dispatch_sync().result(30)

    @jobs.job(f"{name}-thread", isolation="thread")
    def parent_thread() -> object:
        with Client() as client:
            return client.dispatch(f"{name}-child").result(30)

    return jobs


def test_from_a_tests_own_handlers_with_two_servers_and_keys() -> None:
    with (
        JobsServer(_family("one"), env={"JOBS_API_KEY": "k1"}) as one,
        JobsServer(_family("two"), env={"JOBS_API_KEY": "k2"}) as two,
    ):
        for server, name in ((one, "one"), (two, "two")):
            for kind in ("async", "def", "thread"):
                assert server.client.dispatch(f"{name}-{kind}").result(60) == name
