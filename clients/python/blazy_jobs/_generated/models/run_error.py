from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="RunError")



@_attrs_define
class RunError:
    """ Why an attempt or a run failed.

        Attributes:
            code (str): Stable, for programs: `handler_error` for an exception, `timeout`, `crashed`, `lease_lost`,
                `expired`, `invalid_payload`, `invalid_result`, or a code chosen by the handler.
            type_ (None | str): The class of the exception; null if there is none.
            message (str): For people, at most 8 KiB.
            traceback (None | str): The traceback in the handler's code, at most 32 KiB; null if it is not known.
            status (int | None | Unset): The HTTP status that the handler answered. Omitted, or null, if there was none.
            group (None | str | Unset): The group of errors that it belongs to, 16 hexadecimal digits: the same for the same
                code, type, place in the job's own files, and message without its numbers, ids and quoted parts. null of errors
                from before there were groups.
     """

    code: str
    type_: None | str
    message: str
    traceback: None | str
    status: int | None | Unset = UNSET
    group: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        code = self.code

        type_: None | str
        type_ = self.type_

        message = self.message

        traceback: None | str
        traceback = self.traceback

        status: int | None | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        else:
            status = self.status

        group: None | str | Unset
        if isinstance(self.group, Unset):
            group = UNSET
        else:
            group = self.group


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "code": code,
            "type": type_,
            "message": message,
            "traceback": traceback,
        })
        if status is not UNSET:
            field_dict["status"] = status
        if group is not UNSET:
            field_dict["group"] = group

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        def _parse_type_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        type_ = _parse_type_(d.pop("type"))


        message = d.pop("message")

        def _parse_traceback(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        traceback = _parse_traceback(d.pop("traceback"))


        def _parse_status(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        status = _parse_status(d.pop("status", UNSET))


        def _parse_group(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        group = _parse_group(d.pop("group", UNSET))


        run_error = cls(
            code=code,
            type_=type_,
            message=message,
            traceback=traceback,
            status=status,
            group=group,
        )


        run_error.additional_properties = d
        return run_error

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
