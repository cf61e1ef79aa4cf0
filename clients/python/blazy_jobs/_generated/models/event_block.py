from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.event_type import check_event_type
from ..models.event_type import EventType
from typing import cast






T = TypeVar("T", bound="EventBlock")



@_attrs_define
class EventBlock:
    """ One block of an event stream (WHATWG HTML, 9.2). Comments (every 15 seconds) and `retry` come between.

        Attributes:
            id (str): where to resume: send it as Last-Event-ID
            event (EventType):
            data (str): an Event as JSON, on one line
     """

    id: str
    event: EventType
    data: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        event: str = self.event

        data = self.data


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "event": event,
            "data": data,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        event = check_event_type(d.pop("event"))




        data = d.pop("data")

        event_block = cls(
            id=id,
            event=event,
            data=data,
        )


        event_block.additional_properties = d
        return event_block

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
