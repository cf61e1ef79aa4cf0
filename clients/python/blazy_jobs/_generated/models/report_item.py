from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.report_item_type import check_report_item_type
from ..models.report_item_type import ReportItemType
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.report_error_in import ReportErrorIn
  from ..models.report_item_fields_type_0 import ReportItemFieldsType0





T = TypeVar("T", bound="ReportItem")



@_attrs_define
class ReportItem:
    """ One thing that a worker says of a run it holds; which fields belong to it depends on `type`.

        Attributes:
            run_id (str):
            attempt (int):
            lease_token (str):
            type_ (ReportItemType):
            percent (float | None | Unset): progress: 0 to 100
            message (None | str | Unset): progress, log
            data (Any | Unset): progress
            level (None | str | Unset): log
            fields (None | ReportItemFieldsType0 | Unset): log
            dropped (int | None | Unset): log: lines that the worker did not send
            result (Any | Unset): completed
            error (None | ReportErrorIn | Unset): failed
            retryable (bool | None | Unset): failed
            retry_after_seconds (float | None | Unset): failed
            delay_seconds (float | None | Unset): snoozed
            due_at (datetime.datetime | None | Unset): snoozed: instead of delay_seconds
            reason (None | str | Unset): released, cancelled
     """

    run_id: str
    attempt: int
    lease_token: str
    type_: ReportItemType
    percent: float | None | Unset = UNSET
    message: None | str | Unset = UNSET
    data: Any | Unset = UNSET
    level: None | str | Unset = UNSET
    fields: None | ReportItemFieldsType0 | Unset = UNSET
    dropped: int | None | Unset = UNSET
    result: Any | Unset = UNSET
    error: None | ReportErrorIn | Unset = UNSET
    retryable: bool | None | Unset = UNSET
    retry_after_seconds: float | None | Unset = UNSET
    delay_seconds: float | None | Unset = UNSET
    due_at: datetime.datetime | None | Unset = UNSET
    reason: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.report_error_in import ReportErrorIn # noqa: PLC0415
        from ..models.report_item_fields_type_0 import ReportItemFieldsType0 # noqa: PLC0415
        run_id = self.run_id

        attempt = self.attempt

        lease_token = self.lease_token

        type_: str = self.type_

        percent: float | None | Unset
        if isinstance(self.percent, Unset):
            percent = UNSET
        else:
            percent = self.percent

        message: None | str | Unset
        if isinstance(self.message, Unset):
            message = UNSET
        else:
            message = self.message

        data = self.data

        level: None | str | Unset
        if isinstance(self.level, Unset):
            level = UNSET
        else:
            level = self.level

        fields: dict[str, Any] | None | Unset
        if isinstance(self.fields, Unset):
            fields = UNSET
        elif isinstance(self.fields, ReportItemFieldsType0):
            fields = self.fields.to_dict()
        else:
            fields = self.fields

        dropped: int | None | Unset
        if isinstance(self.dropped, Unset):
            dropped = UNSET
        else:
            dropped = self.dropped

        result = self.result

        error: dict[str, Any] | None | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        elif isinstance(self.error, ReportErrorIn):
            error = self.error.to_dict()
        else:
            error = self.error

        retryable: bool | None | Unset
        if isinstance(self.retryable, Unset):
            retryable = UNSET
        else:
            retryable = self.retryable

        retry_after_seconds: float | None | Unset
        if isinstance(self.retry_after_seconds, Unset):
            retry_after_seconds = UNSET
        else:
            retry_after_seconds = self.retry_after_seconds

        delay_seconds: float | None | Unset
        if isinstance(self.delay_seconds, Unset):
            delay_seconds = UNSET
        else:
            delay_seconds = self.delay_seconds

        due_at: None | str | Unset
        if isinstance(self.due_at, Unset):
            due_at = UNSET
        elif isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "run_id": run_id,
            "attempt": attempt,
            "lease_token": lease_token,
            "type": type_,
        })
        if percent is not UNSET:
            field_dict["percent"] = percent
        if message is not UNSET:
            field_dict["message"] = message
        if data is not UNSET:
            field_dict["data"] = data
        if level is not UNSET:
            field_dict["level"] = level
        if fields is not UNSET:
            field_dict["fields"] = fields
        if dropped is not UNSET:
            field_dict["dropped"] = dropped
        if result is not UNSET:
            field_dict["result"] = result
        if error is not UNSET:
            field_dict["error"] = error
        if retryable is not UNSET:
            field_dict["retryable"] = retryable
        if retry_after_seconds is not UNSET:
            field_dict["retry_after_seconds"] = retry_after_seconds
        if delay_seconds is not UNSET:
            field_dict["delay_seconds"] = delay_seconds
        if due_at is not UNSET:
            field_dict["due_at"] = due_at
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.report_error_in import ReportErrorIn # noqa: PLC0415
        from ..models.report_item_fields_type_0 import ReportItemFieldsType0 # noqa: PLC0415
        d = dict(src_dict)
        run_id = d.pop("run_id")

        attempt = d.pop("attempt")

        lease_token = d.pop("lease_token")

        type_ = check_report_item_type(d.pop("type"))




        def _parse_percent(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        percent = _parse_percent(d.pop("percent", UNSET))


        def _parse_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        message = _parse_message(d.pop("message", UNSET))


        data = d.pop("data", UNSET)

        def _parse_level(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        level = _parse_level(d.pop("level", UNSET))


        def _parse_fields(data: object) -> None | ReportItemFieldsType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                fields_type_0 = ReportItemFieldsType0.from_dict(data)



                return fields_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportItemFieldsType0 | Unset, data)

        fields = _parse_fields(d.pop("fields", UNSET))


        def _parse_dropped(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        dropped = _parse_dropped(d.pop("dropped", UNSET))


        result = d.pop("result", UNSET)

        def _parse_error(data: object) -> None | ReportErrorIn | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_0 = ReportErrorIn.from_dict(data)



                return error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReportErrorIn | Unset, data)

        error = _parse_error(d.pop("error", UNSET))


        def _parse_retryable(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        retryable = _parse_retryable(d.pop("retryable", UNSET))


        def _parse_retry_after_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        retry_after_seconds = _parse_retry_after_seconds(d.pop("retry_after_seconds", UNSET))


        def _parse_delay_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        delay_seconds = _parse_delay_seconds(d.pop("delay_seconds", UNSET))


        def _parse_due_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)



                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        due_at = _parse_due_at(d.pop("due_at", UNSET))


        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))


        report_item = cls(
            run_id=run_id,
            attempt=attempt,
            lease_token=lease_token,
            type_=type_,
            percent=percent,
            message=message,
            data=data,
            level=level,
            fields=fields,
            dropped=dropped,
            result=result,
            error=error,
            retryable=retryable,
            retry_after_seconds=retry_after_seconds,
            delay_seconds=delay_seconds,
            due_at=due_at,
            reason=reason,
        )

        return report_item

