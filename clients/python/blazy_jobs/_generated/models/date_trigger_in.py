from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from typing import Literal, cast
import datetime






T = TypeVar("T", bound="DateTriggerIn")



@_attrs_define
class DateTriggerIn:
    """ Once.

        Attributes:
            kind (Literal['date']): A single time.
            at (datetime.datetime): When: RFC 3339 with an offset.
     """

    kind: Literal['date']
    at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        at = self.at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "at": at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = cast(Literal['date'] , d.pop("kind"))
        if kind != 'date':
            raise ValueError(f"kind must match const 'date', got '{kind}'")

        at = datetime.datetime.fromisoformat(d.pop("at"))




        date_trigger_in = cls(
            kind=kind,
            at=at,
        )

        return date_trigger_in

