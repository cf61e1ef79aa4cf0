from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="ErrorGroup")



@_attrs_define
class ErrorGroup:
    """ Failures that are the same problem, and how many runs have it.

        Attributes:
            group (str): The group's id, as in `error.group`: 16 hexadecimal digits, the same on every server.
            code (str): As in `error.code`.
            type_ (None | str): The class of the exception; null if there is none.
            message (str): That of the newest run in the group, at most 1,000 characters.
            job_types (list[str]): The job types of the runs in it, by name.
            count (int): How many runs are in it, exactly: failed and not resolved, or `retrying`.
            first_at (datetime.datetime): When an attempt failed so for the first time since there are runs in the group.
            last_at (datetime.datetime): When one did for the last time.
            sample_run_id (str): The newest run in the group.
     """

    group: str
    code: str
    type_: None | str
    message: str
    job_types: list[str]
    count: int
    first_at: datetime.datetime
    last_at: datetime.datetime
    sample_run_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        group = self.group

        code = self.code

        type_: None | str
        type_ = self.type_

        message = self.message

        job_types = self.job_types



        count = self.count

        first_at = self.first_at.isoformat()

        last_at = self.last_at.isoformat()

        sample_run_id = self.sample_run_id


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "group": group,
            "code": code,
            "type": type_,
            "message": message,
            "job_types": job_types,
            "count": count,
            "first_at": first_at,
            "last_at": last_at,
            "sample_run_id": sample_run_id,
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

        job_types = cast(list[str], d.pop("job_types"))


        count = d.pop("count")

        first_at = datetime.datetime.fromisoformat(d.pop("first_at"))




        last_at = datetime.datetime.fromisoformat(d.pop("last_at"))




        sample_run_id = d.pop("sample_run_id")

        error_group = cls(
            group=group,
            code=code,
            type_=type_,
            message=message,
            job_types=job_types,
            count=count,
            first_at=first_at,
            last_at=last_at,
            sample_run_id=sample_run_id,
        )


        error_group.additional_properties = d
        return error_group

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
