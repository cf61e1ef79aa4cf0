from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset






T = TypeVar("T", bound="Bullmq")



@_attrs_define
class Bullmq:
    """ The settings of a queue in Redis.

        Attributes:
            prefix (str | Unset): The start of its Redis keys, before `:` and the queue's name: 1 to 64 letters, digits,
                `.`, `_`, `:`, `{`, `}` and `-`. Default: `bull`.
            consume (bool | Unset): Whether this server's workers process its jobs. false: only external workers do; the
                server records the runs. Default: true.
     """

    prefix: str | Unset = UNSET
    consume: bool | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        prefix = self.prefix

        consume = self.consume


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if prefix is not UNSET:
            field_dict["prefix"] = prefix
        if consume is not UNSET:
            field_dict["consume"] = consume

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prefix = d.pop("prefix", UNSET)

        consume = d.pop("consume", UNSET)

        bullmq = cls(
            prefix=prefix,
            consume=consume,
        )

        return bullmq

