"""Cron text: the times that other readers' own tests expect of it, and what is refused with what to write instead."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from blazy_jobs import DefinitionError, schedule

from blazy_jobs_server.domain.errors import InvalidRequest
from blazy_jobs_server.domain.instants import SECOND, from_datetime, rfc3339
from blazy_jobs_server.domain.schedule import Cron, Plan, Schedule, ScheduleDefinition
from blazy_jobs_server.engine.due_times import fire_times
from blazy_jobs_server.engine.plans import check_plan
from tests.app.server import Server, paths, problem

KNOWN: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "cron_vectors.json").read_text())
"""By reader and zone: of each expression, instants and the next time after each, or null where it is refused here."""
TIMES = [
    pytest.param(zone, expressions, id=f"{reader}-{zone}")
    for reader, zones in KNOWN["times"].items()
    for zone, expressions in zones.items()
]


def refusal(expression: str) -> str | None:
    try:
        check_plan(Plan(trigger=Cron(expression)))
    except InvalidRequest as error:
        return error.detail
    return None


@pytest.mark.parametrize(("zone", "expressions"), TIMES)
def test_the_next_time_is_the_one_that_others_expect(zone: str, expressions: dict[str, list[list[str | None]]]) -> None:
    for expression, times in expressions.items():
        refused = {None} == {expected for _, expected in times}
        assert (refusal(expression) is not None) == refused, expression
        if refused:
            continue
        plan = fire_times(Plan(trigger=Cron(expression), timezone=zone), 0)
        for after, expected in times:
            assert after is not None
            assert expected is not None
            found = plan.after(from_datetime(datetime.fromisoformat(after)))
            assert found is not None
            assert datetime.fromisoformat(rfc3339(found)) == datetime.fromisoformat(expected), (expression, after)


def test_there_are_as_many_as_there_were() -> None:
    counted = sum(len(times) for known in TIMES for times in known.values[1].values())  # type: ignore[attr-defined]
    assert counted + sum(map(len, KNOWN["refused"].values())) == 3379


@pytest.mark.parametrize("reader", KNOWN["refused"])
def test_what_others_refuse_is_refused_by_server_and_package(reader: str) -> None:
    for expression in KNOWN["refused"][reader]:
        assert refusal(expression) is not None, expression
        with pytest.raises(DefinitionError):
            schedule.cron(expression)


@pytest.mark.parametrize(
    ("expression", "instead"),
    [
        ("*/90 * * * *", "'0'"),
        ("*/60 * * * *", "'0'"),
        ("0 */24 * * *", "'0'"),
        ("0 0 */31 * *", "'1'"),
        ("0 0 1 */12 *", "'1'"),
        ("0 0 * * */7", "'0'"),
        ("0 0 * * 0/7", "'0'"),
        ("30/30 * * * *", "'30'"),
        ("10-20/15 * * * *", "'10'"),
        ("0,*/90 * * * *", "'0'"),
        ("0 3 * * fri-mon", "'fri-sat,sun-mon'"),
        ("0 3 * * sat-sun", "'sat,sun'"),
        ("0 3 * * 5-1", "'5-6,0-1'"),
        ("0 22-2 * * *", "'22-23,0-2'"),
        ("0 23-0 * * *", "'23,0'"),
        ("50-10 * * * *", "'50-59,0-10'"),
        ("0 0 25-5 * *", "'25-31,1-5'"),
        ("0 0 1 nov-feb *", "'nov-dec,jan-feb'"),
        ("0 3 * * fri-mon/2", "list"),
        ("0 3 * * Monday", "'mon'"),
        ("0 3 * * Tues,Thurs", "'tue'"),
        ("0 3 * * mon-friday", "'fri'"),
        ("0 3 1 September *", "'sep'"),
        ("0 3 L/2 * *", "step"),
        ("0 3 LW/2 * *", "step"),
        ("0 3 1,L/2 * *", "step"),
        ("0 3 ? * *", "'*'"),
    ],
)
async def test_what_means_something_else_elsewhere_is_refused_with_what_to_write(
    server: Server, expression: str, instead: str
) -> None:
    await server.register()
    body = {"name": "s", "job_type": "greet", "trigger": {"kind": "cron", "expression": expression}}
    put = {name: value for name, value in body.items() if name != "name"}
    for method, path, sent in (
        ("POST", "/v1/schedules", body),
        ("PUT", "/v1/schedules/s", put),
        ("POST", "/v1/schedules/preview", {"trigger": body["trigger"]}),
    ):
        refused = problem(await server.http.request(method, path, json=sent), 422, "invalid_request")
        assert paths(refused) == ["/trigger/expression"]
        assert instead in refused["errors"][0]["message"]
    with pytest.raises(DefinitionError, match=re.escape(instead)):
        schedule.cron(expression)


async def test_a_schedule_of_an_earlier_version_goes_on_and_can_be_changed(server: Server) -> None:
    """With text that is refused now."""
    await server.register()
    plan = Plan(trigger=Cron("*/90 * * * *"))
    definition = ScheduleDefinition(name="s", job_type="greet", plan=plan)
    due = server.clock.now() + 3600 * SECOND
    await server.store.save_schedule(Schedule(definition=definition, source="api", next_fire_at=due), expect=None)
    assert (await server.http.patch("/v1/schedules/s", json={"tags": ["old"]})).status_code == 200
    for _ in range(2):
        await server.advance(3600)
    assert len((await server.get("/v1/runs", schedule="s"))["data"]) == 2
    answer = await server.http.patch("/v1/schedules/s", json={"timezone": "Asia/Tokyo"})
    assert paths(problem(answer, 422, "invalid_request")) == ["/trigger/expression"]


@pytest.mark.parametrize(
    "expression",
    [
        "5/15 * * * *",
        "0 3 * * mon#2",
        "0 3 L * *",
        "0 3 LW * *",
        "0 3 * * 5L",
        "0 3 */100,1-7 * mon",
        "0 3 1-7 * */7",
        "0 3 */31 * mon",
        "*/59 * * * *",
        "0 */23 * * *",
        "0 3 * * 5-7",
        "0 0 */30 * *",
        "7-7/1 * * * *",
        "0 3 * * */6",
        "0 0 1-31/30 * *",
        "59/1 * * * *",
    ],
)
def test_what_docs_say_works(expression: str) -> None:
    assert refusal(expression) is None
    assert schedule.cron(expression)
