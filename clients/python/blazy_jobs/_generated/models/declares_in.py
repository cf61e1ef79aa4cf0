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
    """ The declarations in the code of an app. Those of the connected workers that were started last apply.

        Attributes:
            app (str): The app: what is developed and deployed together. 1 to 255 characters. An app cannot overwrite the
                declarations of another.
            declared_at (datetime.datetime | None | Unset): Ignored; kept for compatibility. Default: null.
            build (None | str | Unset): The version of the code, any text of 1 to 255 characters. While a worker of a newer
                build is connected, its declarations apply; the newer of two builds is the one that the server saw for the first
                time later. null (default): none.
            start (None | str | Unset): Identifies the start of the process or of its parent, 1 to 255 characters. A
                registration with the same text does not count as newly started. null (default): each registration does.
            modules (list[str] | Unset): The names of the modules that were loaded, at most 100, of 1 to 255 characters.
                Default: none.
            job_types (list[JobTypeIn] | Unset): At most 1,000, each as in `POST /v1/job-types`. Default: none.
            schedules (list[ScheduleIn] | Unset): At most 1,000, each as in `POST /v1/schedules`. Default: none.
            queues (list[QueueDeclared] | Unset): At most 100 queues in Redis. Default: none.
     """

    app: str
    declared_at: datetime.datetime | None | Unset = UNSET
    build: None | str | Unset = UNSET
    start: None | str | Unset = UNSET
    modules: list[str] | Unset = UNSET
    job_types: list[JobTypeIn] | Unset = UNSET
    schedules: list[ScheduleIn] | Unset = UNSET
    queues: list[QueueDeclared] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.job_type_in import JobTypeIn # noqa: PLC0415
        from ..models.queue_declared import QueueDeclared # noqa: PLC0415
        from ..models.schedule_in import ScheduleIn # noqa: PLC0415
        app = self.app

        declared_at: None | str | Unset
        if isinstance(self.declared_at, Unset):
            declared_at = UNSET
        elif isinstance(self.declared_at, datetime.datetime):
            declared_at = self.declared_at.isoformat()
        else:
            declared_at = self.declared_at

        build: None | str | Unset
        if isinstance(self.build, Unset):
            build = UNSET
        else:
            build = self.build

        start: None | str | Unset
        if isinstance(self.start, Unset):
            start = UNSET
        else:
            start = self.start

        modules: list[str] | Unset = UNSET
        if not isinstance(self.modules, Unset):
            modules = self.modules



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
        })
        if declared_at is not UNSET:
            field_dict["declared_at"] = declared_at
        if build is not UNSET:
            field_dict["build"] = build
        if start is not UNSET:
            field_dict["start"] = start
        if modules is not UNSET:
            field_dict["modules"] = modules
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

        def _parse_declared_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                declared_at_type_0 = datetime.datetime.fromisoformat(data)



                return declared_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        declared_at = _parse_declared_at(d.pop("declared_at", UNSET))


        def _parse_build(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        build = _parse_build(d.pop("build", UNSET))


        def _parse_start(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        start = _parse_start(d.pop("start", UNSET))


        modules = cast(list[str], d.pop("modules", UNSET))


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
            build=build,
            start=start,
            modules=modules,
            job_types=job_types,
            schedules=schedules,
            queues=queues,
        )

        return declares_in

