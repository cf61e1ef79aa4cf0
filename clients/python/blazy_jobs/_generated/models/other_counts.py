from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.state_counts import StateCounts





T = TypeVar("T", bound="OtherCounts")



@_attrs_define
class OtherCounts:
    """ The runs of the job types and queues that have no room in the digest.

        Attributes:
            lanes (int): How many pairs of job type and queue they are of.
            counts (StateCounts): The number of runs in each state.
     """

    lanes: int
    counts: StateCounts
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.state_counts import StateCounts # noqa: PLC0415
        lanes = self.lanes

        counts = self.counts.to_dict()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "lanes": lanes,
            "counts": counts,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.state_counts import StateCounts # noqa: PLC0415
        d = dict(src_dict)
        lanes = d.pop("lanes")

        counts = StateCounts.from_dict(d.pop("counts"))




        other_counts = cls(
            lanes=lanes,
            counts=counts,
        )


        other_counts.additional_properties = d
        return other_counts

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
