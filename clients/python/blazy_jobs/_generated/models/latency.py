from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="Latency")



@_attrs_define
class Latency:
    """ A distribution of durations, measured over the runs that this server has seen since it started.

        Attributes:
            count (int): The number of measurements since the server started.
            mean_seconds (float | None): The mean, in seconds. null without measurements.
            p50_seconds (float | None): The median, in seconds, rounded up to a bucket bound of the histogram. null without
                measurements.
            p99_seconds (float | None): The 99th percentile, in seconds, rounded up to a bucket bound of the histogram. null
                without measurements.
     """

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p99_seconds: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        count = self.count

        mean_seconds: float | None
        mean_seconds = self.mean_seconds

        p50_seconds: float | None
        p50_seconds = self.p50_seconds

        p99_seconds: float | None
        p99_seconds = self.p99_seconds


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "count": count,
            "mean_seconds": mean_seconds,
            "p50_seconds": p50_seconds,
            "p99_seconds": p99_seconds,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = d.pop("count")

        def _parse_mean_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        mean_seconds = _parse_mean_seconds(d.pop("mean_seconds"))


        def _parse_p50_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        p50_seconds = _parse_p50_seconds(d.pop("p50_seconds"))


        def _parse_p99_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        p99_seconds = _parse_p99_seconds(d.pop("p99_seconds"))


        latency = cls(
            count=count,
            mean_seconds=mean_seconds,
            p50_seconds=p50_seconds,
            p99_seconds=p99_seconds,
        )


        latency.additional_properties = d
        return latency

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
