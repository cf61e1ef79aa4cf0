"""How handlers take payloads and give results, without a process."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pytest
from blazy_jobs import Job
from blazy_jobs.payload import InvalidPayload
from blazy_jobs.strict_json import NotJson, encode
from pydantic import BaseModel


class Address(TypedDict):
    city: str


class Person(TypedDict):
    """Someone."""

    name: str
    age: NotRequired[int]
    address: Address


def test_a_typed_dict_of_the_standard_library_is_a_payload() -> None:
    def handler(payload: Person) -> None: ...

    job = Job("greet", handler)
    assert job.payload_schema is not None
    assert job.payload_schema["required"] == ["name", "address"]
    good = {"name": "ada", "address": {"city": "london"}}
    assert job.intake.read(good) == good
    with pytest.raises(InvalidPayload, match="/address/city"):
        job.intake.read({"name": "ada", "address": {}})


class Model(BaseModel):
    x: float


@dataclass
class Data:
    x: float


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": -math.inf}, Model(x=math.nan), Data(math.nan)])
def test_no_number_that_json_lacks_becomes_null(value: Any) -> None:
    with pytest.raises(NotJson, match="NaN"):
        encode(value)
