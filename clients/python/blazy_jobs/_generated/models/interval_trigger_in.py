from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="IntervalTriggerIn")



@_attrs_define
class IntervalTriggerIn:
    """ At a fixed interval from `start_at`, or from the schedule's creation; it first fires one interval later.

        Attributes:
            kind (Literal['interval']): A fixed interval.
            every_seconds (float): Seconds between two fire times, at least 1 and at most ten years.
     """

    kind: Literal['interval']
    every_seconds: float





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        every_seconds = self.every_seconds


        field_dict: dict[str, Any] = {}

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

        interval_trigger_in = cls(
            kind=kind,
            every_seconds=every_seconds,
        )

        return interval_trigger_in

