from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast






T = TypeVar("T", bound="ProgressWord")



@_attrs_define
class ProgressWord:
    """ The handler's progress.

        Attributes:
            type_ (Literal['progress']): The kind of word; determines the other fields.
            percent (float | None | Unset): Clamped to 0 to 100. null (default): not known.
            message (None | str | Unset): A short status text; truncated to 8 KiB. null (default): none.
            data (Any | Unset): Any JSON value; larger than 16 KiB is truncated and marked. Default: null.
     """

    type_: Literal['progress']
    percent: float | None | Unset = UNSET
    message: None | str | Unset = UNSET
    data: Any | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

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

        progress_word = cls(
            type_=type_,
            percent=percent,
            message=message,
            data=data,
        )

        return progress_word

