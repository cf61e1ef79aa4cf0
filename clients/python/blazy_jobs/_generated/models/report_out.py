from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.held_run import HeldRun
  from ..models.not_accepted import NotAccepted
  from ..models.not_heard import NotHeard
  from ..models.reported import Reported





T = TypeVar("T", bound="ReportOut")



@_attrs_define
class ReportOut:
    """ The outcome of each report.

        Attributes:
            data (list[Reported]): One item for each report, in the same order.
            holding (list[HeldRun]): One item for each id in `holding`, in the same order.
            drain (bool): Whether the worker should stop: claim no more runs, finish those it has, and exit.
            completed (list[list[NotAccepted]] | Unset): For each item of `completed`, those of its runs that are not simply
                accepted. Left out if the request had no `completed`.
            said (list[list[NotHeard]] | Unset): For each item of `said`, those of its runs and words that are not simply
                accepted. Left out if the request had no `said`.
     """

    data: list[Reported]
    holding: list[HeldRun]
    drain: bool
    completed: list[list[NotAccepted]] | Unset = UNSET
    said: list[list[NotHeard]] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.held_run import HeldRun # noqa: PLC0415
        from ..models.not_accepted import NotAccepted # noqa: PLC0415
        from ..models.not_heard import NotHeard # noqa: PLC0415
        from ..models.reported import Reported # noqa: PLC0415
        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)



        holding = []
        for holding_item_data in self.holding:
            holding_item = holding_item_data.to_dict()
            holding.append(holding_item)



        drain = self.drain

        completed: list[list[dict[str, Any]]] | Unset = UNSET
        if not isinstance(self.completed, Unset):
            completed = []
            for completed_item_data in self.completed:
                completed_item = []
                for completed_item_item_data in completed_item_data:
                    completed_item_item = completed_item_item_data.to_dict()
                    completed_item.append(completed_item_item)


                completed.append(completed_item)



        said: list[list[dict[str, Any]]] | Unset = UNSET
        if not isinstance(self.said, Unset):
            said = []
            for said_item_data in self.said:
                said_item = []
                for said_item_item_data in said_item_data:
                    said_item_item = said_item_item_data.to_dict()
                    said_item.append(said_item_item)


                said.append(said_item)




        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "data": data,
            "holding": holding,
            "drain": drain,
        })
        if completed is not UNSET:
            field_dict["completed"] = completed
        if said is not UNSET:
            field_dict["said"] = said

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.held_run import HeldRun # noqa: PLC0415
        from ..models.not_accepted import NotAccepted # noqa: PLC0415
        from ..models.not_heard import NotHeard # noqa: PLC0415
        from ..models.reported import Reported # noqa: PLC0415
        d = dict(src_dict)
        data = []
        _data = d.pop("data")
        for data_item_data in (_data):
            data_item = Reported.from_dict(data_item_data)



            data.append(data_item)


        holding = []
        _holding = d.pop("holding")
        for holding_item_data in (_holding):
            holding_item = HeldRun.from_dict(holding_item_data)



            holding.append(holding_item)


        drain = d.pop("drain")

        _completed = d.pop("completed", UNSET)
        completed: list[list[NotAccepted]] | Unset = UNSET
        if _completed is not UNSET:
            completed = []
            for completed_item_data in _completed:
                completed_item = []
                _completed_item = completed_item_data
                for completed_item_item_data in (_completed_item):
                    completed_item_item = NotAccepted.from_dict(completed_item_item_data)



                    completed_item.append(completed_item_item)

                completed.append(completed_item)


        _said = d.pop("said", UNSET)
        said: list[list[NotHeard]] | Unset = UNSET
        if _said is not UNSET:
            said = []
            for said_item_data in _said:
                said_item = []
                _said_item = said_item_data
                for said_item_item_data in (_said_item):
                    said_item_item = NotHeard.from_dict(said_item_item_data)



                    said_item.append(said_item_item)

                said.append(said_item)


        report_out = cls(
            data=data,
            holding=holding,
            drain=drain,
            completed=completed,
            said=said,
        )


        report_out.additional_properties = d
        return report_out

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
