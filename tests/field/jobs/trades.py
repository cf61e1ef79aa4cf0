"""Handlers whose payloads and results are typed, under other names on the wire than in code."""

from __future__ import annotations

import datetime
import uuid
from collections import namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any

from blazy_jobs import CallNext, JobContext, Jobs, MiddlewareRun
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretBytes, SecretStr, computed_field
from pydantic.alias_generators import to_camel

jobs = Jobs()
wrapped = Jobs()


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Line(Camel):
    unit_price: Decimal


class Order(Camel):
    user_id: str
    order_lines: list[Line]
    api_token: SecretStr = SecretStr("none")

    @computed_field
    def line_count(self) -> int:
        return len(self.order_lines)


class Two(BaseModel):
    """Read by one name, written by another."""

    model_config = ConfigDict(extra="forbid")
    user: str = Field(validation_alias="userIn", serialization_alias="userOut")
    many: int = Field(default=1, validation_alias=AliasChoices("howMany", "count"))
    raw: SecretBytes = SecretBytes(b"none")
    free: Any = None
    next: Two | None = None


class ByName(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_alias=False, validate_by_name=True)
    user_id: str


@dataclass
class Parcel:
    parcel_id: Annotated[str, Field(alias="parcelId")]
    weights: list[Decimal] = field(default_factory=list)


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


Point = namedtuple("Point", "x y")


def order(payload: Order) -> Order:
    assert payload.api_token.get_secret_value() in ("s3cret", "none")
    return payload


def two(payload: Two) -> dict[str, Any]:
    free = payload.free
    return {"user": payload.user, "many": payload.many, "raw": payload.raw.get_secret_value().decode(), "free": free}


def by_name(payload: ByName) -> str:
    return payload.user_id


def parcel(payload: Parcel) -> Parcel:
    return payload


async def order_async(payload: Order) -> Order:
    return order(payload)


jobs.job("order")(order)
jobs.job("order-async")(order_async)
jobs.job("order-thread", isolation="thread")(order)
jobs.job("two")(two)
jobs.job("by-name")(by_name)
jobs.job("parcel")(parcel)

GOOD = {
    "decimal": (Decimal("1.10"), "1.10"),
    "datetime": ({"at": datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.UTC)}, {"at": "2026-01-02T03:00:00Z"}),
    "date": ([datetime.date(2026, 1, 2), datetime.time(3, 4)], ["2026-01-02", "03:04:00"]),
    "timedelta": (datetime.timedelta(seconds=90), "PT1M30S"),
    "uuid": ({"id": uuid.UUID(int=1)}, {"id": "00000000-0000-0000-0000-000000000001"}),
    "enum": ([Colour.RED, Size.BIG], ["red", 3]),
    "models": ([Line(unit_price=Decimal(2))], [{"unitPrice": "2"}]),
    "model within": ({"a": {"b": (Line(unit_price=Decimal(2)),)}}, {"a": {"b": [{"unitPrice": "2"}]}}),
    "dataclasses": ({"p": [Parcel("7", [Decimal("0.5")])]}, {"p": [{"parcelId": "7", "weights": ["0.5"]}]}),
    "set": ({"only": {"one"}}, {"only": ["one"]}),
    "frozenset": (frozenset([Colour.RED]), ["red"]),
    "bytes": (b"text", "text"),
    "path": (Path("/tmp/x"), "/tmp/x"),
    "keys": (
        {"deep": ({1: "a"}, {datetime.date(2026, 1, 2): {uuid.UUID(int=1): 2.5}}, {Colour.RED: 1, Size.BIG: 2})},
        {
            "deep": [
                {"1": "a"},
                {"2026-01-02": {"00000000-0000-0000-0000-000000000001": 2.5}},
                {"red": 1, "3": 2},
            ]
        },
    ),
    "namedtuple": (Point(1, Decimal(2)), [1, "2"]),
}
BAD = {
    "object": ({"orders": [{"it/em": object()}]}, "/orders/0/it~1em: Unable to serialize unknown type"),
    "nan": ([{"price": float("nan")}], "/0/price: NaN"),
    "nan beside": ({"id": uuid.UUID(int=1), "price": Decimal("NaN"), "x": [None, float("inf")]}, "/x/1: NaN"),
    "model": ({"a": [Two(userIn="a", raw=SecretBytes(b"\xff"))]}, "/a/0/raw: bytes that are not UTF-8"),
    "keys": ({"deep": {(1, 2): 3}}, "/deep: the keys of an object must be strings"),
    "equal keys": ({"deep": {1: 2, "1": 3}}, "/deep: two keys of an object are the same text"),
    "integer": ([0, 2**60], "/1: an integer"),
    "surrogate": ({"deep": ["\ud800"]}, "/deep/0: text with a lone surrogate"),
    "bytes": ([b"\xff"], "/0: bytes that are not UTF-8"),
    "generator": (iter([1]), "an iterator is no data"),
}


def returns(payload: str) -> Any:
    return {**{name: value for name, (value, _) in BAD.items()}, **{f"good {n}": v for n, (v, _) in GOOD.items()}}[
        payload
    ]


async def returns_async(payload: str) -> Any:
    return returns(payload)


jobs.job("returns")(returns)
jobs.job("returns-async")(returns_async)
jobs.job("returns-thread", isolation="thread")(returns)


@wrapped.middleware
async def changes_in_place(run: MiddlewareRun, call_next: CallNext) -> Any:
    run.payload["items"].append("added")
    run.payload["at"] = Decimal("1.5")
    return await call_next(run)


def gets(payload: Any, ctx: JobContext) -> Any:
    return payload


async def gets_async(payload: Any) -> Any:
    return payload


wrapped.job("gets")(gets)
wrapped.job("gets-async")(gets_async)
wrapped.job("gets-thread", isolation="thread")(gets)
