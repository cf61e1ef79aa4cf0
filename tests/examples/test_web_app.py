"""The web app of the demonstration, called as the server does."""

from __future__ import annotations

import importlib
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client_receiving.support import SECRET, Desk, call_headers, event_body, handler_call, signed


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("JOBS_SIGNING_SECRET", SECRET)
    monkeypatch.setenv("INVOICES_DIR", str(tmp_path))
    monkeypatch.delitem(sys.modules, "examples.web_app", raising=False)
    return importlib.import_module("examples.web_app").app


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk().open() as desk:
        yield desk


async def post(app: Any, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        return await client.post(path, content=body, headers=headers)


async def test_an_invoice_is_rendered_and_its_progress_told(app: Any, desk: Desk, tmp_path: Path) -> None:
    items = [{"name": "Lamp <1>", "cents": 4900}, {"name": "Bulb", "cents": 250}]
    body = handler_call({"number": "2026-1", "items": items}, report_url=desk.url)
    answer = await post(app, "/jobs/render-invoice", body, call_headers(body))
    assert answer.json() == {"file": "invoice-2026-1.html", "total_cents": 5150}
    assert "Lamp &lt;1&gt;</td><td>49.00" in (tmp_path / "invoice-2026-1.html").read_text()
    assert desk.of("progress")[-1]["message"] == "2 of 2 items"
    assert [line["message"] for line in desk.of("log")] == ["rendered"]


@pytest.mark.parametrize("payload", [{"number": "1", "items": []}, {"number": "../1", "items": []}, {}])
async def test_what_is_no_invoice_is_refused_for_good(app: Any, payload: Any) -> None:
    body = handler_call(payload)
    assert (await post(app, "/jobs/render-invoice", body, call_headers(body))).status_code == 422


async def test_an_event_is_written_down_once(app: Any, tmp_path: Path) -> None:
    body = event_body()
    for _ in range(2):
        assert (await post(app, "/hooks/jobs", body, signed(body, "evt_1"))).status_code == 204
    assert (await post(app, "/hooks/jobs", body, {})).status_code == 401
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        assert db.execute("SELECT * FROM ledger").fetchall() == [("evt_1", "run_0000000000001", "run.completed")]
