"""The filter of a bulk operation, as it is stored: JSON with the names and forms of the query of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.bulk import Bulk
from blazy_jobs_server.domain.instants import from_datetime
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import STATES
from blazy_jobs_server.ports import RunFilter

NOBODY = 0
"""The key of no worker."""
PLAIN = ("job_type", "queue", "tag", "schedule", "error_code", "error_group", "resolved", "attempt_min", "q")
INSTANTS = ("created_after", "created_before", "finished_after", "finished_before")
Hides = Callable[[str], tuple[str, ...]] | None


def filter_of(given: Mapping[str, Any], within: Within, hides: Hides) -> RunFilter:
    """`id` and `state` have lists. What has not the form of an id is that of no run, and of no worker."""
    fields: dict[str, Any] = {name: given[name] for name in PLAIN if name in given}
    for name in INSTANTS:
        if name in given:
            fields[name] = from_datetime(datetime.fromisoformat(given[name]))
    if "id" in given:
        keys = map(ids.parse_run_id, given["id"])
        fields["ids"] = frozenset(key for key in keys if key is not None)
    if "worker_id" in given:
        fields["worker_id"] = ids.parse_worker_id(given["worker_id"]) or NOBODY
    states = frozenset(STATES[name] for name in given.get("state", ()))
    return RunFilter(**fields, states=states, hides=hides, within=within)


def filter_of_bulk(bulk: Bulk, hides: Callable[[str], tuple[str, ...]]) -> RunFilter:
    where = filter_of(orjson.loads(bulk.filter), bulk.within, None if bulk.reveals else hides)
    if bulk.named is None:
        return where
    named = frozenset(bulk.named)
    return RunFilter(**{name: getattr(where, name) for name in where.__struct_fields__} | {"ids": named})
