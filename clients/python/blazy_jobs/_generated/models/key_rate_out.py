from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="KeyRateOut")



@_attrs_define
class KeyRateOut:
    """ At most `limit` runs may be made with the key within any `per_seconds`, on each server.

        Attributes:
            limit (int): Maximum number of runs, from 1 to 1,000,000.
            per_seconds (float): The period, more than 0 seconds and at most 366 days.
     """

    limit: int
    per_seconds: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        limit = self.limit

        per_seconds = self.per_seconds


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "limit": limit,
            "per_seconds": per_seconds,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        limit = d.pop("limit")

        per_seconds = d.pop("per_seconds")

        key_rate_out = cls(
            limit=limit,
            per_seconds=per_seconds,
        )


        key_rate_out.additional_properties = d
        return key_rate_out

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
