from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="NewError")



@_attrs_define
class NewError:
    """ A group of errors that was seen for the first time within the last ten minutes.

        Attributes:
            group (str): The id of the group.
            code (str): The code of its errors.
            type_ (None | str): The class of the exception. null if there is none.
            message (str): The message of the first one, cut to 200 characters.
            job_type (str): The job type of the first one.
            first_at (datetime.datetime): When it was first seen: RFC 3339, UTC.
     """

    group: str
    code: str
    type_: None | str
    message: str
    job_type: str
    first_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        group = self.group

        code = self.code

        type_: None | str
        type_ = self.type_

        message = self.message

        job_type = self.job_type

        first_at = self.first_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "group": group,
            "code": code,
            "type": type_,
            "message": message,
            "job_type": job_type,
            "first_at": first_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        group = d.pop("group")

        code = d.pop("code")

        def _parse_type_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        type_ = _parse_type_(d.pop("type"))


        message = d.pop("message")

        job_type = d.pop("job_type")

        first_at = datetime.datetime.fromisoformat(d.pop("first_at"))




        new_error = cls(
            group=group,
            code=code,
            type_=type_,
            message=message,
            job_type=job_type,
            first_at=first_at,
        )


        new_error.additional_properties = d
        return new_error

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
