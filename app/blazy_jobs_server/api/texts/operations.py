"""Of health, statistics and metrics."""

from __future__ import annotations

from blazy_jobs_server.api.texts import queues

SHAPES = {
    "Health": "The server is healthy.",
    "Latency": "A distribution of durations, measured over the runs that this server has seen since it started.",
    "Stats": "Current statistics of the server.",
}

_OLDEST = (
    "Since when the first of these runs has been due, or when it will be (RFC 3339, UTC); omitted if there is none."
)

FIELDS = {
    "Health": {
        "status": "Always `ok`; a problem is reported by another HTTP status.",
        "redis": "Whether the Redis of BullMQ queues is available; omitted, and never null, if there is none, and in "
        "`healthz`.",
    },
    "Latency": {
        "count": "The number of measurements since the server started.",
        "mean_seconds": "The mean, in seconds. null without measurements.",
        "p50_seconds": "The median, in seconds, rounded up to a bucket bound of the histogram. null without "
        "measurements.",
        "p99_seconds": "The 99th percentile, in seconds, rounded up to a bucket bound of the histogram. null without "
        "measurements.",
    },
    "Oldest": dict.fromkeys(queues.STATES, _OLDEST),
    "Stats": {
        "version": "The version of the server's package.",
        "counts": "The number of stored runs, by state.",
        "finished_last_minute": "Runs that reached a final state within the last 60 seconds, on all servers.",
        "started_last_minute": "Attempts that started within the last 60 seconds, on all servers.",
        "waited": "From the time a run was due to its start, as this server has measured it.",
        "ran": "From the start of an attempt to its end, as this server has measured it.",
        "workers": "The number of connected workers.",
        "open_streams": "The number of open event streams of this server.",
        "database_bytes": "The size of the database.",
        "wal_bytes": "The size of SQLite's write-ahead log; 0 with PostgreSQL.",
        "free_bytes": "Room in the SQLite file that is reused for new rows; 0 with PostgreSQL.",
        "oldest": "In each state, since when the first run has been due: one that was delayed by six hours is not six "
        "hours late.",
    },
}

OPERATIONS = {
    "get_health": "For a liveness probe: needs neither a key nor the database, and also responds while draining.",
    "get_stats": "For people and dashboards; `GET /metrics` has more, for Prometheus.",
    "get_metrics": "In the Prometheus text format. Each of several servers on one database has its own.",
}

PARAMETERS: dict[tuple[str, str], str] = {}
