from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.handler_in_kind import check_handler_in_kind
from ..models.handler_in_kind import HandlerInKind
from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="HandlerIn")



@_attrs_define
class HandlerIn:
    """ 
        Attributes:
            kind (HandlerInKind):
            url (None | str | Unset):
     """

    kind: HandlerInKind
    url: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        kind: str = self.kind

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
        })
        if url is not UNSET:
            field_dict["url"] = url

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = check_handler_in_kind(d.pop("kind"))




        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))


        handler_in = cls(
            kind=kind,
            url=url,
        )

        return handler_in

