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
  from ..models.calendar_trigger_in import CalendarTriggerIn
  from ..models.cron_trigger_in import CronTriggerIn
  from ..models.date_trigger_in import DateTriggerIn
  from ..models.interval_trigger_in import IntervalTriggerIn





T = TypeVar("T", bound="ConfigScheduleIn")



@_attrs_define
class ConfigScheduleIn:
    """ A schedule as it is to be. Omitted fields get their defaults, except `paused`.

        Attributes:
            job_type (str): The name of the job type of its runs; it must be registered.
            trigger (CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn): When the schedule fires.
            name (str): 1 to 128 letters, digits, `.`, `_` and `-`, starting with a letter or digit.
            payload (Any | Unset): The payload of its runs: any JSON value that the job type accepts. Default: null.
            timezone (str | Unset): The IANA time zone in which local times are interpreted, such as `Europe/Berlin`; at
                most 64 characters. Default: `UTC`.
            overlap (Overlap | Unset): What happens at a fire time while an earlier run of the schedule is unfinished.
                `allow`: a run is created anyway. `skip`: no run is created. `cancel_running`: earlier runs are cancelled, and a
                run is created.
            catch_up (CatchUp | Unset): What happens with fire times missed while no server was running. `none`: nothing.
                `latest`: one run for the last of them. `all`: one run for each.
            jitter_seconds (float | Unset): Maximum delay of a fire time in seconds, from 0 to 86,400. The delay is constant
                for each schedule, so that many schedules do not fire at the same moment. Default: 0.
            paused (bool | Unset): Whether its fire times pass without runs. Default: not changed; false for a new schedule.
            start_at (datetime.datetime | None | Unset): The schedule does not fire before this time (RFC 3339). null
                (default): no limit.
            end_at (datetime.datetime | None | Unset): The schedule does not fire after this time (RFC 3339). null
                (default): no limit.
            queue (None | str | Unset): The queue of its runs. null (default): that of the job type.
            priority (int | None | Unset): The priority of its runs, from -100 to 100. null (default): that of the job type.
            tags (list[str] | Unset): The tags of its runs: at most 20, of 1 to 128 characters. Default: none.
            source (ConfigSource | None | Unset): Ignored; accepted so that an export can be applied. null (default): as if
                it were not there.
            owner (None | str | Unset): Whose it becomes if the document names no owner. null (default): `default`.
     """

    job_type: str
    trigger: CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn
    name: str
    payload: Any | Unset = UNSET
    timezone: str | Unset = UNSET
    overlap: Overlap | Unset = UNSET
    catch_up: CatchUp | Unset = UNSET
    jitter_seconds: float | Unset = UNSET
    paused: bool | Unset = UNSET
    start_at: datetime.datetime | None | Unset = UNSET
    end_at: datetime.datetime | None | Unset = UNSET
    queue: None | str | Unset = UNSET
    priority: int | None | Unset = UNSET
    tags: list[str] | Unset = UNSET
    source: ConfigSource | None | Unset = UNSET
    owner: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.calendar_trigger_in import CalendarTriggerIn # noqa: PLC0415
        from ..models.cron_trigger_in import CronTriggerIn # noqa: PLC0415
        from ..models.date_trigger_in import DateTriggerIn # noqa: PLC0415
        from ..models.interval_trigger_in import IntervalTriggerIn # noqa: PLC0415
        job_type = self.job_type

        trigger: dict[str, Any]
        if isinstance(self.trigger, CronTriggerIn):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, IntervalTriggerIn):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, CalendarTriggerIn):
            trigger = self.trigger.to_dict()
        else:
            trigger = self.trigger.to_dict()


        name = self.name

        payload = self.payload

        timezone = self.timezone

        overlap: str | Unset = UNSET
        if not isinstance(self.overlap, Unset):
            overlap = self.overlap


        catch_up: str | Unset = UNSET
        if not isinstance(self.catch_up, Unset):
            catch_up = self.catch_up


        jitter_seconds = self.jitter_seconds

        paused = self.paused

        start_at: None | str | Unset
        if isinstance(self.start_at, Unset):
            start_at = UNSET
        elif isinstance(self.start_at, datetime.datetime):
            start_at = self.start_at.isoformat()
        else:
            start_at = self.start_at

        end_at: None | str | Unset
        if isinstance(self.end_at, Unset):
            end_at = UNSET
        elif isinstance(self.end_at, datetime.datetime):
            end_at = self.end_at.isoformat()
        else:
            end_at = self.end_at

        queue: None | str | Unset
        if isinstance(self.queue, Unset):
            queue = UNSET
        else:
            queue = self.queue

        priority: int | None | Unset
        if isinstance(self.priority, Unset):
            priority = UNSET
        else:
            priority = self.priority

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags



        source: None | str | Unset
        if isinstance(self.source, Unset):
            source = UNSET
        elif isinstance(self.source, str):
            source = self.source
        else:
            source = self.source

        owner: None | str | Unset
        if isinstance(self.owner, Unset):
            owner = UNSET
        else:
            owner = self.owner


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "job_type": job_type,
            "trigger": trigger,
            "name": name,
        })
        if payload is not UNSET:
            field_dict["payload"] = payload
        if timezone is not UNSET:
            field_dict["timezone"] = timezone
        if overlap is not UNSET:
            field_dict["overlap"] = overlap
        if catch_up is not UNSET:
            field_dict["catch_up"] = catch_up
        if jitter_seconds is not UNSET:
            field_dict["jitter_seconds"] = jitter_seconds
        if paused is not UNSET:
            field_dict["paused"] = paused
        if start_at is not UNSET:
            field_dict["start_at"] = start_at
        if end_at is not UNSET:
            field_dict["end_at"] = end_at
        if queue is not UNSET:
            field_dict["queue"] = queue
        if priority is not UNSET:
            field_dict["priority"] = priority
        if tags is not UNSET:
            field_dict["tags"] = tags
        if source is not UNSET:
            field_dict["source"] = source
        if owner is not UNSET:
            field_dict["owner"] = owner

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar_trigger_in import CalendarTriggerIn # noqa: PLC0415
        from ..models.cron_trigger_in import CronTriggerIn # noqa: PLC0415
        from ..models.date_trigger_in import DateTriggerIn # noqa: PLC0415
        from ..models.interval_trigger_in import IntervalTriggerIn # noqa: PLC0415
        d = dict(src_dict)
        job_type = d.pop("job_type")

        def _parse_trigger(data: object) -> CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_trigger_in_type_0 = CronTriggerIn.from_dict(data)



                return componentsschemas_trigger_in_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_trigger_in_type_1 = IntervalTriggerIn.from_dict(data)



                return componentsschemas_trigger_in_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_trigger_in_type_2 = CalendarTriggerIn.from_dict(data)



                return componentsschemas_trigger_in_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_trigger_in_type_3 = DateTriggerIn.from_dict(data)



            return componentsschemas_trigger_in_type_3

        trigger = _parse_trigger(d.pop("trigger"))


        name = d.pop("name")

        payload = d.pop("payload", UNSET)

        timezone = d.pop("timezone", UNSET)

        _overlap = d.pop("overlap", UNSET)
        overlap: Overlap | Unset
        if isinstance(_overlap,  Unset):
            overlap = UNSET
        else:
            overlap = check_overlap(_overlap)




        _catch_up = d.pop("catch_up", UNSET)
        catch_up: CatchUp | Unset
        if isinstance(_catch_up,  Unset):
            catch_up = UNSET
        else:
            catch_up = check_catch_up(_catch_up)




        jitter_seconds = d.pop("jitter_seconds", UNSET)

        paused = d.pop("paused", UNSET)

        def _parse_start_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                start_at_type_0 = datetime.datetime.fromisoformat(data)



                return start_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        start_at = _parse_start_at(d.pop("start_at", UNSET))


        def _parse_end_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                end_at_type_0 = datetime.datetime.fromisoformat(data)



                return end_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        end_at = _parse_end_at(d.pop("end_at", UNSET))


        def _parse_queue(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        queue = _parse_queue(d.pop("queue", UNSET))


        def _parse_priority(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        priority = _parse_priority(d.pop("priority", UNSET))


        tags = cast(list[str], d.pop("tags", UNSET))


        def _parse_source(data: object) -> ConfigSource | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                source_type_0 = check_config_source(data)



                return source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ConfigSource | None | Unset, data)

        source = _parse_source(d.pop("source", UNSET))


        def _parse_owner(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        owner = _parse_owner(d.pop("owner", UNSET))


        config_schedule_in = cls(
            job_type=job_type,
            trigger=trigger,
            name=name,
            payload=payload,
            timezone=timezone,
            overlap=overlap,
            catch_up=catch_up,
            jitter_seconds=jitter_seconds,
            paused=paused,
            start_at=start_at,
            end_at=end_at,
            queue=queue,
            priority=priority,
            tags=tags,
            source=source,
            owner=owner,
        )

        return config_schedule_in

