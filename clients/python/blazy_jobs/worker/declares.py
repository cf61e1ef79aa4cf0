"""What a worker says to the server of the code that it serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def declares(parts: Sequence[dict[str, Any]], app: str, build: str | None, start: str) -> list[dict[str, Any]]:
    """What is said to the server of parts as `describe` has them: one declaration an app."""
    apps: dict[str, dict[str, Any]] = {}
    for part in parts:
        name = part["app"] or app
        declared = apps.setdefault(name, {"app": name, "start": start, **({"build": build} if build else {})})
        for field_name, values in part.items():
            if field_name != "app":
                declared[field_name] = [*declared.get(field_name, ()), *values]
    return list(apps.values())
