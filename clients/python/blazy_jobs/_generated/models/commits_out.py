from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="CommitsOut")



@_attrs_define
class CommitsOut:
    """ Transactions that a server has committed since it started.

        Attributes:
            count (int): The number of commits.
            requests (int): The number of requests that shared them.
            mean_requests (float | None): Requests a commit. null without commits.
     """

    count: int
    requests: int
    mean_requests: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        count = self.count

        requests = self.requests

        mean_requests: float | None
        mean_requests = self.mean_requests


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "count": count,
            "requests": requests,
            "mean_requests": mean_requests,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = d.pop("count")

        requests = d.pop("requests")

        def _parse_mean_requests(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        mean_requests = _parse_mean_requests(d.pop("mean_requests"))


        commits_out = cls(
            count=count,
            requests=requests,
            mean_requests=mean_requests,
        )


        commits_out.additional_properties = d
        return commits_out

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
