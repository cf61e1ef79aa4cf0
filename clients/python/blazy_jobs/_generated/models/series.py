from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.series_point import SeriesPoint
  from ..models.series_total import SeriesTotal





T = TypeVar("T", bound="Series")



@_attrs_define
class Series:
    """ The history of a span of time, in points of equal distance.

        Attributes:
            from_ (datetime.datetime): When the first point begins: RFC 3339, UTC.
            to (datetime.datetime): Where the last point ends, or is cut off.
            step_seconds (int): The distance of the points in seconds.
            bounds (list[float]): The upper bounds of the histograms' buckets in seconds; one more bucket holds what is
                longer.
            total (SeriesTotal): What happened in the whole span. All values are null if no server was there.
            data (list[SeriesPoint]): The points, oldest first; at most 2,000.
     """

    from_: datetime.datetime
    to: datetime.datetime
    step_seconds: int
    bounds: list[float]
    total: SeriesTotal
    data: list[SeriesPoint]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.series_point import SeriesPoint # noqa: PLC0415
        from ..models.series_total import SeriesTotal # noqa: PLC0415
        from_ = self.from_.isoformat()

        to = self.to.isoformat()

        step_seconds = self.step_seconds

        bounds = self.bounds



        total = self.total.to_dict()

        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "from": from_,
            "to": to,
            "step_seconds": step_seconds,
            "bounds": bounds,
            "total": total,
            "data": data,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.series_point import SeriesPoint # noqa: PLC0415
        from ..models.series_total import SeriesTotal # noqa: PLC0415
        d = dict(src_dict)
        from_ = datetime.datetime.fromisoformat(d.pop("from"))




        to = datetime.datetime.fromisoformat(d.pop("to"))




        step_seconds = d.pop("step_seconds")

        bounds = cast(list[float], d.pop("bounds"))


        total = SeriesTotal.from_dict(d.pop("total"))




        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = SeriesPoint.from_dict(data_item_data)



            data.append(data_item)


        series = cls(
            from_=from_,
            to=to,
            step_seconds=step_seconds,
            bounds=bounds,
            total=total,
            data=data,
        )


        series.additional_properties = d
        return series

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
