from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="ReportErrorIn")



@_attrs_define
class ReportErrorIn:
    """ Why an attempt failed.

        Attributes:
            message (str): What went wrong, for people; truncated to 8 KiB.
            code (str | Unset): For programs: a lower-case letter, then at most 63 lower-case letters, digits and `_`.
                Default: `handler_error`.
            type_ (None | str | Unset): The class of the exception; truncated to 256 bytes. null (default): none.
            traceback (None | str | Unset): The traceback; truncated to 32 KiB. null (default): none.
     """

    message: str
    code: str | Unset = UNSET
    type_: None | str | Unset = UNSET
    traceback: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        message = self.message

        code = self.code

        type_: None | str | Unset
        if isinstance(self.type_, Unset):
            type_ = UNSET
        else:
            type_ = self.type_

        traceback: None | str | Unset
        if isinstance(self.traceback, Unset):
            traceback = UNSET
        else:
            traceback = self.traceback


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "message": message,
        })
        if code is not UNSET:
            field_dict["code"] = code
        if type_ is not UNSET:
            field_dict["type"] = type_
        if traceback is not UNSET:
            field_dict["traceback"] = traceback

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        message = d.pop("message")

        code = d.pop("code", UNSET)

        def _parse_type_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        type_ = _parse_type_(d.pop("type", UNSET))


        def _parse_traceback(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        traceback = _parse_traceback(d.pop("traceback", UNSET))


        report_error_in = cls(
            message=message,
            code=code,
            type_=type_,
            traceback=traceback,
        )

        return report_error_in

