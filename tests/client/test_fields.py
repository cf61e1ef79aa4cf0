"""The fields of definitions that type checkers know are those of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from blazy_jobs.client import fields

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.json"

#: They are arguments of their own.
GIVEN = {"ScheduleIn": {"name", "job_type"}}


@pytest.mark.parametrize(
    ("known", "schema"),
    [
        (fields.JobTypeFields, "JobTypeIn"),
        (fields.JobTypeFields, "JobTypePatch"),
        (fields.QueueFields, "QueueIn"),
        (fields.RateLimit, "RateLimit"),
        (fields.Bullmq, "Bullmq"),
        (fields.ScheduleFields, "ScheduleIn"),
        (fields.ScheduleChanges, "SchedulePatch"),
        (fields.HttpHandler, "HttpHandlerIn"),
        (fields.CronTrigger, "CronTriggerIn"),
        (fields.IntervalTrigger, "IntervalTriggerIn"),
        (fields.CalendarTrigger, "CalendarTriggerIn"),
        (fields.Every, "EveryIn"),
        (fields.DateTrigger, "DateTriggerIn"),
    ],
)
def test_no_field_is_missing_and_none_made_up(known: Any, schema: str) -> None:
    described = json.loads(DOCUMENT.read_text())["components"]["schemas"][schema]["properties"]
    assert set(known.__annotations__) == set(described) - GIVEN.get(schema, {"name"})
