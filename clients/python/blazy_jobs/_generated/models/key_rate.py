from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="KeyRate")



@_attrs_define
class KeyRate:
    """ At most `limit` runs may be made with the key within any `per_seconds`, on each server.

        Attributes:
            limit (int): Maximum number of runs, from 1 to 1,000,000.
            per_seconds (float): The period, more than 0 seconds and at most 366 days.
     """

    limit: int
    per_seconds: float





    def to_dict(self) -> dict[str, Any]:
        limit = self.limit

        per_seconds = self.per_seconds


        field_dict: dict[str, Any] = {}

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

        key_rate = cls(
            limit=limit,
            per_seconds=per_seconds,
        )

        return key_rate

