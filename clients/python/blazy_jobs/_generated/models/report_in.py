from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.report_item import ReportItem





T = TypeVar("T", bound="ReportIn")



@_attrs_define
class ReportIn:
    """ 
        Attributes:
            reports (list[ReportItem] | Unset):
            holding (list[str] | Unset):
     """

    reports: list[ReportItem] | Unset = UNSET
    holding: list[str] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.report_item import ReportItem # noqa: PLC0415
        reports: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.reports, Unset):
            reports = []
            for reports_item_data in self.reports:
                reports_item = reports_item_data.to_dict()
                reports.append(reports_item)



        holding: list[str] | Unset = UNSET
        if not isinstance(self.holding, Unset):
            holding = self.holding




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if reports is not UNSET:
            field_dict["reports"] = reports
        if holding is not UNSET:
            field_dict["holding"] = holding

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.report_item import ReportItem # noqa: PLC0415
        d = dict(src_dict)
        _reports = d.pop("reports", UNSET)
        reports: list[ReportItem] | Unset = UNSET
        if _reports is not UNSET:
            reports = []
            for reports_item_data in _reports:
                reports_item = ReportItem.from_dict(reports_item_data)



                reports.append(reports_item)


        holding = cast(list[str], d.pop("holding", UNSET))


        report_in = cls(
            reports=reports,
            holding=holding,
        )

        return report_in

