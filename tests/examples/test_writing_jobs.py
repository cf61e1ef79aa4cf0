"""docs/writing-jobs.md says what is so: its Python is one module, called here and served by a real server."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from blazy_jobs import Job
from blazy_jobs.testing import run_job
from blazy_jobs.worker.modules import Loaded, load

from tests.support.server import Server, serving

PAGE = Path(__file__).parents[2] / "docs" / "writing-jobs.md"
JOBS = {
    "say-hello",
    "resize-photo",
    "count-stock",
    "charge-card",
    "watch-feed",
    "rebuild-index",
    "send-digest",
}


def python_of(page: Path) -> str:
    return "\n\n".join(re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("doc") / "shop_of_the_page.py"
    path.write_text(python_of(PAGE))
    searched = list(sys.path)
    yield path
    sys.path[:] = searched
    sys.modules.pop(path.stem, None)


@pytest.fixture(scope="module")
def loaded(shop: Path) -> Loaded:
    return load([str(shop)])


@pytest.fixture
def module(shop: Path, loaded: Loaded) -> ModuleType:
    return sys.modules[shop.stem]


def test_the_page_is_one_module_that_can_be_served(loaded: Loaded) -> None:
    assert set(loaded.jobs) == JOBS


def test_the_definitions_are_as_the_page_says(loaded: Loaded) -> None:
    say_hello, resize = loaded.jobs["say-hello"], loaded.jobs["resize-photo"]
    assert (say_hello.isolation, resize.isolation) == ("async", "process")
    assert say_hello.description == "Greets somebody."
    assert resize.payload_schema is not None
    assert resize.payload_schema["properties"]["width"] == {
        "default": 800,
        "maximum": 4096,
        "minimum": 16,
        "title": "Width",
        "type": "integer",
    }
    assert Job("x", loaded.jobs["say-hello"].handler, isolation="process").isolation == "process"


def test_its_test_passes(module: ModuleType) -> None:
    module.test_a_photo_is_resized()


@pytest.mark.parametrize(
    ("job", "payload", "result"),
    [
        ("say-hello", {"name": "Ada", "times": 2}, {"text": "hello Ada, hello Ada"}),
        ("count-stock", {"apples": 3, "pears": 4}, 7),
        ("watch-feed", {"items": 2}, 2),
        ("rebuild-index", {"parts": 2}, 2),
    ],
)
def test_its_handlers_work(loaded: Loaded, job: str, payload: Any, result: Any) -> None:
    assert run_job(loaded.jobs[job], payload).result == result


@pytest.mark.parametrize(
    ("answer", "state", "due_in_seconds"),
    [("declined", "failed", None), ("busy", "retrying", 0.5), ("closed", "snoozed", 3600), ("broken", "retrying", 0.2)],
)
def test_each_way_to_fail(loaded: Loaded, answer: str, state: str, due_in_seconds: float | None) -> None:
    outcome = run_job(loaded.jobs["charge-card"], {"answer": answer})
    assert (outcome.state, outcome.due_in_seconds) == (state, due_in_seconds)


def test_its_middleware_speaks_in_the_run(loaded: Loaded) -> None:
    outcome = run_job(loaded.jobs["send-digest"], {"to": "ada"})
    assert (outcome.result, outcome.messages) == ("sent to ada", ["measured"])


@pytest.fixture(scope="module")
def server(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server") / "data", [str(shop)]) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def dispatch(client: httpx.Client, job: str, payload: Any, **settings: Any) -> dict[str, Any]:
    answer = client.post(
        f"/v1/job-types/{job}/runs", json={"payload": payload, **settings}, headers={"Prefer": "wait=30"}
    )
    assert answer.status_code in (200, 202), answer.text
    run: dict[str, Any] = answer.json()
    return run


def events(client: httpx.Client, run: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/runs/{run['id']}/events", headers={"Accept": "application/json"})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return found


@pytest.mark.system
@pytest.mark.parametrize(
    ("job", "payload", "result"),
    [
        ("say-hello", {"name": "Ada"}, {"text": "hello Ada"}),
        ("resize-photo", {"photo_id": "7"}, {"path": "/photos/7-800.jpg"}),
        ("count-stock", {"apples": 3}, 3),
        ("charge-card", {"answer": "yes"}, "charged in attempt 1"),
        ("charge-card", {"answer": "busy"}, "charged in attempt 2"),
        ("charge-card", {"answer": "broken"}, "charged in attempt 3"),
        ("watch-feed", {"items": 3}, 3),
        ("rebuild-index", {"parts": 3}, 3),
        ("send-digest", {"to": "ada"}, "sent to ada"),
    ],
)
def test_served_they_answer_as_the_page_says(client: httpx.Client, job: str, payload: Any, result: Any) -> None:
    run = dispatch(client, job, payload)
    assert (run["state"], run["result"]) == ("completed", result)


@pytest.mark.system
def test_what_is_logged_in_a_handler_or_around_it_is_the_runs(client: httpx.Client) -> None:
    for job, payload, line in (
        ("count-stock", {"apples": 3}, ("info", "counting", 1)),
        ("send-digest", {"to": "ada"}, ("info", "measured", None)),
    ):
        logged = [event["data"] for event in events(client, dispatch(client, job, payload)) if event["type"] == "log"]
        assert [(data["level"], data["message"], data["fields"].get("articles")) for data in logged] == [line]


@pytest.mark.system
def test_a_payload_that_does_not_fit_is_refused_at_dispatch(client: httpx.Client) -> None:
    answer = client.post("/v1/job-types/resize-photo/runs", json={"payload": {"photo_id": "7", "width": 1}})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_payload"
    assert [error["path"] for error in answer.json()["errors"]] == ["/payload/width"]


@pytest.mark.system
def test_a_refusal_for_good_fails_at_once(client: httpx.Client) -> None:
    run = dispatch(client, "charge-card", {"answer": "declined"})
    assert (run["state"], run["attempt"], run["error"]["code"]) == ("failed", 1, "non_retryable")


@pytest.mark.system
def test_a_snooze_spends_no_attempt(client: httpx.Client) -> None:
    answer = client.post("/v1/job-types/charge-card/runs", json={"payload": {"answer": "closed"}})
    run_id = answer.json()["id"]
    with client.stream("GET", f"/v1/runs/{run_id}/events") as stream:
        next(line for line in stream.iter_lines() if line == "event: interrupted")
    run = client.get(f"/v1/runs/{run_id}").json()
    assert (run["state"], run["attempt"]) == ("scheduled", 0)
    assert client.post(f"/v1/runs/{run_id}/cancel").status_code == 200


@pytest.mark.system
@pytest.mark.parametrize(("job", "payload"), [("watch-feed", {"items": 10_000}), ("rebuild-index", {"parts": 10_000})])
def test_a_stop_ends_the_handler_and_its_finally_is_heard(client: httpx.Client, job: str, payload: Any) -> None:
    run = dispatch(client, job, payload, timeout_seconds=0.3, retry=0)
    assert (run["state"], run["error"]["code"]) == ("failed", "timeout")
    lines = [event["data"]["message"] for event in events(client, run) if event["type"] == "log"]
    assert lines == (["closing the feed"] if job == "watch-feed" else [])
