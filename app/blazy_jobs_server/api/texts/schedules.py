"""Of schedules."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import (
    CREATED,
    CURSOR_OF_NEXT,
    NAME,
    NAME_IN_PUT,
    PAGE_DATA,
    SOURCE,
    UPDATED,
    of_a_change,
)

SHAPES = {
    "Schedule": "Dispatches runs of a job type at the times of its trigger.",
    "SchedulePage": "A page of schedules, newest first.",
    "FireTimes": "The next fire times, earliest first.",
    "EveryIn": "The sum must be at least one day.",
    "Every": "The months, weeks and days between two fire times.",
    "TriggerIn": "When the schedule fires.",
    "TriggerOut": "When the schedule fires.",
    "CronTriggerOut": "At the times of a cron expression.",
    "IntervalTriggerOut": "Repeatedly, at a fixed interval in seconds.",
    "CalendarTriggerOut": "At a local time, every given number of days, weeks or months.",
    "DateTriggerOut": "Once.",
    "Overlap": "What happens at a fire time while an earlier run of the schedule is unfinished. `allow`: a run is "
    "created anyway. `skip`: no run is created. `cancel_running`: earlier runs are cancelled, and a run is created.",
    "CatchUp": "What happens with fire times missed while no server was running. `none`: nothing. `latest`: one run "
    "for the last of them. `all`: one run for each.",
}

_TIMEZONE = (
    "The IANA time zone in which local times are interpreted, such as `Europe/Berlin`; at most 64 characters. "
    "Default: `UTC`."
)
_COUNTED = {
    "months": "From 0 to 10,000. Default: 0.",
    "weeks": "From 0 to 10,000. Default: 0.",
    "days": "From 0 to 10,000. Default: 0.",
}
_CHANGES = {
    "job_type": "The name of the job type of its runs; it must be registered.",
    "payload": "The payload of its runs: any JSON value that the job type accepts. Default: null.",
    "timezone": _TIMEZONE,
    "trigger": "When the schedule fires.",
    "overlap": "What happens at a fire time while an earlier run of it is unfinished. Default: `allow`.",
    "catch_up": "What happens with fire times missed while no server was running. Default: `latest`.",
    "jitter_seconds": "Maximum delay of a fire time in seconds, from 0 to 86,400. The delay is constant for each "
    "schedule, so that many schedules do not fire at the same moment. Default: 0.",
    "paused": "Whether its fire times pass without runs. Default: not changed; false for a new schedule.",
    "start_at": "The schedule does not fire before this time (RFC 3339). null (default): no limit.",
    "end_at": "The schedule does not fire after this time (RFC 3339). null (default): no limit.",
    "queue": "The queue of its runs. null (default): that of the job type.",
    "priority": "The priority of its runs, from -100 to 100. null (default): that of the job type.",
    "tags": "The tags of its runs: at most 20, of 1 to 128 characters. Default: none.",
}
_KINDS = {
    "Cron": {
        "kind": "A cron expression.",
        "expression": "Minute, hour, day of the month, month and day of the week, or a nickname such as `@daily`; at "
        "most 256 characters.",
    },
    "Interval": {
        "kind": "A fixed interval.",
        "every_seconds": "Seconds between two fire times, at least 1 and at most ten years.",
    },
    "Date": {"kind": "A single time.", "at": "When: RFC 3339 with an offset."},
}
_CALENDAR = {
    "kind": "A calendar interval.",
    "every": "The interval between two fire times.",
    "hour": "Local time, 0 to 23.",
    "minute": "Local time, 0 to 59.",
}

FIELDS = {
    "SchedulePatch": of_a_change(_CHANGES),
    "ScheduleIn": {**_CHANGES, "name": NAME},
    "SchedulePut": {**_CHANGES, "name": NAME_IN_PUT},
    **{f"{kind}Trigger{side}": texts for kind, texts in _KINDS.items() for side in ("In", "Out")},
    "CalendarTriggerIn": {
        **_CALENDAR,
        "hour": "Local time, 0 to 23. Default: 0.",
        "minute": "Local time, 0 to 59. Default: 0.",
    },
    "CalendarTriggerOut": _CALENDAR,
    "EveryIn": _COUNTED,
    "Every": {
        "months": "0 if not used.",
        "weeks": "0 if not used.",
        "days": "0 if not used.",
    },
    "PreviewIn": {
        "trigger": "When the schedule would fire.",
        "timezone": _TIMEZONE,
        "count": "Number of fire times to return, from 1 to 1,000. Default: 10.",
        "after": "Only fire times after this time (RFC 3339). null (default): now.",
        "start_at": "No fire times before this time (RFC 3339). null (default): no limit.",
        "end_at": "No fire times after this time (RFC 3339). null (default): no limit.",
    },
    "FireTimes": {
        "data": "RFC 3339, UTC, without jitter. Fewer than requested if the schedule ends, or at the end of the year "
        "9999."
    },
    "Schedule": {
        "name": "Unique among schedules.",
        "job_type": "The name of the job type of its runs.",
        "payload": "The payload of its runs.",
        "timezone": "The IANA time zone in which local times are interpreted.",
        "trigger": "When the schedule fires.",
        "overlap": "What happens at a fire time while an earlier run of it is unfinished.",
        "catch_up": "What happens with fire times missed while no server was running.",
        "jitter_seconds": "Maximum delay of a fire time in seconds.",
        "paused": "Whether its fire times pass without runs.",
        "orphaned": "Whether it is paused because the code of its app no longer declares it.",
        "start_at": "It does not fire before this time. null: no limit.",
        "end_at": "It does not fire after this time. null: no limit.",
        "queue": "The queue of its runs. null: that of the job type.",
        "priority": "The priority of its runs. null: that of the job type.",
        "tags": "The tags of its runs.",
        "next_fire_at": "The next fire time, without jitter. null while it is paused, or if it will not fire again.",
        "last_fire_at": "The last fire time that passed while it was not paused. null before the first.",
        "last_run_id": "The id of its last run. null before the first.",
        "last_skipped_at": "The last fire time skipped because of `overlap`. null if there is none.",
        "missed": "The number of fire times that passed without a run because no server was running.",
        "source": SOURCE,
        "created_at": CREATED,
        "updated_at": UPDATED,
    },
    "SchedulePage": {"data": PAGE_DATA, "next_cursor": CURSOR_OF_NEXT},
}

OPERATIONS = {
    "create_schedule": "Refused if the name is taken, if it would never fire, or if the job type does not accept the "
    "payload.",
    "list_schedules": "Includes schedules declared in code. Newest first.",
    "preview_schedule": "Use it to check an expression before saving it. Without jitter.",
    "get_schedule": "Includes its next and last fire times.",
    "put_schedule": "Idempotent. Omitted fields get their defaults, except `paused`, which is not changed.",
    "patch_schedule": "Omitted fields are not changed. After a change over HTTP, declarations in code no longer change "
    "this schedule.",
    "delete_schedule": "A schedule declared in code is created again by the next worker that declares it.",
    "pause_schedule": "It does not fire while it is paused; runs in progress continue. Idempotent.",
    "resume_schedule": "The next fire time is the first after now. Idempotent.",
}

PARAMETERS = {
    ("schedules", "name"): "The name of the schedule.",
    ("schedules", "count"): "Number of fire times to return, from 1 to 1,000.",
}
