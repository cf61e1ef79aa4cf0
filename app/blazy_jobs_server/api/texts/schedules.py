"""Of schedules."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CREATED, CURSOR_OF_NEXT, SOURCE, UPDATED, of_a_change

SHAPES = {
    "Schedule": "What makes runs by itself, and when.",
    "SchedulePage": "A page of schedules, newest first.",
    "FireTimes": "Times to come, the next one first.",
    "EveryIn": "Together at least one day.",
    "Every": "How many months, weeks and days lie between two times.",
    "TriggerIn": "When runs are made.",
    "TriggerOut": "When runs are made.",
    "CronTriggerOut": "At the times that a cron expression names.",
    "IntervalTriggerOut": "Again and again after so many seconds.",
    "CalendarTriggerOut": "At a local time, every so many days, weeks or months.",
    "DateTriggerOut": "Once.",
    "Overlap": "What happens at a time when an earlier run of the schedule is not finished. `allow`: a run is made "
    "all the same. `skip`: none is "
    "made. `cancel_running`: the earlier ones are cancelled, and one is made.",
    "CatchUp": "What becomes of times that passed while no server was there. `none`: nothing. `latest`: one run "
    "for the last of them. `all`: a run "
    "for each.",
}

_TIMEZONE = (
    "The IANA name of the zone in which local times are meant, such as `Europe/Berlin`; at most 64 characters. "
    "Default: `UTC`."
)
_COUNTED = {
    "months": "From 0 to 10,000. Default: 0.",
    "weeks": "From 0 to 10,000. Default: 0.",
    "days": "From 0 to 10,000. Default: 0.",
}
_CHANGES = {
    "job_type": "The name of the job type that its runs are of; it must be registered.",
    "payload": "The payload of its runs: any JSON value that the job type takes. Default: null.",
    "timezone": _TIMEZONE,
    "trigger": "When runs are made.",
    "overlap": "What happens at a time when an earlier run of it is not finished. Default: `allow`.",
    "catch_up": "What becomes of times that passed while no server was there. Default: `latest`.",
    "jitter_seconds": "The most seconds that a time is put off by, from 0 to 86,400: always the same for one "
    "schedule, so that "
    "many schedules do not fire in one moment. Default: 0.",
    "paused": "Whether its times pass without runs. Default: it stays as it is, false of a new one.",
    "start_at": "No run is made before this instant (RFC 3339). Default, and null: no such bound.",
    "end_at": "No run is made after this instant (RFC 3339). Default, and null: no such bound.",
    "queue": "The queue of its runs. Default, and null: the job type's.",
    "priority": "Of its runs, from -100 to 100. Default, and null: the job type's.",
    "tags": "Of its runs: at most 20 words of 1 to 128 characters. Default: none.",
}
_NAME = "1 to 128 letters, digits, `.`, `_` and `-`, beginning with a letter or digit."
_KINDS = {
    "Cron": {
        "kind": "Says that it is a cron expression.",
        "expression": "Minute, hour, day of the month, month and day of the week, or a word such as `@daily`; at "
        "most 256 characters.",
    },
    "Interval": {
        "kind": "Says that it is an interval.",
        "every_seconds": "Seconds between two times, at least 1 and at most ten years.",
    },
    "Date": {"kind": "Says that it is one time only.", "at": "When: RFC 3339 with an offset."},
}
_CALENDAR = {
    "kind": "Says that it counts by the calendar.",
    "every": "How far two times lie apart.",
    "hour": "Of the local time, 0 to 23.",
    "minute": "Of the local time, 0 to 59.",
}

FIELDS = {
    "SchedulePatch": of_a_change(_CHANGES),
    "ScheduleIn": {**_CHANGES, "name": _NAME},
    "SchedulePut": {
        **_CHANGES,
        "name": "Where it is given, it must be the one of the path. Default, and null: that one.",
    },
    **{f"{kind}Trigger{side}": texts for kind, texts in _KINDS.items() for side in ("In", "Out")},
    "CalendarTriggerIn": {
        **_CALENDAR,
        "hour": "Of the local time, 0 to 23. Default: 0.",
        "minute": "Of the local time, 0 to 59. Default: 0.",
    },
    "CalendarTriggerOut": _CALENDAR,
    "EveryIn": _COUNTED,
    "Every": {
        "months": "0 where none are counted.",
        "weeks": "0 where none are counted.",
        "days": "0 where none are counted.",
    },
    "PreviewIn": {
        "trigger": "When it would fire.",
        "timezone": _TIMEZONE,
        "count": "How many times to say, from 1 to 1,000. Default: 10.",
        "after": "Times after this instant, exclusive (RFC 3339). Default, and null: now.",
        "start_at": "No time is before this instant (RFC 3339). Default, and null: no such bound.",
        "end_at": "No time is after this instant (RFC 3339). Default, and null: no such bound.",
    },
    "FireTimes": {
        "data": "RFC 3339, UTC, without jitter. Fewer than were asked for where the schedule ends, or the year "
        "9999 does."
    },
    "Schedule": {
        "name": "Unique among schedules.",
        "job_type": "The name of the job type that its runs are of.",
        "payload": "The payload of its runs.",
        "timezone": "The IANA name of the zone in which local times are meant.",
        "trigger": "When runs are made.",
        "overlap": "What happens at a time when an earlier run of it is not finished.",
        "catch_up": "What becomes of times that passed while no server was there.",
        "jitter_seconds": "The most seconds that a time is put off by.",
        "paused": "Whether its times pass without runs.",
        "orphaned": "Whether it is paused because its app's code has it no more.",
        "start_at": "No run is made before. null: no such bound.",
        "end_at": "No run is made after. null: no such bound.",
        "queue": "The queue of its runs. null: the job type's.",
        "priority": "Of its runs. null: the job type's.",
        "tags": "Of its runs.",
        "next_fire_at": "The next time, without jitter. null while it is paused, and when no time is left.",
        "last_fire_at": "The last time that came while it was not paused. null before the first.",
        "last_run_id": "The run that it has made last. null before the first.",
        "last_skipped_at": "The last time without a run because of `overlap`. null where there was none.",
        "missed": "Times that passed without a run because no server was there.",
        "source": SOURCE,
        "created_at": CREATED,
        "updated_at": UPDATED,
    },
    "SchedulePage": {"data": "At most `limit` of them.", "next_cursor": CURSOR_OF_NEXT},
}

OPERATIONS = {
    "create_schedule": "Refused where the name is taken, where it could never fire, and where the job type would "
    "not take the payload.",
    "list_schedules": "Those that code has declared too.",
    "preview_schedule": "To see what an expression means before it is used. Without jitter.",
    "get_schedule": "With its next and last times.",
    "put_schedule": "Idempotent. Fields that are left out have their defaults, but `paused`, which stays as it is.",
    "patch_schedule": "Fields that are left out stay as they are. A change takes what code declared out of the "
    "code's hands.",
    "delete_schedule": "Where code declares it, it comes back with the code's next declaration.",
    "pause_schedule": "Its runs go on. Pausing again changes nothing.",
    "resume_schedule": "Its next time is the first after now. Resuming again changes nothing.",
}

PARAMETERS = {
    ("schedules", "name"): "The name of the schedule.",
    ("schedules", "count"): "How many times to say, from 1 to 1,000.",
}
