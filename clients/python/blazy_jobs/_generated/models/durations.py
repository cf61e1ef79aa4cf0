from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="Durations")



@_attrs_define
class Durations:
    """ A histogram of durations. Histograms add up, bucket by bucket.

        Attributes:
            count (int): The number of measurements.
            mean_seconds (float | None): The mean, in seconds. null without measurements.
            p50_seconds (float | None): The median, in seconds, rounded up to a bucket bound. null without measurements.
            p95_seconds (float | None): The 95th percentile, in seconds, rounded up to a bucket bound. null without
                measurements.
            p99_seconds (float | None): The 99th percentile, in seconds, rounded up to a bucket bound. null without
                measurements.
            buckets (list[int]): Numbers of measurements, by `bounds`.
     """

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    buckets: list[int]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        count = self.count

        mean_seconds: float | None
        mean_seconds = self.mean_seconds

        p50_seconds: float | None
        p50_seconds = self.p50_seconds

        p95_seconds: float | None
        p95_seconds = self.p95_seconds

        p99_seconds: float | None
        p99_seconds = self.p99_seconds

        buckets = self.buckets




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "count": count,
            "mean_seconds": mean_seconds,
            "p50_seconds": p50_seconds,
            "p95_seconds": p95_seconds,
            "p99_seconds": p99_seconds,
            "buckets": buckets,
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


        def _parse_p95_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        p95_seconds = _parse_p95_seconds(d.pop("p95_seconds"))


        def _parse_p99_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        p99_seconds = _parse_p99_seconds(d.pop("p99_seconds"))


        buckets = cast(list[int], d.pop("buckets"))


        durations = cls(
            count=count,
            mean_seconds=mean_seconds,
            p50_seconds=p50_seconds,
            p95_seconds=p95_seconds,
            p99_seconds=p99_seconds,
            buckets=buckets,
        )


        durations.additional_properties = d
        return durations

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
