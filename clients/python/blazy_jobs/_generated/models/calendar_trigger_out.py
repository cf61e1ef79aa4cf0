from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from typing import Literal, cast

if TYPE_CHECKING:
  from ..models.every import Every





T = TypeVar("T", bound="CalendarTriggerOut")



@_attrs_define
class CalendarTriggerOut:
    """ At a local time, every given number of days, weeks or months.

        Attributes:
            kind (Literal['calendar']): A calendar interval.
            every (Every): The months, weeks and days between two fire times.
            hour (int): Local time, 0 to 23.
            minute (int): Local time, 0 to 59.
     """

    kind: Literal['calendar']
    every: Every
    hour: int
    minute: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.every import Every # noqa: PLC0415
        kind = self.kind

        every = self.every.to_dict()

        hour = self.hour

        minute = self.minute


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "kind": kind,
            "every": every,
            "hour": hour,
            "minute": minute,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.every import Every # noqa: PLC0415
        d = dict(src_dict)
        kind = cast(Literal['calendar'] , d.pop("kind"))
        if kind != 'calendar':
            raise ValueError(f"kind must match const 'calendar', got '{kind}'")

        every = Every.from_dict(d.pop("every"))




        hour = d.pop("hour")

        minute = d.pop("minute")

        calendar_trigger_out = cls(
            kind=kind,
            every=every,
            hour=hour,
            minute=minute,
        )


        calendar_trigger_out.additional_properties = d
        return calendar_trigger_out

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
