from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="IntervalTriggerOut")



@_attrs_define
class IntervalTriggerOut:
    """ Repeatedly, at a fixed interval in seconds.

        Attributes:
            kind (Literal['interval']): A fixed interval.
            every_seconds (float): Seconds between two fire times, at least 1 and at most ten years.
     """

    kind: Literal['interval']
    every_seconds: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        every_seconds = self.every_seconds


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "kind": kind,
            "every_seconds": every_seconds,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = cast(Literal['interval'] , d.pop("kind"))
        if kind != 'interval':
            raise ValueError(f"kind must match const 'interval', got '{kind}'")

        every_seconds = d.pop("every_seconds")

        interval_trigger_out = cls(
            kind=kind,
            every_seconds=every_seconds,
        )


        interval_trigger_out.additional_properties = d
        return interval_trigger_out

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
