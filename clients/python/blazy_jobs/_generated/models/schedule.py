from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.catch_up import CatchUp
from ..models.catch_up import check_catch_up
from ..models.overlap import check_overlap
from ..models.overlap import Overlap
from ..models.schedule_source import check_schedule_source
from ..models.schedule_source import ScheduleSource
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.calendar_trigger_out import CalendarTriggerOut
  from ..models.cron_trigger_out import CronTriggerOut
  from ..models.date_trigger_out import DateTriggerOut
  from ..models.interval_trigger_out import IntervalTriggerOut





T = TypeVar("T", bound="Schedule")



@_attrs_define
class Schedule:
    """ Dispatches runs of a job type at the times of its trigger.

        Attributes:
            name (str): Unique among schedules.
            job_type (str): The name of the job type of its runs.
            payload (Any): The payload of its runs.
            timezone (str): The IANA time zone in which local times are interpreted.
            trigger (CalendarTriggerOut | CronTriggerOut | DateTriggerOut | IntervalTriggerOut): When the schedule fires.
            overlap (Overlap): What happens at a fire time while an earlier run of the schedule is unfinished. `allow`: a
                run is created anyway. `skip`: no run is created. `cancel_running`: earlier runs are cancelled, and a run is
                created.
            catch_up (CatchUp): What happens with fire times missed while no server was running. `none`: nothing. `latest`:
                one run for the last of them. `all`: one run for each.
            jitter_seconds (float): Maximum delay of a fire time in seconds.
            paused (bool): Whether its fire times pass without runs.
            orphaned (bool): Whether it is paused because the code of its app no longer declares it.
            start_at (datetime.datetime | None): It does not fire before this time. null: no limit.
            end_at (datetime.datetime | None): It does not fire after this time. null: no limit.
            queue (None | str): The queue of its runs. null: that of the job type.
            priority (int | None): The priority of its runs. null: that of the job type.
            tags (list[str]): The tags of its runs.
            next_fire_at (datetime.datetime | None): The next fire time, without jitter. null while it is paused, or if it
                will not fire again.
            last_fire_at (datetime.datetime | None): The last fire time that passed while it was not paused. null before the
                first.
            last_run_id (None | str): The id of its last run. null before the first.
            last_skipped_at (datetime.datetime | None): The last fire time skipped because of `overlap`. null if there is
                none.
            missed (int): The number of fire times that passed without a run because no server was running.
            source (ScheduleSource): `code` if a worker declared it, `config` if it was applied as a configuration, and it
                has not been changed over HTTP since; otherwise `api`.
            created_at (datetime.datetime): When it was created: RFC 3339, UTC.
            updated_at (datetime.datetime): When it was last changed: RFC 3339, UTC.
     """

    name: str
    job_type: str
    payload: Any
    timezone: str
    trigger: CalendarTriggerOut | CronTriggerOut | DateTriggerOut | IntervalTriggerOut
    overlap: Overlap
    catch_up: CatchUp
    jitter_seconds: float
    paused: bool
    orphaned: bool
    start_at: datetime.datetime | None
    end_at: datetime.datetime | None
    queue: None | str
    priority: int | None
    tags: list[str]
    next_fire_at: datetime.datetime | None
    last_fire_at: datetime.datetime | None
    last_run_id: None | str
    last_skipped_at: datetime.datetime | None
    missed: int
    source: ScheduleSource
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.calendar_trigger_out import CalendarTriggerOut # noqa: PLC0415
        from ..models.cron_trigger_out import CronTriggerOut # noqa: PLC0415
        from ..models.date_trigger_out import DateTriggerOut # noqa: PLC0415
        from ..models.interval_trigger_out import IntervalTriggerOut # noqa: PLC0415
        name = self.name

        job_type = self.job_type

        payload = self.payload

        timezone = self.timezone

        trigger: dict[str, Any]
        if isinstance(self.trigger, CronTriggerOut):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, IntervalTriggerOut):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, CalendarTriggerOut):
            trigger = self.trigger.to_dict()
        else:
            trigger = self.trigger.to_dict()


        overlap: str = self.overlap

        catch_up: str = self.catch_up

        jitter_seconds = self.jitter_seconds

        paused = self.paused

        orphaned = self.orphaned

        start_at: None | str
        if isinstance(self.start_at, datetime.datetime):
            start_at = self.start_at.isoformat()
        else:
            start_at = self.start_at

        end_at: None | str
        if isinstance(self.end_at, datetime.datetime):
            end_at = self.end_at.isoformat()
        else:
            end_at = self.end_at

        queue: None | str
        queue = self.queue

        priority: int | None
        priority = self.priority

        tags = self.tags



        next_fire_at: None | str
        if isinstance(self.next_fire_at, datetime.datetime):
            next_fire_at = self.next_fire_at.isoformat()
        else:
            next_fire_at = self.next_fire_at

        last_fire_at: None | str
        if isinstance(self.last_fire_at, datetime.datetime):
            last_fire_at = self.last_fire_at.isoformat()
        else:
            last_fire_at = self.last_fire_at

        last_run_id: None | str
        last_run_id = self.last_run_id

        last_skipped_at: None | str
        if isinstance(self.last_skipped_at, datetime.datetime):
            last_skipped_at = self.last_skipped_at.isoformat()
        else:
            last_skipped_at = self.last_skipped_at

        missed = self.missed

        source: str = self.source

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "name": name,
            "job_type": job_type,
            "payload": payload,
            "timezone": timezone,
            "trigger": trigger,
            "overlap": overlap,
            "catch_up": catch_up,
            "jitter_seconds": jitter_seconds,
            "paused": paused,
            "orphaned": orphaned,
            "start_at": start_at,
            "end_at": end_at,
            "queue": queue,
            "priority": priority,
            "tags": tags,
            "next_fire_at": next_fire_at,
            "last_fire_at": last_fire_at,
            "last_run_id": last_run_id,
            "last_skipped_at": last_skipped_at,
            "missed": missed,
            "source": source,
            "created_at": created_at,
            "updated_at": updated_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar_trigger_out import CalendarTriggerOut # noqa: PLC0415
        from ..models.cron_trigger_out import CronTriggerOut # noqa: PLC0415
        from ..models.date_trigger_out import DateTriggerOut # noqa: PLC0415
        from ..models.interval_trigger_out import IntervalTriggerOut # noqa: PLC0415
        d = dict(src_dict)
        name = d.pop("name")

        job_type = d.pop("job_type")

        payload = d.pop("payload")

        timezone = d.pop("timezone")

        def _parse_trigger(data: object) -> CalendarTriggerOut | CronTriggerOut | DateTriggerOut | IntervalTriggerOut:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_trigger_out_type_0 = CronTriggerOut.from_dict(data)



                return componentsschemas_trigger_out_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_trigger_out_type_1 = IntervalTriggerOut.from_dict(data)



                return componentsschemas_trigger_out_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_trigger_out_type_2 = CalendarTriggerOut.from_dict(data)



                return componentsschemas_trigger_out_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_trigger_out_type_3 = DateTriggerOut.from_dict(data)



            return componentsschemas_trigger_out_type_3

        trigger = _parse_trigger(d.pop("trigger"))


        overlap = check_overlap(d.pop("overlap"))




        catch_up = check_catch_up(d.pop("catch_up"))




        jitter_seconds = d.pop("jitter_seconds")

        paused = d.pop("paused")

        orphaned = d.pop("orphaned")

        def _parse_start_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                start_at_type_0 = datetime.datetime.fromisoformat(data)



                return start_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        start_at = _parse_start_at(d.pop("start_at"))


        def _parse_end_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                end_at_type_0 = datetime.datetime.fromisoformat(data)



                return end_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        end_at = _parse_end_at(d.pop("end_at"))


        def _parse_queue(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        queue = _parse_queue(d.pop("queue"))


        def _parse_priority(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        priority = _parse_priority(d.pop("priority"))


        tags = cast(list[str], d.pop("tags"))


        def _parse_next_fire_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_fire_at_type_0 = datetime.datetime.fromisoformat(data)



                return next_fire_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_fire_at = _parse_next_fire_at(d.pop("next_fire_at"))


        def _parse_last_fire_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_fire_at_type_0 = datetime.datetime.fromisoformat(data)



                return last_fire_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_fire_at = _parse_last_fire_at(d.pop("last_fire_at"))


        def _parse_last_run_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_run_id = _parse_last_run_id(d.pop("last_run_id"))


        def _parse_last_skipped_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_skipped_at_type_0 = datetime.datetime.fromisoformat(data)



                return last_skipped_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_skipped_at = _parse_last_skipped_at(d.pop("last_skipped_at"))


        missed = d.pop("missed")

        source = check_schedule_source(d.pop("source"))




        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))




        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        schedule = cls(
            name=name,
            job_type=job_type,
            payload=payload,
            timezone=timezone,
            trigger=trigger,
            overlap=overlap,
            catch_up=catch_up,
            jitter_seconds=jitter_seconds,
            paused=paused,
            orphaned=orphaned,
            start_at=start_at,
            end_at=end_at,
            queue=queue,
            priority=priority,
            tags=tags,
            next_fire_at=next_fire_at,
            last_fire_at=last_fire_at,
            last_run_id=last_run_id,
            last_skipped_at=last_skipped_at,
            missed=missed,
            source=source,
            created_at=created_at,
            updated_at=updated_at,
        )


        schedule.additional_properties = d
        return schedule

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
