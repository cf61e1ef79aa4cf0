from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.catch_up import CatchUp
from ..models.catch_up import check_catch_up
from ..models.config_source import check_config_source
from ..models.config_source import ConfigSource
from ..models.overlap import check_overlap
from ..models.overlap import Overlap
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.calendar_trigger_out import CalendarTriggerOut
  from ..models.cron_trigger_out import CronTriggerOut
  from ..models.date_trigger_out import DateTriggerOut
  from ..models.interval_trigger_out import IntervalTriggerOut





T = TypeVar("T", bound="ConfigSchedule")



@_attrs_define
class ConfigSchedule:
    """ A schedule in a configuration.

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
            start_at (datetime.datetime | None): It does not fire before this time. null: no limit.
            end_at (datetime.datetime | None): It does not fire after this time. null: no limit.
            queue (None | str): The queue of its runs. null: that of the job type.
            priority (int | None): The priority of its runs. null: that of the job type.
            tags (list[str]): The tags of its runs.
            source (ConfigSource): Where a definition comes from.
            owner (None | str): Who applied it, where `source` is `config`. null: nobody.
            paused (bool | Unset): Present and true if it is paused.
     """

    name: str
    job_type: str
    payload: Any
    timezone: str
    trigger: CalendarTriggerOut | CronTriggerOut | DateTriggerOut | IntervalTriggerOut
    overlap: Overlap
    catch_up: CatchUp
    jitter_seconds: float
    start_at: datetime.datetime | None
    end_at: datetime.datetime | None
    queue: None | str
    priority: int | None
    tags: list[str]
    source: ConfigSource
    owner: None | str
    paused: bool | Unset = UNSET
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



        source: str = self.source

        owner: None | str
        owner = self.owner

        paused = self.paused


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
            "start_at": start_at,
            "end_at": end_at,
            "queue": queue,
            "priority": priority,
            "tags": tags,
            "source": source,
            "owner": owner,
        })
        if paused is not UNSET:
            field_dict["paused"] = paused

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


        source = check_config_source(d.pop("source"))




        def _parse_owner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner"))


        paused = d.pop("paused", UNSET)

        config_schedule = cls(
            name=name,
            job_type=job_type,
            payload=payload,
            timezone=timezone,
            trigger=trigger,
            overlap=overlap,
            catch_up=catch_up,
            jitter_seconds=jitter_seconds,
            start_at=start_at,
            end_at=end_at,
            queue=queue,
            priority=priority,
            tags=tags,
            source=source,
            owner=owner,
            paused=paused,
        )


        config_schedule.additional_properties = d
        return config_schedule

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
