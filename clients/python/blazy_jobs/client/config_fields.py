"""Configurations, by the API's names, as type checkers know them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class ConfigExport(TypedDict):
    """What is defined, each kind by name, as it can be applied again."""

    owner: NotRequired[str]
    job_types: list[dict[str, Any]]
    queues: list[dict[str, Any]]
    schedules: list[dict[str, Any]]
    webhooks: list[dict[str, Any]]


class ConfigField(TypedDict):
    """`path` is a JSON Pointer into the definition."""

    path: str
    before: Any
    after: Any


class ConfigChange(TypedDict):
    kind: str
    name: str
    action: Literal["create", "update", "delete"]
    fields: list[ConfigField]
    secret: NotRequired[str]
    """Of what is new and signs: shown this once."""


class ConfigDifference(TypedDict):
    owner: str
    dry_run: bool
    changes: list[ConfigChange]
    unchanged: int
