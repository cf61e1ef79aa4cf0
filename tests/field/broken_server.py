"""`serve` with bugs that a dispatch's payload asks for: what they raise, and what is at hand where, is full of data."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from typing import Any

import asyncpg
import orjson
from fastapi import Request
from pydantic import BaseModel
from sqlalchemy import create_engine, text

from blazy_jobs_server.api import application
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.loop import Tasks


class Strict(BaseModel):
    number: int


def raise_by_kind(kind: str, secret: str) -> None:
    held = {"authorization": secret}  # noqa: F841  # a local variable, as there are many
    match kind:
        case "value":
            raise ValueError(f"cannot read {secret}")
        case "pydantic":
            Strict(number=secret)  # type: ignore[arg-type]
        case "sqlalchemy":
            with create_engine("sqlite://").connect() as connection:
                connection.execute(text("SELECT no_such_function(:x)"), {"x": secret})
        case "sqlite":
            raise sqlite3.IntegrityError(secret)
        case "asyncpg":
            error = asyncpg.UniqueViolationError(f"duplicate key {secret}")
            error.detail = f"Key (payload)=({secret}) already exists."
            raise error
        case "key":
            raise KeyError(secret)
        case "chain":
            try:
                raise KeyError(secret)
            except KeyError as error:
                raise RuntimeError(f"while reading {secret}") from error
        case "context":
            try:
                raise KeyError(secret)
            except KeyError:
                raise RuntimeError(f"while reading {secret}")  # noqa: B904
        case "group":
            error = ValueError(secret)
            error.add_note(f"the note says {secret}")
            raise ExceptionGroup(secret, [error, ExceptionGroup(secret, [KeyError(secret)])])
        case "os":
            raise FileNotFoundError(2, "No such file or directory", secret)
        case "base":
            raise Untidy(secret)


class Untidy(Exception):
    def __init__(self, secret: str) -> None:
        super().__init__(secret)
        self.code = self.sqlstate = self.secret = secret

    def __repr__(self) -> str:
        return self.secret


async def raise_late(kind: str, secret: str) -> None:
    raise_by_kind(kind, secret)


async def dispatch(self: Dispatcher, entry: Any, asked: Any, key: Any) -> Any:
    await break_as_asked(asked.payload)


async def store_plain(self: Dispatcher, entry: Any, payloads: list[str], key: Any, *, requests: int = 1) -> Any:
    """Where dispatches come whose head is known."""
    await break_as_asked(orjson.loads(payloads[0]))


async def break_as_asked(payload: Any) -> None:
    secret, kind, where = payload["secret"], payload["kind"], payload["where"]
    match where:
        case "request":
            raise_by_kind(kind, secret)
        case "task":
            await asyncio.wait([asyncio.get_running_loop().create_task(raise_late(kind, secret), name="forgotten")])
        case "callback":
            asyncio.get_running_loop().call_soon(raise_by_kind, kind, secret)
        case "own task":
            Tasks().spawn("own task", raise_late(kind, secret))
            await asyncio.sleep(0)
        case "thread":
            thread = threading.Thread(target=raise_by_kind, args=(kind, secret))
            thread.start()
            thread.join()
        case "library":
            try:
                raise_by_kind(kind, secret)
            except Exception:
                logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
                logging.getLogger("some.library").warning("with %d arguments", secret)
    raise RuntimeError(secret)


Dispatcher.dispatch = dispatch  # type: ignore[method-assign,assignment]
Dispatcher.store_plain = store_plain  # type: ignore[method-assign,assignment]
build = application.build


def build_with_a_bug(*args: Any, **options: Any) -> Any:
    app = build(*args, **options)

    @app.post("/broken")
    async def broken(request: Request) -> None:
        given = await request.json()
        raise_by_kind(given["kind"], given["secret"])

    return app


application.build = build_with_a_bug

if __name__ == "__main__":
    from blazy_jobs_server.cli import main

    main()
