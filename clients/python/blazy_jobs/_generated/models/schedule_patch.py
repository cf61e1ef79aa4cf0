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
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.calendar_trigger_in import CalendarTriggerIn
  from ..models.cron_trigger_in import CronTriggerIn
  from ..models.date_trigger_in import DateTriggerIn
  from ..models.interval_trigger_in import IntervalTriggerIn





T = TypeVar("T", bound="SchedulePatch")



@_attrs_define
class SchedulePatch:
    """ Fields of a schedule to change; those left out stay.

        Attributes:
            job_type (str | Unset): The name of the job type that its runs are of; it must be registered. Left out: it stays
                as it is.
            payload (Any | Unset): The payload of its runs: any JSON value that the job type takes. Left out: it stays as it
                is.
            timezone (str | Unset): The IANA name of the zone in which local times are meant, such as `Europe/Berlin`; at
                most 64 characters. Left out: it stays as it is.
            trigger (CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn | Unset): When runs are made.
            overlap (Overlap | Unset): What happens at a time when an earlier run of the schedule is not finished. `allow`:
                a run is made all the same. `skip`: none is made. `cancel_running`: the earlier ones are cancelled, and one is
                made.
            catch_up (CatchUp | Unset): What becomes of times that passed while no server was there. `none`: nothing.
                `latest`: one run for the last of them. `all`: a run for each.
            jitter_seconds (float | Unset): The most seconds that a time is put off by, from 0 to 86,400: always the same
                for one schedule, so that many schedules do not fire in one moment. Left out: it stays as it is.
            paused (bool | Unset): Whether its times pass without runs. Left out: it stays as it is.
            start_at (datetime.datetime | None | Unset): No run is made before this instant (RFC 3339). null: no such bound.
                Left out: it stays as it is.
            end_at (datetime.datetime | None | Unset): No run is made after this instant (RFC 3339). null: no such bound.
                Left out: it stays as it is.
            queue (None | str | Unset): The queue of its runs. null: the job type's. Left out: it stays as it is.
            priority (int | None | Unset): Of its runs, from -100 to 100. null: the job type's. Left out: it stays as it is.
            tags (list[str] | Unset): Of its runs: at most 20 words of 1 to 128 characters. Left out: it stays as it is.
     """

    job_type: str | Unset = UNSET
    payload: Any | Unset = UNSET
    timezone: str | Unset = UNSET
    trigger: CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn | Unset = UNSET
    overlap: Overlap | Unset = UNSET
    catch_up: CatchUp | Unset = UNSET
    jitter_seconds: float | Unset = UNSET
    paused: bool | Unset = UNSET
    start_at: datetime.datetime | None | Unset = UNSET
    end_at: datetime.datetime | None | Unset = UNSET
    queue: None | str | Unset = UNSET
    priority: int | None | Unset = UNSET
    tags: list[str] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.calendar_trigger_in import CalendarTriggerIn # noqa: PLC0415
        from ..models.cron_trigger_in import CronTriggerIn # noqa: PLC0415
        from ..models.date_trigger_in import DateTriggerIn # noqa: PLC0415
        from ..models.interval_trigger_in import IntervalTriggerIn # noqa: PLC0415
        job_type = self.job_type

        payload = self.payload

        timezone = self.timezone

        trigger: dict[str, Any] | Unset
        if isinstance(self.trigger, Unset):
            trigger = UNSET
        elif isinstance(self.trigger, CronTriggerIn):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, IntervalTriggerIn):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, CalendarTriggerIn):
            trigger = self.trigger.to_dict()
        else:
            trigger = self.trigger.to_dict()


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




        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if job_type is not UNSET:
            field_dict["job_type"] = job_type
        if payload is not UNSET:
            field_dict["payload"] = payload
        if timezone is not UNSET:
            field_dict["timezone"] = timezone
        if trigger is not UNSET:
            field_dict["trigger"] = trigger
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

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar_trigger_in import CalendarTriggerIn # noqa: PLC0415
        from ..models.cron_trigger_in import CronTriggerIn # noqa: PLC0415
        from ..models.date_trigger_in import DateTriggerIn # noqa: PLC0415
        from ..models.interval_trigger_in import IntervalTriggerIn # noqa: PLC0415
        d = dict(src_dict)
        job_type = d.pop("job_type", UNSET)

        payload = d.pop("payload", UNSET)

        timezone = d.pop("timezone", UNSET)

        def _parse_trigger(data: object) -> CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn | Unset:
            if isinstance(data, Unset):
                return data
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

        trigger = _parse_trigger(d.pop("trigger", UNSET))


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


        schedule_patch = cls(
            job_type=job_type,
            payload=payload,
            timezone=timezone,
            trigger=trigger,
            overlap=overlap,
            catch_up=catch_up,
            jitter_seconds=jitter_seconds,
            paused=paused,
            start_at=start_at,
            end_at=end_at,
            queue=queue,
            priority=priority,
            tags=tags,
        )

        return schedule_patch

