"""What the OpenAPI document says of each field, parameter and operation where the code does not say it itself: meaning,
unit, limits, default, and what null means. A name in several shapes has its words once."""

from __future__ import annotations

from blazy_jobs_server.api.texts import (
    audit,
    bulk,
    config,
    errors,
    events,
    job_types,
    keys,
    live,
    operations,
    queues,
    runs,
    schedules,
    series,
    servers,
    sessions,
    webhooks,
    workers,
)

_PARTS = (
    config,
    runs,
    errors,
    bulk,
    events,
    job_types,
    queues,
    schedules,
    webhooks,
    workers,
    keys,
    sessions,
    audit,
    operations,
    live,
    servers,
    series,
)
SHAPES: dict[str, str] = {name: text for part in _PARTS for name, text in part.SHAPES.items()}
FIELDS: dict[str, dict[str, str]] = {name: fields for part in _PARTS for name, fields in part.FIELDS.items()}
OPERATIONS: dict[str, str] = {name: text for part in _PARTS for name, text in part.OPERATIONS.items()}
PARAMETERS: dict[tuple[str, str], str] = {place: text for part in _PARTS for place, text in part.PARAMETERS.items()}
"""By the path's first part after `v1` and the parameter's name."""
