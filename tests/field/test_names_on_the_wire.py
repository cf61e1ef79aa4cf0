"""Schema, dispatch, validation and results of typed jobs go by one rule of names, and secrets by one rule of values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest
from blazy_jobs import AsyncClient, Client, Job, schedule
from blazy_jobs.client.aio.client import default_client
from blazy_jobs.strict_json import encode
from blazy_jobs.testing import JobsServer, run_job
from pydantic import SecretBytes, SecretStr

from tests.field.jobs import trades
from tests.field.jobs.trades import ByName, Line, Order, Parcel, Two

ORDER = Order(user_id="u1", order_lines=[Line(unit_price=Decimal("1.50"))], api_token=SecretStr("s3cret"))
SENT = {"userId": "u1", "orderLines": [{"unitPrice": "1.50"}], "apiToken": "s3cret"}
RESULT = {**SENT, "lineCount": 1}
TWO = Two(userIn="ada", howMany=3, raw=SecretBytes(b"s3cret"), free=[Line(unit_price=Decimal(1)), SecretStr("x")])


def names(schema: dict[str, Any] | None) -> set[str]:
    assert schema is not None
    found = schema["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return set(found["properties"])


def test_a_payload_is_sent_by_the_names_of_its_schema() -> None:
    two = TWO.model_copy(update={"free": None})
    for value, job in ((ORDER, "order"), (two, "two"), (ByName(user_id="u"), "by-name"), (Parcel("7"), "parcel")):
        sent = trades.jobs[job].intake.read(value)
        assert sent == value
    assert names(trades.jobs["order"].payload_schema) == set(SENT)
    assert encode([ORDER], "payload") == encode([SENT])
    assert encode(ORDER) == encode(RESULT)
    assert names(trades.jobs["two"].payload_schema) == {"userIn", "howMany", "raw", "free", "next"}


@pytest.mark.parametrize("job", ["order", "order-async", "order-thread"])
@pytest.mark.parametrize("payload", [ORDER, SENT])
def test_a_rehearsed_run_takes_the_model_and_its_wire_form(job: str, payload: Any) -> None:
    outcome = run_job(trades.jobs[job], payload)
    assert (outcome.state, outcome.result) == ("completed", RESULT)


def two_back() -> Two: ...
def orders_back() -> list[Order]: ...


def test_a_result_is_read_by_the_names_it_was_written_with() -> None:
    inner = TWO.model_copy(update={"free": None})
    outer = inner.model_copy(update={"next": inner})
    assert Job("two-back", two_back).read_result(orjson.loads(encode(outer))) == outer
    assert Job("two-back", two_back).read_result({"userIn": "ada"}).user == "ada"
    [order] = Job("orders-back", orders_back).read_result([RESULT])
    assert order == ORDER


def test_a_schedules_payload_goes_by_the_same_rule() -> None:
    job = Job("daily", trades.order, schedule=schedule.every_day_at(3, 0, payload=ORDER))
    assert job.schedules["daily"].fields["payload"] == SENT


@pytest.fixture(scope="module")
def served() -> Iterator[JobsServer]:
    with JobsServer(trades.jobs) as server:
        yield server


@pytest.mark.system
@pytest.mark.parametrize("job", ["order", "order-async", "order-thread"])
async def test_a_server_takes_what_the_clients_send(
    served: JobsServer, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(served.url) as client:
        assert client.dispatch(job, ORDER).result(timeout=30) == RESULT
        ids = client.dispatch_many([(job, ORDER), {"job_type": job, "payload": ORDER}])
        assert len(ids) == 2
    async with AsyncClient(served.url) as client:
        run = await client.dispatch(trades.jobs[job], ORDER)
        assert await run.result(timeout=30) == ORDER
    monkeypatch.setenv("JOBS_URL", served.url)
    run = await trades.jobs[job].dispatch(ORDER)
    assert await run.result(timeout=30) == ORDER


@pytest.mark.system
def test_names_that_differ_for_reading_and_writing_are_those_of_the_schema(served: JobsServer) -> None:
    with Client(served.url) as client:
        result = client.dispatch("two", TWO).result(timeout=30)
        assert result == {"user": "ada", "many": 3, "raw": "s3cret", "free": [{"unitPrice": "1"}, "x"]}
        assert client.dispatch("by-name", ByName(user_id="u")).result(timeout=30) == "u"
        parcel = client.dispatch("parcel", Parcel("7", [Decimal("0.5")])).result(timeout=30)
        assert parcel == {"parcelId": "7", "weights": ["0.5"]}


@pytest.mark.system
def test_the_client_that_a_job_dispatches_through_ends_with_its_event_loop(
    served: JobsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dispatch() -> AsyncClient:
        run = await trades.jobs["order"].dispatch(ORDER)
        assert await run.result(timeout=30) == ORDER
        return default_client()

    monkeypatch.setenv("JOBS_URL", served.url)
    assert [asyncio.run(dispatch())._http.is_closed for _ in range(2)] == [True, True]
