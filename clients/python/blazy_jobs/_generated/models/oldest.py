from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime






T = TypeVar("T", bound="Oldest")



@_attrs_define
class Oldest:
    """ Since when the first run in each state has been due, or when it will be; omitted if there is none.

        Attributes:
            scheduled (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
            queued (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
            running (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
            retrying (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
            completed (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
            failed (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
            cancelled (datetime.datetime | Unset): Since when the first of these runs has been due, or when it will be (RFC
                3339, UTC); omitted if there is none.
     """

    scheduled: datetime.datetime | Unset = UNSET
    queued: datetime.datetime | Unset = UNSET
    running: datetime.datetime | Unset = UNSET
    retrying: datetime.datetime | Unset = UNSET
    completed: datetime.datetime | Unset = UNSET
    failed: datetime.datetime | Unset = UNSET
    cancelled: datetime.datetime | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        scheduled: str | Unset = UNSET
        if not isinstance(self.scheduled, Unset):
            scheduled = self.scheduled.isoformat()

        queued: str | Unset = UNSET
        if not isinstance(self.queued, Unset):
            queued = self.queued.isoformat()

        running: str | Unset = UNSET
        if not isinstance(self.running, Unset):
            running = self.running.isoformat()

        retrying: str | Unset = UNSET
        if not isinstance(self.retrying, Unset):
            retrying = self.retrying.isoformat()

        completed: str | Unset = UNSET
        if not isinstance(self.completed, Unset):
            completed = self.completed.isoformat()

        failed: str | Unset = UNSET
        if not isinstance(self.failed, Unset):
            failed = self.failed.isoformat()

        cancelled: str | Unset = UNSET
        if not isinstance(self.cancelled, Unset):
            cancelled = self.cancelled.isoformat()


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
        })
        if scheduled is not UNSET:
            field_dict["scheduled"] = scheduled
        if queued is not UNSET:
            field_dict["queued"] = queued
        if running is not UNSET:
            field_dict["running"] = running
        if retrying is not UNSET:
            field_dict["retrying"] = retrying
        if completed is not UNSET:
            field_dict["completed"] = completed
        if failed is not UNSET:
            field_dict["failed"] = failed
        if cancelled is not UNSET:
            field_dict["cancelled"] = cancelled

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _scheduled = d.pop("scheduled", UNSET)
        scheduled: datetime.datetime | Unset
        if isinstance(_scheduled,  Unset):
            scheduled = UNSET
        else:
            scheduled = datetime.datetime.fromisoformat(_scheduled)




        _queued = d.pop("queued", UNSET)
        queued: datetime.datetime | Unset
        if isinstance(_queued,  Unset):
            queued = UNSET
        else:
            queued = datetime.datetime.fromisoformat(_queued)




        _running = d.pop("running", UNSET)
        running: datetime.datetime | Unset
        if isinstance(_running,  Unset):
            running = UNSET
        else:
            running = datetime.datetime.fromisoformat(_running)




        _retrying = d.pop("retrying", UNSET)
        retrying: datetime.datetime | Unset
        if isinstance(_retrying,  Unset):
            retrying = UNSET
        else:
            retrying = datetime.datetime.fromisoformat(_retrying)




        _completed = d.pop("completed", UNSET)
        completed: datetime.datetime | Unset
        if isinstance(_completed,  Unset):
            completed = UNSET
        else:
            completed = datetime.datetime.fromisoformat(_completed)




        _failed = d.pop("failed", UNSET)
        failed: datetime.datetime | Unset
        if isinstance(_failed,  Unset):
            failed = UNSET
        else:
            failed = datetime.datetime.fromisoformat(_failed)




        _cancelled = d.pop("cancelled", UNSET)
        cancelled: datetime.datetime | Unset
        if isinstance(_cancelled,  Unset):
            cancelled = UNSET
        else:
            cancelled = datetime.datetime.fromisoformat(_cancelled)




        oldest = cls(
            scheduled=scheduled,
            queued=queued,
            running=running,
            retrying=retrying,
            completed=completed,
            failed=failed,
            cancelled=cancelled,
        )


        oldest.additional_properties = d
        return oldest

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
