from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.log_level import check_log_level
from ..models.log_level import LogLevel
from typing import cast

if TYPE_CHECKING:
  from ..models.log_data_fields import LogDataFields





T = TypeVar("T", bound="LogData")



@_attrs_define
class LogData:
    """ A log line of the handler.

        Attributes:
            level (LogLevel): The severity of a log line.
            message (str): The text of the line, at most 8 KiB.
            fields (LogDataFields): The fields logged with it, at most 16 KiB; an empty object if there are none.
     """

    level: LogLevel
    message: str
    fields: LogDataFields
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.log_data_fields import LogDataFields # noqa: PLC0415
        level: str = self.level

        message = self.message

        fields = self.fields.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "level": level,
            "message": message,
            "fields": fields,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.log_data_fields import LogDataFields # noqa: PLC0415
        d = dict(src_dict)
        level = check_log_level(d.pop("level"))




        message = d.pop("message")

        fields = LogDataFields.from_dict(d.pop("fields"))




        log_data = cls(
            level=level,
            message=message,
            fields=fields,
        )


        log_data.additional_properties = d
        return log_data

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
