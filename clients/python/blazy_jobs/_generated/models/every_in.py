from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset






T = TypeVar("T", bound="EveryIn")



@_attrs_define
class EveryIn:
    """ The sum must be at least one day.

        Attributes:
            months (int | Unset): From 0 to 10,000. Default: 0.
            weeks (int | Unset): From 0 to 10,000. Default: 0.
            days (int | Unset): From 0 to 10,000. Default: 0.
     """

    months: int | Unset = UNSET
    weeks: int | Unset = UNSET
    days: int | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        months = self.months

        weeks = self.weeks

        days = self.days


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if months is not UNSET:
            field_dict["months"] = months
        if weeks is not UNSET:
            field_dict["weeks"] = weeks
        if days is not UNSET:
            field_dict["days"] = days

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        months = d.pop("months", UNSET)

        weeks = d.pop("weeks", UNSET)

        days = d.pop("days", UNSET)

        every_in = cls(
            months=months,
            weeks=weeks,
            days=days,
        )

        return every_in

