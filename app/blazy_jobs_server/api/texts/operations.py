"""Of health, statistics and metrics."""

from __future__ import annotations

from blazy_jobs_server.api.texts import queues

SHAPES = {
    "Health": "The server is well.",
    "Latency": "How long something took, of the runs that this server has seen since it started.",
    "Stats": "The server in numbers, as of now.",
}

_OLDEST = "When the oldest of these runs came into this state (RFC 3339, UTC); left out where there is none."

FIELDS = {
    "Health": {
        "status": "Always `ok`: what is not is another status of HTTP.",
        "redis": "Whether the Redis of BullMQ queues answers; left out, and never null, where there is none, and "
        "of `healthz`.",
    },
    "Latency": {
        "count": "How many were measured, since the server started.",
        "mean_seconds": "Their mean, in seconds. null where none was measured.",
        "p50_seconds": "The median, in seconds, rounded up to a bound of the histogram. null where none was measured.",
        "p99_seconds": "99 of 100 were no longer, in seconds, rounded up to a bound of the histogram. null where "
        "none was measured.",
    },
    "Oldest": dict.fromkeys(queues.STATES, _OLDEST),
    "Stats": {
        "version": "The server's version, as its distribution has it.",
        "counts": "All runs that are kept, by their state.",
        "finished_last_minute": "Runs that came into a final state within the last 60 seconds.",
        "started_last_minute": "Attempts that started within the last 60 seconds.",
        "waited": "From when a run was due to its start.",
        "ran": "From an attempt's start to its end.",
        "workers": "How many are there.",
        "open_streams": "Event streams that are being read from this server.",
        "database_bytes": "The size of the database.",
        "wal_bytes": "The size of SQLite's write-ahead log; 0 with PostgreSQL.",
        "free_bytes": "Room within the file of SQLite that new rows will use; 0 with PostgreSQL.",
        "oldest": "When the oldest run in each state came into it.",
    },
}

OPERATIONS = {
    "get_health": "For a liveness probe: it needs neither key nor database, and answers while draining too.",
    "get_stats": "For people and dashboards; `GET /metrics` has more, for Prometheus.",
    "get_metrics": "In Prometheus' text format. Several servers on one database have each their own.",
}

PARAMETERS: dict[tuple[str, str], str] = {}
