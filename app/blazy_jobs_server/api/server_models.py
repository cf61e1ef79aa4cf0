"""The servers, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, JsonValue


class DatabaseOut(BaseModel):
    kind: Literal["sqlite", "postgresql"]
    bytes: int
    wal_bytes: int
    free_bytes: int


class CommitsOut(BaseModel):
    count: int
    requests: int
    mean_requests: float | None


class Server(BaseModel):
    id: str
    self: bool
    host: str
    pid: int
    version: str
    started_at: AwareDatetime
    last_seen_at: AwareDatetime
    draining: bool
    workers: int
    streams: int
    loop_lag_p99_seconds: float | None
    commits: CommitsOut
    database: DatabaseOut
    settings: dict[str, JsonValue] | None


class ServerPage(BaseModel):
    data: list[Server]
    next_cursor: str | None
