from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast
import datetime

if TYPE_CHECKING:
  from ..models.run_log_fields_type_0 import RunLogFieldsType0





T = TypeVar("T", bound="RunLog")



@_attrs_define
class RunLog:
    """ A log line.

        Attributes:
            type_ (Literal['log']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            level (None | str | Unset): `debug`, `info`, `warning`, `error` or `critical`; any other is stored as `info`.
                null (default): `info`.
            message (None | str | Unset): The text of the line; truncated to 8 KiB. null (default): empty.
            fields (None | RunLogFieldsType0 | Unset): Fields logged with it; larger than 16 KiB is truncated and marked.
                null (default): none.
            dropped (int | None | Unset): How many lines the worker has dropped since the last one that it sent. null
                (default): 0.
            written_at (datetime.datetime | None | Unset): When the line was written, by the worker's clock (RFC 3339); the
                limit of lines per second uses it. null (default): when the report arrived.
     """

    type_: Literal['log']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    level: None | str | Unset = UNSET
    message: None | str | Unset = UNSET
    fields: None | RunLogFieldsType0 | Unset = UNSET
    dropped: int | None | Unset = UNSET
    written_at: datetime.datetime | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.run_log_fields_type_0 import RunLogFieldsType0 # noqa: PLC0415
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt

        level: None | str | Unset
        if isinstance(self.level, Unset):
            level = UNSET
        else:
            level = self.level

        message: None | str | Unset
        if isinstance(self.message, Unset):
            message = UNSET
        else:
            message = self.message

        fields: dict[str, Any] | None | Unset
        if isinstance(self.fields, Unset):
            fields = UNSET
        elif isinstance(self.fields, RunLogFieldsType0):
            fields = self.fields.to_dict()
        else:
            fields = self.fields

        dropped: int | None | Unset
        if isinstance(self.dropped, Unset):
            dropped = UNSET
        else:
            dropped = self.dropped

        written_at: None | str | Unset
        if isinstance(self.written_at, Unset):
            written_at = UNSET
        elif isinstance(self.written_at, datetime.datetime):
            written_at = self.written_at.isoformat()
        else:
            written_at = self.written_at


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if level is not UNSET:
            field_dict["level"] = level
        if message is not UNSET:
            field_dict["message"] = message
        if fields is not UNSET:
            field_dict["fields"] = fields
        if dropped is not UNSET:
            field_dict["dropped"] = dropped
        if written_at is not UNSET:
            field_dict["written_at"] = written_at

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_log_fields_type_0 import RunLogFieldsType0 # noqa: PLC0415
        d = dict(src_dict)
        type_ = cast(Literal['log'] , d.pop("type"))
        if type_ != 'log':
            raise ValueError(f"type must match const 'log', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

        def _parse_level(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        level = _parse_level(d.pop("level", UNSET))


        def _parse_message(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        message = _parse_message(d.pop("message", UNSET))


        def _parse_fields(data: object) -> None | RunLogFieldsType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                fields_type_0 = RunLogFieldsType0.from_dict(data)



                return fields_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RunLogFieldsType0 | Unset, data)

        fields = _parse_fields(d.pop("fields", UNSET))


        def _parse_dropped(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        dropped = _parse_dropped(d.pop("dropped", UNSET))


        def _parse_written_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                written_at_type_0 = datetime.datetime.fromisoformat(data)



                return written_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        written_at = _parse_written_at(d.pop("written_at", UNSET))


        run_log = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
            level=level,
            message=message,
            fields=fields,
            dropped=dropped,
            written_at=written_at,
        )

        return run_log

