"""What generators that people use make of the running server's document compiles, and works."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from clients import node_packages
from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.release, pytest.mark.timeout(600)]

FOLDER = Path(__file__).parent / "generators"
JAR_COMMAND = Path(sys.executable).with_name("openapi-generator-cli")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("generators") / "data", workers=0)
    try:
        started.start()
        yield started
    finally:
        started.close()


@pytest.fixture
def workshop(server: Server, tmp_path: Path) -> Path:
    """A folder with the document, as the server gives it."""
    document = httpx.get(f"{server.url}/openapi.json", timeout=60)
    (tmp_path / "openapi.json").write_bytes(document.raise_for_status().content)
    return tmp_path


def run(folder: Path, *command: str, **environment: str) -> str:
    path = ":".join([str(folder / "node_modules" / ".bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "NO_COLOR": "1", "CI": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-5000:]}"
    return done.stdout


def openapi_generator(folder: Path, target: str, output: str) -> None:
    run(folder, str(JAR_COMMAND), "generate", "-i", "openapi.json", "-g", target, "-o", output)


@pytest.fixture
def node_workshop(workshop: Path) -> Path:
    if not node_packages.node_is_there():
        pytest.skip("Node and npm are not installed")
    node_packages.install(FOLDER)
    for path in FOLDER.iterdir():
        if path.is_file():
            shutil.copy(path, workshop)
    (workshop / "node_modules").symlink_to(FOLDER / "node_modules")
    return workshop


def test_typescript_compiles_and_works(server: Server, node_workshop: Path) -> None:
    run(node_workshop, "openapi-typescript", "openapi.json", "-o", "types.d.ts")
    run(node_workshop, "orval", "--config", "orval.config.mjs", JOBS_URL=server.url)
    run(node_workshop, "kubb", "generate", "--config", "kubb.config.mjs", JOBS_URL=server.url)
    openapi_generator(node_workshop, "typescript-fetch", "typescript-fetch")
    run(node_workshop, "tsc", "-p", ".")
    address = f"--define:JOBS_URL={json.dumps(server.url)}"
    run(
        node_workshop,
        "esbuild",
        "sample.ts",
        "--bundle",
        "--platform=node",
        "--format=esm",
        "--outfile=out.mjs",
        address,
    )
    assert json.loads(run(node_workshop, "node", "out.mjs").splitlines()[-1]) == {
        "status": "accepted",
        "state": "completed",
        "result": 42,
        "listed": [True],
        "schedule": "calendar",
        "events": 200,
    }


SAMPLE = """
import json
import sys
import openapi_client as c

api = c.ApiClient(c.Configuration(host=sys.argv[1]))
worker_handler = c.HandlerIn(c.WorkerHandlerIn(kind="worker"))
c.JobTypesApi(api).register_job_type(c.JobTypeIn(name="python", handler=worker_handler))
run = c.RunsApi(api).dispatch_run("python", c.DispatchIn(payload={"a": [1]}))
workers = c.WorkersApi(api)
worker = workers.register_worker(c.WorkerIn(name="w", job_types=["python"]))
lease = workers.claim_runs(worker.id, c.ClaimIn(max=1)).data[0]
report = c.CompletedReport(
    type="completed", run_id=run.id, attempt=lease.attempt, lease_token=lease.lease_token, result=42
)
reported = workers.report_runs(worker.id, c.ReportIn(reports=c.ReportInReports([c.ReportItem(report)])))
trigger = c.TriggerIn(c.CronTriggerIn(kind="cron", expression="0 3 * * *"))
schedule = c.SchedulesApi(api).create_schedule(c.ScheduleIn(name="nightly", job_type="python", trigger=trigger))
read = c.RunsApi(api).get_run(run.id)
try:
    c.RunsApi(api).cancel_run(run.id)
except c.ApiException as refusal:
    code = json.loads(refusal.body)["code"]
found = [reported.data[0].status, read.state.value, read.payload, read.result, code]
print(json.dumps([*found, schedule.trigger.actual_instance.kind]))
"""


def test_python_works(server: Server, workshop: Path) -> None:
    openapi_generator(workshop, "python", "made")
    (workshop / "sample.py").write_text(SAMPLE)
    found = run(workshop, sys.executable, "sample.py", server.url, PYTHONPATH=str(workshop / "made"))
    assert json.loads(found.splitlines()[-1]) == ["accepted", "completed", {"a": [1]}, 42, "run_finished", "cron"]
