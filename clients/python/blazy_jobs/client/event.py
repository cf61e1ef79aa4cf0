"""One change of a run, as a stream brings it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blazy_jobs.client.facts import FINAL_STATES


@dataclass(frozen=True)
class Event:
    """One change of a run. `data` depends on `type`; `cursor` is where a stream resumes after it."""

    id: str
    seq: int
    type: str
    time: datetime
    run_id: str
    job_type: str
    queue: str
    state: str
    attempt: int
    data: Any
    cursor: str = ""

    @classmethod
    def read(cls, raw: Mapping[str, Any], cursor: str = "") -> Event:
        return cls(
            id=raw["id"],
            seq=raw["seq"],
            type=raw["type"],
            time=datetime.fromisoformat(raw["time"]),
            run_id=raw["run_id"],
            job_type=raw["job_type"],
            queue=raw["queue"],
            state=raw["state"],
            attempt=raw["attempt"],
            data=raw["data"],
            cursor=cursor,
        )

    @property
    def final(self) -> bool:
        """The last event of its run."""
        return self.type in FINAL_STATES
