from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast

if TYPE_CHECKING:
  from ..models.every_in import EveryIn





T = TypeVar("T", bound="CalendarTriggerIn")



@_attrs_define
class CalendarTriggerIn:
    """ At a local time on days counted from `start_at` or creation; months without that day are skipped.

        Attributes:
            kind (Literal['calendar']): A calendar interval.
            every (EveryIn): The sum must be at least one day.
            hour (int | Unset): Local time, 0 to 23. Default: 0.
            minute (int | Unset): Local time, 0 to 59. Default: 0.
     """

    kind: Literal['calendar']
    every: EveryIn
    hour: int | Unset = UNSET
    minute: int | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.every_in import EveryIn # noqa: PLC0415
        kind = self.kind

        every = self.every.to_dict()

        hour = self.hour

        minute = self.minute


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "every": every,
        })
        if hour is not UNSET:
            field_dict["hour"] = hour
        if minute is not UNSET:
            field_dict["minute"] = minute

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.every_in import EveryIn # noqa: PLC0415
        d = dict(src_dict)
        kind = cast(Literal['calendar'] , d.pop("kind"))
        if kind != 'calendar':
            raise ValueError(f"kind must match const 'calendar', got '{kind}'")

        every = EveryIn.from_dict(d.pop("every"))




        hour = d.pop("hour", UNSET)

        minute = d.pop("minute", UNSET)

        calendar_trigger_in = cls(
            kind=kind,
            every=every,
            hour=hour,
            minute=minute,
        )

        return calendar_trigger_in

