"""A bug of the server is logged with its place in the code, and without anything that a request brought."""

from __future__ import annotations

import sys
from collections.abc import Callable

import orjson
import pytest

from tests.support.server import Server, wait_until

pytestmark = pytest.mark.system

KEY = "key-8f7a2c91-of-the-operator"
SECRET = "secret_value_of_the_payload"
HEADER = "word-in-a-header"
QUERY = "word-in-the-query"
KINDS = ("value", "pydantic", "sqlalchemy", "sqlite", "asyncpg", "key", "chain", "context", "group", "os", "base")
PLACES = ("request", "task", "callback", "own task", "thread", "library")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_bug_writes_what_a_request_brought(serve: Callable[..., Server], log_format: str) -> None:
    env = {"JOBS_API_KEY": KEY, "JOBS_LOG_FORMAT": log_format, "JOBS_LOG_LEVEL": "debug"}
    server = serve(workers=0, env=env, launcher=(sys.executable, "-m", "tests.field.broken_server", "serve"))
    headers = {"authorization": f"Bearer {KEY}", "x-word": HEADER, "cookie": HEADER}
    with server.client(headers=headers) as client:
        made = client.put("/v1/job-types/greet", json={"handler": {"kind": "worker"}})
        assert made.status_code == 201
        for kind in KINDS:
            for where in PLACES:
                payload = {"kind": kind, "secret": SECRET, "where": where}
                answer = client.post("/v1/job-types/greet/runs", json={"payload": payload})
                assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
                assert SECRET not in answer.text
            answer = client.post(f"/broken?{QUERY}=1", json={"kind": kind, "secret": SECRET})
            assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    server.stop()
    text = server.log_text()
    for word in (KEY, SECRET, HEADER, QUERY, "Bearer"):
        assert word not in text
    for found in (
        "raise_by_kind",
        "broken_server.py",
        "ValueError",
        "pydantic_core",
        "SQLSTATE 23505",
        "No such file or directory",
        "direct cause",
        "During handling",
    ):
        assert found in text, f"what helps to find the bug is missing: {found}"
    assert text.count("in broken\n") + text.count("in broken\\n") == len(KINDS), "each bug is told once"
    if log_format == "json":
        for line in text.splitlines():
            assert isinstance(orjson.loads(line), dict)


def test_what_ends_the_server_is_told_without_data(serve: Callable[..., Server]) -> None:
    code = (
        "import sys; sys.argv = ['blazy-jobs', *sys.argv[1:]]; from blazy_jobs_server import cli, main\n"
        f"def fail(*_, **__): raise ValueError({SECRET!r}[:])\n"
        "main.bind = fail; cli.main()"
    )
    server = serve(workers=0, start=False, launcher=(sys.executable, "-c", code, "serve"))
    with pytest.raises(Exception, match="ended with exit code 1"):
        server.start()
    wait_until(lambda: "unexpected error" in server.log_text(), "it says why")
    lines = [orjson.loads(line) for line in server.log_text().splitlines()]
    assert "ValueError" in lines[-1]["exception"]
    assert SECRET not in server.log_text()
