from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="Blocking")



@_attrs_define
class Blocking:
    """ Something that holds a run back.

        Attributes:
            reason (str): A `wait_reason`, `workers_busy`, or `cancelling`.
            scope (str): What holds it back: `job_type`, `queue`, `workers`, `destination` or `run`.
            name (None | str): Its name; null if it has none.
            detail (str): A sentence.
            link (None | str): The path of the API that shows it; null if there is none.
     """

    reason: str
    scope: str
    name: None | str
    detail: str
    link: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        scope = self.scope

        name: None | str
        name = self.name

        detail = self.detail

        link: None | str
        link = self.link


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "reason": reason,
            "scope": scope,
            "name": name,
            "detail": detail,
            "link": link,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason")

        scope = d.pop("scope")

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))


        detail = d.pop("detail")

        def _parse_link(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        link = _parse_link(d.pop("link"))


        blocking = cls(
            reason=reason,
            scope=scope,
            name=name,
            detail=detail,
            link=link,
        )


        blocking.additional_properties = d
        return blocking

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
