"""Between our words and BullMQ's: priorities, back-off, progress, log lines, errors. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from msgspec.structs import replace

from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.retry import RetryPolicy

MILLISECOND = 1000
MAX_MESSAGE_BYTES = 8 * 1024
MAX_DATA_BYTES = 16 * 1024
MAX_TRACEBACK_BYTES = 32 * 1024
CUT = "… (cut)"
NONE_PRIORITY = 101
"""What our priority 0 is there: 1 is their first and our 100."""
SCORE_BITS = 0x1000
"""A delayed job's score is its due time in milliseconds times this, plus a counter."""
NO_REASON = (None, "null", "undefined")
"""What Node's workers say of something thrown that is no Error: they keep nothing of it."""
KEEP_COMPLETED_SECONDS = 3600
KEEP_FAILED_SECONDS = 86_400
MOST_SECONDS = 366 * 86_400
"""What a retry policy allows."""

_TYPE = re.compile(r"(?:Uncaught )?([A-Za-z_$][\w$]*(?:Error|Exception|Warning|Interrupt)?): ")


def to_priority(ours: int) -> int:
    return NONE_PRIORITY - ours


def from_priority(theirs: int) -> int:
    """0 is theirs for none; it is taken before all that have one."""
    return 0 if theirs <= 0 else max(-100, min(100, NONE_PRIORITY - theirs))


def to_backoff(retry: RetryPolicy) -> dict[str, Any]:
    """For workers of others. Theirs is fixed, or doubles without an end; the rest has no word there."""
    backoff: dict[str, Any] = {
        "type": "exponential" if retry.backoff == "exponential" else "fixed",
        "delay": round(retry.initial_seconds * 1000),
    }
    if retry.jitter:
        backoff["jitter"] = 0.5
    return backoff


def options(retry: RetryPolicy, priority: int, delay_milliseconds: int) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "attempts": retry.max_attempts,
        "backoff": to_backoff(retry),
        "priority": to_priority(priority),
        "removeOnComplete": {"age": KEEP_COMPLETED_SECONDS},
        "removeOnFail": {"age": KEEP_FAILED_SECONDS},
    }
    if delay_milliseconds > 0:
        chosen["delay"] = delay_milliseconds
    return chosen


def to_progress(data: str) -> Any:
    """From a progress event's data: a bare number where there is no more to say, as BullMQ's users expect."""
    value = orjson.loads(data)
    if value.get("message") is None and value.get("data") is None and value.get("percent") is not None:
        return value["percent"]
    return value


def from_progress(text: str) -> str:
    """A progress event's data. Theirs is a number, or anything."""
    value = _parsed(text)
    percent, message, data = _number(value), None, None
    if isinstance(value, dict):
        percent = _number(value.get("percent", value.get("progress")))
        said = value.get("message")
        message = _cut(said, MAX_MESSAGE_BYTES) if isinstance(said, str) else None
        data = value["data"] if set(value) <= {"percent", "message", "data"} and "data" in value else None
        if not set(value) <= {"percent", "message", "data"}:
            data = value
    elif percent is None and value is not None:
        message = _cut(value if isinstance(value, str) else text, MAX_MESSAGE_BYTES)
    return orjson.dumps({"percent": percent, "message": message, "data": _bounded(data)}).decode()


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    bounded = min(max(value, 0), 100)
    return int(bounded) if bounded == int(bounded) else bounded


def from_line(text: str) -> str:
    """A log event's data. Theirs is a bare line."""
    return orjson.dumps({"level": "info", "message": _cut(_clean(text), MAX_MESSAGE_BYTES), "fields": {}}).decode()


def from_result(text: str | None) -> str:
    """The text where it is JSON that we can keep; else as one string."""
    if text is None or text == "":
        return "null"
    try:
        return orjson.dumps(orjson.loads(text)).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return orjson.dumps(_clean(text)).decode()


def bounded(seen: JobSeen, most_bytes: int) -> JobSeen:
    """A result that is too large to be kept here ends the run as our own workers' would: `failed`, `invalid_result`."""
    size = len(seen.result.encode())
    if size <= most_bytes:
        return seen
    error = f"The result has {size} bytes; at most {most_bytes} are kept."
    return replace(seen, stage="failed", result="null", error=error, error_code="invalid_result")


def from_failure(reason: str | None, stacktrace: str | None) -> dict[str, Any]:
    """The fields of `JobSeen` that tell of a failed attempt."""
    stacks = _parsed(stacktrace or "[]")
    last = stacks[-1] if isinstance(stacks, list) and stacks and isinstance(stacks[-1], str) else None
    found = None if last is None else _TYPE.match(last.rsplit("\n", 1)[-1] if last.startswith("Traceback") else last)
    return {
        "error": None if reason in NO_REASON else _cut(_clean(reason or ""), MAX_MESSAGE_BYTES),
        "error_type": found[1] if found else None,
        "traceback": None if last is None else _cut(_clean(last), MAX_TRACEBACK_BYTES),
    }


def from_hash(fields: Mapping[str, str | None], *, active: bool, score: float | None, token: str | None) -> JobSeen:
    """A job as it is, of its hash's fields, its place in the active list, its score among the delayed, its lock."""
    if fields.get("timestamp") is None:
        return JobSeen(stage="missing")
    made = int(fields.get("atm") or fields.get("attemptsMade") or 0)
    counted: dict[str, Any] = {
        "starts": int(fields.get("ats") or made),
        "failures": made,
        "stalls": int(fields.get("stc") or 0),
    }
    failure = from_failure(fields.get("failedReason"), fields.get("stacktrace")) if fields.get("failedReason") else {}
    if fields.get("finishedOn"):
        if fields.get("returnvalue") is not None:
            return JobSeen(stage="completed", result=from_result(fields["returnvalue"]), **counted, **failure)
        return JobSeen(stage="failed", **counted, **failure)
    if active:
        return JobSeen(stage="active", token=token, **counted, **failure)
    if score is not None:
        due_at = int(score // SCORE_BITS) * MILLISECOND
        return JobSeen(stage="delayed", due_at=due_at, **counted, **failure)
    return JobSeen(stage="waiting", **counted, **failure)


def due_by_hash(fields: Mapping[str, str | None]) -> int:
    """Until when a job was to be delayed: BullMQ sets its delay to 0 as it promotes it."""
    return (int(fields.get("timestamp") or 0) + int(fields.get("delay") or 0)) * MILLISECOND


def stacks_of(text: str | None, opts: Mapping[str, Any], fresh: str) -> str:
    """The stack traces of a job's attempts with one more, as many as it is to keep."""
    before = _parsed(text or "[]")
    stacks = [*(before if isinstance(before, list) else ()), fresh]
    limit = opts.get("stackTraceLimit")
    if isinstance(limit, int) and limit >= 0:
        stacks = stacks[len(stacks) - limit :] if limit < len(stacks) else stacks
    return orjson.dumps(stacks).decode()


def attempts_of(opts: str | None) -> int:
    found = _parsed(opts or "{}")
    attempts = found.get("attempts") if isinstance(found, dict) else None
    return attempts if isinstance(attempts, int) and attempts > 0 else 1


def retry_of(opts: str | None) -> dict[str, Any]:
    """What a producer has chosen of our retry policy. A strategy that is its worker's own is not known here."""
    found = _parsed(opts or "{}")
    backoff = found.get("backoff") if isinstance(found, dict) else None
    if isinstance(backoff, int | float) and not isinstance(backoff, bool):
        backoff = {"type": "fixed", "delay": backoff}
    if not isinstance(backoff, dict) or backoff.get("type") not in ("fixed", "exponential"):
        return {}
    delay, jitter = backoff.get("delay"), backoff.get("jitter")
    return {
        "backoff": backoff["type"],
        "initial_seconds": min(max(delay, 0) / 1000, MOST_SECONDS) if isinstance(delay, int | float) else 0,
        "factor": 2,
        "max_seconds": MOST_SECONDS,
        "jitter": isinstance(jitter, int | float) and jitter > 0,
    }


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _clean(text: str) -> str:
    """Without what our JSON refuses."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")


def _cut(text: str, most_bytes: int) -> str:
    raw = text.encode(errors="replace")
    if len(raw) <= most_bytes:
        return raw.decode()
    return raw[: most_bytes - len(CUT.encode())].decode(errors="ignore") + CUT


def _bounded(value: Any) -> Any:
    raw = orjson.dumps(value)
    if len(raw) <= MAX_DATA_BYTES:
        return value
    return {"cut": True, "bytes": len(raw), "beginning": raw[:1024].decode(errors="ignore")}
