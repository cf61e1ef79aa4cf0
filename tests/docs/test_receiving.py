"""docs/http-handlers.md and docs/webhooks.md: their examples, called as the server does."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from blazy_jobs.receiving import read_event
from werkzeug.test import Client

from clients import node_packages
from tests.client_receiving.support import SECRET, Desk, call_headers, event_body, handler_call, over, signed
from tests.docs.pages import ROOT, blocks
from tests.support.speed import stretched

HANDLERS, WEBHOOKS = ROOT / "docs" / "http-handlers.md", ROOT / "docs" / "webhooks.md"
PACKAGE = ROOT / "clients" / "typescript"
LISTEN = """listen(0, '127.0.0.1', function (this: import('node:net').Server) {
  console.log((this.address() as import('node:net').AddressInfo).port);
})"""
TSC = (
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--strict",
    "--lib",
    "es2022,dom,dom.iterable",
    "--types",
    "node",
    "--skipLibCheck",
)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JOBS_SIGNING_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk().open() as desk:
        yield desk


def module(page: Path, contains: str) -> dict[str, Any]:
    """The names of the one block of Python that has this."""
    [block] = [block for block in blocks(page, "python") if contains in block]
    Path("page.py").write_text(block)
    spec = importlib.util.spec_from_file_location("page", "page.py")
    assert spec is not None
    assert spec.loader is not None
    page_module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page_module)
    return vars(page_module)


async def asked(app: Any, path: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        return await client.post(path, content=body, headers=headers or call_headers(body))


async def test_the_fastapi_app(desk: Desk) -> None:
    app = module(HANDLERS, "class Photo")["app"]
    answer = await asked(app, "/jobs/resize-photo", handler_call({"photo_id": "7"}, report_url=desk.url))
    assert (answer.status_code, answer.json()) == (200, {"path": "/photos/7-800.jpg"})
    assert {item["type"] for item in desk.items} == {"progress", "log"}
    assert (await asked(app, "/jobs/resize-photo", handler_call({"photo_id": "gone"}))).status_code == 422
    assert (await asked(app, "/jobs/resize-photo", handler_call({"width": 7}))).status_code == 422


def test_the_flask_app() -> None:
    app = module(HANDLERS, "count_stock_call")["app"]
    body = handler_call({"apples": 3, "pears": 4})
    answer = app.test_client().post("/jobs/count-stock", data=body, headers=call_headers(body))
    assert (answer.status_code, answer.json) == (200, 7)


async def test_long_work_is_reported(desk: Desk) -> None:
    app = module(HANDLERS, "render_film")["app"]
    assert (await asked(app, "/", handler_call({"scenes": 3}, report_url=desk.url))).status_code == 202
    assert desk.items[-1] == {"type": "completed", "result": "rendered"}


def test_work_that_is_done_elsewhere(desk: Desk) -> None:
    names = module(HANDLERS, "approve_order")
    body = handler_call({"order": 7}, report_url=desk.url)
    assert Client(names["app"]).post("/", data=body, headers=call_headers(body)).status_code == 202
    [order] = names["orders"]
    assert names["approved"](order, "ada")
    assert desk.items[-1] == {"type": "completed", "result": {"approved_by": "ada"}}
    desk.answer = over
    assert not names["approved"](order, "ada")


async def test_a_route_of_ones_own() -> None:
    app = module(HANDLERS, "/jobs/greet")["app"]
    assert (await asked(app, "/jobs/greet", handler_call({"name": "Ada"}))).json() == "hello Ada, attempt 1"
    refused = await asked(app, "/jobs/greet", handler_call({"name": "Ada"}), {"x": "y"})
    assert (refused.status_code, "webhook-id" in refused.text) == (401, True)


def test_a_run_that_arrives_twice_has_one_effect() -> None:
    from blazy_jobs.receiving import wsgi

    names = module(HANDLERS, "def charge")
    body = handler_call({"customer": "ada", "cents": 5})
    client = Client(wsgi.receive(names["charge"]))
    answers = [client.post("/", data=body, headers=call_headers(body)).json for _ in range(2)]
    assert answers == ["charged", "charged before"]
    names["shop"].close()


async def test_the_webhooks_apps() -> None:
    fastapi, flask = module(WEBHOOKS, "fastapi"), module(WEBHOOKS, "flask")
    failed = event_body("run.failed", error={"code": "timeout", "message": "too slow"})
    assert (await asked(fastapi["app"], "/hooks/jobs", failed, signed(failed, "evt_1"))).status_code == 204
    assert fastapi["failures"] == ["resize-photo run_0000000000001: too slow"]
    done = event_body()
    client = flask["app"].test_client()
    assert client.post("/hooks/jobs", data=done, headers=signed(done, "evt_2")).status_code == 204
    assert flask["completed"] == ["run_0000000000001"]
    assert client.post("/hooks/jobs", data=done).status_code == 401


def test_events_that_arrive_twice_and_out_of_order() -> None:
    names = module(WEBHOOKS, "INSERT INTO seen")
    for event_id, seq, state in (("evt_2", 5, "completed"), ("evt_1", 3, "retrying"), ("evt_2", 5, "completed")):
        body = event_body(seq=seq, state=state)
        names["note"](read_event(signed(body, event_id), body))
    shop = names["shop"]
    assert shop.execute("SELECT state, seq FROM runs").fetchall() == [("completed", 5)]
    assert shop.execute("SELECT count(*) FROM seen").fetchone() == (2,)
    shop.close()


# -- TypeScript


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages' TypeScript, checked and built, in a folder that has the package."""
    if not node_packages.node_is_there():
        pytest.skip("Node and npm are not installed")
    node_packages.install(PACKAGE)
    folder = tmp_path_factory.mktemp("pages")
    (folder / "package.json").write_text('{"type": "module"}')
    ours = folder / "node_modules" / "blazy-jobs"
    ours.mkdir(parents=True)
    shutil.copy(PACKAGE / "package.json", ours)
    for name in ("@types", "undici-types"):
        (folder / "node_modules" / name).symlink_to(PACKAGE / "node_modules" / name)
    for name, page in (("handlers", HANDLERS), ("webhooks", WEBHOOKS)):
        node, edge = blocks(page, "ts")
        (folder / f"{name}.ts").write_text(node.replace("listen(3000, '127.0.0.1')", LISTEN))
        (folder / f"{name}-edge.ts").write_text(edge)
    compile_with("-p", "tsconfig.build.json", "--outDir", str(ours / "dist"))
    compile_with(*TSC, *map(str, folder.glob("*.ts")))
    return folder


def compile_with(*options: str) -> None:
    done = subprocess.run(
        ["node_modules/.bin/tsc", *options],
        cwd=PACKAGE, check=False, capture_output=True, text=True, timeout=stretched(100),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@contextmanager
def listening(folder: Path, name: str) -> Iterator[httpx.Client]:
    """A page's Node server; what it prints is in the client's `node`."""
    with subprocess.Popen(["node", f"{name}.js"], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            with httpx.Client(base_url=url) as client:
                client.node = process  # type: ignore[attr-defined]
                yield client
        finally:
            process.kill()


@pytest.mark.system
def test_the_node_servers(built: Path, desk: Desk) -> None:
    with listening(built, "handlers") as client:
        body = handler_call({"photo_id": "7"}, report_url=desk.url)
        answer = client.post("/", content=body, headers=call_headers(body))
        assert (answer.status_code, answer.json()) == (200, {"path": "/photos/7.jpg"})
        assert {item["type"] for item in desk.items} == {"progress", "log"}
        body = handler_call({"photo_id": "gone"})
        assert client.post("/", content=body, headers=call_headers(body)).status_code == 422
        assert client.post("/", content=body).status_code == 401
    with listening(built, "webhooks") as client:
        body = event_body("run.failed", error={"code": "timeout", "message": "too slow"})
        assert client.post("/", content=body, headers=signed(body, "evt_1")).status_code == 204
        assert client.node.stdout.readline() == "resize-photo too slow\n"  # type: ignore[attr-defined]


@pytest.mark.system
def test_the_edge_functions(built: Path) -> None:
    body, event = handler_call("Ada"), event_body()
    requests = {"handlers-edge": (body, call_headers(body)), "webhooks-edge": (event, signed(event, "evt_1"))}
    program = """
const { default: edge } = await import(process.argv[1]);
const [body, headers, secret] = process.argv.slice(2);
const request = new Request('https://edge.example/', { method: 'POST', body, headers: JSON.parse(headers) });
const response = await edge.fetch(request, { JOBS_SIGNING_SECRET: secret }, { waitUntil() {} });
console.log(response.status, await response.text());
"""
    said = {}
    for name, (content, headers) in requests.items():
        given = [str(built / f"{name}.js"), content.decode(), json.dumps(headers), SECRET]
        done = subprocess.run(
            ["node", "--input-type=module", "-e", program, *given],
            capture_output=True, text=True, check=True, timeout=stretched(30),
        )  # fmt: skip
        said[name] = done.stdout.split("\n")
    assert said["handlers-edge"][0] == '200 "hello Ada"'
    assert said["webhooks-edge"][:2] == ["evt_1", "204 "]
