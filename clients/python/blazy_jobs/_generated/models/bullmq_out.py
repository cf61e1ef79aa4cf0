from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="BullmqOut")



@_attrs_define
class BullmqOut:
    """ The settings of the queue in Redis; null for queues in the database.

        Attributes:
            prefix (str): The start of its Redis keys, before `:` and the queue's name: 1 to 64 letters, digits, `.`, `_`,
                `:`, `{`, `}` and `-`.
            consume (bool): Whether this server's workers process its jobs. false: only external workers do; the server
                records the runs.
     """

    prefix: str
    consume: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        prefix = self.prefix

        consume = self.consume


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "prefix": prefix,
            "consume": consume,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prefix = d.pop("prefix")

        consume = d.pop("consume")

        bullmq_out = cls(
            prefix=prefix,
            consume=consume,
        )


        bullmq_out.additional_properties = d
        return bullmq_out

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
