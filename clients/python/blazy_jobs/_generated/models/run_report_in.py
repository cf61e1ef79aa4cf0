from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.run_cancelled import RunCancelled
  from ..models.run_completed import RunCompleted
  from ..models.run_failed import RunFailed
  from ..models.run_log import RunLog
  from ..models.run_lost import RunLost
  from ..models.run_progress import RunProgress
  from ..models.run_released import RunReleased
  from ..models.run_snoozed import RunSnoozed





T = TypeVar("T", bound="RunReportIn")



@_attrs_define
class RunReportIn:
    """ What an HTTP handler says of its run.

        Attributes:
            reports (list[Any] | list[RunCancelled | RunCompleted | RunFailed | RunLog | RunLost | RunProgress | RunReleased
                | RunSnoozed] | Unset): At most 1,000 reports, processed one by one, in order. Default: none, which is a sign of
                life.
     """

    reports: list[Any] | list[RunCancelled | RunCompleted | RunFailed | RunLog | RunLost | RunProgress | RunReleased | RunSnoozed] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.run_cancelled import RunCancelled # noqa: PLC0415
        from ..models.run_completed import RunCompleted # noqa: PLC0415
        from ..models.run_failed import RunFailed # noqa: PLC0415
        from ..models.run_log import RunLog # noqa: PLC0415
        from ..models.run_lost import RunLost # noqa: PLC0415
        from ..models.run_progress import RunProgress # noqa: PLC0415
        from ..models.run_released import RunReleased # noqa: PLC0415
        from ..models.run_snoozed import RunSnoozed # noqa: PLC0415
        reports: list[Any] | list[dict[str, Any]] | Unset
        if isinstance(self.reports, Unset):
            reports = UNSET
        elif isinstance(self.reports, list):
            reports = []
            for reports_type_0_item_data in self.reports:
                reports_type_0_item: dict[str, Any]
                if isinstance(reports_type_0_item_data, RunProgress):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, RunLog):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, RunCompleted):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, RunFailed):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, RunReleased):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, RunSnoozed):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                elif isinstance(reports_type_0_item_data, RunCancelled):
                    reports_type_0_item = reports_type_0_item_data.to_dict()
                else:
                    reports_type_0_item = reports_type_0_item_data.to_dict()

                reports.append(reports_type_0_item)


        else:
            reports = self.reports





        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if reports is not UNSET:
            field_dict["reports"] = reports

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.run_cancelled import RunCancelled # noqa: PLC0415
        from ..models.run_completed import RunCompleted # noqa: PLC0415
        from ..models.run_failed import RunFailed # noqa: PLC0415
        from ..models.run_log import RunLog # noqa: PLC0415
        from ..models.run_lost import RunLost # noqa: PLC0415
        from ..models.run_progress import RunProgress # noqa: PLC0415
        from ..models.run_released import RunReleased # noqa: PLC0415
        from ..models.run_snoozed import RunSnoozed # noqa: PLC0415
        d = dict(src_dict)
        def _parse_reports(data: object) -> list[Any] | list[RunCancelled | RunCompleted | RunFailed | RunLog | RunLost | RunProgress | RunReleased | RunSnoozed] | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                reports_type_0 = []
                _reports_type_0 = data
                for reports_type_0_item_data in (_reports_type_0):
                    def _parse_reports_type_0_item(data: object) -> RunCancelled | RunCompleted | RunFailed | RunLog | RunLost | RunProgress | RunReleased | RunSnoozed:
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_0 = RunProgress.from_dict(data)



                            return componentsschemas_run_report_item_type_0
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_1 = RunLog.from_dict(data)



                            return componentsschemas_run_report_item_type_1
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_2 = RunCompleted.from_dict(data)



                            return componentsschemas_run_report_item_type_2
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_3 = RunFailed.from_dict(data)



                            return componentsschemas_run_report_item_type_3
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_4 = RunReleased.from_dict(data)



                            return componentsschemas_run_report_item_type_4
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_5 = RunSnoozed.from_dict(data)



                            return componentsschemas_run_report_item_type_5
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_run_report_item_type_6 = RunCancelled.from_dict(data)



                            return componentsschemas_run_report_item_type_6
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        if not isinstance(data, dict):
                            raise TypeError()
                        componentsschemas_run_report_item_type_7 = RunLost.from_dict(data)



                        return componentsschemas_run_report_item_type_7

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


        run_report_in = cls(
            reports=reports,
        )

        return run_report_in

