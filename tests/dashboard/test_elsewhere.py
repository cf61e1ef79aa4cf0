"""Links to where traces and logs are: as the settings say, filled in by the page."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blazy_jobs_server.api.dashboard_files import UI
from blazy_jobs_server.settings import Settings
from tests.app.server import Server

TRACES = "https://traces.internal/trace/{trace_id}?a=1&b='x'"
LOGS = "https://logs.internal/search?q={run_id}%20{job_type}&from={from}&to={to}"
RUN = {
    "id": "run_06a1",
    "job_type": "greet",
    "queue": "default",
    "created_at": "2026-01-31T12:00:00.000000Z",
    "finished_at": "2026-01-31T12:00:05.000000Z",
    "metadata": {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
}


@pytest.mark.parametrize("server", [{"ui_trace_url": TRACES, "ui_log_url": LOGS}], indirect=True)
async def test_the_page_is_told_where_they_are(server: Server) -> None:
    page = (await server.http.get("/ui/")).text
    assert f'data-trace-url="{TRACES.replace("&", "&amp;").replace(chr(39), "&#x27;")}"' in page
    assert f'data-log-url="{LOGS.replace("&", "&amp;")}"' in page


async def test_without_the_settings_it_is_told_nothing(server: Server) -> None:
    page = (await server.http.get("/ui/")).text
    assert "data-trace-url" not in page
    assert "data-log-url" not in page


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//{run_id}",
        "ftp://host/{run_id}",
        "https://host/{payload}",
        "https://host/{}",
        'https://host/"onclick=',
        "https://host/ {run_id}",
        "/traces/{trace_id}",
    ],
)
def test_what_is_no_such_address_is_refused(url: str, tmp_path: Path) -> None:
    for name in ("ui_trace_url", "ui_log_url"):
        given: dict[str, Any] = {name: url}
        with pytest.raises(ValidationError):
            Settings(data=tmp_path, **given)
        assert getattr(Settings(data=tmp_path, **{name: ""}), name) is None


def links(trace_url: str, log_url: str, run: dict[str, Any], attempts: list[dict[str, str]]) -> dict[str, Any]:
    dataset = {"traceUrl": trace_url, "logUrl": log_url}
    script = (
        f"globalThis.document = {{documentElement: {{dataset: {json.dumps(dataset)}}}}};"
        f"const {{linksOf}} = await import({json.dumps((UI / 'core' / 'elsewhere.js').as_uri())});"
        f"console.log(JSON.stringify(linksOf({json.dumps(run)}, {json.dumps(attempts)})));"
    )
    command = ["node", "--input-type=module", "-e", script]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is missing")
def test_places_are_filled_in_as_text() -> None:
    attempts = [{"trace_id": "1" * 32}, {"trace_id": "2" * 32}]
    found = links(TRACES, LOGS, RUN | {"id": "run&x=1"}, attempts)
    assert found["trace"] == TRACES.replace("{trace_id}", "2" * 32)
    assert found["log"] == (
        "https://logs.internal/search?q=run%26x%3D1%20greet"
        "&from=2026-01-31T12%3A00%3A00.000000Z&to=2026-01-31T12%3A00%3A05.000000Z"
    )
    assert links(TRACES, "", RUN, [])["trace"] == TRACES.replace("{trace_id}", "a" * 32), "that of its dispatch"
    assert links(TRACES, "", RUN | {"metadata": {}}, []) == {"trace": None, "log": None}
