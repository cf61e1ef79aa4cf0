from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.some_counts import SomeCounts





T = TypeVar("T", bound="LaneCounts")



@_attrs_define
class LaneCounts:
    """ The runs of one job type in one queue.

        Attributes:
            job_type (str): The name of the job type.
            queue (str): The name of the queue.
            counts (SomeCounts): States of which there is no run are left out.
     """

    job_type: str
    queue: str
    counts: SomeCounts
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.some_counts import SomeCounts # noqa: PLC0415
        job_type = self.job_type

        queue = self.queue

        counts = self.counts.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "job_type": job_type,
            "queue": queue,
            "counts": counts,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.some_counts import SomeCounts # noqa: PLC0415
        d = dict(src_dict)
        job_type = d.pop("job_type")

        queue = d.pop("queue")

        counts = SomeCounts.from_dict(d.pop("counts"))




        lane_counts = cls(
            job_type=job_type,
            queue=queue,
            counts=counts,
        )


        lane_counts.additional_properties = d
        return lane_counts

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
