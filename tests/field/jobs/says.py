"""Handlers that say what is no JSON, by an object whose own code is as unhelpful as can be."""

from __future__ import annotations

import dataclasses
import datetime
import gc
import logging
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from blazy_jobs import JobContext, Jobs
from pydantic import BaseModel, SecretStr, field_serializer

jobs = Jobs()
log = logging.getLogger(__name__)


@dataclasses.dataclass
class Holds:
    name: str
    what: object


class Raw(BaseModel):
    name: str
    data: bytes


class Fails(BaseModel):
    name: str

    @field_serializer("name")
    def no(self, name: str) -> str:
        raise RuntimeError("no name")


class Signed(BaseModel):
    key: SecretStr


class Refuses:
    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__


class Recurses:
    def __str__(self) -> str:
        return str(self)

    __repr__ = __str__


class Logs:
    """Says something whenever it is looked at."""

    def __str__(self) -> str:
        log.warning("looked at %s", self)
        return "logs"

    __repr__ = __str__

    def __del__(self) -> None:
        log.info("let go of")


class Proxy:
    @property
    def __class__(self) -> Any:
        raise RuntimeError("not bound")

    @__class__.setter
    def __class__(self, kind: Any) -> None: ...


class Endless(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        while True:
            yield "again"

    def __len__(self) -> int:
        return 1


class Array:
    """As numpy's: an object with an `item`, a shape and a string of its own."""

    shape = (2,)

    def __array__(self) -> Any:
        raise TypeError

    def __str__(self) -> str:
        return "[1. 2.]"


class Colour(Enum):
    RED = object()


def in_itself() -> Any:
    value: dict[Any, Any] = {"list": []}
    value["list"] += [value, value, value["list"]]
    return value


def back_references() -> Any:
    value: Any = ["end"]
    for _ in range(60):
        value = [value, value]
    return value


def values() -> dict[str, Any]:
    return {
        "dataclass": Holds("ada", object()),
        "model": Raw(name="ada", data=b"\xff\xfe"),
        "failing model": Fails(name="ada"),
        "models in a list": [{"inner": Raw(name="ada", data=b"\xff")}],
        "set": {1, 2},
        "decimal": Decimal("1.10"),
        "datetime": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        "enum": Colour.RED,
        "nan": [float("nan"), float("inf")],
        "huge": 10**5000,
        "surrogate": {"\ud800": "\ud800\x00"},
        "keys": {1: "a", None: "b", (1, 2): "c", Refuses(): "d"},
        "refuses": Refuses(),
        "recurses": Recurses(),
        "logs": Logs(),
        "proxy": Proxy(),
        "endless": Endless(),
        "array": Array(),
        "in itself": in_itself(),
        "back references": back_references(),
        "bytes": b"\xff",
        "class": Raw,
        "secret": Signed(key=SecretStr("hunter2")),
    }


NAMES = list(values())


def say(name: str, ctx: JobContext) -> str:
    ctx.log(name, value=values()[name])
    log.warning("said", extra={"value": values()[name]})
    if name not in ("back references", "proxy"):  # which the standard library itself cannot print
        log.warning("printed %s", values()[name])
    ctx.progress(50, name, values()[name])
    changing = {"list": [1]}
    ctx.progress(60, "changes", changing)
    changing["list"].append(object())  # type: ignore[arg-type]
    gc.collect()
    return name


@jobs.job
async def say_async(payload: str, ctx: JobContext) -> str:
    return say(payload, ctx)


@jobs.job(isolation="thread")
def say_in_thread(payload: str, ctx: JobContext) -> str:
    return say(payload, ctx)


@jobs.job
def say_in_process(payload: str, ctx: JobContext) -> str:
    return say(payload, ctx)


@jobs.job
def speaks_as_it_goes(payload: Any, ctx: JobContext) -> str:
    ctx.progress(1, "live", payload)
    time.sleep(60)
    return "not stopped"


def alternate(ctx: JobContext) -> None:
    ctx.progress(50, "rendering")
    ctx.log("sent")


@jobs.job
async def alternate_async(payload: None, ctx: JobContext) -> None:
    alternate(ctx)


@jobs.job(isolation="thread")
def alternate_in_thread(payload: None, ctx: JobContext) -> None:
    alternate(ctx)


@jobs.job
def alternate_in_process(payload: None, ctx: JobContext) -> None:
    alternate(ctx)
