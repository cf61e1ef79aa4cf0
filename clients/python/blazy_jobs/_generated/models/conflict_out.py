from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.conflict_out_kind import check_conflict_out_kind
from ..models.conflict_out_kind import ConflictOutKind
from typing import cast






T = TypeVar("T", bound="ConflictOut")



@_attrs_define
class ConflictOut:
    """ A declaration that was not applied because the name belongs to somebody else.

        Attributes:
            kind (ConflictOutKind): The kind of the declaration.
            name (str): The declared name.
            reason (str): Why it was not applied, for people.
     """

    kind: ConflictOutKind
    name: str
    reason: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        name = self.name

        reason = self.reason


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "kind": kind,
            "name": name,
            "reason": reason,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_conflict_out_kind(d.pop("kind"))




        name = d.pop("name")

        reason = d.pop("reason")

        conflict_out = cls(
            kind=kind,
            name=name,
            reason=reason,
        )


        conflict_out.additional_properties = d
        return conflict_out

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
