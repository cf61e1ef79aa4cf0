from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.cancelled_report import CancelledReport
  from ..models.completed_in import CompletedIn
  from ..models.completed_report import CompletedReport
  from ..models.failed_report import FailedReport
  from ..models.log_report import LogReport
  from ..models.lost_report import LostReport
  from ..models.progress_report import ProgressReport
  from ..models.released_report import ReleasedReport
  from ..models.said_in import SaidIn
  from ..models.snoozed_report import SnoozedReport





T = TypeVar("T", bound="ReportIn")



@_attrs_define
class ReportIn:
    """ What happened to the claimed runs, and which of them the worker still has. Reports are processed one by one: an
    invalid report is `rejected` and does not affect the others.

        Attributes:
            reports (list[Any] | list[CancelledReport | CompletedReport | FailedReport | LogReport | LostReport |
                ProgressReport | ReleasedReport | SnoozedReport] | Unset): At most 10,000 reports, processed one by one, in
                order. Default: none.
            holding (list[str] | Unset): The ids of all runs that the worker still has, at most 10,000; renews their leases.
                Default: none.
            completed (list[CompletedIn] | Unset): Completed runs, as columns, at most 10,000 in a call; processed after
                `reports`. Default: none.
            said (list[SaidIn] | Unset): Progress and log lines of runs, as columns, at most 10,000 in a call; processed
                before `reports`. Default: none.
     """

    reports: list[Any] | list[CancelledReport | CompletedReport | FailedReport | LogReport | LostReport | ProgressReport | ReleasedReport | SnoozedReport] | Unset = UNSET
    holding: list[str] | Unset = UNSET
    completed: list[CompletedIn] | Unset = UNSET
    said: list[SaidIn] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.cancelled_report import CancelledReport # noqa: PLC0415
        from ..models.completed_in import CompletedIn # noqa: PLC0415
        from ..models.completed_report import CompletedReport # noqa: PLC0415
        from ..models.failed_report import FailedReport # noqa: PLC0415
        from ..models.log_report import LogReport # noqa: PLC0415
        from ..models.lost_report import LostReport # noqa: PLC0415
        from ..models.progress_report import ProgressReport # noqa: PLC0415
        from ..models.released_report import ReleasedReport # noqa: PLC0415
        from ..models.said_in import SaidIn # noqa: PLC0415
        from ..models.snoozed_report import SnoozedReport # noqa: PLC0415
        reports: list[Any] | list[dict[str, Any]] | Unset
        if isinstance(self.reports, Unset):
            reports = UNSET
        elif isinstance(self.reports, list):
            reports = []
            for reports_type_0_item_data in self.reports:
                reports_type_0_item: dict[str, Any]
                if isinstance(reports_type_0_item_data, ProgressReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, LogReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, CompletedReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, FailedReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, ReleasedReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, SnoozedReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, CancelledReport):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                else:
                    reports_type_0_item = reports_type_0_item_data.to_dict()

                reports.append(reports_type_0_item)


        else:
            reports = self.reports




        holding: list[str] | Unset = UNSET
        if not isinstance(self.holding, Unset):
            holding = self.holding



        completed: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.completed, Unset):
            completed = []
            for completed_item_data in self.completed:
                completed_item = completed_item_data.to_dict()
                completed.append(completed_item)



        said: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.said, Unset):
            said = []
            for said_item_data in self.said:
                said_item = said_item_data.to_dict()
                said.append(said_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if reports is not UNSET:
            field_dict["reports"] = reports
        if holding is not UNSET:
            field_dict["holding"] = holding
        if completed is not UNSET:
            field_dict["completed"] = completed
        if said is not UNSET:
            field_dict["said"] = said

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cancelled_report import CancelledReport # noqa: PLC0415
        from ..models.completed_in import CompletedIn # noqa: PLC0415
        from ..models.completed_report import CompletedReport # noqa: PLC0415
        from ..models.failed_report import FailedReport # noqa: PLC0415
        from ..models.log_report import LogReport # noqa: PLC0415
        from ..models.lost_report import LostReport # noqa: PLC0415
        from ..models.progress_report import ProgressReport # noqa: PLC0415
        from ..models.released_report import ReleasedReport # noqa: PLC0415
        from ..models.said_in import SaidIn # noqa: PLC0415
        from ..models.snoozed_report import SnoozedReport # noqa: PLC0415
        d = dict(src_dict)
        def _parse_reports(data: object) -> list[Any] | list[CancelledReport | CompletedReport | FailedReport | LogReport | LostReport | ProgressReport | ReleasedReport | SnoozedReport] | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reports_type_0 = []
                _reports_type_0 = data
                for reports_type_0_item_data in (_reports_type_0):
                    def _parse_reports_type_0_item(data: object) -> CancelledReport | CompletedReport | FailedReport | LogReport | LostReport | ProgressReport | ReleasedReport | SnoozedReport:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_0 = ProgressReport.from_dict(data)



                            return componentsschemas_report_item_type_0
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_1 = LogReport.from_dict(data)



                            return componentsschemas_report_item_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_2 = CompletedReport.from_dict(data)



                            return componentsschemas_report_item_type_2
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_3 = FailedReport.from_dict(data)



                            return componentsschemas_report_item_type_3
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_4 = ReleasedReport.from_dict(data)



                            return componentsschemas_report_item_type_4
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_5 = SnoozedReport.from_dict(data)



                            return componentsschemas_report_item_type_5
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_report_item_type_6 = CancelledReport.from_dict(data)



                            return componentsschemas_report_item_type_6
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        if not isinstance(data, dict):
                            raise TypeError()
                        componentsschemas_report_item_type_7 = LostReport.from_dict(data)



                        return componentsschemas_report_item_type_7

                    reports_type_0_item = _parse_reports_type_0_item(reports_type_0_item_data)

                    reports_type_0.append(reports_type_0_item)

                return reports_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, list):
                raise TypeError()
            reports_type_1 = cast(list[Any], data)

            return reports_type_1

        reports = _parse_reports(d.pop("reports", UNSET))


        holding = cast(list[str], d.pop("holding", UNSET))


        _completed = d.pop("completed", UNSET)
        completed: list[CompletedIn] | Unset = UNSET
        if _completed is not UNSET:
            completed = []
            for completed_item_data in _completed:
                completed_item = CompletedIn.from_dict(completed_item_data)



                completed.append(completed_item)


        _said = d.pop("said", UNSET)
        said: list[SaidIn] | Unset = UNSET
        if _said is not UNSET:
            said = []
            for said_item_data in _said:
                said_item = SaidIn.from_dict(said_item_data)



                said.append(said_item)


        report_in = cls(
            reports=reports,
            holding=holding,
            completed=completed,
            said=said,
        )

        return report_in

