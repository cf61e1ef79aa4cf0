from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.completion import check_completion
from ..models.completion import Completion
from typing import cast
from typing import Literal, cast

if TYPE_CHECKING:
  from ..models.http_handler_out_headers import HttpHandlerOutHeaders





T = TypeVar("T", bound="HttpHandlerOut")



@_attrs_define
class HttpHandlerOut:
    """ The server sends each run to a URL with POST.

        Attributes:
            kind (Literal['http']): The server calls a URL.
            url (str): Where each run is POSTed.
            headers (HttpHandlerOutHeaders): The names of its headers; the values are not shown.
            completion (Completion): What ends an attempt of an HTTP handler.
            heartbeat_seconds (float | None): The seconds without a report after which a run that goes on after its `202` is
                lost. null: it may be silent until its deadline.
     """

    kind: Literal['http']
    url: str
    headers: HttpHandlerOutHeaders
    completion: Completion
    heartbeat_seconds: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.http_handler_out_headers import HttpHandlerOutHeaders # noqa: PLC0415
        kind = self.kind

        url = self.url

        headers = self.headers.to_dict()

        completion: str = self.completion

        heartbeat_seconds: float | None
        heartbeat_seconds = self.heartbeat_seconds


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "kind": kind,
            "url": url,
            "headers": headers,
            "completion": completion,
            "heartbeat_seconds": heartbeat_seconds,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.http_handler_out_headers import HttpHandlerOutHeaders # noqa: PLC0415
        d = dict(src_dict)
        kind = cast(Literal['http'] , d.pop("kind"))
        if kind != 'http':
            raise ValueError(f"kind must match const 'http', got '{kind}'")

        url = d.pop("url")

        headers = HttpHandlerOutHeaders.from_dict(d.pop("headers"))




        completion = check_completion(d.pop("completion"))




        def _parse_heartbeat_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        heartbeat_seconds = _parse_heartbeat_seconds(d.pop("heartbeat_seconds"))


        http_handler_out = cls(
            kind=kind,
            url=url,
            headers=headers,
            completion=completion,
            heartbeat_seconds=heartbeat_seconds,
        )


        http_handler_out.additional_properties = d
        return http_handler_out

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
