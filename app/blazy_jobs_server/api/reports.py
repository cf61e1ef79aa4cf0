"""One item of a worker's report, judged by itself: what is too long is cut and marked, what is wrong is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import orjson
from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import InvalidRequest
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.instants import from_datetime
from blazy_jobs_server.domain.run import Error
from blazy_jobs_server.ports import Completed, Report, Said

MAX_MESSAGE_BYTES = 8 * 1024
MAX_DATA_BYTES = 16 * 1024
MAX_TRACEBACK_BYTES = 32 * 1024
MAX_COMPLETED = 10_000
"""Runs that have completed by columns, of one call."""
MAX_SAID = 10_000
"""Words that were said by columns, of one call."""
CUT = "… (cut)"
LEVELS = ("debug", "info", "warning", "error", "critical")


Count = Annotated[int, msgspec.Meta(ge=0)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class ErrorItem(Struct, forbid_unknown_fields=True):
    message: str
    code: str = "handler_error"
    type: str | None = None
    traceback: str | None = None


class Item(Struct, forbid_unknown_fields=True, kw_only=True):
    """As report_models.ReportItem, for the many."""

    run_id: str
    attempt: Count
    lease_token: str
    type: Literal["progress", "log", "completed", "failed", "released", "snoozed", "cancelled", "lost"]
    percent: float | None = None
    message: str | None = None
    data: Any = None
    level: str | None = None
    fields: dict[str, Any] | None = None
    dropped: Count | None = None
    written_at: datetime | None = None
    result: Any = None
    error: ErrorItem | None = None
    retryable: bool | None = None
    retry_after_seconds: float | None = None
    delay_seconds: float | None = None
    due_at: datetime | None = None
    reason: str | None = None
    alone: bool | None = None


class CompletedColumns(Struct, forbid_unknown_fields=True):
    """As report_models.CompletedIn."""

    lease_token: str
    attempt: Count
    run_ids: list[str]
    results: list[Any] | None = None


class Word(Struct, forbid_unknown_fields=True, kw_only=True):
    """As report_models.ProgressWord and LogWord."""

    type: Literal["progress", "log"]
    percent: float | None = None
    message: str | None = None
    data: Any = None
    level: str | None = None
    fields: dict[str, Any] | None = None
    dropped: Count | None = None
    written_at: Instant | None = None


class SaidColumns(Struct, forbid_unknown_fields=True):
    """As report_models.SaidIn."""

    lease_token: str
    attempt: Count
    run_ids: list[str]
    words: list[list[Any]]
    before: list[Count] | None = None


class Wrong(NamedTuple):
    """A word that is refused: the run's id, its place among the run's words, and why."""

    run_id: str
    place: int
    error: str


def read_said(values: list[Any]) -> list[tuple[Said, list[Wrong]]]:
    """What was said by columns, of a whole call, without what is refused of it. Raises InvalidRequest."""
    read = [_said(value, f"/said/{place}") for place, value in enumerate(values)]
    if sum(len(said.run_ids) for said, _ in read) > MAX_SAID:
        raise InvalidRequest.at("/said", f"names more than {MAX_SAID} runs", "too_long")
    if sum(len(said.kinds) + len(wrong) for said, wrong in read) > MAX_SAID:
        raise InvalidRequest.at("/said", f"has more than {MAX_SAID} words", "too_long")
    return read


def _said(value: Any, path: str) -> tuple[Said, list[Wrong]]:
    try:
        item = msgspec.convert(value, SaidColumns)
    except msgspec.ValidationError as error:
        raise InvalidRequest.at(path, str(error)) from error
    run_ids = ids.parse_run_ids(item.run_ids)
    if run_ids is None:
        raise InvalidRequest.at(f"{path}/run_ids", "must be ids of runs")
    if len(item.words) != len(run_ids):
        raise InvalidRequest.at(f"{path}/words", "must be as many as run_ids")
    if item.before is not None and len(item.before) != len(run_ids):
        raise InvalidRequest.at(f"{path}/before", "must be as many as run_ids")
    try:
        words = msgspec.convert(item.words, list[list[Word]])
        wrong: list[Wrong] = []
    except msgspec.ValidationError:
        words, wrong = _right_words(item)
    said = Said(item.lease_token, item.attempt, run_ids, [len(of_run) for of_run in words], [], [], [], {}, item.before)
    for of_run in words:
        for word in of_run:
            said.written_at.append(word.written_at)
            if word.type == "log":
                if word.dropped:
                    said.dropped[len(said.kinds)] = word.dropped
                said.kinds.append(EventType.LOG)
                said.data.append(_line(word))
            else:
                said.kinds.append(EventType.PROGRESS)
                said.data.append(_progress(word))
    return said, wrong


def _right_words(item: SaidColumns) -> tuple[list[list[Word]], list[Wrong]]:
    words: list[list[Word]] = []
    wrong: list[Wrong] = []
    for run_id, of_run in zip(item.run_ids, item.words, strict=True):
        right: list[Word] = []
        words.append(right)
        for place, value in enumerate(of_run):
            try:
                word = msgspec.convert(value, Word)
            except msgspec.ValidationError as error:
                wrong.append(Wrong(run_id, place, str(error)))
            else:
                right.append(word)
    return words, wrong


def read_completed(values: list[Any], max_result_bytes: int) -> list[Completed]:
    """What has completed by columns, of a whole call. Raises InvalidRequest."""
    read = [_columns(value, f"/completed/{place}", max_result_bytes) for place, value in enumerate(values)]
    if sum(len(item.run_ids) for item in read) > MAX_COMPLETED:
        raise InvalidRequest.at("/completed", f"names more than {MAX_COMPLETED} runs", "too_long")
    return read


def _columns(value: Any, path: str, max_result_bytes: int) -> Completed:
    try:
        item = msgspec.convert(value, CompletedColumns)
    except msgspec.ValidationError as error:
        raise InvalidRequest.at(path, str(error)) from error
    run_ids = ids.parse_run_ids(item.run_ids)
    if run_ids is None:
        raise InvalidRequest.at(f"{path}/run_ids", "must be ids of runs")
    if item.results is None:
        return Completed(item.lease_token, item.attempt, run_ids)
    if len(item.results) != len(run_ids):
        raise InvalidRequest.at(f"{path}/results", "must be as many as run_ids")
    results = [orjson.dumps(result) for result in item.results]
    if max(map(len, results), default=0) > max_result_bytes:
        place = next(place for place, result in enumerate(results) if len(result) > max_result_bytes)
        message = f"has {len(results[place])} bytes, and at most {max_result_bytes} are kept: report this run by itself"
        raise InvalidRequest.at(f"{path}/results/{place}", message, "too_long")
    return Completed(item.lease_token, item.attempt, run_ids, [result.decode() for result in results])


def read_report(value: Any, max_result_bytes: int, now: int) -> Report:
    """Raises msgspec.ValidationError or InvalidRequest."""
    item = msgspec.convert(value, Item)
    run_key = ids.parse_run_id(item.run_id)
    if run_key is None:
        raise InvalidRequest.at("/run_id", "is not a run's id")
    report = Report(run_id=run_key, attempt=item.attempt, token=item.lease_token, kind=item.type)
    match item.type:
        case "completed":
            result = orjson.dumps(item.result)
            if len(result) > max_result_bytes:
                message = f"The result has {len(result)} bytes; at most {max_result_bytes} are kept."
                return replace(report, kind="failed", error=Error("invalid_result", message), retryable=False)
            return replace(report, data=result.decode())
        case "progress":
            return replace(report, data=_progress(item))
        case "log":
            written_at = _instant(item.written_at, "/written_at")
            return replace(report, data=_line(item), dropped=item.dropped or 0, written_at=written_at)
        case "failed":
            return _failed(item, report)
        case "released":
            return replace(report, alone=bool(item.alone))
        case "snoozed":
            return replace(report, delay_seconds=_delay(item, now))
        case _:
            return report


def _failed(item: Item, report: Report) -> Report:
    if item.error is None:
        raise InvalidRequest.at("/error", "a failed report needs {'error': {'message': ...}}", "missing")
    given = item.error
    error = Error(
        given.code[:64],
        cut(given.message, MAX_MESSAGE_BYTES),
        None if given.type is None else cut(given.type, 256),
        None if given.traceback is None else cut(given.traceback, MAX_TRACEBACK_BYTES),
    )
    return replace(
        report,
        error=error,
        retryable=item.retryable is not False,
        retry_after_seconds=_seconds(item.retry_after_seconds, "/retry_after_seconds"),
    )


def _seconds(value: float | None, path: str) -> float | None:
    if value is not None and not 0 <= value <= 366 * 86_400:
        raise InvalidRequest.at(path, "must be from 0 to a year", "out_of_range")
    return value


def _instant(value: datetime | None, path: str) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise InvalidRequest.at(path, "must have a UTC offset", "timezone_aware")
    return from_datetime(value)


def _delay(item: Item, now: int) -> float:
    due_at = _instant(item.due_at, "/due_at")
    if due_at is not None:
        return _seconds(max(0.0, (due_at - now) / 1_000_000), "/due_at") or 0.0
    return _seconds(item.delay_seconds, "/delay_seconds") or 0.0


def _progress(item: Item | Word) -> str:
    percent = None if item.percent is None else min(max(item.percent, 0.0), 100.0)
    message = None if item.message is None else cut(item.message, MAX_MESSAGE_BYTES)
    whole = int(percent) if percent is not None and percent == int(percent) else percent
    return orjson.dumps({"percent": whole, "message": message, "data": bounded(item.data)}).decode()


def _line(item: Item | Word) -> str:
    level = item.level if item.level in LEVELS else "info"
    message = cut(item.message or "", MAX_MESSAGE_BYTES)
    return orjson.dumps({"level": level, "message": message, "fields": bounded(item.fields or {})}).decode()


def cut(text: str, most_bytes: int) -> str:
    if 4 * len(text) <= most_bytes:
        return text
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    return raw[: most_bytes - len(CUT.encode())].decode(errors="ignore") + CUT


def bounded(value: Any) -> Any:
    """`value`, or in its place a mark with its beginning where it is too large."""
    if value is None or not value:
        return value
    raw = orjson.dumps(value)
    if len(raw) <= MAX_DATA_BYTES:
        return value
    return {"cut": True, "bytes": len(raw), "beginning": raw[:1024].decode(errors="ignore")}
