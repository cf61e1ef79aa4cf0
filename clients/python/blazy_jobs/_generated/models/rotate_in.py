from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset






T = TypeVar("T", bound="RotateIn")



@_attrs_define
class RotateIn:
    """ How long the previous secret remains valid.

        Attributes:
            overlap_seconds (float | Unset): For how long the previous secret remains valid, 0 to 2,592,000 seconds. 0: it
                ends at once, also one that a rotation before has left valid. Default: 86400.
     """

    overlap_seconds: float | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        overlap_seconds = self.overlap_seconds


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if overlap_seconds is not UNSET:
            field_dict["overlap_seconds"] = overlap_seconds

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        overlap_seconds = d.pop("overlap_seconds", UNSET)

        rotate_in = cls(
            overlap_seconds=overlap_seconds,
        )

        return rotate_in

