from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="RunProgress")



@_attrs_define
class RunProgress:
    """ How far it is.

        Attributes:
            type_ (Literal['progress']): The kind of report; determines the other fields.
            run_id (str | Unset): The run's id. Default: that of the token, which it must be.
            attempt (int | Unset): The attempt. Default: that of the token, which it must be.
            percent (float | None | Unset): Clamped to 0 to 100. null (default): not known.
            message (None | str | Unset): A short status text; truncated to 8 KiB. null (default): none.
            data (Any | Unset): Any JSON value; larger than 16 KiB is truncated and marked. Default: null.
     """

    type_: Literal['progress']
    run_id: str | Unset = UNSET
    attempt: int | Unset = UNSET
    percent: float | None | Unset = UNSET
    message: None | str | Unset = UNSET
    data: Any | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        run_id = self.run_id

        attempt = self.attempt

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


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
        })
        if run_id is not UNSET:
            field_dict["run_id"] = run_id
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if percent is not UNSET:
            field_dict["percent"] = percent
        if message is not UNSET:
            field_dict["message"] = message
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal['progress'] , d.pop("type"))
        if type_ != 'progress':
            raise ValueError(f"type must match const 'progress', got '{type_}'")

        run_id = d.pop("run_id", UNSET)

        attempt = d.pop("attempt", UNSET)

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

        run_progress = cls(
            type_=type_,
            run_id=run_id,
            attempt=attempt,
            percent=percent,
            message=message,
            data=data,
        )

        return run_progress

