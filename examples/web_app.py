"""render-invoice, in a web app of its own, which the server calls, and tells by a webhook what became of runs.

    JOBS_SIGNING_SECRET='whsec_… whsec_…' uvicorn examples.web_app:app
    {"number": "2026-117", "items": [{"name": "Lamp", "cents": 4900}]}

The secrets are those of the job type, whose handler is /jobs/render-invoice, and of the webhook to /hooks/jobs.
INVOICES_DIR is where invoices are written (the current folder), with `ledger.db` of what the webhook tells.
"""

import asyncio
import html
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from blazy_jobs import JobContext, NonRetryable
from blazy_jobs.receiving import WebhookEvent, asgi
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Item(BaseModel):
    name: str = Field(min_length=1, max_length=100)
    cents: int = Field(ge=0)


class Invoice(BaseModel, extra="forbid"):
    number: str = Field(pattern=r"^[\w-]{1,40}$")
    items: list[Item]


async def render_invoice(invoice: Invoice, ctx: JobContext) -> dict[str, object]:
    """The same file however often it is written: a run may arrive more than once."""
    if not invoice.items:
        raise NonRetryable("an invoice has at least one item")
    rows = []
    for number, item in enumerate(invoice.items, 1):
        rows.append(f"<tr><td>{html.escape(item.name)}</td><td>{item.cents / 100:.2f}</td></tr>")
        ctx.progress(100 * number / len(invoice.items), f"{number} of {len(invoice.items)} items")
        await asyncio.sleep(0.05)  # as long as a renderer takes
    total = sum(item.cents for item in invoice.items)
    path = folder() / f"invoice-{invoice.number}.html"
    path.write_text(f"<h1>{invoice.number}</h1><table>{''.join(rows)}</table><p>{total / 100:.2f}</p>\n")
    ctx.log("rendered", file=path.name)
    return {"file": path.name, "total_cents": total}


def keep(event: WebhookEvent) -> None:
    """Each event once, however often it is delivered."""
    with closing(sqlite3.connect(folder() / "ledger.db")) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS ledger (event_id TEXT PRIMARY KEY, run_id TEXT, type TEXT)")
        row = (event.id, event.run_id, event.type)
        db.execute("INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)


def folder() -> Path:
    return Path(os.environ.get("INVOICES_DIR", "."))


app.add_route("/jobs/render-invoice", asgi.receive(render_invoice), methods=["POST"])
app.add_route("/hooks/jobs", asgi.receive_webhook(keep), methods=["POST"])
