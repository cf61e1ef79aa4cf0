"""Of servers."""

from __future__ import annotations

from blazy_jobs_server.api.texts.common import CURSOR_OF_NEXT

SHAPES = {
    "Server": "A server on the database.",
    "ServerPage": "The servers on the database, the one that answers first.",
    "DatabaseOut": "The database that they share.",
    "JsonValue": "Any JSON value.",
    "CommitsOut": "Transactions that a server has committed since it started.",
}

FIELDS = {
    "Server": {
        "id": "The server's id, another one after each start.",
        "self": "Whether it is the one that answers.",
        "host": "The name of its machine.",
        "pid": "The number of its process.",
        "version": "The version of its package.",
        "started_at": "When it started: RFC 3339, UTC.",
        "last_seen_at": "When it last told about itself: RFC 3339, UTC.",
        "draining": "Whether it is stopping.",
        "workers": "How many workers speak to it.",
        "streams": "How many event streams are open at it.",
        "loop_lag_p99_seconds": "How late its event loop comes to what is due: the 99th percentile since the start, "
        "rounded up to a bucket bound of the histogram. null in the first seconds.",
        "commits": "Transactions that it has committed.",
        "database": "The database that they share.",
        "settings": "Its settings, without secrets and addresses. null for restricted keys.",
    },
    "ServerPage": {"data": "All of them.", "next_cursor": f"{CURSOR_OF_NEXT} Always null."},
    "DatabaseOut": {
        "kind": "`sqlite` or `postgresql`.",
        "bytes": "The size of the database.",
        "wal_bytes": "The size of SQLite's write-ahead log; 0 with PostgreSQL.",
        "free_bytes": "Room in the SQLite file that is reused for new rows; 0 with PostgreSQL.",
    },
    "CommitsOut": {
        "count": "The number of commits.",
        "requests": "The number of requests that shared them.",
        "mean_requests": "Requests a commit. null without commits.",
    },
}

OPERATIONS: dict[str, str] = {}

PARAMETERS: dict[tuple[str, str], str] = {}
