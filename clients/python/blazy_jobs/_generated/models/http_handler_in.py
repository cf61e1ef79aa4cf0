from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import Literal, cast






T = TypeVar("T", bound="HttpHandlerIn")



@_attrs_define
class HttpHandlerIn:
    """ The server sends each run to `url` with POST. Not supported yet: `422 not_supported`.

        Attributes:
            kind (Literal['http']): The server calls a URL.
            url (str): Where to POST each run: `http` or `https`, at most 2,048 characters.
     """

    kind: Literal['http']
    url: str





    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        url = self.url


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "url": url,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = cast(Literal['http'] , d.pop("kind"))
        if kind != 'http':
            raise ValueError(f"kind must match const 'http', got '{kind}'")

        url = d.pop("url")

        http_handler_in = cls(
            kind=kind,
            url=url,
        )

        return http_handler_in

