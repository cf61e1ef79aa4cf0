from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="HttpHandlerInHeaders")



@_attrs_define
class HttpHandlerInHeaders:
    """ Headers of each request, at most 20; not those that the server sets (`Host`, `Content-*`, `webhook-*` and those of a
    connection). `***` as a value keeps the present one, for the present origin only: otherwise `422 headers_required`.
    Default: none (for another origin, `{}` says so, if there were any); in a PATCH, not changed.

     """

    additional_properties: dict[str, str] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        
        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        http_handler_in_headers = cls(
        )


        http_handler_in_headers.additional_properties = d
        return http_handler_in_headers

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> str:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: str) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
