"""What both clients share: the requests they write, the answers they read, and when they try again."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from blazy_jobs.errors import ApiError, RunCancelled, RunFailed, seconds_of
from blazy_jobs.job import Job, RetryOption, retry_settings
from blazy_jobs.strict_json import NotJson, encode

DEFAULT_URL = "http://127.0.0.1:8000"
MAX_TRIES = 5
REQUEST_SECONDS = 10.0
MAX_BACKOFF_SECONDS = 2.0
WAIT_SECONDS = 20.0
"""How long one request waits for a run; more of them follow."""
OUTAGE_SECONDS = 60.0
"""A wait without a timeout of its own gives up when the server has been away for so long."""
LISTENERS_SECONDS = 30.0
"""How long the end of a wait is put off at most for the run's listeners."""
STREAM_SILENCE_SECONDS = 45.0
"""A stream sends at least a comment every 15 seconds."""

LIMITS = httpx.Limits(max_connections=100)
FINAL_STATES = frozenset(("completed", "failed", "cancelled"))

Seconds = float | timedelta


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


class RunFacts:
    """A run as the server last told it. `refresh` and `wait` of its subclasses bring news."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = dict(data)
        """The run as api.md shows it."""

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def job_type(self) -> str:
        return str(self.data["job_type"])

    @property
    def state(self) -> str:
        """scheduled, queued, running, retrying, completed, failed or cancelled."""
        return str(self.data["state"])

    @property
    def payload(self) -> Any:
        return self.data["payload"]

    @property
    def error(self) -> dict[str, Any] | None:
        error: dict[str, Any] | None = self.data["error"]
        return error

    @property
    def progress(self) -> dict[str, Any] | None:
        progress: dict[str, Any] | None = self.data["progress"]
        return progress

    @property
    def attempt(self) -> int:
        return int(self.data["attempt"])

    @property
    def tags(self) -> list[str]:
        return list(self.data["tags"])

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.data["metadata"])

    @property
    def finished(self) -> bool:
        return self.state in FINAL_STATES

    def outcome(self) -> Any:
        """The result of a finished run. Raises RunFailed and RunCancelled."""
        if self.state == "failed":
            raise RunFailed(self.id, self.error)
        if self.state == "cancelled":
            raise RunCancelled(self.id, self.data.get("cancel_reason"))
        return self.data["result"]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.job_type!r}, {self.state!r})"


# -- requests


def server_address(url: str | None, api_key: str | None) -> tuple[str, dict[str, str]]:
    """The base address and the headers, from what is given or JOBS_URL and JOBS_API_KEY."""
    key = api_key if api_key is not None else os.environ.get("JOBS_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return (url or os.environ.get("JOBS_URL") or DEFAULT_URL).rstrip("/"), headers


def is_tls(url: str) -> bool:
    """Reading all certificates costs 70 ms, which only https:// needs."""
    return url.startswith("https://")


def name_of_job(job: str | Job) -> str:
    return job.name if isinstance(job, Job) else job


def dispatch_body(
    payload: Any,
    *,
    queue: str | None = None,
    priority: int | None = None,
    delay: Seconds | None = None,
    run_at: datetime | str | None = None,
    retry: RetryOption = None,
    timeout: Seconds | None = None,
    expires: Seconds | None = None,
    dedupe_key: str | None = None,
    tags: Sequence[str] | None = None,
    metadata: Mapping[str, str] | None = None,
    delay_seconds: Seconds | None = None,
    timeout_seconds: Seconds | None = None,
    expires_seconds: Seconds | None = None,
) -> dict[str, Any]:
    """Durations in seconds or as timedelta, also by the API's names; `run_at` with its time zone. Raises ValueError."""
    if isinstance(run_at, datetime):
        if run_at.tzinfo is None:
            raise ValueError("run_at needs a time zone: datetime(..., tzinfo=UTC)")
        run_at = run_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(tags, str):
        raise ValueError("tags is a list of texts, not one text")
    given = {
        "queue": queue,
        "priority": priority,
        "delay_seconds": _duration(delay, delay_seconds, "delay"),
        "run_at": run_at,
        "retry": retry_settings(retry),
        "timeout_seconds": _duration(timeout, timeout_seconds, "timeout"),
        "expires_seconds": _duration(expires, expires_seconds, "expires"),
        "dedupe_key": dedupe_key,
        "tags": None if tags is None else list(tags),
        "metadata": None if metadata is None else dict(metadata),
    }
    return {"payload": payload, **{name: value for name, value in given.items() if value is not None}}


def _duration(short: Seconds | None, long: Seconds | None, name: str) -> float | None:
    if short is not None and long is not None:
        raise ValueError(f"{name} and {name}_seconds say the same; give one")
    value = short if short is not None else long
    return None if value is None else seconds_of(value, name)


def content(body: Mapping[str, Any]) -> bytes:
    """JSON text. A payload may hold Pydantic models and dataclasses only as a whole. Raises ValueError."""
    try:
        parts = {name: orjson.Fragment(encode(value)) for name, value in body.items()}
    except NotJson as error:
        raise ValueError(f"cannot be sent as JSON: {error}") from None
    return orjson.dumps(parts)


def fresh_key() -> str:
    return uuid.uuid4().hex


def post_headers(idempotency_key: str | None = None, *, keyed: bool = True) -> dict[str, str]:
    """`keyed`: with an Idempotency-Key, made up where none is given, so that a second try makes no second run."""
    headers = {"Content-Type": "application/json"}
    if keyed:
        headers["Idempotency-Key"] = idempotency_key or fresh_key()
    return headers


def problem_of(response: httpx.Response) -> ApiError:
    """The error that an answer of 400 and above stands for; its body must have been read."""
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or problem.get("title") or response.reason_phrase
    code = str(problem.get("code") or "http_error")
    return ApiError(response.status_code, code, str(detail), problem.get("errors") or (), retry_after(response))


def read_json(response: httpx.Response) -> Any:
    """The body of an answer. Raises ApiError."""
    if response.status_code >= 400:
        raise problem_of(response)
    return orjson.loads(response.content) if response.content else None


def retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


MAX_BATCH_RUNS = 10_000
MAX_BATCH_BYTES = 15 << 20
"""The server takes 16 MiB a batch unless it is told otherwise."""


def batches(runs: Iterable[tuple[str | Job, Any] | Mapping[str, Any]]) -> Iterator[bytes]:
    """The bodies of as few batches as can hold all these runs. Raises ValueError."""
    parts: list[bytes] = []
    size = 0
    for run in runs:
        item = {"job_type": name_of_job(run[0]), "payload": run[1]} if isinstance(run, tuple) else run
        part = content(item)
        if parts and (len(parts) == MAX_BATCH_RUNS or size + len(part) > MAX_BATCH_BYTES):
            yield _batch(parts)
            parts, size = [], 0
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield _batch(parts)


def _batch(parts: Sequence[bytes]) -> bytes:
    return b'{"runs":[' + b",".join(parts) + b"]}"


def batch_key(key: str, place: int) -> str:
    """Each batch has a key of its own; the first has the one that was given."""
    return key if place == 0 else f"{key}/{place}"


# -- trying again


class Tries:
    """One request's tries: at most five, and ten seconds; only what the server can take twice is sent twice."""

    def __init__(self, request: httpx.Request) -> None:
        keyed = "Idempotency-Key" in request.headers
        self._may_repeat = request.method != "POST" or keyed or bool(request.extensions.get("repeatable"))
        self._left = MAX_TRIES
        self._until = time.monotonic() + REQUEST_SECONDS
        self._waits = float(request.extensions.get("waits_seconds", 0.0))
        self._backoff = Backoff(0.25)

    def begin(self, request: httpx.Request) -> None:
        """Before each try: what is left of the time is its limit."""
        self._left -= 1
        seconds = max(0.1, self._until - time.monotonic())
        limits = {"connect": seconds, "write": seconds, "pool": seconds, "read": seconds + self._waits}
        request.extensions = {**request.extensions, "timeout": limits}

    def pause(self, response: httpx.Response | None) -> float | None:
        """Seconds until the next try after this answer (None: there was no answer); None where it is the last word."""
        if not self._may_repeat or not self._left:
            return None
        if response is not None and response.status_code not in (429, 503):
            return None
        seconds = self._backoff.next(None if response is None else retry_after(response))
        return seconds if time.monotonic() + seconds < self._until else None


class Backoff:
    """From `first_seconds` on, twice as long each time, at most two seconds unless the server asks for more."""

    def __init__(self, first_seconds: float = 0.05) -> None:
        self._seconds = first_seconds

    def next(self, asked_seconds: float | None = None) -> float:
        seconds = self._seconds * random.uniform(0.5, 1.0)
        self._seconds = min(self._seconds * 2, MAX_BACKOFF_SECONDS)
        return max(seconds, asked_seconds or 0.0)


class Deadline:
    """Of a wait that may go over many requests; `None` seconds: none."""

    def __init__(self, seconds: float | None, what: str) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._seconds = seconds
        self._what = what

    def left(self, most: float) -> float:
        """Seconds left, at most `most`. Raises TimeoutError when none are."""
        if self._until is None:
            return most
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{self._what} has not ended within {self._seconds:g} s")
        return min(left, most)

    def rest(self, most: float) -> float:
        """As `left`, but 0 when none are."""
        return most if self._until is None else min(max(0.0, self._until - time.monotonic()), most)


class Outage:
    """How long a server has been away, seen by a wait that may outlast it."""

    def __init__(self) -> None:
        self._since: float | None = None

    def goes_on(self, timeout: float | None) -> bool:
        """It is away now: whether the wait, which ends by itself after `timeout`, shall go on."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return timeout is not None or now - self._since < OUTAGE_SECONDS

    def is_over(self) -> None:
        self._since = None


# -- event streams


class EventLines:
    """Reads `text/event-stream` as browsers do: bytes in, (id, data) of each event out."""

    def __init__(self, last_id: str = "") -> None:
        self._buffer = b""
        self._data: list[bytes] = []
        self.last_id = last_id
        """Of the last block, which need not have been an event."""
        self._id = last_id

    def feed(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        *lines, self._buffer = (self._buffer + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if line:
                self._field(line)
                continue
            self.last_id = self._id
            data, self._data = self._data, []
            if data:
                yield self.last_id, b"\n".join(data)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"id" and b"\x00" not in value:
            self._id = value.decode()


class Following:
    """Where a follower is: what it asks for next, and which events are new to it."""

    def __init__(
        self, path: str, params: Mapping[str, Any], cursor: str | None, what: str, seconds: float | None
    ) -> None:
        self.path = path
        self.params = dict(params)
        self.cursor = cursor
        self.deadline = Deadline(seconds, what)
        self.backoff = Backoff()
        self.ended = False
        self._lines = EventLines()

    def headers(self) -> dict[str, str]:
        """For a new connection, which begins after the last event that was read whole."""
        self._lines = EventLines(self.cursor or "")
        resume = {"Last-Event-ID": self.cursor} if self.cursor else {}
        return {"Accept": "text/event-stream", **resume}

    def limits(self) -> dict[str, float]:
        """Of one read, so that a silent connection is given up and the deadline is kept."""
        read = self.deadline.left(STREAM_SILENCE_SECONDS)
        return {"connect": min(read, 5.0), "write": 5.0, "pool": 5.0, "read": read}

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for cursor, data in self._lines.feed(chunk):
            event = Event.read(orjson.loads(data), cursor)
            self.cursor = cursor
            self.backoff = Backoff()
            yield event
        self.cursor = self._lines.last_id or self.cursor

    def refused(self, response: httpx.Response) -> float | None:
        """Of an answer that is no stream: seconds until the next try; None when all has been read. Raises ApiError."""
        if response.status_code == 204:
            self.ended = True
            return None
        if response.status_code in (429, 502, 503, 504):
            return self.pause(retry_after(response))
        raise problem_of(response)

    def pause(self, asked_seconds: float | None = None) -> float:
        return self.deadline.left(self.backoff.next(asked_seconds))
