from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.completion import check_completion
from ..models.completion import Completion
from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast

if TYPE_CHECKING:
  from ..models.http_handler_in_headers import HttpHandlerInHeaders





T = TypeVar("T", bound="HttpHandlerIn")



@_attrs_define
class HttpHandlerIn:
    """ The server sends each run to `url` with POST. Writing it needs a key with the scope `admin`.

        Attributes:
            kind (Literal['http']): The server calls a URL.
            url (str): Where to POST each run: `https`, or `http` into a network of `JOBS_HTTP_ALLOW`; at most 2,048
                characters, without user information and fragment.
            headers (HttpHandlerInHeaders | Unset): Headers of each request, at most 20; not those that the server sets
                (`Host`, `Content-*`, `webhook-*` and those of a connection). `***` as a value keeps the present one, for the
                present origin only: otherwise `422 headers_required`. Default: none (for another origin, `{}` says so, if there
                were any); in a PATCH, not changed.
            completion (Completion | Unset): What ends an attempt of an HTTP handler.
            heartbeat_seconds (float | None | Unset): With `completion` `report`, the seconds without a report after which
                the run is lost, more than 0 and at most 30 days. null (default): it may be silent until its deadline.
     """

    kind: Literal['http']
    url: str
    headers: HttpHandlerInHeaders | Unset = UNSET
    completion: Completion | Unset = UNSET
    heartbeat_seconds: float | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.http_handler_in_headers import HttpHandlerInHeaders # noqa: PLC0415
        kind = self.kind

        url = self.url

        headers: dict[str, Any] | Unset = UNSET
        if not isinstance(self.headers, Unset):
            headers = self.headers.to_dict()

        completion: str | Unset = UNSET
        if not isinstance(self.completion, Unset):
            completion = self.completion


        heartbeat_seconds: float | None | Unset
        if isinstance(self.heartbeat_seconds, Unset):
            heartbeat_seconds = UNSET
        else:
            heartbeat_seconds = self.heartbeat_seconds


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "url": url,
        })
        if headers is not UNSET:
            field_dict["headers"] = headers
        if completion is not UNSET:
            field_dict["completion"] = completion
        if heartbeat_seconds is not UNSET:
            field_dict["heartbeat_seconds"] = heartbeat_seconds

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.http_handler_in_headers import HttpHandlerInHeaders # noqa: PLC0415
        d = dict(src_dict)
        kind = cast(Literal['http'] , d.pop("kind"))
        if kind != 'http':
            raise ValueError(f"kind must match const 'http', got '{kind}'")

        url = d.pop("url")

        _headers = d.pop("headers", UNSET)
        headers: HttpHandlerInHeaders | Unset
        if isinstance(_headers,  Unset):
            headers = UNSET
        else:
            headers = HttpHandlerInHeaders.from_dict(_headers)




        _completion = d.pop("completion", UNSET)
        completion: Completion | Unset
        if isinstance(_completion,  Unset):
            completion = UNSET
        else:
            completion = check_completion(_completion)




        def _parse_heartbeat_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        heartbeat_seconds = _parse_heartbeat_seconds(d.pop("heartbeat_seconds", UNSET))


        http_handler_in = cls(
            kind=kind,
            url=url,
            headers=headers,
            completion=completion,
            heartbeat_seconds=heartbeat_seconds,
        )

        return http_handler_in

