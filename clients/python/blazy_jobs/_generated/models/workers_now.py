from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="WorkersNow")



@_attrs_define
class WorkersNow:
    """ The connected workers.

        Attributes:
            connected (int): The number of connected workers.
            draining (int): Those of them that get no more runs.
            slots (int): How many runs they can have together.
            busy (int): How many runs are running.
     """

    connected: int
    draining: int
    slots: int
    busy: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        connected = self.connected

        draining = self.draining

        slots = self.slots

        busy = self.busy


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "connected": connected,
            "draining": draining,
            "slots": slots,
            "busy": busy,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        connected = d.pop("connected")

        draining = d.pop("draining")

        slots = d.pop("slots")

        busy = d.pop("busy")

        workers_now = cls(
            connected=connected,
            draining=draining,
            slots=slots,
            busy=busy,
        )


        workers_now.additional_properties = d
        return workers_now

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
