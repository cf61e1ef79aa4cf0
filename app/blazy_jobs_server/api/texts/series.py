"""Of the history."""

from __future__ import annotations

SHAPES = {
    "Series": "The history of a span of time, in points of equal distance.",
    "SeriesPoint": "What happened from `at` on, up to the next point. All values are null if no server was there.",
    "SeriesTotal": "What happened in the whole span. All values are null if no server was there.",
    "Durations": "A histogram of durations. Histograms add up, bucket by bucket.",
}

_UNKNOWN = "null: no server was there."
_COUNTED = {
    "started": "Attempts that started.",
    "completed": "Runs that completed.",
    "failed": "Runs that failed.",
    "cancelled": "Runs that were cancelled.",
    "retried": "Attempts that failed and were followed by another.",
    "lost": "Runs that were lost with their worker.",
    "deepest": "The most runs that waited at once in one queue.",
    "oldest_due_seconds": "For how many seconds at most a run that waited had been due, as seen every ten seconds.",
    "waited": "From the time a run was due to its start.",
    "ran": "From the start of an attempt to its end.",
}
_VALUES = {name: f"{text} {_UNKNOWN}" for name, text in _COUNTED.items()}

FIELDS = {
    "Series": {
        "from": "When the first point begins: RFC 3339, UTC.",
        "to": "Where the last point ends, or is cut off.",
        "step_seconds": "The distance of the points in seconds.",
        "bounds": "The upper bounds of the histograms' buckets in seconds; one more bucket holds what is longer.",
        "total": "All points together.",
        "data": "The points, oldest first; at most 2,000.",
    },
    "SeriesTotal": _VALUES,
    "SeriesPoint": {**_VALUES, "at": "When the point begins: RFC 3339, UTC."},
    "Durations": {
        "count": "The number of measurements.",
        "mean_seconds": "The mean, in seconds. null without measurements.",
        "p50_seconds": "The median, in seconds, rounded up to a bucket bound. null without measurements.",
        "p95_seconds": "The 95th percentile, in seconds, rounded up to a bucket bound. null without measurements.",
        "p99_seconds": "The 99th percentile, in seconds, rounded up to a bucket bound. null without measurements.",
        "buckets": "Numbers of measurements, by `bounds`.",
    },
}

OPERATIONS: dict[str, str] = {}

PARAMETERS = {
    ("stats", "from"): "The beginning (RFC 3339), at most 400 days ago. Default: an hour before `to`.",
    ("stats", "to"): "The end (RFC 3339). Default: now.",
    (
        "stats",
        "step",
    ): "The distance of the points in seconds, a multiple of 60; it must not make more than 2,000 points. "
    "Default: the finest of 1, 5 and 15 minutes, 1 and 6 hours, a day and a week that makes at most 400.",
    ("stats", "job_type"): "Only runs of this job type; `_other`: those that had no room for a history of their own.",
    ("stats", "queue"): "Only runs in the queue of this name.",
}
