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
  from ..models.calendar_trigger_in import CalendarTriggerIn
  from ..models.cron_trigger_in import CronTriggerIn
  from ..models.date_trigger_in import DateTriggerIn
  from ..models.interval_trigger_in import IntervalTriggerIn





T = TypeVar("T", bound="PreviewIn")



@_attrs_define
class PreviewIn:
    """ A trigger to preview. `after` is exclusive and defaults to now.

        Attributes:
            trigger (CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn): When the schedule fires.
            timezone (str | Unset): The IANA time zone in which local times are interpreted, such as `Europe/Berlin`; at
                most 64 characters. Default: `UTC`.
            count (int | Unset): Number of fire times to return, from 1 to 1,000. Default: 10.
            after (datetime.datetime | None | Unset): Only fire times after this time (RFC 3339). null (default): now.
            start_at (datetime.datetime | None | Unset): No fire times before this time (RFC 3339). null (default): no
                limit.
            end_at (datetime.datetime | None | Unset): No fire times after this time (RFC 3339). null (default): no limit.
     """

    trigger: CalendarTriggerIn | CronTriggerIn | DateTriggerIn | IntervalTriggerIn
    timezone: str | Unset = UNSET
    count: int | Unset = UNSET
    after: datetime.datetime | None | Unset = UNSET
    start_at: datetime.datetime | None | Unset = UNSET
    end_at: datetime.datetime | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.calendar_trigger_in import CalendarTriggerIn # noqa: PLC0415
        from ..models.cron_trigger_in import CronTriggerIn # noqa: PLC0415
        from ..models.date_trigger_in import DateTriggerIn # noqa: PLC0415
        from ..models.interval_trigger_in import IntervalTriggerIn # noqa: PLC0415
        trigger: dict[str, Any]
        if isinstance(self.trigger, CronTriggerIn):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, IntervalTriggerIn):
            trigger = self.trigger.to_dict()
        elif isinstance(self.trigger, CalendarTriggerIn):
            trigger = self.trigger.to_dict()
        else:
            trigger = self.trigger.to_dict()


        timezone = self.timezone

        count = self.count

        after: None | str | Unset
        if isinstance(self.after, Unset):
            after = UNSET
        elif isinstance(self.after, datetime.datetime):
            after = self.after.isoformat()
        else:
            after = self.after

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


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "trigger": trigger,
        })
        if timezone is not UNSET:
            field_dict["timezone"] = timezone
        if count is not UNSET:
            field_dict["count"] = count
        if after is not UNSET:
            field_dict["after"] = after
        if start_at is not UNSET:
            field_dict["start_at"] = start_at
        if end_at is not UNSET:
            field_dict["end_at"] = end_at

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar_trigger_in import CalendarTriggerIn # noqa: PLC0415
        from ..models.cron_trigger_in import CronTriggerIn # noqa: PLC0415
        from ..models.date_trigger_in import DateTriggerIn # noqa: PLC0415
        from ..models.interval_trigger_in import IntervalTriggerIn # noqa: PLC0415
        d = dict(src_dict)
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


        timezone = d.pop("timezone", UNSET)

        count = d.pop("count", UNSET)

        def _parse_after(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                after_type_0 = datetime.datetime.fromisoformat(data)



                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        after = _parse_after(d.pop("after", UNSET))


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


        preview_in = cls(
            trigger=trigger,
            timezone=timezone,
            count=count,
            after=after,
            start_at=start_at,
            end_at=end_at,
        )

        return preview_in

