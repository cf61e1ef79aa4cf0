from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset






T = TypeVar("T", bound="ReplayIn")



@_attrs_define
class ReplayIn:
    """ What is different in the new run.

        Attributes:
            payload (Any | Unset): The payload of the new run. `***` where a value is redacted stands for the value of this
                run. Default: the payload of this run.
     """

    payload: Any | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        payload = self.payload


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if payload is not UNSET:
            field_dict["payload"] = payload

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        payload = d.pop("payload", UNSET)

        replay_in = cls(
            payload=payload,
        )

        return replay_in

