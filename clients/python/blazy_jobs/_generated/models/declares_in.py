from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.job_type_in import JobTypeIn
  from ..models.queue_declared import QueueDeclared
  from ..models.schedule_in import ScheduleIn





T = TypeVar("T", bound="DeclaresIn")



@_attrs_define
class DeclaresIn:
    """ 
        Attributes:
            app (str):
            declared_at (datetime.datetime):
            job_types (list[JobTypeIn] | Unset):
            schedules (list[ScheduleIn] | Unset):
            queues (list[QueueDeclared] | Unset):
     """

    app: str
    declared_at: datetime.datetime
    job_types: list[JobTypeIn] | Unset = UNSET
    schedules: list[ScheduleIn] | Unset = UNSET
    queues: list[QueueDeclared] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.job_type_in import JobTypeIn # noqa: PLC0415
        from ..models.queue_declared import QueueDeclared # noqa: PLC0415
        from ..models.schedule_in import ScheduleIn # noqa: PLC0415
        app = self.app

        declared_at = self.declared_at.isoformat()

        job_types: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.job_types, Unset):
            job_types = []
            for job_types_item_data in self.job_types:
                job_types_item = job_types_item_data.to_dict()
                job_types.append(job_types_item)



        schedules: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.schedules, Unset):
            schedules = []
            for schedules_item_data in self.schedules:
                schedules_item = schedules_item_data.to_dict()
                schedules.append(schedules_item)



        queues: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.queues, Unset):
            queues = []
            for queues_item_data in self.queues:
                queues_item = queues_item_data.to_dict()
                queues.append(queues_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "app": app,
            "declared_at": declared_at,
        })
        if job_types is not UNSET:
            field_dict["job_types"] = job_types
        if schedules is not UNSET:
            field_dict["schedules"] = schedules
        if queues is not UNSET:
            field_dict["queues"] = queues

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.job_type_in import JobTypeIn # noqa: PLC0415
        from ..models.queue_declared import QueueDeclared # noqa: PLC0415
        from ..models.schedule_in import ScheduleIn # noqa: PLC0415
        d = dict(src_dict)
        app = d.pop("app")

        declared_at = datetime.datetime.fromisoformat(d.pop("declared_at"))




        _job_types = d.pop("job_types", UNSET)
        job_types: list[JobTypeIn] | Unset = UNSET
        if _job_types is not UNSET:
            job_types = []
            for job_types_item_data in _job_types:
                job_types_item = JobTypeIn.from_dict(job_types_item_data)



                job_types.append(job_types_item)


        _schedules = d.pop("schedules", UNSET)
        schedules: list[ScheduleIn] | Unset = UNSET
        if _schedules is not UNSET:
            schedules = []
            for schedules_item_data in _schedules:
                schedules_item = ScheduleIn.from_dict(schedules_item_data)



                schedules.append(schedules_item)


        _queues = d.pop("queues", UNSET)
        queues: list[QueueDeclared] | Unset = UNSET
        if _queues is not UNSET:
            queues = []
            for queues_item_data in _queues:
                queues_item = QueueDeclared.from_dict(queues_item_data)



                queues.append(queues_item)


        declares_in = cls(
            app=app,
            declared_at=declared_at,
            job_types=job_types,
            schedules=schedules,
            queues=queues,
        )

        return declares_in

